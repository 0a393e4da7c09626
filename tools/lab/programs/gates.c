// SPDX-License-Identifier: Apache-2.0
/* Verbs that reach the kernel by other doors than its 64-bit system calls. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"

/* Where a 32-bit pointer can point: the lab's program is static, and lies low. */
static char low_path[256];

/* Opens PATH as a 32-bit program does, through the gate that x86 keeps for them. */
static void open32(struct chain *chain)
{
	long fd;

	strncpy(low_path, next_word(chain), sizeof(low_path) - 1);
#ifdef __x86_64__
	enum { open_of_32_bits = 5 };

	asm volatile("int $0x80"
		     : "=a"(fd)
		     : "a"(open_of_32_bits), "b"(low_path), "c"(O_RDONLY), "d"(0)
		     : "memory", "r8", "r9", "r10", "r11");
#else
	fd = -ENOSYS;
#endif
	chain->fd = fd;
	if (fd < 0) {
		errno = -fd;
		fail("open through int 0x80");
	}
}

static void *map_ring(int fd, size_t bytes, off_t what)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, what);

	if (at == MAP_FAILED)
		fail("mmap of a ring");
	return at;
}

/* Puts one request into a new ring and waits for its end. Returns its result. */
static int ask_ring(const struct io_uring_sqe *request)
{
	struct io_uring_params info = { 0 };
	int fd = syscall(SYS_io_uring_setup, 1, &info);
	struct io_uring_cqe *completions;
	struct io_uring_sqe *requests;
	char *submitted, *completed;

	if (fd < 0)
		fail("io_uring_setup");
	submitted = map_ring(fd, info.sq_off.array + info.sq_entries * sizeof(unsigned int),
			     IORING_OFF_SQ_RING);
	completed = map_ring(fd, info.cq_off.cqes + info.cq_entries * sizeof(*completions),
			     IORING_OFF_CQ_RING);
	requests = map_ring(fd, info.sq_entries * sizeof(*requests), IORING_OFF_SQES);
	requests[0] = *request;
	((unsigned int *)(submitted + info.sq_off.array))[0] = 0;
	*(volatile unsigned int *)(submitted + info.sq_off.tail) = 1;
	if (syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		fail("io_uring_enter");
	completions = (struct io_uring_cqe *)(completed + info.cq_off.cqes);
	return completions[0].res;
}

/* No call to open is made: a request in a ring asks for it. */
static void open_by_ring(struct chain *chain)
{
	struct io_uring_sqe request = {
		.opcode = IORING_OP_OPENAT,
		.fd = AT_FDCWD,
		.addr = (unsigned long)next_word(chain),
		.open_flags = O_RDONLY | O_CLOEXEC,
	};

	chain->fd = ask_ring(&request);
	if (chain->fd < 0) {
		errno = -chain->fd;
		fail("open by a ring");
	}
}

/* No call to connect is made either. */
static void connect_by_ring(struct chain *chain)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct io_uring_sqe request = {
		.opcode = IORING_OP_CONNECT,
		.addr = (unsigned long)&address,
		.off = sizeof(address),
	};
	int result;

	if (inet_pton(AF_INET, next_word(chain), &address.sin_addr) != 1)
		fail("address");
	address.sin_port = htons(next_number(chain, 65535));
	chain->fd = socket(AF_INET, SOCK_STREAM, 0);
	request.fd = chain->fd;
	result = ask_ring(&request);
	if (result < 0) {
		errno = -result;
		fail("connect by a ring");
	}
}

const struct verb gate_verbs[] = {
	{ "open32", "PATH", open32 },
	{ "ring-open", "PATH", open_by_ring },
	{ "ring-connect", "ADDRESS PORT", connect_by_ring },
	{ 0 },
};

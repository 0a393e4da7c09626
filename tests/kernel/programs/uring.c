// SPDX-License-Identifier: Apache-2.0
/*
 * uring: does what its command line names through a ring of io_uring, with the raw system calls,
 * and prints the result of each operation on a line.
 *
 *     uring sqpoll open /etc/hosts unlink /tmp/x socket 2 sendto 127.0.0.1 53 text
 *
 * First, of the ring: sqpoll (a thread of the kernel submits), small (the completion queue is
 * filled up, so that what completes after it overflows). Before an operation: skip (no completion
 * when it is done), direct (what it opens goes to slot 0 of the ring), fixed (on slot 0).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of some machines. */
#define OPERATION_BIND 56
#define OPERATION_LISTEN 57

static int ring;
static struct io_uring_params params;
static char *queue;
static struct io_uring_sqe *entries;
static unsigned entry_flags, is_direct, is_small;
static int last_socket = -1;

static _Noreturn void refuse(const char *what)
{
	fprintf(stderr, "uring: %s: %s\n", what, strerror(errno));
	exit(2);
}

static unsigned *at(unsigned offset)
{
	return (unsigned *)(queue + offset);
}

static void set_up(unsigned flags)
{
	int files[1] = { -1 };
	size_t bytes;

	params.flags = flags;
	params.sq_thread_idle = 1000;
	ring = syscall(SYS_io_uring_setup, 8, &params);
	if (ring < 0)
		refuse("io_uring_setup");
	bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
	bytes += params.sq_off.array + params.sq_entries * sizeof(unsigned);
	queue = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	entries = mmap(NULL, params.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE,
		       MAP_SHARED, ring, IORING_OFF_SQES);
	if (queue == MAP_FAILED || entries == MAP_FAILED)
		refuse("mmap");
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, files, 1) < 0)
		refuse("io_uring_register");
}

static struct io_uring_sqe *next_entry(int operation)
{
	unsigned index = *at(params.sq_off.tail) & *at(params.sq_off.ring_mask);
	struct io_uring_sqe *e = &entries[index];

	memset(e, 0, sizeof(*e));
	e->opcode = operation;
	e->flags = entry_flags;
	e->fd = last_socket;
	e->user_data = 7; /* the same for all */
	at(params.sq_off.array)[index] = index;
	return e;
}

/* Submits what was entered; gives its result when there is a completion. */
static int submit(int waits)
{
	unsigned flags = waits ? IORING_ENTER_GETEVENTS : 0;
	unsigned head = *at(params.cq_off.head);
	struct io_uring_cqe *completions = (void *)(queue + params.cq_off.cqes);

	__atomic_fetch_add(at(params.sq_off.tail), 1, __ATOMIC_RELEASE);
	if (params.flags & IORING_SETUP_SQPOLL)
		flags |= IORING_ENTER_SQ_WAKEUP;
	if (syscall(SYS_io_uring_enter, ring, 1, waits, flags, NULL, 0) < 0)
		refuse("io_uring_enter");
	if (!waits)
		return 0;
	__atomic_store_n(at(params.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return completions[head & *at(params.cq_off.ring_mask)].res;
}

static void fill_up(void)
{
	for (unsigned i = 0; i < params.cq_entries; i++) {
		next_entry(IORING_OP_NOP);
		submit(0);
	}
}

static unsigned long address_of(char **words)
{
	static struct sockaddr_in to;

	to.sin_family = AF_INET;
	to.sin_port = htons(atoi(words[1]));
	inet_pton(AF_INET, words[0], &to.sin_addr);
	return (unsigned long)&to;
}

static void enter_one_path(struct io_uring_sqe *e, char **words)
{
	e->fd = AT_FDCWD;
	e->addr = (unsigned long)words[0];
	if (e->opcode == IORING_OP_MKDIRAT)
		e->len = 0700;
	e->file_index = is_direct;
}

static void enter_two_paths(struct io_uring_sqe *e, char **words)
{
	e->fd = AT_FDCWD;
	e->addr = (unsigned long)words[0];
	e->len = e->opcode == IORING_OP_SYMLINKAT ? 0 : AT_FDCWD;
	e->addr2 = (unsigned long)words[1];
}

static void enter_socket(struct io_uring_sqe *e, char **words)
{
	e->fd = AF_INET;
	e->off = atoi(words[0]);
	e->file_index = is_direct;
}

static void enter_address(struct io_uring_sqe *e, char **words)
{
	e->addr = address_of(words);
	e->off = sizeof(struct sockaddr_in);
}

static void enter_number(struct io_uring_sqe *e, char **words)
{
	e->len = atoi(words[0]);
}

static void enter_text(struct io_uring_sqe *e, char **words)
{
	e->addr = (unsigned long)words[0];
	e->len = strlen(words[0]);
}

static void enter_text_to(struct io_uring_sqe *e, char **words)
{
	enter_text(e, words + 2);
	e->addr2 = address_of(words);
	e->addr_len = sizeof(struct sockaddr_in);
}

static void enter_space(struct io_uring_sqe *e, char **words)
{
	static char space[256];

	(void)words;
	e->addr = (unsigned long)space;
	e->len = sizeof(space);
}

/* A path, a name and a value: of an extended attribute. */
static void enter_attribute(struct io_uring_sqe *e, char **words)
{
	e->addr = (unsigned long)words[1];
	e->off = (unsigned long)words[2];
	e->addr3 = (unsigned long)words[0];
	e->len = strlen(words[2]);
}

static void enter_status(struct io_uring_sqe *e, char **words)
{
	static char space[256];

	e->fd = AT_FDCWD;
	e->addr = (unsigned long)words[0];
	e->off = (unsigned long)space;
}

static void enter_pages(struct io_uring_sqe *e, char **words)
{
	static char space[4096] __attribute__((aligned(4096)));

	(void)words;
	e->addr = (unsigned long)space;
	e->len = sizeof(space);
}

static void enter_nothing(struct io_uring_sqe *e, char **words)
{
	(void)e;
	(void)words;
}

static const struct operation {
	const char *name;
	int number, words;
	void (*enter)(struct io_uring_sqe *e, char **words);
} operations[] = {
	{ "open", IORING_OP_OPENAT, 1, enter_one_path },
	{ "unlink", IORING_OP_UNLINKAT, 1, enter_one_path },
	{ "mkdir", IORING_OP_MKDIRAT, 1, enter_one_path },
	{ "rename", IORING_OP_RENAMEAT, 2, enter_two_paths },
	{ "link", IORING_OP_LINKAT, 2, enter_two_paths },
	{ "symlink", IORING_OP_SYMLINKAT, 2, enter_two_paths },
	{ "socket", IORING_OP_SOCKET, 1, enter_socket },
	{ "connect", IORING_OP_CONNECT, 2, enter_address },
	{ "bind", OPERATION_BIND, 2, enter_address },
	{ "listen", OPERATION_LISTEN, 1, enter_number },
	{ "accept", IORING_OP_ACCEPT, 0, enter_nothing },
	{ "send", IORING_OP_SEND, 1, enter_text },
	{ "sendto", IORING_OP_SEND, 3, enter_text_to },
	{ "recv", IORING_OP_RECV, 0, enter_space },
	{ "sync", IORING_OP_FSYNC, 0, enter_nothing },
	{ "shutdown", IORING_OP_SHUTDOWN, 1, enter_number },
	{ "status", IORING_OP_STATX, 1, enter_status },
	{ "attribute", IORING_OP_SETXATTR, 3, enter_attribute },
	{ "advise", IORING_OP_MADVISE, 0, enter_pages },
};

static const struct operation *find_operation(const char *name)
{
	for (unsigned i = 0; i < sizeof(operations) / sizeof(*operations); i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	errno = EINVAL;
	refuse(name);
}

/* Of what happens in another thread there is no completion to wait for: its effect tells. */
static void await_absence(const char *path)
{
	for (long i = 0; i < 100000000 && access(path, F_OK) == 0; i++)
		sched_yield();
}

/* Does what the words say; gives the word after them. */
static char **do_operation(char **words)
{
	const struct operation *operation = find_operation(words[0]);
	int waits = !is_small && !(entry_flags & IOSQE_CQE_SKIP_SUCCESS);
	int result;

	operation->enter(next_entry(operation->number), words + 1);
	result = submit(waits);
	if (is_small && operation->number == IORING_OP_UNLINKAT)
		await_absence(words[1]);
	printf("%d\n", result);
	if (operation->number == IORING_OP_SOCKET && result > 0)
		last_socket = result;
	entry_flags = is_direct = 0;
	return words + 1 + operation->words;
}

/* A word that says how, and does nothing. */
static int is_setting(const char *word)
{
	if (!strcmp(word, "skip"))
		entry_flags |= IOSQE_CQE_SKIP_SUCCESS;
	else if (!strcmp(word, "fixed"))
		entry_flags |= IOSQE_FIXED_FILE, last_socket = 0;
	else if (!strcmp(word, "direct"))
		is_direct = 1;
	else
		return !strncmp(word, "use=", 4) && (last_socket = atoi(word + 4), 1);
	return 1;
}

int main(int argc, char **argv)
{
	char **words = argv + 1;
	int polls = argc > 1 && !strcmp(*words, "sqpoll");

	words += polls;
	set_up(polls ? IORING_SETUP_SQPOLL : 0);
	if (*words && !strcmp(*words, "small")) {
		words++;
		is_small = 1;
		fill_up();
	}
	while (*words)
		words = is_setting(*words) ? words + 1 : do_operation(words);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Requests of io_uring. What one asks for is there when it is submitted, what came of it when it
 * is completed; so a record is begun at the first and told at the second. Requests are told apart
 * by their address, and where a completion has none (further ones of one request, and those that
 * found no room in the ring) by ring and user data.
 */
#pragma once

#include "held.bpf.h"
#include "network.bpf.h"
#include "uring_types.h"

#define NAME_BYTES 112

/* What the end of an operation needs from its beginning. */
struct operation {
	__u64 previous; /* the request before it with the same user data; 0: none */
	__s32 fd;
	__u32 name_bytes;
	__u8 name[NAME_BYTES]; /* where a message goes, as the kernel has copied it */
};

struct uring_key {
	__u64 ring;
	__u64 user_data;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, URING_OPERATIONS);
	__type(key, __u32);
	/* Number of the system call it stands for, plus 1; 0: not wanted. From bit 16 on the kind
	 * in which it is told, where nothing here knows its request. */
	__type(value, __u32);
} uring_calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 2048);
	__type(key, __u64);
	__type(value, struct operation);
} uring_operations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct uring_key);
	__type(value, __u64);
} uring_requests SEC(".maps");

/* How many requests in flight with the same user data are looked through for one. */
#define SAME_DATA_MAX 8

/*
 * The request that a completion is of which does not say so, and takes it out of the list of those
 * with its user data: that with this result, else the last one. 0: none that is wanted.
 */
__noinline __u64 find_request(__u64 ring, __u64 user_data, __s32 result)
{
	struct uring_key where = { ring, user_data };
	__u64 *head = bpf_map_lookup_elem(&uring_requests, &where);
	struct operation *operation, *after = NULL;
	__u64 key = head ? *head : 0, last = key;

	for (int i = 0; i < SAME_DATA_MAX && key; i++) {
		struct io_kiocb *req = (void *)key;

		operation = bpf_map_lookup_elem(&uring_operations, &key);
		if (!operation)
			break;
		if (READ(req, cqe.res) == result && (__u64)READ(req, ctx) == ring) {
			if (after)
				after->previous = operation->previous;
			return key;
		}
		after = operation;
		key = operation->previous;
	}
	return last;
}

/* Forgets a request; the one before it with the same user data is then the last one. */
static __always_inline void forget_request(struct uring_key *where, __u64 key)
{
	struct operation *operation = bpf_map_lookup_elem(&uring_operations, &key);
	__u64 *head = bpf_map_lookup_elem(&uring_requests, where);

	if (head && *head == key) {
		if (operation && operation->previous)
			*head = operation->previous;
		else
			bpf_map_delete_elem(&uring_requests, where);
	}
	bpf_map_delete_elem(&uring_operations, &key);
}

/* Where a message goes, as the kernel has copied it from the request. */
static __always_inline bool fill_copied_peer(struct socket_facts *facts, struct operation *begun)
{
	struct user_sockaddr address = {};

	if (!begun || !begun->name_bytes || facts->family == AF_UNIX)
		return false;
	__builtin_memcpy(&address, begun->name, sizeof(address));
	facts->remote_source = PEER_SOCKET;
	facts->remote_port = __builtin_bswap16(address.port);
	put_address(facts->remote_address, &address,
		    address.family ? address.family : facts->family, facts->family);
	guess_role(facts);
	return true;
}

/* The system call that an operation stands for; -1 when no rule wants it. */
static __always_inline __s32 call_of_operation(__u32 operation)
{
	__u32 *number = bpf_map_lookup_elem(&uring_calls, &operation);

	return number ? (__s32)(*number & 0xffff) - 1 : -1;
}

static __always_inline void fill_operation(struct scratch *s, __s32 call, long result)
{
	struct event_header *h = (void *)s->record;

	h->flags |= RECORD_IO_URING;
	h->syscall = call;
	h->result = result;
}

/* Sends the record of a slot. Where nobody will say what came of it, it is taken for done. */
__noinline int tell_operation(__u32 slot, bool is_known)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &slot);

	if (!s)
		return 0;
	if (!is_known)
		s->event.header.flags |= RECORD_RESULT_UNKNOWN;
	return told_send(s);
}

/* The process of a request; kernel threads end requests of processes that are gone. */
static __always_inline bool is_of_current(struct io_kiocb *req, struct task_struct *task)
{
	struct task_struct *own = NULL;

	if (bpf_core_field_exists(req->tctx))
		own = READ(req, tctx, task);
	else if (bpf_core_field_exists(((struct io_kiocb___task *)req)->task))
		own = READ((struct io_kiocb___task *)req, task);
	return own && READ(own, tgid) == TASK_READ(task, tgid);
}

/* The kernel's own copy of a name of a request. */
#define NAME_OF(req, type, member)                                                          \
	({                                                                                  \
		struct filename *__name = NULL;                                             \
		if (bpf_core_field_exists(((struct type *)(req))->member))                  \
			__name = READ((struct type *)(req), member);                        \
		else if (bpf_core_field_exists(((struct type##___delayed *)(req))->member)) \
			__name = READ((struct type##___delayed *)(req),                     \
				      member.__incomplete_filename);                        \
		__name ? READ(__name, name) : NULL;                                         \
	})

/* Appends the directory that a relative name of a request starts from, for the text `at` bytes into
 * the record. */
__noinline int append_directory(__u32 of, __u32 at, __s32 dirfd)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &of);
	struct task_struct *task = current_task();
	struct text *slot;
	struct file *file;
	__u64 offset = at;

	/* Verifier: as in text_from(). */
	asm volatile("" : "+r"(offset));
	if (!s || offset > sizeof(union event) - sizeof(*slot))
		return 0;
	slot = (void *)&s->record[offset];
	if (dirfd == AT_FDCWD) {
		append_path(s, slot, TASK_READ(task, fs, pwd.dentry), TASK_READ(task, fs, pwd.mnt));
		return 0;
	}
	file = file_of_fd(task, dirfd);
	if (file)
		append_file_path(s, slot, file);
	else
		count_loss(PLACE_FILE_GONE);
	return 0;
}

#define APPEND_BASE(s, type, member, dirfd, name)                                             \
	do {                                                                                  \
		if (!(name) || READ_AT(__u8, name) != '/')                                    \
			append_directory((s)->index, __builtin_offsetof(struct type, member), \
					 dirfd);                                              \
	} while (0)

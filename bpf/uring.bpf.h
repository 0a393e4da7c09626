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

#define STASH_BYTES 8176

/* A record that waits for the end of its operation; the members of struct scratch from `index` on.
 */
struct stash {
	__u32 index, padding;
	__u32 used;
	__u32 is_direct; /* what is opened gets no descriptor, but a slot of the ring */
	__u8 record[STASH_BYTES];
};
_Static_assert(__builtin_offsetof(struct scratch, record) -
			       __builtin_offsetof(struct scratch, index) ==
		       __builtin_offsetof(struct stash, record),
	       "a scratch slot is copied as a stash");

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
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct stash);
} uring_stashes SEC(".maps");

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
static __always_inline __u64 find_request(struct uring_key *where, __s32 result)
{
	__u64 *head = bpf_map_lookup_elem(&uring_requests, where);
	struct operation *operation, *after = NULL;
	__u64 key = head ? *head : 0, last = key;

	for (int i = 0; i < SAME_DATA_MAX && key; i++) {
		struct io_kiocb *req = (void *)key;

		operation = bpf_map_lookup_elem(&uring_operations, &key);
		if (!operation)
			break;
		if (READ(req, cqe.res) == result && (__u64)READ(req, ctx) == where->ring) {
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

/* Nobody will say what came of it: taken for done. */
static __always_inline int send_without_result(struct scratch *s)
{
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

/* The directory that a relative name of a request starts from. */
static __always_inline void append_base_of(struct scratch *s, struct text *slot,
					   struct task_struct *task, __s32 dirfd, const char *name)
{
	struct file *file;

	if (name && READ_AT(__u8, name) == '/')
		return;
	if (dirfd == AT_FDCWD) {
		append_path(s, slot, TASK_READ(task, fs, pwd.dentry), TASK_READ(task, fs, pwd.mnt));
		return;
	}
	file = file_of_fd(task, dirfd);
	if (file)
		append_file_path(s, slot, file);
	else
		count_loss(PLACE_FILE_GONE);
}

/* Tells what an operation came to, from its stash. */
static __always_inline int tell_stash(struct stash *stash, long result, bool is_known)
{
	struct task_struct *task = current_task();
	struct scratch *s = scratch_take(((struct event_header *)stash->record)->kind);
	__u64 bytes = stash->used;
	struct event_open *e;
	struct file *file;

	if (!s)
		return 0;
	asm volatile("" : "+r"(bytes));
	if (bytes > STASH_BYTES)
		bytes = STASH_BYTES;
	bpf_probe_read_kernel(s->record, bytes, stash->record);
	s->used = bytes;
	if (!is_known)
		return send_without_result(s);
	s->event.header.result = result;
	if (s->event.header.kind != EVENT_OPEN || result < 0 || stash->is_direct ||
	    s->event.header.pid != (__u32)TASK_READ(task, tgid))
		return told_send(s);
	file = file_of_result(task, result);
	if (file) {
		e = (void *)s->record;
		fill_file(&e->file, file);
		e->base.bytes = 0;
		append_file_path(s, &e->path, file);
	}
	return told_send(s);
}

/* Keeps a record until its operation has ended. */
static __always_inline int stash_record(struct scratch *s, struct io_kiocb *req, bool is_direct)
{
	__u64 key = (__u64)req;
	struct stash *left = bpf_map_lookup_elem(&uring_stashes, &key);

	/* Of the request that had this place before, nobody has told the end. */
	if (left)
		tell_stash(left, 0, false);
	s->left = is_direct;
	if ((READ(req, flags) & URING_SKIP_SUCCESS) || s->used > STASH_BYTES ||
	    bpf_map_update_elem(&uring_stashes, &key, &s->index, BPF_ANY))
		return send_without_result(s);
	scratch_release(s);
	return 0;
}

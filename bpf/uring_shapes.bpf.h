/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Operations of io_uring that have no record of their own: told as the calls that have none. */
#pragma once

#include "call.bpf.h"
#include "uring.bpf.h"

/* The kind in which an operation is told of which only file and result are; else 0. */
static __always_inline __u32 kind_of_operation(__u32 operation)
{
	__u32 *number = bpf_map_lookup_elem(&uring_calls, &operation);

	return number ? *number >> 16 : 0;
}

/*
 * The file of an operation: while it is begun it may have none yet, and is looked up by its
 * descriptor, unless it is one that is registered with the ring.
 */
static __always_inline struct file *file_of_operation(struct io_kiocb *req, bool is_known)
{
	if (is_known)
		return READ(req, file);
	if (READ(req, flags) & URING_FIXED_FILE)
		return NULL;
	return file_of_fd(current_task(), READ(req, cqe.fd));
}

__noinline int end_on_file(__u64 key, __s32 call, long result, bool is_known)
{
	struct file *file = file_of_operation((void *)key, is_known);
	struct operation *begun = bpf_map_lookup_elem(&uring_operations, &key);
	struct scratch *s = record_start(event_fd_call, EVENT_FD_CALL, current_task());
	struct event_fd_call *e = s ? (void *)s->record : NULL;

	if (!e)
		return 0;
	fill_operation(s, call, result);
	s->event.header.flags |= RECORD_NO_ARGUMENTS;
	e->call.arg0 = begun ? (__s64)begun->fd : -1;
	if (file)
		fill_descriptor(s, &e->file, &e->socket, &e->path, file);
	return tell_operation(s->index, is_known);
}

/* An operation of which nothing is told but its result. */
__noinline int end_plain(__s32 call, long result, bool is_known)
{
	struct scratch *s = record_start(event_syscall, EVENT_SYSCALL, current_task());

	if (!s)
		return 0;
	fill_operation(s, call, result);
	s->event.header.flags |= RECORD_NO_ARGUMENTS;
	return tell_operation(s->index, is_known);
}

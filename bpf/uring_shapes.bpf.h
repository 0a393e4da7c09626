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

/* Verifier: not inlined, because both the beginning and the end of an operation come here. */
static __noinline int end_on_file(struct io_kiocb *req, __s32 call, struct file *file, long result,
				  bool is_known)
{
	__u64 key = (__u64)req;
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
	return is_known ? told_send(s) : send_without_result(s);
}

/* An operation of which nothing is told but its result. */
static __always_inline int end_plain(__s32 call, long result, bool is_known)
{
	struct scratch *s = record_start(event_syscall, EVENT_SYSCALL, current_task());

	if (!s)
		return 0;
	fill_operation(s, call, result);
	s->event.header.flags |= RECORD_NO_ARGUMENTS;
	return is_known ? told_send(s) : send_without_result(s);
}

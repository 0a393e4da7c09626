/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The beginnings of operations of io_uring. */
#pragma once

#include "uring_end.bpf.h"

static __always_inline int begin_open(struct io_kiocb *req, __s32 call)
{
	struct scratch *s = record_start(event_open, EVENT_OPEN, current_task());
	struct event_open *e = s ? (void *)s->record : NULL;
	struct io_open *open = (void *)req;
	const char *name = NAME_OF(req, io_open, filename);

	if (!e)
		return 0;
	fill_operation(s, call, 0);
	e->open_flags = READ(open, how.flags);
	e->open_mode = READ(open, how.mode);
	text_from_kernel(s, &e->raw_path, name, PATH_BYTES_MAX);
	APPEND_BASE(s, event_open, base, READ(open, dfd), name);
	return stash_record(s, req, READ(open, file_slot) != 0);
}

static __always_inline int begin_unlink(struct io_kiocb *req, __s32 call)
{
	struct scratch *s = record_start(event_unlink, EVENT_UNLINK, current_task());
	struct event_unlink *e = s ? (void *)s->record : NULL;
	struct io_unlink *unlink = (void *)req;
	const char *name = NAME_OF(req, io_unlink, filename);

	if (!e)
		return 0;
	fill_operation(s, call, 0);
	e->call_flags = READ(unlink, flags);
	text_from_kernel(s, &e->raw_path, name, PATH_BYTES_MAX);
	APPEND_BASE(s, event_unlink, base, READ(unlink, dfd), name);
	return stash_record(s, req, false);
}

/* Told as a call on a path, with the arguments of mkdirat: directory, path, mode. */
static __always_inline int begin_mkdir(struct io_kiocb *req, __s32 call)
{
	struct scratch *s = record_start(event_path_call, EVENT_PATH_CALL, current_task());
	struct event_path_call *e = s ? (void *)s->record : NULL;
	struct io_mkdir *mkdir = (void *)req;
	const char *name = NAME_OF(req, io_mkdir, filename);

	if (!e)
		return 0;
	fill_operation(s, call, 0);
	e->call.arg0 = (__s64)READ(mkdir, dfd);
	e->call.arg2 = READ(mkdir, mode);
	text_from_kernel(s, &e->raw_path, name, PATH_BYTES_MAX);
	APPEND_BASE(s, event_path_call, base, READ(mkdir, dfd), name);
	return stash_record(s, req, false);
}

/* Told as a call on a path; of its other arguments nothing is. */
static __always_inline int begin_on_path(struct io_kiocb *req, __s32 call, const char *name,
					 __s32 dirfd)
{
	struct scratch *s = record_start(event_path_call, EVENT_PATH_CALL, current_task());
	struct event_path_call *e = s ? (void *)s->record : NULL;

	if (!e)
		return 0;
	fill_operation(s, call, 0);
	s->event.header.flags |= RECORD_NO_ARGUMENTS;
	text_from_kernel(s, &e->raw_path, name, PATH_BYTES_MAX);
	APPEND_BASE(s, event_path_call, base, dirfd, name);
	return stash_record(s, req, false);
}

static __always_inline int begin_statx(struct io_kiocb *req, __s32 call)
{
	struct io_statx *statx = (void *)req;

	return begin_on_path(req, call, NAME_OF(req, io_statx, filename), READ(statx, dfd));
}

/* What the operations with two names have in common; their requests have the same form. */
struct two_names {
	const char *old_name, *new_name;
	__s32 old_dirfd, new_dirfd;
	__u32 call_flags;
	__u16 kind;
};

/* Verifier: not inlined, so that its code is there once. */
static __noinline int begin_two_names(struct io_kiocb *req, __s32 call, struct two_names *n)
{
	struct scratch *s = record_start(event_rename, n->kind, current_task());
	struct event_rename *e = s ? (void *)s->record : NULL;

	if (!e)
		return 0;
	fill_operation(s, call, 0);
	e->call_flags = n->call_flags;
	text_from_kernel(s, &e->old_path, n->old_name, PATH_BYTES_MAX);
	if (n->kind != EVENT_SYMLINK)
		APPEND_BASE(s, event_rename, old_base, n->old_dirfd, n->old_name);
	text_from_kernel(s, &e->new_path, n->new_name, PATH_BYTES_MAX);
	APPEND_BASE(s, event_rename, new_base, n->new_dirfd, n->new_name);
	return stash_record(s, req, false);
}

static __always_inline int begin_rename(struct io_kiocb *req, __s32 call)
{
	struct io_rename *rename = (void *)req;
	struct two_names n = {
		.old_name = NAME_OF(req, io_rename, oldpath),
		.new_name = NAME_OF(req, io_rename, newpath),
		.old_dirfd = READ(rename, old_dfd),
		.new_dirfd = READ(rename, new_dfd),
		.call_flags = READ(rename, flags),
		.kind = EVENT_RENAME,
	};

	return begin_two_names(req, call, &n);
}

static __always_inline int begin_link(struct io_kiocb *req, __s32 call, __u16 kind)
{
	struct io_link *link = (void *)req;
	struct two_names n = {
		.old_name = NAME_OF(req, io_link, oldpath),
		.new_name = NAME_OF(req, io_link, newpath),
		.old_dirfd = READ(link, old_dfd),
		.new_dirfd = READ(link, new_dfd),
		.call_flags = READ(link, flags),
		.kind = kind,
	};

	return begin_two_names(req, call, &n);
}

/*
 * Notes what is known only now of an operation.
 * Verifier: a function of its own, because what it has on the stack leaves none to what comes then.
 */
__noinline int note_operation(__u64 key, __u32 which)
{
	struct io_kiocb *req = (void *)key;
	struct uring_key where = { (__u64)READ(req, ctx), READ(req, cqe.user_data) };
	__u64 *previous = bpf_map_lookup_elem(&uring_requests, &where);
	struct operation operation = { .fd = READ(req, cqe.fd) };
	struct io_async_msghdr *message = READ(req, async_data);
	void *copy = (void *)message + bpf_core_field_offset(struct io_async_msghdr, addr);
	__u32 bytes;

	/* That it points to its own copy says that there is one. */
	if (is_sending(which) && message && READ(message, msg.msg_name) == copy) {
		bytes = READ(message, msg.msg_namelen);
		operation.name_bytes = bytes < NAME_BYTES ? bytes : NAME_BYTES;
		bpf_probe_read_kernel(operation.name, NAME_BYTES, copy);
	}
	if (previous && *previous != key)
		operation.previous = *previous;
	bpf_map_update_elem(&uring_operations, &key, &operation, BPF_ANY);
	bpf_map_update_elem(&uring_requests, &where, &key, BPF_ANY);
	return 0;
}

static __always_inline int on_submitted(struct io_kiocb *req)
{
	__u32 operation = READ(req, opcode);
	__s32 call = call_of_operation(operation);

	if (call < 0)
		return 0;
	note_operation((__u64)req, operation);
	switch (operation) {
	case URING_OPENAT:
	case URING_OPENAT2:
		return begin_open(req, call);
	case URING_UNLINKAT:
		return begin_unlink(req, call);
	case URING_RENAMEAT:
		return begin_rename(req, call);
	case URING_MKDIRAT:
		return begin_mkdir(req, call);
	case URING_STATX:
		return begin_statx(req, call);
	case URING_SETXATTR:
	case URING_GETXATTR:
		return begin_on_path(req, call, NAME_OF(req, io_xattr, filename), AT_FDCWD);
	case URING_LINKAT:
		return begin_link(req, call, EVENT_LINK);
	case URING_SYMLINKAT:
		return begin_link(req, call, EVENT_SYMLINK);
	}
	/* Of this one no completion will tell, unless it fails. */
	if (READ(req, flags) & URING_SKIP_SUCCESS)
		end_operation((__u64)req, call, 0, false);
	return 0;
}

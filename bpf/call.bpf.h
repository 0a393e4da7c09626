/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls on descriptors; and system calls that have no record of their own, in a few shapes: with
 * numbers alone, with a descriptor, with a path, with a name. Which of a call's arguments these are
 * is data, by number: the agent fills it in from the schema before it attaches anything.
 */
#pragma once

#include "network.bpf.h"

/* What is behind a descriptor: a file and its path, or a socket. */
static __always_inline void fill_descriptor(struct scratch *s, struct file_facts *facts,
					    struct socket_facts *socket, struct text *path,
					    struct file *file)
{
	struct sock *sk = sock_of_file(file);

	fill_file(facts, file);
	if (!sk) {
		append_file_path(s, path, file);
		return;
	}
	fill_socket(socket, file, sk, ROLE_UNKNOWN);
	guess_role(socket);
	if (socket->family == AF_UNIX)
		append_unix_path(s, path, sk);
}

static __always_inline struct scratch *on_duplicated(struct pt_regs *regs, long result,
						     __s32 new_fd)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_dup, EVENT_DUP, task);
	struct event_dup *e = s ? (void *)s->record : NULL;
	struct file *file;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->old_fd = SYSCALL_ARG1(regs);
	e->new_fd = new_fd;
	file = file_of_result(task, result);
	if (file)
		fill_descriptor(s, &e->file, &e->socket, &e->path, file);
	return s;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * SYSCALLS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} call_positions SEC(".maps");

static __always_inline void fill_arguments(struct call_arguments *call, struct pt_regs *regs)
{
	call->arg0 = SYSCALL_ARG1(regs);
	call->arg1 = SYSCALL_ARG2(regs);
	call->arg2 = SYSCALL_ARG3(regs);
	call->arg3 = SYSCALL_ARG4(regs);
	call->arg4 = SYSCALL_ARG5(regs);
	call->arg5 = SYSCALL_ARG6(regs);
}

static __always_inline __u32 positions_of(struct pt_regs *regs)
{
	/* Those of 32-bit calls follow the others. */
	__u32 number = table_number(regs) + (is_compat_syscall(current_task()) ? SYSCALLS_MAX : 0);
	__u32 *positions = bpf_map_lookup_elem(&call_positions, &number);

	return positions ? *positions : 0;
}

/* The argument at one of the positions; `absent` when the call has none there. */
static __always_inline __u64 argument_at(struct call_arguments *call, __u32 positions,
					 __u32 position, __u64 absent)
{
	__u32 number = (positions >> position) & 7;
	__u64 index = number - 1;

	if (!number)
		return absent;
	/* Verifier: it knows from the mask that what is read lies in the record; before 5.13 it
	 * forgets that a number which is not 0 is at least 1. */
	asm volatile("" : "+r"(index));
	return ((__u64 *)call)[index & 7];
}

#define TEXT_ARGUMENT(call, positions, position) \
	((const void *)argument_at(call, positions, position, 0))

static __always_inline struct scratch *on_plain_call(struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_syscall, EVENT_SYSCALL, task);
	struct event_syscall *e = s ? (void *)s->record : NULL;
	const struct cred *cred = TASK_READ(task, cred);

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	fill_arguments(&e->call, regs);
	e->ruid = READ(cred, uid.val);
	e->suid = READ(cred, suid.val);
	e->rgid = READ(cred, gid.val);
	e->sgid = READ(cred, sgid.val);
	return s;
}

static __always_inline struct scratch *on_descriptor_call(struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_fd_call, EVENT_FD_CALL, task);
	struct event_fd_call *e = s ? (void *)s->record : NULL;
	__u32 positions = positions_of(regs);
	struct file *file;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	fill_arguments(&e->call, regs);
	file = file_of_fd(task, argument_at(&e->call, positions, POSITION_FD, -1));
	if (file)
		fill_descriptor(s, &e->file, &e->socket, &e->path, file);
	text_from_user(s, &e->text, TEXT_ARGUMENT(&e->call, positions, POSITION_TEXT),
		       PATH_BYTES_MAX);
	text_from_user(s, &e->value, TEXT_ARGUMENT(&e->call, positions, POSITION_VALUE),
		       PATH_BYTES_MAX);
	return s;
}

static __always_inline struct scratch *on_path_given(struct pt_regs *regs, long result)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_path_call, EVENT_PATH_CALL, task);
	struct event_path_call *e = s ? (void *)s->record : NULL;
	__u32 positions = positions_of(regs);
	struct names *heard;
	const void *path;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	fill_arguments(&e->call, regs);
	path = TEXT_ARGUMENT(&e->call, positions, POSITION_PATH);
	text_from_user(s, &e->raw_path, path, PATH_BYTES_MAX);
	append_base(s, &e->base, task, argument_at(&e->call, positions, POSITION_DIRFD, AT_FDCWD),
		    path);
	text_from_user(s, &e->text, TEXT_ARGUMENT(&e->call, positions, POSITION_TEXT),
		       PATH_BYTES_MAX);
	heard = take_names();
	if (heard && append_heard_path(s, &e->path, heard, &heard->first))
		names_are_kernels(s);
	return s;
}

static __always_inline struct scratch *on_name_given(struct pt_regs *regs, long result)
{
	struct scratch *s = record_start(event_name_call, EVENT_NAME_CALL, current_task());
	struct event_name_call *e = s ? (void *)s->record : NULL;
	__u32 positions = positions_of(regs);

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	fill_arguments(&e->call, regs);
	text_from_user(s, &e->text, TEXT_ARGUMENT(&e->call, positions, POSITION_TEXT),
		       PATH_BYTES_MAX);
	text_from_user(s, &e->value, TEXT_ARGUMENT(&e->call, positions, POSITION_VALUE),
		       PATH_BYTES_MAX);
	return s;
}

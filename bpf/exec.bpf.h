/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that could not be executed: what was asked for, from the memory of who asked. */
#pragma once

#include "file.bpf.h"

/* More arguments than that are cut, which the record says. */
#define FAILED_ARGUMENTS_MAX 128

/* Appends argument `i`, with its NUL. `left` is 0 where one could not be read, or not whole. */
STEP(argument_step)
{
	struct scratch *s = STEP_SCRATCH;
	__u64 pointer_bytes, room, at, string = 0;
	long bytes;

	if (!s)
		return 1;
	pointer_bytes = is_compat_syscall(current_task()) ? sizeof(__u32) : sizeof(__u64);
	if (bpf_probe_read_user(&string, pointer_bytes, s->user_list + i * pointer_bytes)) {
		count_loss(PLACE_READ_USER);
		s->left = 0;
		return 1;
	}
	if (!string)
		return 1;
	at = s->used;
	room = s->left;
	asm volatile("" : "+r"(at), "+r"(room));
	if (at > RECORD_BYTES_MAX - ARGUMENTS_BYTES_MAX || room == 0 || room >= ARGUMENTS_BYTES_MAX)
		return 1;
	bytes = read_user_text(&s->record[at], room, (void *)string);
	if (bytes <= 0) {
		count_loss(PLACE_READ_USER);
		s->left = 0;
		return 1;
	}
	s->used += bytes;
	s->left -= bytes;
	((struct event_exec_failed *)s->record)->argument_count = i + 1;
	return s->left == 0 || i + 1 == FAILED_ARGUMENTS_MAX;
}

static __always_inline struct scratch *on_exec_failed(struct pt_regs *regs, long result,
						      __s32 dirfd, const void *path,
						      const void *arguments, __u32 flags)
{
	struct task_struct *task = current_task();
	struct event_exec_failed *e;
	struct scratch *s;
	__u32 start;

	if (result >= 0)
		return NULL; /* told by the program that there is now */
	s = record_start(event_exec_failed, EVENT_EXEC_FAILED, task);
	if (!s)
		return NULL;
	e = (void *)s->record;
	fill_syscall(s, regs, result);
	e->call_flags = flags;
	text_from_user(s, &e->raw_path, path, PATH_BYTES_MAX);
	append_base(s, &e->base, task, dirfd, path);
	start = s->used;
	s->left = ARGUMENTS_BYTES_MAX - 1;
	s->user_list = arguments;
	if (arguments && !record_full(s, ARGUMENTS_BYTES_MAX))
		REPEAT(FAILED_ARGUMENTS_MAX, argument_step, s);
	e->arguments.offset = start;
	e->arguments.bytes = s->used - start;
	e->arguments.true_bytes = s->left && e->argument_count < FAILED_ARGUMENTS_MAX ?
					  e->arguments.bytes :
					  TEXT_LENGTH_UNKNOWN;
	return s;
}

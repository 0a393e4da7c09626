/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a process mounts, and what it maps to execute. */
#pragma once

#include "call.bpf.h"

/* One side of a mount: a path, and where it starts. */
struct mount_side {
	const void *path;
	__s32 dirfd;
};

static __always_inline struct scratch *on_mounted(struct pt_regs *regs, long result,
						  const struct mount_side *source,
						  const struct mount_side *target, const void *type)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_mount, EVENT_MOUNT, task);
	struct event_mount *e = s ? (void *)s->record : NULL;
	struct names *heard;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	fill_arguments(&e->call, regs);
	text_from_user(s, &e->source, source->path, PATH_BYTES_MAX);
	append_base(s, &e->source_base, task, source->dirfd, source->path);
	text_from_user(s, &e->target, target->path, PATH_BYTES_MAX);
	append_base(s, &e->target_base, task, target->dirfd, target->path);
	text_from_user(s, &e->type, type, TYPE_BYTES_MAX);
	heard = take_names();
	if (heard) {
		append_heard_path(s, &e->source_resolved, heard, &heard->first);
		append_name(s, &e->type_heard, heard, &heard->third, TYPE_BYTES_MAX);
		if (append_heard_path(s, &e->target_resolved, heard, &heard->second))
			names_are_kernels(s);
	}
	return s;
}

/* What a call maps, or changes the protection of. */
struct mapped {
	__u64 address, length, offset;
	__u32 protection, flags;
	__s32 fd;
	bool from_user; /* read from memory that the process can change */
};

static __always_inline struct scratch *on_mapped(struct pt_regs *regs, long result,
						 const struct mapped *m)
{
	struct task_struct *task = current_task();
	struct scratch *s;
	struct event_memory *e;
	struct file *file;

	if (!(m->protection & PROT_EXEC))
		return NULL; /* nothing that a process does more often */
	s = record_start(event_memory, EVENT_MEMORY, task);
	if (!s)
		return NULL;
	e = (void *)s->record;
	fill_syscall(s, regs, result);
	if (m->from_user)
		s->event.header.flags |= RECORD_USER_MEMORY;
	e->address = m->address;
	e->length = m->length;
	e->offset = m->offset;
	e->protection = m->protection;
	e->map_flags = m->flags;
	e->fd = m->fd;
	file = m->flags & MAP_ANONYMOUS ? NULL : file_of_fd(task, m->fd);
	if (file) {
		fill_file(&e->file, file);
		append_file_path(s, &e->path, file);
	}
	return s;
}

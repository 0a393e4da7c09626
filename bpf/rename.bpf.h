/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A process that gives itself another name. */
#pragma once

#include "process.bpf.h"

struct task_struct___exec {
	unsigned in_execve : 1;
} __attribute__((preserve_access_index));

/* Whether the kernel names a task after the program that it executes: the exec is an event of its
 * own, right after it. */
static __always_inline bool is_in_exec(struct task_struct *task)
{
	struct task_struct___exec *t = (void *)task;

	return bpf_core_field_exists(t->in_execve) &&
	       BPF_CORE_READ_BITFIELD_PROBED(t, in_execve) != 0;
}

/* A process gets another name, which the task does not have yet. */
static __always_inline int on_renamed(struct task_struct *task, const void *name)
{
	struct scratch *s;

	if (TASK_READ(task, pid) != TASK_READ(task, tgid) || is_in_exec(current_task()))
		return 0;
	s = record_start(event_comm, EVENT_COMM, task);
	if (!s)
		return 0;
	if (bpf_probe_read_kernel_str(s->event.header.comm, sizeof(s->event.header.comm), name) < 0)
		count_loss(PLACE_READ_KERNEL);
	return told_send(s);
}

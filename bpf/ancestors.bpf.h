/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names of those above a process, as the kernel has them now. Nothing is kept for it: so it is
 * right from the first event on, whenever the agent was started.
 *
 * Told is what the agent's process table says, too. There a process keeps the parent it began with
 * until a record of its own says otherwise. So the row ends at an ancestor that may have got
 * another one: whose parent is of those that orphans are given to, the first process of a pid
 * namespace or a subreaper. Of the process itself the record says whose child it is.
 */
#pragma once

#include "task.bpf.h"

/* Whether orphans may be given to a process (find_new_reaper() in kernel/exit.c). A load in place
 * of BPF_CORE_READ_BITFIELD_PROBED(), which calls a helper for each ancestor. */
static __always_inline bool takes_orphans(struct task_struct *process)
{
	struct signal_struct *signal = READ(process, signal);
	__u64 bits = READ_AT(__u32, (const void *)signal +
					    __CORE_RELO(signal, is_child_subreaper, BYTE_OFFSET));

	bits <<= __CORE_RELO(signal, is_child_subreaper, LSHIFT_U64);
	bits >>= __CORE_RELO(signal, is_child_subreaper, RSHIFT_U64);
	return bits || number_in_own_namespace(READ(process, thread_pid)) == 1;
}

static __always_inline void fill_comm_of(char *comm, struct task_struct *task)
{
	const void *from = (void *)task + bpf_core_field_offset(struct task_struct, comm);

	((__u64 *)comm)[0] = READ_AT(__u64, from);
	((__u64 *)comm)[1] = READ_AT(__u64, from + sizeof(__u64));
}

/* The ancestors of the process that a record is of. None is known when it is not the current one,
 * or has got another parent since its record was begun. */
static __always_inline void fill_ancestors(struct ancestors *all, const struct event_header *h)
{
	struct task_struct *task = current_task();

	all->known = 0;
	all->more = 1;
	if ((__u32)TASK_READ(task, tgid) != h->pid)
		return;
	for (__u32 i = 0; i <= ANCESTORS_MAX; i++) {
		__u32 pid;

		task = READ(task, real_parent, group_leader);
		pid = READ(task, tgid);
		if (i == 0 && pid != h->ppid)
			return;
		if (pid == 0) {
			all->more = 0;
			return;
		}
		/* /proc shows other names of those of the kernel's own. */
		if (i == ANCESTORS_MAX || (i > 0 && takes_orphans(task)) ||
		    (READ(task, flags) & PF_KTHREAD))
			return;
		fill_comm_of(all->names[i], task);
		all->known = i + 1;
	}
}

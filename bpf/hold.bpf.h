/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What becomes of a process: told, or held back with it. See held.bpf.h. */
#pragma once

#include "held.bpf.h"

/* Sends a fork, or holds it back. */
static __always_inline int hold_fork(struct scratch *s)
{
	struct event_fork *e = (void *)s->record;
	struct held *maker, *h;

	if (!hold_back)
		return scratch_send(s);
	maker = held_of(e->header.pid, e->header.start_ns);
	h = held_new(e->child_pid, e->child_start_ns, maker);
	if (!h)
		return told_send(s);
	/* What is not kept cannot be told later, when its maker may be another program, or gone. */
	h->owners = !(hold_back & HOLD_FORKS) || h->is_long;
	h->writes = 0;
	h->full_before = held_full;
	h->maker = e->header.pid;
	h->maker_start_ns = e->header.start_ns;
	h->maker_changes = maker ? maker->changes : NEVER_TRACKED;
	h->changes = 0;
	h->exec_waits = 0;
	h->fork = *e;
	h->fork.header.bytes = sizeof(*e);
	h->fork.header.flags |= RECORD_HELD;
	if (h->program_bytes) {
		struct event_exec *made = &h->program.exec;

		made->header.flags |= RECORD_HELD | RECORD_AS_MADE;
		/* What it is good for is whether it is the pid: see startedOnHost. */
		made->header.vpid = made->header.vpid == made->header.pid ? e->child_pid : 0;
		made->header.pid = made->header.tid = e->child_pid;
		made->header.start_ns = e->child_start_ns;
		if (h->has_moved) {
			made->cwd.bytes = 0;
			made->cwd.true_bytes = TEXT_LENGTH_UNKNOWN;
		}
	}
	if (h->owners)
		return told_send(s);
	scratch_release(s);
	return 0;
}

/* Whether a process has come from another cgroup: what a container begins with is told at once,
 * since the agent looks for its container then. */
static __always_inline bool has_entered_cgroup(struct task_struct *task, struct event_header *now)
{
	struct task_struct *parent = TASK_READ(task, real_parent);

	return READ(parent, cgroups, dfl_cgrp, kn, id) != now->cgroup_id ||
	       v1_cgroup_id(parent) != now->cgroup_v1_id;
}

/*
 * Keeps the record of an exec as the program of its process: without the environment, which /proc
 * has, too, where it would be too long. Whoever copies it meanwhile sees so by `writes`.
 */
static __always_inline void keep_program(struct held *h, struct scratch *s)
{
	struct text environment = ((struct event_exec *)s->record)->environment;
	bool is_cut = s->used > HELD_PROGRAM_BYTES && environment.bytes > 0;
	__u64 bytes = is_cut ? environment.offset : s->used;

	__sync_fetch_and_add(&h->writes, 1);
	h->has_moved = 0;
	h->program_bytes = 0;
	h->is_long = bytes > HELD_PROGRAM_BYTES;
	asm volatile("" : "+r"(bytes));
	if (bytes <= HELD_PROGRAM_BYTES) {
		struct event_exec *kept = &h->program.exec;

		bpf_probe_read_kernel(kept, bytes, s->record);
		kept->header.bytes = bytes;
		kept->header.flags |= RECORD_HELD;
		if (is_cut)
			kept->environment = (struct text){ .true_bytes = TEXT_LENGTH_UNKNOWN };
		h->program_bytes = bytes;
	}
	__sync_fetch_and_add(&h->writes, 1);
}

/*
 * Keeps the record of an exec with its process. True: it need not be told, if no rule asks for it.
 * False: it must, and what was held before it is told.
 */
static __always_inline bool hold_exec(struct scratch *s, struct task_struct *task)
{
	struct event_header *now = &s->event.header;
	struct held *h = held_of(now->pid, now->start_ns);
	bool waits;

	/* Cut off from its maker: whether that was a daemon's way is seen by what it was made as.
	 */
	waits = h && !h->owners && !h->exec_waits && s->used <= HELD_PROGRAM_BYTES &&
		now->ppid == h->maker && !has_entered_cgroup(task, now);
	if (!waits)
		tell_held();
	h = held_changed(now);
	if (!h)
		return false;
	h->exec_waits = waits;
	keep_program(h, s);
	/* A child of it may have told it meanwhile, as what it was before. */
	return waits && !*(volatile __u64 *)&h->owners;
}

/* Sends an exec that a rule may ask for, in place of the record that is kept. */
static __always_inline int tell_exec(struct scratch *s)
{
	struct held *h = held_of(s->event.header.pid, s->event.header.start_ns);

	if (h)
		h->exec_waits = 0;
	return told_send(s);
}

/* A process has another working directory: its children begin in it. */
static __always_inline void hold_moved(const struct event_header *now)
{
	struct held *h = hold_back ? held_changed(now) : NULL;

	if (h)
		h->has_moved = 1;
}

/* The end of the current process. False: nobody knows that there was one. */
static __always_inline bool hold_exit(struct task_struct *task)
{
	__u32 pid = TASK_READ(task, tgid);
	struct held *h = held_of_task(task);
	bool is_known = !h || h->owners;

	if (!is_known && !(hold_back & HOLD_EXITS)) {
		tell_held();
		is_known = true;
	}
	bpf_map_delete_elem(&held, &pid);
	if (!is_known)
		__sync_fetch_and_add(&held_dropped, 1);
	return is_known;
}

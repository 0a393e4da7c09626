/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes that nobody asks about. How a process came to be (a fork, an exec) is held back here,
 * and told when the first record of the process, or of one below it, goes to the ring: with that of
 * its parents, the first of them first. One that ends before leaves no trace.
 *
 * A fork that is told late meets a maker that may have changed since: then the record says so, and
 * behind it comes what the maker was at the time. For that every process keeps its last exec, told
 * or not, and its children begin with a copy.
 */
#pragma once

#include "task.bpf.h"

/* Parents that are looked for: a chain of more that wait is told in part, and the rest is read from
 * /proc. */
#define HELD_LEVELS_MAX 16
/* The maker had no entry: it was there before the agent. */
#define NEVER_TRACKED 0xffffffff

/* What is held back: HOLD_*. Set at any time. */
volatile __u32 hold_back = 0;

/* Processes that ended untold; that found no room and were told at once; and those of which
 * something was not told because it changed meanwhile. */
__u64 held_dropped = 0;
__u64 held_full = 0;
__u64 held_torn = 0;

struct held {
	__u64 start_ns; /* with its pid, whose entry it is */
	/* 0: the agent does not know the process. As with scratch slots, whoever makes it 1 tells.
	 */
	__u64 owners;
	__u64 writes; /* odd: its program is being written */
	__u64 full_before; /* `held_full` when it was made */
	__u64 maker_start_ns;
	__u32 maker;
	__u32 maker_changes; /* that the maker had gone through when it made the process */
	__u32 changes; /* how often it has become another program, or moved */
	__u32 program_bytes; /* 0: no program is kept */
	__u32 exec_waits; /* the program is one that it has executed, and is not told */
	__u32 has_moved; /* since it became its program */
	__u32 is_long; /* its program is, or that of its maker was, too long to be kept */
	__u32 padding;
	struct event_fork fork;
	union {
		__u8 bytes[HELD_PROGRAM_BYTES];
		struct event_exec exec;
	} program;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HELD_PROCESSES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct held);
} held SEC(".maps");

/* What an entry begins as: the stack has no room for one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct held);
} held_empty SEC(".maps");

static __always_inline struct held *held_of(__u32 pid, __u64 start_ns)
{
	struct held *h = bpf_map_lookup_elem(&held, &pid);

	return h && h->start_ns == start_ns ? h : NULL;
}

static __always_inline struct held *held_of_task(struct task_struct *task)
{
	return held_of(READ(task, tgid), READ(task, group_leader, start_boottime));
}

/* An entry for a process; a copy of that of another one, if there is one. NULL, and counted: there
 * is no room. */
static __always_inline struct held *held_new(__u32 pid, __u64 start_ns, const struct held *as)
{
	struct held *h = NULL;
	__u32 zero = 0;

	if (!as)
		as = bpf_map_lookup_elem(&held_empty, &zero);
	if (as && !bpf_map_update_elem(&held, &pid, as, BPF_ANY))
		h = bpf_map_lookup_elem(&held, &pid);
	if (h)
		h->start_ns = start_ns;
	else
		__sync_fetch_and_add(&held_full, 1);
	return h;
}

/* The entry of a process that has changed; one that had none is known to the agent. */
static __always_inline struct held *held_changed(const struct event_header *now)
{
	struct held *h = held_of(now->pid, now->start_ns);

	if (!h) {
		h = held_new(now->pid, now->start_ns, NULL);
		if (!h)
			return NULL;
		h->owners = 1;
	}
	h->changes++;
	return h;
}

/* Whether a process is another one than when it made what is held, or may be. */
static __always_inline bool has_changed(const struct held *h)
{
	struct held *maker = held_of(h->maker, h->maker_start_ns);

	if (maker)
		return maker->changes != h->maker_changes;
	/* One that found no room has changed unnoticed. */
	return h->maker_changes != NEVER_TRACKED || h->full_before != held_full;
}

static __always_inline void send_held(struct event_header *record, __u64 bytes)
{
	record->time_ns = bpf_ktime_get_boot_ns();
	if (bpf_ringbuf_output(&events, record, bytes, BPF_RB_NO_WAKEUP))
		count_lost_event(PLACE_RING_FULL, hook_of(record));
}

/*
 * A copy of what is held of a process, in a slot to be given back; what it says of the program
 * (`program_bytes`) is 0 where that changed meanwhile: then the process executes right now, finds
 * that it is known, and tells it. NULL, and counted: it is another process by now, since an entry
 * is used anew at once when a process has ended.
 */
static __always_inline struct scratch *held_copy(struct held *h, struct task_struct *task)
{
	struct scratch *s = scratch_take(EVENT_FORK);
	struct held *copy = s ? (void *)s->record : NULL;
	__u64 writes = *(volatile __u64 *)&h->writes;

	_Static_assert(sizeof(struct held) <= RECORD_BYTES_MAX, "a slot has room for it");
	if (!s)
		return NULL;
	bpf_probe_read_kernel(copy, sizeof(*copy), h);
	if (held_of_task(task) != h) {
		__sync_fetch_and_add(&held_torn, 1);
		return scratch_cancel(s);
	}
	if ((writes & 1) || *(volatile __u64 *)&h->writes != writes) {
		__sync_fetch_and_add(&held_torn, 1);
		copy->program_bytes = 0;
	}
	return s;
}

/*
 * Tells what is held of the process that is `level` above the current one. Two threads, or two
 * children, may come at once: the second does not wait for the first, so its own record may arrive
 * before what it needs; then the agent reads the process from /proc, as any that it does not know.
 * Verifier: a function of its own, which takes nothing but a number.
 */
__noinline int tell_process(__u32 level)
{
	struct task_struct *task = current_task(), *parent;
	struct scratch *s;
	struct held *h, *copy;
	__u64 bytes;
	__u32 ppid;

	for (__u32 i = 0; i < HELD_LEVELS_MAX && i < level; i++)
		task = READ(task, real_parent);
	parent = READ(task, real_parent);
	ppid = READ(parent, tgid);
	h = held_of_task(task);
	if (!h)
		return 0;
	__sync_fetch_and_add(&h->owners, 1);
	if (*(volatile __u64 *)&h->owners != 1) {
		__sync_fetch_and_add(&h->owners, -1);
		return 0;
	}
	s = held_copy(h, task);
	if (!s)
		return 0;
	copy = (void *)s->record;
	copy->fork.header.ppid = ppid;
	if (ppid != copy->maker ||
	    READ(parent, group_leader, start_boottime) != copy->maker_start_ns || has_changed(copy))
		copy->fork.header.flags |= RECORD_AS_MADE;
	send_held(&copy->fork.header, sizeof(copy->fork));
	bytes = copy->program_bytes;
	asm volatile("" : "+r"(bytes));
	if (bytes < sizeof(struct event_exec) || bytes > HELD_PROGRAM_BYTES) {
		scratch_release(s);
		return 0;
	}
	if (copy->exec_waits ||
	    (copy->fork.header.flags & copy->program.exec.header.flags & RECORD_AS_MADE)) {
		h->exec_waits = 0;
		send_held(&copy->program.exec.header, bytes);
	}
	scratch_release(s);
	return 0;
}

/* Tells what is held of the current process and of those above it, the first of them first. */
__noinline int tell_held(void)
{
	struct task_struct *task = current_task();
	__u32 levels = 0;

	for (; levels < HELD_LEVELS_MAX; levels++) {
		struct held *h = held_of_task(task);

		if (!h || h->owners)
			break;
		task = READ(task, real_parent);
	}
	for (__u32 i = HELD_LEVELS_MAX; i-- > 0;)
		if (i < levels)
			tell_process(i);
	return 0;
}

/* Sends a record of the current process, and before it what is held. */
static __always_inline int told_send(struct scratch *s)
{
	if (hold_back)
		tell_held();
	return scratch_send(s);
}

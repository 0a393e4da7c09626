/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between filling a record and sending it: the filter of its kind, where there is one. The agent
 * makes filters from the rules and puts them into `filters` while everything runs. One finds the
 * record by its own context, which it shares with the handler that has tail-called it, and either
 * gives the slot back or tail-calls the program that sends the record.
 */
#pragma once

#include "ancestors.bpf.h"
#include "file.bpf.h"
#include "hold.bpf.h"

/* By kind; an empty slot lets everything through. From SECOND_LOOK on, for each kind once more:
 * filters that know the ancestors of the process, too. Bound to the hooks of one prototype, as all
 * prog arrays are: see agent/sensor/call-returns.ts. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2 * LOST_KINDS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} filters SEC(".maps");

#define SECOND_LOOK LOST_KINDS_MAX

/* Where filters go on: to the program that sends, or to the one that looks again. */
#define EXIT_SEND 0
#define EXIT_LOOK 1
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} filter_exits SEC(".maps");

/* By kind, what filters have let nobody see; in slot 0, which is no kind, what they should have let
 * through, and the kernel refused to call what sends it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_KINDS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} filtered SEC(".maps");

/* By id, what the agent knows of cgroups of v2, and of the v1 hierarchy that is looked at:
 * CGROUP_IS_*. One that is missing may be anything. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CGROUP_STATES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} cgroup_states SEC(".maps"), old_cgroup_states SEC(".maps");

/*
 * What every handler ends in: the record in `s`, if there is one, is filtered and sent.
 *
 * @param kind  of all records of this handler, a constant; 0: it has not said. By a constant slot a
 *   tail call is a jump (5.5, 428d5df1fa4f "bpf, x86: Emit patchable direct jump as tail call"),
 * and else one through a table, against which processors are protected at a price. Each such jump
 * is patched whenever its slot changes: so they are for what comes most often.
 */
static __always_inline int offer(void *ctx, struct scratch *s, const __u32 kind)
{
	if (!s)
		return 0;
	s->context = (__u64)ctx;
	if (kind)
		bpf_tail_call_static(ctx, &filters, kind);
	else
		bpf_tail_call(ctx, &filters, s->event.header.kind);
	/* What may have to be told before it, that program knows: not every handler has room for
	 * it. */
	if (hold_back)
		bpf_tail_call(ctx, &filter_exits, EXIT_SEND);
	s->context = 0;
	if (kind == EVENT_OPEN)
		fill_lacking(s);
	return scratch_send(s);
}

/* The record of the program that had this context. */
static __always_inline struct scratch *find_offered(void *ctx)
{
	for (__u32 i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &key);

		if (s && s->context == (__u64)ctx)
			return s;
	}
	return NULL;
}

static __always_inline struct scratch *take_offered(void *ctx)
{
	struct scratch *s = find_offered(ctx);

	if (s)
		s->context = 0;
	return s;
}

/*
 * Between the two looks at a record: what the first lets through by the record alone, the second
 * may drop by the ancestors of its process. Without a second filter it is sent.
 */
static __always_inline int look_again(void *ctx)
{
	struct scratch *s = find_offered(ctx);

	if (!s)
		return 0;
	fill_lacking(s);
	fill_ancestors(&s->ancestors, &s->event.header);
	bpf_tail_call(ctx, &filters, SECOND_LOOK + s->event.header.kind);
	bpf_tail_call(ctx, &filter_exits, EXIT_SEND);
	s->context = 0;
	return scratch_send(s);
}

/* What filters end in. */
static __always_inline int send_offered(void *ctx)
{
	struct scratch *s = take_offered(ctx);

	if (!s)
		return 0;
	fill_lacking(s);
	return told_send(s);
}

/* The same for execs, whose programs have another prototype. A filter that lets nobody see one
 * leaves it with its process. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2 * LOST_KINDS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} exec_filters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} exec_exits SEC(".maps");

static __always_inline int offer_exec(void *ctx, struct scratch *s)
{
	if (!s)
		return 0;
	if (!hold_back || !hold_exec(s, current_task()))
		return scratch_send(s);
	if (hold_back & HOLD_EXECS) {
		scratch_release(s);
		return 0;
	}
	s->context = (__u64)ctx;
	bpf_tail_call(ctx, &exec_filters, EVENT_EXEC);
	s->context = 0;
	return tell_exec(s);
}

static __always_inline int send_offered_exec(void *ctx)
{
	struct scratch *s = take_offered(ctx);

	return s ? tell_exec(s) : 0;
}

static __always_inline int look_again_at_exec(void *ctx)
{
	struct scratch *s = find_offered(ctx);

	if (!s)
		return 0;
	fill_ancestors(&s->ancestors, &s->event.header);
	bpf_tail_call(ctx, &exec_filters, SECOND_LOOK + EVENT_EXEC);
	bpf_tail_call(ctx, &exec_exits, EXIT_SEND);
	s->context = 0;
	return tell_exec(s);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Between filling a record and sending it: the filter of its kind, where there is one. The agent
 * makes filters from the rules and puts them into `filters` while everything runs. One finds the
 * record by its own context, which it shares with the handler that has tail-called it, and either
 * gives the slot back or tail-calls the program that sends the record.
 */
#pragma once

#include "scratch.bpf.h"

/* By kind; an empty slot lets everything through. Bound to the hooks of one prototype, as all prog
 * arrays are: see agent/call-returns.ts. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, LOST_KINDS_MAX);
	__type(key, __u32);
	__type(value, __u32);
} filters SEC(".maps");

/* Where filters go on: slot 0 is the program that sends. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
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

/* What every handler ends in: the record in `s`, if there is one, is filtered and sent. */
static __always_inline int offer(void *ctx, struct scratch *s)
{
	if (!s)
		return 0;
	s->context = (__u64)ctx;
	bpf_tail_call(ctx, &filters, s->event.header.kind);
	s->context = 0;
	return scratch_send(s);
}

/* What filters end in: sends the record of the handler that had this context. */
static __always_inline int send_offered(void *ctx)
{
	for (__u32 i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &key);

		if (!s || s->context != (__u64)ctx)
			continue;
		s->context = 0;
		return scratch_send(s);
	}
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is lost is counted: each loss by place; events that are lost whole also by hook, and all of
 * them in a word that the agent can look at for nothing.
 */
#pragma once

#include "compat.bpf.h"
#include "gen/events.h"

/* By place; in memory that the agent reads without a call, because while a bpf(2) call looks into a
 * map, programs that go through perf are left out on its CPU. */
__u64 lost[PLACES] = {};

/*
 * Events that were lost whole, by hook: those that found the ring full by system call, or by kind
 * where a record has none; those that found no slot by kind.
 */
#define LOST_RING_BY_KIND SYSCALLS_MAX
#define LOST_SLOT_BY_KIND (SYSCALLS_MAX + LOST_KINDS_MAX)

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOST_SLOT_BY_KIND + LOST_KINDS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} lost_hooks SEC(".maps");

/* Events lost whole, by all hooks: tells the agent when to look which. Goes round. */
__u32 losses = 0;

static __always_inline void count_losses(__u32 place, __u64 more)
{
	if (place < PLACES)
		__sync_fetch_and_add(&lost[place], more);
}

static __always_inline void count_loss(__u32 place)
{
	count_losses(place, 1);
}

static __always_inline void count_lost_event(__u32 place, __u32 hook)
{
	__u64 *count = bpf_map_lookup_elem(&lost_hooks, &hook);

	if (count)
		__sync_fetch_and_add(count, 1);
	__sync_fetch_and_add(&losses, 1);
	count_loss(place);
}

/* By system call, but for an exec: its number may be that of another table. */
static __always_inline __u32 hook_of(const struct event_header *h)
{
	if (h->kind != EVENT_EXEC && h->syscall >= 0 && h->syscall < SYSCALLS_MAX)
		return h->syscall;
	return LOST_RING_BY_KIND + h->kind;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Flood control: what is left out so that one cgroup cannot fill the ring for all. Nothing is while
 * the ring is emptied as fast as it fills. Once little of it is left, a cgroup that sends more than
 * its share is held to it; what the process table lives on is left out last. Each record left out
 * is counted by cgroup and hook. See docs/kernel-filter.md.
 */
#pragma once

#include "loss.bpf.h"

/* Knobs, set before loading: nanoseconds of its share that a record takes, 0 for no flood control;
 * records that may come at once; bytes waiting in the ring from which records are left out, and
 * from which those of state are. */
const volatile __u64 flood_record_ns = 0;
const volatile __u32 flood_burst = 0;
const volatile __u32 flood_from = 0;
const volatile __u32 flood_state_from = 0;

/* Records that were left out, all together: tells the agent when to look whose. */
__u64 shed = 0;

struct cgroup_pair {
	__u64 id; /* in the v2 hierarchy */
	__u64 v1_id;
};

struct shed_key {
	struct cgroup_pair cgroup;
	__u32 hook; /* as in `lost_hooks` */
	__u32 padding;
};

/* Until when a cgroup has used its share up, nanoseconds since boot. One that makes room for
 * others by its age loses nothing but this: its next burst comes early. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOOD_CGROUPS_MAX);
	__type(key, struct cgroup_pair);
	__type(value, __u64);
} flood_shares SEC(".maps");

/* What was left out, by cgroup and hook. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SHED_HOOKS_MAX);
	__type(key, struct shed_key);
	__type(value, __u64);
} shed_hooks SEC(".maps");

/*
 * A token bucket of a cgroup as one word of `shares`: what costs `cost` moves the time at which the
 * bucket is full again. Two CPUs that find it full at once may take one token together: at most one
 * for each CPU is too many, once in a burst.
 */
static __always_inline bool is_over(void *shares, const struct cgroup_pair *cgroup, __u64 now,
				    __u64 cost, const volatile __u32 *burst,
				    const volatile __u64 *record_ns)
{
	__u64 *until = bpf_map_lookup_elem(shares, cgroup);
	__u64 next = now + cost;

	if (!until) {
		bpf_map_update_elem(shares, cgroup, &next, BPF_NOEXIST);
		return false;
	}
	next = *(volatile __u64 *)until;
	if (next <= now) {
		*(volatile __u64 *)until = now + cost;
		return false;
	}
	/* Verifier: read here, as what is kept from before takes room of the stack. */
	if (next - now > *burst * *record_ns)
		return true;
	__sync_fetch_and_add(until, cost);
	return false;
}

static __always_inline bool is_over_share(const struct cgroup_pair *cgroup, __u64 now, __u32 bytes)
{
	/* A larger record takes the room of several. */
	__u64 cost = (bytes + FLOOD_RECORD_BYTES - 1) / FLOOD_RECORD_BYTES * flood_record_ns;

	return is_over(&flood_shares, cgroup, now, cost, &flood_burst, &flood_record_ns);
}

/* In this order: who reads the sum first finds no less by hook. */
static __always_inline void count_shed(const struct shed_key *key)
{
	__u64 *count = bpf_map_lookup_elem(&shed_hooks, key);

	if (!count) {
		__u64 none = 0;

		bpf_map_update_elem(&shed_hooks, key, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&shed_hooks, key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	__sync_fetch_and_add(&shed, 1);
}

static __always_inline bool is_state_kind(__u32 kind)
{
	return kind < 32 && (STATE_KINDS >> kind) & 1;
}

/* Whether a record of so many bytes is left out, while so many wait in the ring. Counts it. */
static __always_inline bool is_shed(const struct event_header *h, __u32 bytes, __u64 waiting)
{
	struct shed_key key = {};

	if (waiting < flood_from)
		return false;
	key.cgroup.id = h->cgroup_id;
	key.cgroup.v1_id = h->cgroup_v1_id;
	if (!is_over_share(&key.cgroup, h->time_ns, bytes))
		return false;
	if (is_state_kind(h->kind) && waiting < flood_state_from)
		return false;
	key.hook = hook_of(h);
	count_shed(&key);
	return true;
}

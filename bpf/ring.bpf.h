/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ring between kernel and agent, and the doorbell that wakes the agent. */
#pragma once

#include "compat.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024); /* the agent sets its own size before loading */
} events SEC(".maps");

/* The doorbell: the agent sets it when it goes to sleep on an empty ring. */
__u32 armed = 0;

/* By kind, a bit for each that no rule waits for: the agent takes such records when it looks next,
 * and is woken only before they fill the ring. Set at any time. */
volatile __u32 quiet_kinds = 0;

static __always_inline bool may_wait(__u32 kind)
{
	if (kind >= 32 || !((quiet_kinds >> kind) & 1))
		return false;
	return bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) <
	       bpf_ringbuf_query(&events, BPF_RB_RING_SIZE) / 4;
}

/* A record that the reader skips, for the bell alone. */
static __always_inline void ring_bell(void)
{
	void *nothing = bpf_ringbuf_reserve(&events, sizeof(__u64), 0);

	if (nothing)
		bpf_ringbuf_discard(nothing, BPF_RB_FORCE_WAKEUP);
	else
		armed = 1;
}

static __always_inline bool take_bell(__u32 kind)
{
	if (!*(volatile __u32 *)&armed || may_wait(kind))
		return false;
	*(volatile __u32 *)&armed = 0;
	return true;
}

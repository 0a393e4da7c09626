/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a record is built, and how it gets to the ring.
 *
 * A record is filled in a per-CPU slot and copied to the ring when it is whole. A program can be
 * preempted, or interrupted by another one, on the same CPU while it fills; so there are several
 * slots, and each has an owner count: whoever brings it from 0 to 1 owns it. Nothing here knows
 * what an event means.
 */
#pragma once

#include "ancestors_types.h"
#include "compat.bpf.h"
#include "flood.bpf.h"
#include "loss.bpf.h"
#include "ring.bpf.h"

#define SCRATCH_SLOTS 4
#define NAME_BYTES_MAX 256
#define READ_BEHIND_BYTES 288

/* The state of one walk up a path: see path.bpf.h. */
struct walk {
	void *dentry, *mount;
	void *mount_root;
	void *root_dentry, *root_mount;
	__u32 count; /* of `components` */
	__u32 bytes; /* the length that the whole path has */
	__u32 full; /* no room for the next name: only the length is counted from here on */
	__u32 whole;
	__u32 outside; /* ended elsewhere than at the root directory of the process */
	__u32 padding;
	void *components[PATH_COMPONENTS_MAX]; /* dentries, the last of the path first */
};

struct scratch {
	/* What every record touches comes first, on one page with the begin of the record. */
	__u64 owners;
	__u64 context; /* of the handler, while a filter has the record: see filter.bpf.h */
	struct walk walk;
	/* Of an open that lacks something: see fill_lacking(). */
	struct file *file;
	const void *user_path;
	__u32 index; /* of this slot, while it is owned */
	__u32 lacks; /* LACKS_* */
	__u32 used; /* bytes of `record` that are filled */
	__u32 left; /* bytes that are still wanted: see payload.bpf.h and exec.bpf.h */
	union {
		__u8 record[RECORD_BYTES_MAX];
		union event event;
	};
	struct ancestors ancestors; /* right behind the record: see filter.bpf.h */
	const void *user_list; /* user memory: pointers to arguments, or headers of messages */
	__u32 flags; /* of the header, before anything is read for one of several messages */
	__u32 more_padding;
	struct user_msghdr header; /* of a message; here because the stack has no room for it */
	void *socket; /* of an operation of io_uring: see uring_end.bpf.h */
	/* Filters read a text by words, up to so far behind a record. Where they may not, they
	 * compare long texts one by one: programs of a million instructions. */
	__u8 read_behind[READ_BEHIND_BYTES];
};
_Static_assert(sizeof(struct scratch) <= 32768, "a per-CPU map value has 32 KiB at the most");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_slots SEC(".maps");

static __always_inline struct scratch *scratch_take(__u32 kind)
{
	for (__u32 i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &key);

		if (!s)
			return NULL;
		/* Adds without fetching, because 5.10 has no other atomic: at most one of those
		 * who add can then read 1. */
		__sync_fetch_and_add(&s->owners, 1);
		if (*(volatile __u64 *)&s->owners == 1) {
			s->index = i;
			s->lacks = 0;
			return s;
		}
		__sync_fetch_and_add(&s->owners, -1);
	}
	count_lost_event(PLACE_SCRATCH_BUSY, LOST_SLOT_BY_KIND + kind);
	return NULL;
}

/* Set before loading: nothing preempts handlers of system calls at their tracepoint. */
const volatile __u32 are_calls_held = 0;

/*
 * The same for those handlers. An interrupt gives back what it has taken before it ends: so where
 * nothing else comes between, a look and a store do what takes two locked additions, of which each
 * costs as much as ten loads.
 */
static __always_inline struct scratch *scratch_take_for_call(__u32 kind)
{
	if (!are_calls_held)
		return scratch_take(kind);
	for (__u32 i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &key);

		if (!s)
			return NULL;
		if (*(volatile __u64 *)&s->owners == 0) {
			*(volatile __u64 *)&s->owners = 1;
			s->index = i;
			s->lacks = 0;
			return s;
		}
	}
	count_lost_event(PLACE_SCRATCH_BUSY, LOST_SLOT_BY_KIND + kind);
	return NULL;
}

static __always_inline void scratch_release(struct scratch *s)
{
	__sync_fetch_and_add(&s->owners, -1);
}

/* Gives the slot back with nothing sent; for `return`. */
static __always_inline struct scratch *scratch_cancel(struct scratch *s)
{
	scratch_release(s);
	return NULL;
}

/*
 * A loop whose body is a function: REPEAT calls it for `i` from 0 until it returns 1, or `times`
 * times, and STEP_SCRATCH is the slot it works on. So the verifier goes through
 * the body once and not once a turn, which is most of what loading takes. Where kernel memory is
 * read by loads there is a helper for it (5.17, e6f2dd0f8067 "bpf: Add bpf_loop helper"). Elsewhere
 * it is a function that is not static, which is verified by itself; before 5.12 such a one takes
 * nothing but numbers (e5069b9c23b3 "bpf: Support pointers in global func args").
 */
#ifdef DIRECT_READS

#define STEP(name) static long name(__u64 i, struct scratch **of)
#define STEP_SCRATCH (*of)
#define REPEAT(times, step, slot)                       \
	do {                                            \
		struct scratch *__scratch = (slot);     \
		bpf_loop((times), step, &__scratch, 0); \
	} while (0)

#else

#define STEP(name) __noinline int name(__u64 i, __u32 of)
#define STEP_SCRATCH ((struct scratch *)bpf_map_lookup_elem(&scratch_slots, &of))
#define REPEAT(times, step, slot)                         \
	do {                                              \
		__u32 __of = (slot)->index;               \
		for (__u64 __i = 0; __i < (times); __i++) \
			if (step(__i, __of))              \
				break;                    \
	} while (0)

#endif

/* Sends the record, unless a flood of its cgroup's leaves no room for it; the slot is kept. False:
 * it is lost, and counted. */
static __always_inline bool scratch_output(struct scratch *s)
{
	__u32 kind = s->event.header.kind;
	__u64 wakeup, bytes;

	s->event.header.time_ns = bpf_ktime_get_boot_ns();
	if (flood_record_ns != 0 &&
	    is_shed(&s->event.header, s->used, bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA)))
		return false;
	bytes = s->used;
	/* Verifier: hidden from the compiler, which would check another register than it uses. */
	asm volatile("" : "+r"(bytes));
	if (bytes > RECORD_BYTES_MAX)
		bytes = RECORD_BYTES_MAX;
	s->event.header.bytes = bytes;
	wakeup = take_bell(kind) ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
	if (bpf_ringbuf_output(&events, s->record, bytes, wakeup)) {
		count_lost_event(PLACE_RING_FULL, hook_of(&s->event.header));
		return false;
	}
	/* The agent looks at the ring once more after it has armed the bell. When it did both
	 * between the two steps above, it has not seen this record. */
	if (wakeup == BPF_RB_NO_WAKEUP && take_bell(kind))
		ring_bell();
	return true;
}

/* Sends the record and gives the slot back. */
static __always_inline int scratch_send(struct scratch *s)
{
	scratch_output(s);
	scratch_release(s);
	return 0;
}

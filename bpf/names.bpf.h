/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel has resolved for a system call, handed from an LSM hook in the middle of the call
 * to the handler at its end. The security backend opens a hand-over at the start of a call that has
 * names; LSM hooks of the same thread leave them in it; the handler takes them, and closes it.
 * Without an open one nothing is left, so that hooks which other calls run into cost one look-up;
 * and since each start empties it, nothing of an earlier call is taken for this one's.
 */
#pragma once

#include "path.bpf.h"
#include "task.bpf.h"

/* In the form in which a record has texts: see `text`. The third is the type of a file
 * system. */
struct names {
	struct text first, second, third;
	__u8 texts[2 * PATH_BYTES_MAX + TYPE_BYTES_MAX];
};
_Static_assert(sizeof(struct names) <= RECORD_BYTES_MAX, "names are written where records are");

#ifdef HEARS_NAMES

#define ADDRESS_BYTES_MAX 128 /* sockaddr_storage */
#define CALLS_MAX 4096

struct call {
	__u32 has_names;
	__u32 address_bytes;
	__u8 address[ADDRESS_BYTES_MAX];
};

/* The calls that are under way, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CALLS_MAX);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

/* Of those that have names, the names: few threads are between hook and end at one time. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct names);
} names SEC(".maps");

static __always_inline __u32 this_thread(void)
{
	return bpf_get_current_pid_tgid();
}

static __always_inline struct call *call_under_way(void)
{
	__u32 thread = this_thread();

	return bpf_map_lookup_elem(&calls, &thread);
}

static __always_inline int on_call_begun(void)
{
	__u32 thread = this_thread();
	struct call call = {};

	if (bpf_get_current_pid_tgid() >> 32 == agent_pid)
		return 0;
	if (bpf_map_update_elem(&calls, &thread, &call, BPF_ANY))
		count_loss(PLACE_NAMES_MORE);
	return 0;
}

/* Leaves what was written into `s`, and gives the slot back. */
static __always_inline void leave_names(struct scratch *s, struct call *call)
{
	__u32 thread = this_thread();

	if (bpf_map_update_elem(&names, &thread, s->record, BPF_ANY))
		count_loss(PLACE_NAMES_MORE);
	else
		call->has_names = true;
	scratch_release(s);
}

/* A slot to write names into. */
static __always_inline struct scratch *names_start(void)
{
	struct scratch *s = scratch_take(0); /* of no kind yet */

	if (s) {
		__builtin_memset(s->record, 0, offsetof(struct names, texts));
		s->used = offsetof(struct names, texts);
	}
	return s;
}

/* The names of the call that ends; NULL when no hook has told any. */
static __always_inline struct names *take_names(void)
{
	struct call *call = call_under_way();
	__u32 thread = this_thread();

	return call && call->has_names ? bpf_map_lookup_elem(&names, &thread) : NULL;
}

static __always_inline void close_names(void)
{
	struct call *call = call_under_way();
	__u32 thread = this_thread();

	if (!call)
		return;
	if (call->has_names)
		bpf_map_delete_elem(&names, &thread);
	bpf_map_delete_elem(&calls, &thread);
}

#else

static __always_inline struct names *take_names(void)
{
	return NULL;
}

static __always_inline void close_names(void) {}

#endif

/* A handler of calls that have names: see HANDLER. Whatever it does, the hand-over is closed. */
#define NAMED_HANDLER(name, ...)                                                               \
	static __always_inline struct scratch *name##_told(struct pt_regs *regs, long result); \
	HANDLER(name, ##__VA_ARGS__)                                                           \
	{                                                                                      \
		struct scratch *told = name##_told(regs, result);                              \
		close_names();                                                                 \
		return told;                                                                   \
	}                                                                                      \
	static __always_inline struct scratch *name##_told(struct pt_regs *regs, long result)

/* Appends a name that was handed over, whose room `bytes_max` says, a constant; false when there is
 * none. */
static __always_inline bool append_name(struct scratch *s, struct text *slot, struct names *from,
					struct text *name, const __u32 bytes_max)
{
	__u64 bytes = name->bytes;
	__u64 at = s->used;

	if (bytes == 0 || record_full(s, bytes_max))
		return false;
	/* Verifier: as in text_from(). */
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - bytes_max || bytes > bytes_max)
		return false;
	if (bpf_probe_read_kernel(&s->record[at], bytes, (void *)from + name->offset)) {
		count_loss(PLACE_READ_KERNEL);
		return false;
	}
	text_written(s, slot, bytes, name->true_bytes);
	return true;
}

static __always_inline bool append_heard_path(struct scratch *s, struct text *slot,
					      struct names *from, struct text *name)
{
	return append_name(s, slot, from, name, PATH_BYTES_MAX);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records of operations of io_uring that wait for their end. */
#pragma once

#include "uring.bpf.h"

#define STASH_BYTES 8176

/* A record that waits for the end of its operation; the members of struct scratch from `index` on.
 */
struct stash {
	__u32 index, padding;
	__u32 used;
	__u32 is_direct; /* what is opened gets no descriptor, but a slot of the ring */
	__u8 record[STASH_BYTES];
};
_Static_assert(__builtin_offsetof(struct scratch, record) -
			       __builtin_offsetof(struct scratch, index) ==
		       __builtin_offsetof(struct stash, record),
	       "a scratch slot is copied as a stash");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct stash);
} uring_stashes SEC(".maps");

/* Tells what an operation came to, from its stash. Returns 0 when there is none. */
__noinline int tell_stash(__u64 key, long result, bool is_known)
{
	struct stash *stash = bpf_map_lookup_elem(&uring_stashes, &key);
	struct task_struct *task = current_task();
	struct event_open *e;
	struct file *file;
	struct scratch *s;
	__u64 bytes;

	if (!stash)
		return 0;
	bytes = stash->used;
	s = scratch_take(((struct event_header *)stash->record)->kind);
	if (!s)
		return 1;
	asm volatile("" : "+r"(bytes));
	if (bytes > STASH_BYTES)
		bytes = STASH_BYTES;
	bpf_probe_read_kernel(s->record, bytes, stash->record);
	s->used = bytes;
	s->event.header.result = is_known ? result : 0;
	if (is_known && s->event.header.kind == EVENT_OPEN && result >= 0 && !stash->is_direct &&
	    s->event.header.pid == (__u32)TASK_READ(task, tgid)) {
		file = file_of_result(task, result);
		if (file) {
			e = (void *)s->record;
			fill_file(&e->file, file);
			e->base.bytes = 0;
			append_file_path(s, &e->path, file);
		}
	}
	tell_operation(s->index, is_known);
	return 1;
}

/* Keeps a record until its operation has ended. */
static __always_inline int stash_record(struct scratch *s, struct io_kiocb *req, bool is_direct)
{
	__u64 key = (__u64)req;

	/* Of the request that had this place before, nobody has told the end. */
	tell_stash(key, 0, false);
	s->left = is_direct;
	if ((READ(req, flags) & URING_SKIP_SUCCESS) || s->used > STASH_BYTES ||
	    bpf_map_update_elem(&uring_stashes, &key, &s->index, BPF_ANY))
		return tell_operation(s->index, false);
	scratch_release(s);
	return 0;
}

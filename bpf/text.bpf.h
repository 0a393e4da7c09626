/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts of a record: behind its fixed part, one after the other. */
#pragma once

#include "scratch.bpf.h"

/* Notes the text of `bytes` bytes that was written at the end of the record. */
static __always_inline void text_written(struct scratch *s, struct text *slot, __u32 bytes,
					 __u32 true_bytes)
{
	slot->offset = s->used;
	slot->bytes = bytes;
	slot->true_bytes = true_bytes;
	s->used += bytes;
}

/* True, and counted, when the record has no room for another `bytes_max` bytes of text. */
static __always_inline bool record_full(struct scratch *s, __u32 bytes_max)
{
	if (s->used <= RECORD_BYTES_MAX - bytes_max)
		return false;
	count_loss(PLACE_RECORD_FULL);
	return true;
}

/*
 * Reads a NUL-terminated string of user memory; returns its bytes with the NUL. Of an empty one
 * older kernels (seen on 5.10 and 6.1, not on 6.18) say that it has 0.
 */
static __always_inline long read_user_text(void *to, __u32 bytes_max, const void *from)
{
	long bytes = bpf_probe_read_user_str(to, bytes_max, from);

	return bytes == 0 ? 1 : bytes;
}

/*
 * Appends a NUL-terminated string, without its NUL. `bytes_max` and `is_user` are constants.
 * Verifier: the offset is checked right before its use, and hidden from the compiler, which would
 * otherwise keep the checked value and the used one in different registers.
 */
static __always_inline void text_from(struct scratch *s, struct text *slot, const void *from,
				      const __u32 bytes_max, const bool is_user)
{
	__u32 at = s->used;
	long bytes;

	if (!from || record_full(s, bytes_max))
		return;
	asm volatile("" : "+r"(at));
	if (at > RECORD_BYTES_MAX - bytes_max)
		return;
	if (is_user) {
		s->event.header.flags |= RECORD_USER_MEMORY;
		bytes = read_user_text(&s->record[at], bytes_max, from);
	} else {
		bytes = bpf_probe_read_kernel_str(&s->record[at], bytes_max, from);
	}
	if (bytes <= 0) {
		count_loss(is_user ? PLACE_READ_USER : PLACE_READ_KERNEL);
		return;
	}
	text_written(s, slot, bytes - 1,
		     bytes == bytes_max ? TEXT_LENGTH_UNKNOWN : (__u32)bytes - 1);
}

static __always_inline void text_from_user(struct scratch *s, struct text *slot, const void *from,
					   const __u32 bytes_max)
{
	text_from(s, slot, from, bytes_max, true);
}

static __always_inline void text_from_kernel(struct scratch *s, struct text *slot, const void *from,
					     const __u32 bytes_max)
{
	text_from(s, slot, from, bytes_max, false);
}

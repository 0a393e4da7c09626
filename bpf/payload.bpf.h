/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Messages: who they name, and their first bytes. Those are read only when some rule reads them,
 * from user memory at the end of the call.
 */
#pragma once

#include "peer.bpf.h"

/* How many of the first bytes rules read, of any message and of questions to name servers;
 * 0: none does. Set at any time. */
volatile __u32 payload_bytes = 0;
volatile __u32 question_bytes = 0;

/* Whether a datagram to this port is taken for a question: DNS, and DNS without a server. */
static __always_inline bool is_name_port(__u16 port)
{
	return port == 53 || port == 5353;
}

/* One message of a call. */
struct message {
	struct peer named;
	const struct user_iovec *parts; /* user memory; NULL: all of it is `whole` */
	__u32 part_count;
	__u16 kind; /* EVENT_SEND or EVENT_RECEIVE */
	__u32 flags;
	__u32 index, count;
	struct user_iovec whole;
};

static __always_inline void message_from_header(struct message *m, const struct user_msghdr *header,
						long result)
{
	/* Who sent a message is filled in only when there is one. */
	bool has_name = m->kind == EVENT_SEND || result >= 0;

	m->named.address = has_name ? (const void *)header->name : NULL;
	m->named.bytes = header->name_bytes;
	m->parts = (const void *)header->parts;
	m->part_count =
		header->part_count < MESSAGE_PARTS_MAX ? header->part_count : MESSAGE_PARTS_MAX;
}

/*
 * Appends one part. Returns false when it was the last one.
 * Verifier: how much is there and how much is wanted is in the map and not on the stack, where the
 * verifier would track it and take each way through the parts for a new one.
 */
static __always_inline bool append_part(struct scratch *s, const struct user_iovec *part)
{
	__u64 at = s->used;
	__u64 bytes = s->left;

	if (bytes > part->bytes)
		bytes = part->bytes;
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - PAYLOAD_BYTES_MAX || bytes > PAYLOAD_BYTES_MAX)
		return false;
	if (bpf_probe_read_user(&s->record[at], bytes, (const void *)part->base)) {
		count_loss(PLACE_READ_USER);
		return false;
	}
	s->used += bytes;
	s->left -= bytes;
	return s->left > 0;
}

/* Part `i` of a message. Returns nonzero when it could not be read. */
static __always_inline long read_part(struct user_iovec *part, const struct user_iovec *parts,
				      __u32 i)
{
	struct user_iovec32 part32 = {};
	long error;

	if (!is_compat_syscall(current_task()))
		return bpf_probe_read_user(part, sizeof(*part), parts + i);
	error = bpf_probe_read_user(&part32, sizeof(part32),
				    (const struct user_iovec32 *)parts + i);
	part->base = part32.base;
	part->bytes = part32.bytes;
	return error;
}

/* A message's header. Returns nonzero when it could not be read. */
static __always_inline long read_header(struct user_msghdr *header, const void *from)
{
	struct user_msghdr32 header32 = {};
	long error;

	if (!is_compat_syscall(current_task()))
		return bpf_probe_read_user(header, sizeof(*header), from);
	error = bpf_probe_read_user(&header32, sizeof(header32), from);
	header->name = header32.name;
	header->name_bytes = header32.name_bytes;
	header->parts = header32.parts;
	header->part_count = header32.part_count;
	return error;
}

/* Header `i` of the messages of a call, and the bytes of that message. */
static __always_inline long read_headers(struct user_msghdr *header, __u32 *bytes,
					 const void *headers, __u32 i)
{
	bool is_compat = is_compat_syscall(current_task());
	const void *from = headers + i * (is_compat ? USER_MMSGHDR32_BYTES : USER_MMSGHDR_BYTES);

	if (bpf_probe_read_user(bytes, sizeof(*bytes),
				from + (is_compat ? USER_MMSGHDR32_PASSED : USER_MMSGHDR_PASSED)))
		return -1;
	return read_header(header, from);
}

/* Appends the first bytes of a message. */
static __always_inline void append_payload(struct scratch *s, struct socket_facts *facts,
					   struct text *slot, struct message *m, long result)
{
	struct user_iovec part;
	__u32 start = s->used;
	__u32 bytes;

	s->left = payload_bytes;
	if (question_bytes > payload_bytes && m->kind == EVENT_SEND &&
	    facts->protocol == IPPROTO_UDP && is_name_port(facts->remote_port))
		s->left = question_bytes;
	/* What is in the buffers of a call that received nothing is not of it. */
	if (m->kind == EVENT_RECEIVE && result <= 0)
		return;
	if (result > 0 && s->left > result)
		s->left = result;
	if (s->left == 0 || record_full(s, 2 * PAYLOAD_BYTES_MAX))
		return;
	s->event.header.flags |= RECORD_USER_MEMORY;
	if (!m->parts)
		append_part(s, &m->whole);
	for (__u32 i = 0; m->parts; i++) {
		/* Verifier: hidden from the compiler, which would make one bound of the two, and
		 * one that the verifier cannot see. */
		asm volatile("" : "+r"(i));
		if (i >= MESSAGE_PARTS_MAX) {
			if (i < m->part_count)
				count_loss(PLACE_MESSAGE_PARTS);
			break;
		}
		if (i >= m->part_count)
			break;
		if (read_part(&part, m->parts, i)) {
			count_loss(PLACE_READ_USER);
			break;
		}
		if (!append_part(s, &part))
			break;
	}
	/* An excerpt is whole: how long the message is stands in the result. */
	bytes = s->used - start;
	s->used = start;
	text_written(s, slot, bytes, bytes);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is sent and received through io_uring. */
#pragma once

#include "uring.bpf.h"

static __always_inline bool is_sending(__u32 operation)
{
	return operation == URING_SEND || operation == URING_SENDMSG ||
	       operation == URING_SEND_ZC || operation == URING_SENDMSG_ZC;
}

/* What a request says of its message: in its own members, or in a header in user memory. */
static __always_inline void read_message(struct io_kiocb *req, struct message *m, long result)
{
	struct io_sr_msg *io = (void *)req;
	struct io_sr_msg___address *to = (void *)req;
	struct user_msghdr header = {};
	/* Verifier: a number, whatever type the kernel gives it. */
	__u64 buffer = READ_AT(__u64, (void *)io + bpf_core_field_offset(io->buf));
	__u32 operation = READ(req, opcode);

	m->flags = READ(io, msg_flags);
	if (operation == URING_SENDMSG || operation == URING_SENDMSG_ZC ||
	    operation == URING_RECVMSG) {
		if (bpf_probe_read_user(&header, sizeof(header), (const void *)buffer))
			count_loss(PLACE_READ_USER);
		else
			message_from_header(m, &header, result);
		return;
	}
	if (bpf_core_field_exists(to->addr) && m->kind == EVENT_SEND) {
		m->named.address = READ(to, addr);
		m->named.bytes = READ(to, addr_len);
	}
	/* The buffer that is picked for what is received is known to the process alone. */
	if (READ(req, flags) & URING_BUFFER_SELECT)
		return;
	m->whole.base = buffer;
	m->whole.bytes = result > 0 ? result : READ(io, len);
}

/* Appends the first bytes of a message: `number` parts that are listed at `from`, or `number` bytes
 * there. */
__noinline int append_message(__u32 slot, __u64 from, __u64 number, bool is_list, long result)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &slot);
	struct message m = {};
	struct event_send *e;

	if (!s)
		return 0;
	e = (void *)s->record;
	m.kind = e->header.kind;
	if (is_list) {
		m.parts = (const void *)from;
		m.part_count = number;
	} else {
		m.whole.base = from;
		m.whole.bytes = number;
	}
	append_payload(s, &e->socket, &e->payload, &m, result);
	return 0;
}

__noinline int fill_request_message(__u32 slot, __u64 key, long result)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &slot);
	struct operation *begun = bpf_map_lookup_elem(&uring_operations, &key);
	struct message m = {};
	struct event_send *e;
	bool is_datagram;

	if (!s)
		return 0;
	e = (void *)s->record;
	m.kind = e->header.kind;
	read_message((void *)key, &m, result);
	e->message_flags = m.flags;
	e->messages = result >= 0;
	is_datagram = e->socket.type == SOCK_DGRAM || e->socket.type == SOCK_RAW;
	if (m.kind != EVENT_SEND || !is_datagram || !fill_copied_peer(&e->socket, begun))
		fill_peer(s, &e->socket, &e->unix_path, s->socket, m.named,
			  m.named.address && m.kind == EVENT_SEND && is_datagram);
	if (m.kind == EVENT_SEND && is_opening(s->socket, result))
		s->event.header.flags |= RECORD_OPENING;
	return append_message(slot, m.parts ? (__u64)m.parts : m.whole.base,
			      m.parts ? m.part_count : m.whole.bytes, m.parts, result);
}

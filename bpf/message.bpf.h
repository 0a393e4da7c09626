/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calls that send and receive messages. */
#pragma once

#include "held.bpf.h"
#include "payload.bpf.h"

/*
 * Whether a message is among the first bytes that its connection sends, by what has left it
 * already. Other protocols of streams do not count: all of theirs is.
 */
static __always_inline bool is_opening(struct sock *sk, long result)
{
	__u16 family = READ(sk, __sk_common.skc_family);
	__u64 of_this = result > 0 ? result : 0;

	if (READ(sk, sk_type) != SOCK_STREAM || (family != AF_INET && family != AF_INET6))
		return false;
	if (READ(sk, sk_protocol) != IPPROTO_TCP)
		return true;
	return READ((struct tcp_sock *)sk, bytes_sent) < OPENING_BYTES + of_this;
}

/* What is behind the descriptor of a message, whom it goes to or comes from, and its bytes. False:
 * no socket. */
static __always_inline bool fill_message(struct scratch *s, struct message *m, long result)
{
	struct event_send *e = (void *)s->record;
	struct file *file = file_of_fd(current_task(), e->fd);
	struct sock *sk = sock_of_file(file);
	bool is_datagram;

	if (!sk)
		return false;
	fill_socket(&e->socket, file, sk, ROLE_UNKNOWN);
	/* Connected streams and packets have the peer they have, whatever is named; and nothing
	 * but its peer's messages reaches a socket that has one. */
	is_datagram = e->socket.type == SOCK_DGRAM || e->socket.type == SOCK_RAW;
	fill_peer(s, &e->socket, &e->unix_path, sk, m->named,
		  m->named.address && m->kind == EVENT_SEND && is_datagram);
	if (m->kind == EVENT_SEND && is_opening(sk, result))
		s->event.header.flags |= RECORD_OPENING;
	append_payload(s, &e->socket, &e->payload, m, result);
	return true;
}

/* Sent and received messages: their records have the same members. */
static __always_inline struct scratch *message_start(struct pt_regs *regs, long result, __u16 kind,
						     __u32 flags, __u32 count)
{
	struct scratch *s = record_start(event_send, kind, current_task());
	struct event_send *e = s ? (void *)s->record : NULL;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	e->message_flags = flags;
	e->messages = count;
	return s;
}

/* Verifier: not inlined, because the handler of socketcall() calls it in several places. */
static __noinline struct scratch *on_message(struct pt_regs *regs, long result, struct message *m)
{
	struct scratch *s = message_start(regs, result, m->kind, m->flags, m->count);

	if (!s)
		return NULL;
	if (fill_message(s, m, result))
		return s;
	return scratch_cancel(s);
}

/* Whether what is written is a question to a name server: a datagram on a connected socket. */
static __always_inline bool is_question(struct sock *sk)
{
	return READ(sk, sk_protocol) == IPPROTO_UDP &&
	       is_name_port(__builtin_bswap16(READ(sk, __sk_common.skc_dport)));
}

/* What rules want told of writes: bits WRITES_*. Set at any time. */
volatile __u32 tell_writes = 0;

/* Whether a write is told as the message that it is. */
static __always_inline bool is_wanted_message(struct pt_regs *regs, long result)
{
	struct sock *sk = sock_of_file(file_of_fd(current_task(), SYSCALL_ARG1(regs)));

	if (!sk)
		return false;
	if ((tell_writes & WRITES_QUESTIONS) && is_question(sk))
		return true;
	if ((tell_writes & WRITES_OPENINGS) && is_opening(sk, result))
		return true;
	return tell_writes & WRITES_MESSAGES;
}

/* A message of a call that sends or receives but one. */
static __always_inline struct scratch *on_named_message(struct pt_regs *regs, long result,
							struct message *m)
{
	if (m->kind == EVENT_SEND)
		take_copy(&m->named);
	return on_message(regs, result, m);
}

static __always_inline struct scratch *on_one_message(struct pt_regs *regs, long result,
						      struct message *m, const void *user_header)
{
	struct user_msghdr header = {};

	if (read_header(&header, user_header))
		count_loss(PLACE_READ_USER);
	else
		message_from_header(m, &header, result);
	m->count = result >= 0;
	return on_named_message(regs, result, m);
}

/* Tells message `i` of a call, in the record that has what is the same for all of them. */
STEP(message_step)
{
	struct scratch *s = STEP_SCRATCH;
	struct message m = {};
	struct event_send *e;
	long result;
	__u32 bytes;

	if (!s)
		return 1;
	e = (void *)s->record;
	if (i > 0 && i >= e->messages)
		return 1;
	s->used = sizeof(*e);
	__builtin_memset(&e->socket, 0, sizeof(e->socket));
	__builtin_memset(&e->unix_path, 0, sizeof(e->unix_path));
	__builtin_memset(&e->payload, 0, sizeof(e->payload));
	e->message = i;
	e->header.flags = s->flags;
	m.kind = e->header.kind;
	__builtin_memset(&s->header, 0, sizeof(s->header));
	if (read_headers(&s->header, &bytes, s->user_list, i)) {
		count_loss(PLACE_READ_USER);
		bytes = 0;
	}
	/* A call that failed, or passed nothing on, is told by its first message. */
	result = e->messages ? (long)bytes : (long)e->header.result;
	e->header.result = result;
	message_from_header(&m, &s->header, result);
	if (!fill_message(s, &m, result))
		return 1;
	scratch_output(s);
	return 0;
}

/* sendmmsg and recvmmsg: one record a message. */
static __always_inline struct scratch *on_messages(struct pt_regs *regs, long result, __u16 kind)
{
	__u32 count = result > 0 ? result : 0;
	struct scratch *s = message_start(regs, result, kind, SYSCALL_ARG4(regs), count);

	if (!s)
		return NULL;
	s->user_list = USER_POINTER(SYSCALL_ARG2(regs));
	s->flags = s->event.header.flags;
	if (count > MESSAGES_MAX)
		count_losses(PLACE_MESSAGES_MORE, count - MESSAGES_MAX);
	if (hold_back)
		tell_held();
	REPEAT(MESSAGES_MAX, message_step, s);
	return scratch_cancel(s);
}

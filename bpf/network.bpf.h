/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calls on sockets. */
#pragma once

#include "payload.bpf.h"

static __always_inline int on_connected(struct pt_regs *regs, long result)
{
	struct peer named = { (const void *)SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) };
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_connect, EVENT_CONNECT, task);
	struct event_connect *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		scratch_release(s);
		return 0; /* not a socket: the call has failed with ENOTSOCK or EBADF */
	}
	fill_socket(&e->socket, file, sk);
	take_copy(&named);
	fill_peer(s, &e->socket, &e->unix_path, sk, named,
		  named.address && result < 0 && result != -EINPROGRESS);
	return scratch_send(s);
}

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

/*
 * One message, sent or received: their records have the same members. `result` is of this message.
 * Verifier: not inlined, because sendmmsg and recvmmsg do it in a loop.
 */
static __noinline int on_message(struct pt_regs *regs, long result, struct message *m)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_send, m->kind, task);
	struct event_send *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;
	bool is_datagram;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	e->message_flags = m->flags;
	e->message = m->index;
	e->messages = m->count;
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		scratch_release(s);
		return 0;
	}
	fill_socket(&e->socket, file, sk);
	/* Connected streams and packets have the peer they have, whatever is named; and nothing
	 * but its peer's messages reaches a socket that has one. */
	is_datagram = e->socket.type == SOCK_DGRAM || e->socket.type == SOCK_RAW;
	fill_peer(s, &e->socket, &e->unix_path, sk, m->named,
		  m->named.address && m->kind == EVENT_SEND && is_datagram);
	if (m->kind == EVENT_SEND && is_opening(sk, result))
		s->event.header.flags |= RECORD_OPENING;
	append_payload(s, &e->socket, &e->payload, m, result);
	return scratch_send(s);
}

/* Whether what is written is a question to a name server: a datagram on a connected socket. */
static __always_inline bool is_question(struct sock *sk)
{
	return READ(sk, sk_protocol) == IPPROTO_UDP &&
	       is_name_port(__builtin_bswap16(READ(sk, __sk_common.skc_dport)));
}

/* What rules want told of writes: bits WRITES_*. Set before loading. */
const volatile __u32 tell_writes = 0;

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
static __always_inline int on_named_message(struct pt_regs *regs, long result, struct message *m)
{
	if (m->kind == EVENT_SEND)
		take_copy(&m->named);
	return on_message(regs, result, m);
}

static __always_inline int on_one_message(struct pt_regs *regs, long result, struct message *m,
					  const void *user_header)
{
	struct user_msghdr header = {};

	if (read_header(&header, user_header))
		count_loss(PLACE_READ_USER);
	else
		message_from_header(m, &header, result);
	m->count = result >= 0;
	return on_named_message(regs, result, m);
}

/* sendmmsg and recvmmsg: one record a message. */
static __always_inline int on_messages(struct pt_regs *regs, long result, __u16 kind)
{
	const void *user_headers = (void *)SYSCALL_ARG2(regs);
	struct user_msghdr header;
	__u32 bytes;
	struct message m = { .kind = kind, .flags = SYSCALL_ARG4(regs) };

	m.count = result > 0 ? result : 0;
	for (__u32 i = 0; i < MESSAGES_MAX; i++) {
		if (i > 0 && i >= m.count)
			return 0;
		m.index = i;
		if (read_headers(&header, &bytes, user_headers, i)) {
			count_loss(PLACE_READ_USER);
			bytes = 0;
			__builtin_memset(&header, 0, sizeof(header));
		}
		/* A call that failed, or passed nothing on, is told by its first message. */
		long own_result = result > 0 ? bytes : result;

		message_from_header(&m, &header, own_result);
		on_message(regs, own_result, &m);
	}
	if (m.count > MESSAGES_MAX)
		count_losses(PLACE_MESSAGES_MORE, m.count - MESSAGES_MAX);
	return 0;
}

static __always_inline int on_bound(struct pt_regs *regs, long result)
{
	struct peer asked = { (const void *)SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) };
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_bind, EVENT_BIND, task);
	struct event_bind *e = s ? (void *)s->record : NULL;
	struct user_sockaddr address = {};
	struct file *file;
	struct sock *sk;
	__u16 family;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		scratch_release(s);
		return 0;
	}
	fill_socket(&e->socket, file, sk);
	e->local_source = PEER_SOCKET;
	if (result == 0) {
		if (e->socket.family == AF_UNIX)
			append_unix_path(s, &e->unix_path, sk);
		return scratch_send(s);
	}
	take_copy(&asked);
	family = read_address(s, &address, e->socket.family, asked);
	if (!family)
		e->local_source = PEER_NONE;
	else
		e->local_source = asked.is_copy ? PEER_COPY : PEER_USER;
	if (family == AF_UNIX) {
		append_unix_name(s, &e->unix_path, asked);
	} else if (family) {
		e->socket.local_port = __builtin_bswap16(address.port);
		put_address(e->socket.local_address, &address, family, e->socket.family);
	}
	return scratch_send(s);
}

/* accept and listen: their records have the same members. */
static __always_inline int on_local_end(struct pt_regs *regs, long result, __u16 kind, __s32 fd,
					__s32 backlog)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_listen, kind, task);
	struct event_listen *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->fd = fd;
	e->backlog = backlog;
	file = file_of_fd(task, fd < 0 ? (__s32)SYSCALL_ARG1(regs) : fd);
	sk = sock_of_file(file);
	if (!sk) {
		scratch_release(s);
		return 0;
	}
	fill_socket(&e->socket, file, sk);
	if (e->socket.family == AF_UNIX)
		append_unix_path(s, &e->unix_path, sk);
	return scratch_send(s);
}

static __always_inline int on_socket_made(struct pt_regs *regs, long result)
{
	struct scratch *s = record_start(event_socket, EVENT_SOCKET, current_task());
	struct event_socket *e = s ? (void *)s->record : NULL;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->family = SYSCALL_ARG1(regs);
	e->type = SYSCALL_ARG2(regs);
	e->protocol = SYSCALL_ARG3(regs);
	return scratch_send(s);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ends of operations of io_uring, and those on sockets as a whole. */
#pragma once

#include "uring_shapes.bpf.h"

/* An operation on a socket, where it is told. */
struct ending {
	struct io_kiocb *req;
	struct operation *begun; /* NULL: forgotten meanwhile */
	struct file *file;
	struct sock *sk;
	long result;
	__s32 call;
	__u32 operation;
	bool is_known; /* the result */
};

static __always_inline bool is_sending(__u32 operation)
{
	return operation == URING_SEND || operation == URING_SENDMSG ||
	       operation == URING_SEND_ZC || operation == URING_SENDMSG_ZC;
}

static __always_inline int send_ending(struct scratch *s, struct ending *x)
{
	return x->is_known ? told_send(s) : send_without_result(s);
}

static __always_inline int end_socket(struct ending *x)
{
	struct scratch *s = record_start(event_socket, EVENT_SOCKET, current_task());
	struct event_socket *e = s ? (void *)s->record : NULL;
	struct io_socket *made = (void *)x->req;

	if (!e)
		return 0;
	fill_operation(s, x->call, x->result);
	e->family = READ(made, domain);
	e->type = READ(made, type);
	e->protocol = READ(made, protocol);
	return send_ending(s, x);
}

static __always_inline int end_connect(struct ending *x)
{
	struct scratch *s = record_start(event_connect, EVENT_CONNECT, current_task());
	struct event_connect *e = s ? (void *)s->record : NULL;
	struct io_connect *connect = (void *)x->req;
	struct peer named = { READ(connect, addr), READ(connect, addr_len) };

	if (!e)
		return 0;
	fill_operation(s, x->call, x->result);
	e->fd = x->begun ? x->begun->fd : -1;
	fill_socket(&e->socket, x->file, x->sk, ROLE_CLIENT);
	fill_peer(s, &e->socket, &e->unix_path, x->sk, named,
		  (x->result < 0 || !x->is_known) && x->result != -EINPROGRESS);
	return send_ending(s, x);
}

/* accept, listen and bind, whose records begin with the same members. */
static __always_inline int end_local(struct ending *x, __u16 kind)
{
	struct task_struct *task = current_task();
	struct scratch *s = record_start(event_listen, kind, task);
	struct event_listen *e = s ? (void *)s->record : NULL;
	struct io_accept *accept = (void *)x->req;
	struct io_listen *listen = (void *)x->req;
	struct file *file = x->file;
	struct sock *sk = x->sk;

	if (!e)
		return 0;
	fill_operation(s, x->call, x->result);
	e->fd = x->begun ? x->begun->fd : -1;
	/* Since 6.11 (ff140cc8628a "io_uring: Introduce IORING_OP_LISTEN"). */
	if (kind == EVENT_LISTEN && bpf_core_field_exists(listen->backlog))
		e->backlog = READ(listen, backlog);
	if (kind == EVENT_BIND)
		e->backlog = x->result == 0 ? PEER_SOCKET : PEER_NONE; /* its local_source */
	if (kind == EVENT_ACCEPT) {
		e->fd = x->result;
		/* A connection that is put into a slot of the ring is told by who listens. */
		if (x->result >= 0 && !READ(accept, file_slot)) {
			file = file_of_result(task, x->result);
			sk = sock_of_file(file);
		}
	}
	if (sk) {
		fill_socket(&e->socket, file, sk, ROLE_SERVER);
		if (e->socket.family == AF_UNIX)
			append_unix_path(s, &e->unix_path, sk);
	}
	return send_ending(s, x);
}

/* What a request says of its message: in its own members, or in a header in user memory. */
static __always_inline void read_message(struct ending *x, struct message *m)
{
	struct io_kiocb *req = x->req;
	struct io_sr_msg *io = (void *)req;
	struct io_sr_msg___address *to = (void *)req;
	struct user_msghdr header = {};
	const void *buffer = READ(io, buf);

	m->flags = READ(io, msg_flags);
	if (x->operation == URING_SENDMSG || x->operation == URING_SENDMSG_ZC ||
	    x->operation == URING_RECVMSG) {
		if (bpf_probe_read_user(&header, sizeof(header), buffer))
			count_loss(PLACE_READ_USER);
		else
			message_from_header(m, &header, x->result);
		return;
	}
	if (bpf_core_field_exists(to->addr) && m->kind == EVENT_SEND) {
		m->named.address = READ(to, addr);
		m->named.bytes = READ(to, addr_len);
	}
	/* The buffer that is picked for what is received is known to the process alone. */
	if (READ(req, flags) & URING_BUFFER_SELECT)
		return;
	m->whole.base = (__u64)buffer;
	m->whole.bytes = x->result > 0 ? x->result : READ(io, len);
}

static __always_inline int end_message(struct ending *x, __u16 kind)
{
	struct message m = { .kind = kind, .count = x->result >= 0 };
	struct scratch *s = record_start(event_send, kind, current_task());
	struct event_send *e = s ? (void *)s->record : NULL;
	bool is_datagram;

	if (!e)
		return 0;
	read_message(x, &m);
	fill_operation(s, x->call, x->result);
	e->fd = x->begun ? x->begun->fd : -1;
	e->message_flags = m.flags;
	e->messages = m.count;
	fill_socket(&e->socket, x->file, x->sk, ROLE_UNKNOWN);
	is_datagram = e->socket.type == SOCK_DGRAM || e->socket.type == SOCK_RAW;
	if (kind != EVENT_SEND || !is_datagram || !fill_copied_peer(&e->socket, x->begun))
		fill_peer(s, &e->socket, &e->unix_path, x->sk, m.named,
			  m.named.address && kind == EVENT_SEND && is_datagram);
	if (kind == EVENT_SEND && is_opening(x->sk, x->result))
		s->event.header.flags |= RECORD_OPENING;
	append_payload(s, &e->socket, &e->payload, &m, x->result);
	return send_ending(s, x);
}

/* Verifier: not inlined, because both the beginning and the end of an operation come here. */
static __noinline int end_on_socket(struct io_kiocb *req, __s32 call, struct file *file,
				    long result, bool is_known)
{
	__u64 key = (__u64)req;
	struct ending x = {
		.req = req,
		.begun = bpf_map_lookup_elem(&uring_operations, &key),
		.file = file,
		.sk = sock_of_file(file),
		.result = result,
		.call = call,
		.operation = READ(req, opcode),
		.is_known = is_known,
	};

	if (x.operation == URING_SOCKET)
		return end_socket(&x);
	if (!x.sk) {
		/* A registered file that is not looked up yet; or no socket, and it failed. */
		if (!is_known)
			count_loss(PLACE_URING_UNSEEN);
		return 0;
	}
	switch (x.operation) {
	case URING_CONNECT:
		return end_connect(&x);
	case URING_ACCEPT:
		return end_local(&x, EVENT_ACCEPT);
	case URING_LISTEN:
		return end_local(&x, EVENT_LISTEN);
	case URING_BIND:
		return end_local(&x, EVENT_BIND);
	case URING_RECV:
	case URING_RECVMSG:
	case URING_RECV_ZC:
		return end_message(&x, EVENT_RECEIVE);
	}
	return is_sending(x.operation) ? end_message(&x, EVENT_SEND) : 0;
}

static __always_inline int end_operation(struct io_kiocb *req, __s32 call, struct file *file,
					 long result, bool is_known)
{
	switch (kind_of_operation(READ(req, opcode))) {
	case EVENT_FD_CALL:
		return end_on_file(req, call, file, result, is_known);
	case EVENT_SYSCALL:
		return end_plain(call, result, is_known);
	}
	return end_on_socket(req, call, file, result, is_known);
}

/* A completion: of a request, or of ring and user data where it is not said of which. */
static __always_inline int on_completed(void *ring, struct io_kiocb *req, __u64 user_data,
					long result, __u32 flags)
{
	struct uring_key where = { (__u64)ring, user_data };
	__u64 key = (__u64)req;
	struct stash *stash;
	__s32 call;

	if (!req) {
		key = find_request(&where, result);
		req = (void *)key;
		if (!key || READ(req, ctx) != ring || READ(req, cqe.user_data) != user_data)
			return 0;
	}
	call = call_of_operation(READ(req, opcode));
	if (call < 0)
		return 0;
	stash = bpf_map_lookup_elem(&uring_stashes, &key);
	if (stash) {
		tell_stash(stash, result, true);
		bpf_map_delete_elem(&uring_stashes, &key);
	} else if (!is_of_current(req, current_task())) {
		count_loss(PLACE_URING_UNSEEN);
	} else {
		end_operation(req, call, READ(req, file), result, true);
	}
	if (!(flags & URING_MORE))
		forget_request(&where, key);
	return 0;
}

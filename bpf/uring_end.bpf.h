/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ends of operations of io_uring, and those on sockets as a whole. */
#pragma once

#include "uring_message.bpf.h"
#include "uring_shapes.bpf.h"
#include "uring_stash.bpf.h"

static __always_inline int end_socket(struct io_kiocb *req, __s32 call, long result, bool is_known)
{
	struct scratch *s = record_start(event_socket, EVENT_SOCKET, current_task());
	struct event_socket *e = s ? (void *)s->record : NULL;
	struct io_socket *made = (void *)req;

	if (!e)
		return 0;
	fill_operation(s, call, result);
	e->family = READ(made, domain);
	e->type = READ(made, type);
	e->protocol = READ(made, protocol);
	return tell_operation(s->index, is_known);
}

/* In which kind an operation on a socket is told. */
static __always_inline __u16 kind_on_socket(__u32 operation)
{
	switch (operation) {
	case URING_CONNECT:
		return EVENT_CONNECT;
	case URING_ACCEPT:
		return EVENT_ACCEPT;
	case URING_LISTEN:
		return EVENT_LISTEN;
	case URING_BIND:
		return EVENT_BIND;
	case URING_RECV:
	case URING_RECVMSG:
	case URING_RECV_ZC:
		return EVENT_RECEIVE;
	}
	return is_sending(operation) ? EVENT_SEND : 0;
}

#define SAME_BEGINNING(type)                                                                 \
	(__builtin_offsetof(struct type, socket) ==                                          \
		 __builtin_offsetof(struct event_send, socket) &&                            \
	 __builtin_offsetof(struct type, fd) == __builtin_offsetof(struct event_send, fd) && \
	 __builtin_offsetof(struct type, unix_path) ==                                       \
		 __builtin_offsetof(struct event_send, unix_path))
_Static_assert(SAME_BEGINNING(event_receive) && SAME_BEGINNING(event_connect) &&
		       SAME_BEGINNING(event_accept) && SAME_BEGINNING(event_listen) &&
		       SAME_BEGINNING(event_bind),
	       "records of operations on sockets are begun as one");
_Static_assert(sizeof(struct event_receive) == sizeof(struct event_send) &&
		       sizeof(struct event_connect) == sizeof(struct event_listen) &&
		       sizeof(struct event_accept) == sizeof(struct event_listen) &&
		       sizeof(struct event_bind) == sizeof(struct event_listen),
	       "they have two lengths");

/* Begins the record of an operation on a socket. Returns its slot plus 1; 0: nothing is told. */
__noinline int start_on_socket(__u64 key, __s32 call, long result, bool is_known, __u32 kind)
{
	struct operation *begun = bpf_map_lookup_elem(&uring_operations, &key);
	struct file *file = file_of_operation((void *)key, is_known);
	struct task_struct *task = current_task();
	struct sock *sk = sock_of_file(file);
	struct io_accept *accept = (void *)key;
	struct event_send *e;
	struct scratch *s;

	if (!sk) {
		/* A registered file that is not looked up yet; or no socket, and it failed. */
		if (!is_known)
			count_loss(PLACE_URING_UNSEEN);
		return 0;
	}
	s = record_start(event_send, kind, task);
	if (!s)
		return 0;
	e = (void *)s->record;
	if (kind != EVENT_SEND && kind != EVENT_RECEIVE)
		s->used = sizeof(struct event_listen);
	fill_operation(s, call, result);
	e->fd = begun ? begun->fd : -1; /* it may be forgotten meanwhile */
	if (kind == EVENT_ACCEPT) {
		e->fd = result;
		/* A connection that is put into a slot of the ring is told by who listens. */
		if (result >= 0 && !READ(accept, file_slot)) {
			file = file_of_result(task, result);
			sk = sock_of_file(file);
		}
	}
	s->socket = sk;
	if (sk)
		fill_socket(&e->socket, file, sk,
			    kind == EVENT_SEND || kind == EVENT_RECEIVE ? ROLE_UNKNOWN :
			    kind == EVENT_CONNECT			? ROLE_CLIENT :
									  ROLE_SERVER);
	return s->index + 1;
}

__noinline int fill_request_connect(__u32 slot, __u64 key, long result, bool is_known)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &slot);
	struct io_connect *connect = (void *)key;
	struct peer named = { READ(connect, addr), READ(connect, addr_len) };
	struct event_connect *e;

	if (!s)
		return 0;
	e = (void *)s->record;
	fill_peer(s, &e->socket, &e->unix_path, s->socket, named,
		  (result < 0 || !is_known) && result != -EINPROGRESS);
	return 0;
}

/* accept, listen and bind. */
__noinline int fill_request_local(__u32 slot, __u64 key, long result)
{
	struct scratch *s = bpf_map_lookup_elem(&scratch_slots, &slot);
	struct io_listen *listen = (void *)key;
	struct event_listen *e;

	if (!s)
		return 0;
	e = (void *)s->record;
	/* Since 6.11 (ff140cc8628a "io_uring: Introduce IORING_OP_LISTEN"). */
	if (e->header.kind == EVENT_LISTEN && bpf_core_field_exists(listen->backlog))
		e->backlog = READ(listen, backlog);
	if (e->header.kind == EVENT_BIND)
		e->backlog = result == 0 ? PEER_SOCKET : PEER_NONE; /* its local_source */
	if (s->socket && e->socket.family == AF_UNIX)
		append_unix_path(s, &e->unix_path, s->socket);
	return 0;
}

/* Verifier: in functions that take nothing but numbers, each of which it goes through once. */
static __always_inline int end_on_socket(struct io_kiocb *req, __s32 call, long result,
					 bool is_known)
{
	__u32 operation = READ(req, opcode);
	__u16 kind = kind_on_socket(operation);
	__u64 key = (__u64)req;
	int slot;

	if (operation == URING_SOCKET)
		return end_socket(req, call, result, is_known);
	slot = kind ? start_on_socket(key, call, result, is_known, kind) - 1 : -1;
	if (slot < 0)
		return 0;
	if (kind == EVENT_CONNECT)
		fill_request_connect(slot, key, result, is_known);
	else if (kind == EVENT_SEND || kind == EVENT_RECEIVE)
		fill_request_message(slot, key, result);
	else
		fill_request_local(slot, key, result);
	return tell_operation(slot, is_known);
}

__noinline int end_operation(__u64 key, __s32 call, long result, bool is_known)
{
	struct io_kiocb *req = (void *)key;

	switch (kind_of_operation(READ(req, opcode))) {
	case EVENT_FD_CALL:
		return end_on_file(key, call, result, is_known);
	case EVENT_SYSCALL:
		return end_plain(call, result, is_known);
	}
	return end_on_socket(req, call, result, is_known);
}

/* A completion: of a request, or of ring and user data where it is not said of which. */
static __always_inline int on_completed(void *ring, struct io_kiocb *req, __u64 user_data,
					long result, __u32 flags)
{
	struct uring_key where = { (__u64)ring, user_data };
	__u64 key = (__u64)req;
	__s32 call;

	if (!req) {
		key = find_request((__u64)ring, user_data, result);
		req = (void *)key;
		if (!key || READ(req, ctx) != ring || READ(req, cqe.user_data) != user_data)
			return 0;
	}
	call = call_of_operation(READ(req, opcode));
	if (call < 0)
		return 0;
	if (tell_stash(key, result, true)) {
		bpf_map_delete_elem(&uring_stashes, &key);
	} else if (!is_of_current(req, current_task())) {
		count_loss(PLACE_URING_UNSEEN);
	} else {
		end_operation(key, call, result, true);
	}
	if (!(flags & URING_MORE))
		forget_request(&where, key);
	return 0;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The calls on sockets. */
#pragma once

#include "message.bpf.h"

static __always_inline struct scratch *on_connected(struct pt_regs *regs, long result)
{
	struct peer named = { (const void *)SYSCALL_ARG2(regs), SYSCALL_ARG3(regs) };
	struct task_struct *task = current_task();
	struct scratch *s = call_record_start(event_connect, EVENT_CONNECT, task);
	struct event_connect *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		return scratch_cancel(
			s); /* not a socket: the call has failed with ENOTSOCK or EBADF */
	}
	fill_socket(&e->socket, file, sk, ROLE_CLIENT);
	take_copy(&named);
	fill_peer(s, &e->socket, &e->unix_path, sk, named,
		  named.address && result < 0 && result != -EINPROGRESS);
	return s;
}

static __always_inline struct scratch *on_bound(struct pt_regs *regs, long result)
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
		return NULL;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		return scratch_cancel(s);
	}
	fill_socket(&e->socket, file, sk, ROLE_SERVER);
	e->local_source = PEER_SOCKET;
	if (result == 0) {
		if (e->socket.family == AF_UNIX)
			append_unix_path(s, &e->unix_path, sk);
		return s;
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
	return s;
}

/* accept and listen: their records have the same members. */
static __always_inline struct scratch *on_local_end(struct pt_regs *regs, long result, __u16 kind,
						    __s32 fd, __s32 backlog)
{
	struct task_struct *task = current_task();
	struct scratch *s = call_record_start(event_listen, kind, task);
	struct event_listen *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->fd = fd;
	e->backlog = backlog;
	file = file_of_fd(task, fd < 0 ? (__s32)SYSCALL_ARG1(regs) : fd);
	sk = sock_of_file(file);
	if (!sk) {
		return scratch_cancel(s);
	}
	fill_socket(&e->socket, file, sk, ROLE_SERVER);
	if (e->socket.family == AF_UNIX)
		append_unix_path(s, &e->unix_path, sk);
	return s;
}

static __always_inline struct scratch *on_socket_made(struct pt_regs *regs, long result)
{
	struct scratch *s = call_record_start(event_socket, EVENT_SOCKET, current_task());
	struct event_socket *e = s ? (void *)s->record : NULL;

	if (!e)
		return NULL;
	fill_syscall(s, regs, result);
	e->family = SYSCALL_ARG1(regs);
	e->type = SYSCALL_ARG2(regs);
	e->protocol = SYSCALL_ARG3(regs);
	return s;
}

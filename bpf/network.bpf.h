/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets: what they are, both ends of them, and the calls on them. */
#pragma once

#include "file.bpf.h"

/* The socket behind a file; NULL when the file is none. */
static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return socket ? BPF_CORE_READ(socket, sk) : NULL;
}

static __always_inline void fill_socket(struct socket_facts *facts, struct file *file,
					struct sock *sk)
{
	facts->inode = BPF_CORE_READ(file, f_inode, i_ino);
	facts->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	facts->type = BPF_CORE_READ(sk, sk_type);
	facts->protocol = BPF_CORE_READ(sk, sk_protocol);
	facts->state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (facts->family != AF_INET && facts->family != AF_INET6)
		return;
	facts->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	facts->remote_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (facts->family == AF_INET) {
		*(__be32 *)facts->local_address = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)facts->remote_address = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	} else {
		/* With "&": the size that is read is that of what it points to. */
		BPF_CORE_READ_INTO(&facts->local_address, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&facts->remote_address, sk, __sk_common.skc_v6_daddr);
	}
	if (facts->remote_port)
		facts->remote_source = PEER_SOCKET;
}

/* The path that a unix socket is bound to. */
static __always_inline void append_unix_path(struct scratch *s, struct text *slot, struct sock *sk)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	void *from = (void *)address + bpf_core_field_offset(struct unix_address, name) +
		     bpf_core_field_offset(struct sockaddr_un, sun_path);
	__u64 bytes = address ? BPF_CORE_READ(address, len) - sizeof(__u16) : 0;
	__u32 at = s->used;
	char first = 0;

	if (bytes == 0 || record_full(s, UNIX_PATH_BYTES_MAX))
		return;
	if (bpf_probe_read_kernel(&first, 1, from) == 0 && first) {
		text_from_kernel(s, slot, from, UNIX_PATH_BYTES_MAX + 1);
		return;
	}
	/* An abstract name: starts with NUL and may hold more of them. */
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - UNIX_PATH_BYTES_MAX || bytes > UNIX_PATH_BYTES_MAX)
		return;
	bpf_probe_read_kernel(&s->record[at], bytes, from);
	text_written(s, slot, bytes, bytes);
}

/* The name of a unix socket as the process gave it; abstract ones by their length. */
static __always_inline void append_unix_name(struct scratch *s, struct text *slot, const void *name,
					     __u64 bytes)
{
	__u64 at = s->used;
	char first = 0;

	if (bpf_probe_read_user(&first, 1, name) == 0 && first) {
		text_from_user(s, slot, name, UNIX_PATH_BYTES_MAX + 1);
		return;
	}
	if (record_full(s, UNIX_PATH_BYTES_MAX))
		return;
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - UNIX_PATH_BYTES_MAX || bytes > UNIX_PATH_BYTES_MAX)
		return;
	if (bpf_probe_read_user(&s->record[at], bytes, name)) {
		count_loss(PLACE_READ_USER);
		return;
	}
	text_written(s, slot, bytes, bytes);
}

/*
 * The other end as the process named it, for when the socket does not have it: a datagram to an
 * address, or a connection that was refused.
 */
static __always_inline void fill_peer_from_user(struct scratch *s, struct socket_facts *facts,
						struct text *slot, const void *address, __u32 bytes)
{
	struct user_sockaddr peer = {};
	__u64 size = bytes;
	__u16 family;

	if (!address || bytes <= sizeof(peer.family))
		return;
	asm volatile("" : "+r"(size));
	if (size > sizeof(peer))
		size = sizeof(peer);
	if (bpf_probe_read_user(&peer, size, address)) {
		count_loss(PLACE_READ_USER);
		return;
	}
	/* Without a family it is an address to an IPv4 socket, and none to any other. */
	if (!peer.family && facts->family != AF_INET)
		return;
	s->event.header.flags |= RECORD_USER_MEMORY;
	facts->remote_source = PEER_USER;
	family = peer.family ? peer.family : facts->family;
	if (family == AF_UNIX) {
		append_unix_name(s, slot, address + sizeof(peer.family),
				 bytes - sizeof(peer.family));
		return;
	}
	facts->remote_port = __builtin_bswap16(peer.port);
	__builtin_memset(facts->remote_address, 0, sizeof(facts->remote_address));
	if (family == AF_INET6) {
		__builtin_memcpy(facts->remote_address, peer.rest + 4, 16);
	} else if (facts->family == AF_INET6) {
		/* An IPv4 peer of an IPv6 socket, in the form of IPv6: ::ffff:a.b.c.d. */
		facts->remote_address[10] = facts->remote_address[11] = 0xff;
		__builtin_memcpy(facts->remote_address + 12, peer.rest, 4);
	} else {
		__builtin_memcpy(facts->remote_address, peer.rest, 4);
	}
}

struct peer {
	const void *address; /* user memory; NULL: the call names no peer */
	__u32 bytes;
};

/* connect, sendto and sendmsg: their records have the same members. */
static __always_inline int on_towards_peer(struct pt_regs *regs, long result, __u16 kind,
					   __u32 message_flags, struct peer named)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = record_start(event_send, kind, task);
	struct event_send *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;
	bool is_datagram, names_peer;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->fd = SYSCALL_ARG1(regs);
	e->message_flags = message_flags;
	file = file_of_fd(task, e->fd);
	sk = sock_of_file(file);
	if (!sk) {
		scratch_release(s);
		return 0; /* not a socket: the call has failed with ENOTSOCK or EBADF */
	}
	fill_socket(&e->socket, file, sk);
	/* What a call names goes before the peer that the socket has from an earlier one; but of
	 * connected streams and packets the kernel ignores it. */
	is_datagram = e->socket.type == SOCK_DGRAM || e->socket.type == SOCK_RAW;
	names_peer =
		named.address && ((kind == EVENT_SEND && is_datagram) ||
				  (kind == EVENT_CONNECT && result < 0 && result != -EINPROGRESS));
	if (!names_peer && e->socket.family == AF_UNIX) {
		struct sock *other = BPF_CORE_READ((struct unix_sock *)sk, peer);

		if (other)
			append_unix_path(s, &e->unix_path, other);
	}
	if (names_peer || (e->socket.remote_source == PEER_NONE && !e->unix_path.bytes))
		fill_peer_from_user(s, &e->socket, &e->unix_path, named.address, named.bytes);
	return scratch_send(s);
}

/* accept and listen: their records have the same members. */
static __always_inline int on_local_end(struct pt_regs *regs, long result, __u16 kind, __s32 fd,
					__s32 backlog)
{
	struct task_struct *task = bpf_get_current_task_btf();
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
	struct scratch *s = record_start(event_socket, EVENT_SOCKET, bpf_get_current_task_btf());
	struct event_socket *e = s ? (void *)s->record : NULL;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->family = SYSCALL_ARG1(regs);
	e->type = SYSCALL_ARG2(regs);
	e->protocol = SYSCALL_ARG3(regs);
	return scratch_send(s);
}

static __always_inline int on_duplicated(struct pt_regs *regs, long result, __s32 new_fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct scratch *s = record_start(event_dup, EVENT_DUP, task);
	struct event_dup *e = s ? (void *)s->record : NULL;
	struct file *file;
	struct sock *sk;

	if (!e)
		return 0;
	fill_syscall(s, regs, result);
	e->old_fd = SYSCALL_ARG1(regs);
	e->new_fd = new_fd;
	file = file_of_result(task, result);
	if (file) {
		fill_file(&e->file, file);
		sk = sock_of_file(file);
		if (sk)
			fill_socket(&e->socket, file, sk);
		if (sk && e->socket.family == AF_UNIX)
			append_unix_path(s, &e->path, sk);
		else if (!sk)
			append_file_path(s, &e->path, file);
	}
	return scratch_send(s);
}

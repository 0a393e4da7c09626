/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sockets: what they are, and both ends of them. */
#pragma once

#include "file.bpf.h"
#include "roles.bpf.h"

/* The socket behind a file; NULL when the file is none. */
static __always_inline struct sock *sock_of_file(struct file *file)
{
	struct socket *socket;

	if (!file || (READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = READ(file, private_data);
	return socket ? READ(socket, sk) : NULL;
}

static __always_inline void copy_address(__u8 to[16], const struct in6_addr *from)
{
	((__u64 *)to)[0] = READ_AT(__u64, from);
	((__u64 *)to)[1] = READ_AT(__u64, (void *)from + 8);
}

static __always_inline void fill_socket(struct socket_facts *facts, struct file *file,
					struct sock *sk, const __u32 role)
{
	facts->inode = READ(file, f_inode, i_ino);
	fill_role(facts, role);
	facts->family = READ(sk, __sk_common.skc_family);
	facts->type = READ(sk, sk_type);
	facts->protocol = READ(sk, sk_protocol);
	facts->state = READ(sk, __sk_common.skc_state);
	if (facts->family != AF_INET && facts->family != AF_INET6)
		return;
	facts->local_port = READ(sk, __sk_common.skc_num);
	facts->remote_port = __builtin_bswap16(READ(sk, __sk_common.skc_dport));
	if (facts->family == AF_INET) {
		*(__be32 *)facts->local_address = READ(sk, __sk_common.skc_rcv_saddr);
		*(__be32 *)facts->remote_address = READ(sk, __sk_common.skc_daddr);
	} else {
		copy_address(facts->local_address, &sk->__sk_common.skc_v6_rcv_saddr);
		copy_address(facts->remote_address, &sk->__sk_common.skc_v6_daddr);
	}
	if (facts->remote_port)
		facts->remote_source = PEER_SOCKET;
}

/* The path that a unix socket is bound to. */
static __always_inline void append_unix_path(struct scratch *s, struct text *slot, struct sock *sk)
{
	struct unix_address *address = READ((struct unix_sock *)sk, addr);
	void *from = (void *)address + bpf_core_field_offset(struct unix_address, name) +
		     bpf_core_field_offset(struct sockaddr_un, sun_path);
	__u64 bytes = address ? READ(address, len) - sizeof(__u16) : 0;
	__u64 at = s->used;

	if (bytes == 0 || record_full(s, UNIX_PATH_BYTES_MAX))
		return;
	if (READ_AT(__u8, from)) {
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

/* An address that a call names; address NULL: it names none. */
struct peer {
	const void *address; /* user memory */
	__u32 bytes;
	bool is_copy; /* not user memory: the kernel's copy, which it goes by itself */
};

/* The kernel's copy in place of user memory, where an LSM hook has told it of this call. */
static __always_inline void take_copy(struct peer *named)
{
#ifdef HEARS_NAMES
	struct call *call = call_under_way();

	if (call && call->address_bytes) {
		named->address = call->address;
		named->bytes = call->address_bytes;
		named->is_copy = true;
	}
#endif
}

static __always_inline long read_named(void *into, __u32 bytes, const void *from, bool is_copy)
{
	return is_copy ? bpf_probe_read_kernel(into, bytes, from) :
			 bpf_probe_read_user(into, bytes, from);
}

/* The name of a unix socket as the process gave it; abstract ones by their length. */
static __always_inline void append_unix_name(struct scratch *s, struct text *slot,
					     struct peer named)
{
	const void *name = named.address + sizeof(__u16);
	__u64 bytes = named.bytes - sizeof(__u16);
	__u64 at = s->used;
	char first = 0;

	if (read_named(&first, 1, name, named.is_copy) == 0 && first) {
		if (named.is_copy)
			text_from_kernel(s, slot, name, UNIX_PATH_BYTES_MAX + 1);
		else
			text_from_user(s, slot, name, UNIX_PATH_BYTES_MAX + 1);
		return;
	}
	if (record_full(s, UNIX_PATH_BYTES_MAX))
		return;
	asm volatile("" : "+r"(at), "+r"(bytes));
	if (at > RECORD_BYTES_MAX - UNIX_PATH_BYTES_MAX || bytes > UNIX_PATH_BYTES_MAX)
		return;
	/* Verifier: older ones forget a comparison of what was on the stack before it. */
	_Static_assert(UNIX_PATH_BYTES_MAX <= 127, "the mask changes nothing");
	asm volatile("" : "+r"(bytes));
	bytes &= 127;
	if (read_named(&s->record[at], bytes, name, named.is_copy)) {
		count_loss(PLACE_READ_USER);
		return;
	}
	text_written(s, slot, bytes, bytes);
}

/*
 * Reads a socket address that the process has. Returns its family; 0 where there is none, and
 * where it is none to a socket of this family: IPv4 alone takes an address without a family.
 */
static __always_inline __u16 read_address(struct scratch *s, struct user_sockaddr *into,
					  __u16 socket_family, struct peer named)
{
	__u64 size = named.bytes;

	if (!named.address || named.bytes <= sizeof(into->family))
		return 0;
	asm volatile("" : "+r"(size));
	if (size > sizeof(*into))
		size = sizeof(*into);
	if (read_named(into, size, named.address, named.is_copy)) {
		count_loss(PLACE_READ_USER);
		return 0;
	}
	if (!into->family && socket_family != AF_INET)
		return 0;
	if (!named.is_copy)
		s->event.header.flags |= RECORD_USER_MEMORY;
	return into->family ? into->family : socket_family;
}

/* The 16 bytes of an address in the form of the socket that it is for. */
static __always_inline void put_address(__u8 *to, const struct user_sockaddr *from, __u16 family,
					__u16 socket_family)
{
	__builtin_memset(to, 0, 16);
	if (family == AF_INET6) {
		__builtin_memcpy(to, from->rest + 4, 16);
	} else if (socket_family == AF_INET6) {
		/* An IPv4 peer of an IPv6 socket, in the form of IPv6: ::ffff:a.b.c.d. */
		to[10] = to[11] = 0xff;
		__builtin_memcpy(to + 12, from->rest, 4);
	} else {
		__builtin_memcpy(to, from->rest, 4);
	}
}

/*
 * The other end as the process named it, for when the socket does not have it: a datagram to or
 * from an address, or a connection that was refused.
 */
static __always_inline void fill_peer_from_user(struct scratch *s, struct socket_facts *facts,
						struct text *slot, struct peer named)
{
	struct user_sockaddr address = {};
	__u16 family = read_address(s, &address, facts->family, named);

	if (!family)
		return;
	facts->remote_source = named.is_copy ? PEER_COPY : PEER_USER;
	if (family == AF_UNIX) {
		append_unix_name(s, slot, named);
		return;
	}
	facts->remote_port = __builtin_bswap16(address.port);
	put_address(facts->remote_address, &address, family, facts->family);
}

/*
 * The other end. What a call names goes before the peer that the socket has from an earlier one
 * only where the kernel does the same: `named_first`.
 */
static __always_inline void fill_peer(struct scratch *s, struct socket_facts *facts,
				      struct text *slot, struct sock *sk, struct peer named,
				      bool named_first)
{
	if (!named_first && facts->family == AF_UNIX) {
		struct sock *other = READ((struct unix_sock *)sk, peer);

		if (other)
			append_unix_path(s, slot, other);
	}
	if (named_first || (facts->remote_source == PEER_NONE && !slot->bytes))
		fill_peer_from_user(s, facts, slot, named);
	guess_role(facts);
}

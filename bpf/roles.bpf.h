/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which end of its connections a socket is, which the kernel keeps nowhere. Some calls show it; it
 * is kept, by inode number, for those that do not.
 */
#pragma once

#include "scratch.bpf.h"

#define SOCKET_ROLES_MAX 65536 /* a power of two */
#define ROLE_BITS 2
#define ROLE_MASK 3
_Static_assert(ROLE_SERVER <= ROLE_MASK, "a role has no more bits");

/*
 * Inode number and role in one word, which is read and written at once. The kernel counts the
 * inodes of sockets up, so their lower bits spread them over the slots; a later socket takes the
 * slot of an earlier one. An LRU hash would know better which to forget, and takes over 500 ns for
 * each new connection.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SOCKET_ROLES_MAX);
	__type(key, __u32);
	__type(value, __u64);
} socket_roles SEC(".maps");

/* The role that the call itself shows is kept for the calls that show none, ROLE_UNKNOWN. */
static __always_inline void fill_role(struct socket_facts *facts, const __u32 shown)
{
	__u32 slot = facts->inode & (SOCKET_ROLES_MAX - 1);
	volatile __u64 *kept = bpf_map_lookup_elem(&socket_roles, &slot);
	__u64 word;

	facts->role = shown;
	if (!kept)
		return;
	if (shown) {
		*kept = facts->inode << ROLE_BITS | shown;
		return;
	}
	word = *kept;
	if (word >> ROLE_BITS == facts->inode)
		facts->role = word & ROLE_MASK;
}

/* Where no call has shown it, the end with the lower port serves. Asked when both ends are there.
 */
static __always_inline void guess_role(struct socket_facts *facts)
{
	if (facts->role)
		return;
	facts->role = facts->remote_port && facts->remote_port <= facts->local_port ? ROLE_CLIENT :
										      ROLE_SERVER;
}

/**
 * Small constructors with which `events.ts` describes record members in one line each, and the
 * groups of members that several kinds share.
 */
import type { Group, Member } from './eventtypes.ts'

type Scalar = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64'

/** A number: name, storage, meaning with unit, kernel source, value when absent. */
export const number = (
  name: string,
  as: Scalar,
  meaning: string,
  source: string,
  absent = 'always there',
): Member => ({ name, storage: { as }, meaning, source, absent })

/** A variable-length text: see `Storage`. */
export const text = (
  name: string,
  meaning: string,
  source: string,
  absent = 'zero bytes',
): Member => ({ name, storage: { as: 'text' }, meaning, source, absent })

/** A member that only the security backend fills in. */
export const onSecurity = (member: Member): Member => ({ ...member, backends: ['security'] })

/** A fixed run of bytes. */
export const bytes = (
  name: string,
  count: number,
  meaning: string,
  source: string,
  absent = 'zeros',
): Member => ({ name, storage: { as: 'bytes', count }, meaning, source, absent })

/** Text of a fixed size, padded with NUL. */
export const chars = (name: string, count: number, meaning: string, source: string): Member => ({
  name,
  storage: { as: 'chars', count },
  meaning,
  source,
  absent: 'always there',
})

/** A shared group, in place. */
export const group = (of: Group, name: string, meaning: string): Member => ({
  name,
  storage: { as: 'struct', name: of.name },
  meaning,
  source: 'see the group',
  absent: 'see the group',
})

/** What the kernel knows of an open file or of an executable. */
export const fileFacts: Group = {
  name: 'file_facts',
  meaning: 'The inode behind a file descriptor or an executable.',
  members: [
    number('inode', 'u64', 'inode number', 'inode.i_ino', '0: no file'),
    number('device', 'u32', 'device of the file system', 'super_block.s_dev', '0: no file'),
    number('mode', 'u32', 'type and permissions, as in stat(2)', 'inode.i_mode', '0: no file'),
    number('file_flags', 'u32', 'bits FILE_*', 'overlayfs inode, dentry name', '0: none is true'),
    number('links', 'u32', 'hard links', 'inode.i_nlink', '0: unlinked, or no file'),
  ],
}

/** What the kernel knows of a socket. Ports are in host byte order. */
export const socketFacts: Group = {
  name: 'socket_facts',
  meaning: 'A socket and the two ends of it.',
  members: [
    number('inode', 'u64', 'inode number of the socket', 'inode.i_ino', '0: not a socket'),
    number('family', 'u16', 'AF_*', 'sock.skc_family', '0: not a socket'),
    number('type', 'u16', 'SOCK_STREAM, SOCK_DGRAM, ...', 'sock.sk_type', '0: not a socket'),
    number('protocol', 'u16', 'IPPROTO_*', 'sock.sk_protocol', '0'),
    number('local_port', 'u16', 'port, host byte order', 'sock.skc_num', '0: not bound'),
    number('remote_port', 'u16', 'port, host byte order', 'sock.skc_dport', '0: not known'),
    number('state', 'u8', 'TCP_* state, also of UDP', 'sock.skc_state', '0'),
    number(
      'remote_source',
      'u8',
      'where the remote end was read: PEER_*',
      'see PEER_SOCKET and PEER_USER',
      'PEER_NONE: no remote end',
    ),
    number(
      'role',
      'u32',
      'which end it is, as a call on it has shown that was told, else by its ports: ROLE_*',
      'connect, accept, listen, bind',
      'ROLE_UNKNOWN: not a socket',
    ),
    bytes('local_address', 16, 'IPv4 in the first 4 bytes, or IPv6', 'sock.skc_rcv_saddr'),
    bytes('remote_address', 16, 'IPv4 in the first 4 bytes, or IPv6', 'sock.skc_daddr'),
  ],
}

/** The arguments of a system call as they were given. */
export const callArguments: Group = {
  name: 'call_arguments',
  meaning: 'The six argument registers of a system call, also those that the call does not have.',
  members: [0, 1, 2, 3, 4, 5].map((index) =>
    number(`arg${index}`, 'u64', `argument ${index}`, 'pt_regs'),
  ),
}

/** All groups, in the order in which the C header declares them. */
export const groups: readonly Group[] = [fileFacts, socketFacts, callArguments]

// Generated from schema/ by tools/generate.ts. Do not edit.
import type { RecordView, TextLength } from './record.ts'
import { bytes, chars, i32, i64, text, textLength, u16, u32, u64, u8 } from './record.ts'

export const LAYOUT_VERSION = 2
export const PATH_BYTES_MAX = 4096
export const ARGUMENTS_BYTES_MAX = 8192
export const ENVIRONMENT_BYTES_MAX = 8192
export const UNIX_PATH_BYTES_MAX = 108
export const PAYLOAD_BYTES_MAX = 320
export const MESSAGES_MAX = 8
export const MESSAGE_PARTS_MAX = 8
export const RECORD_BYTES_MAX = 25600
export const PATH_COMPONENTS_MAX = 96
export const TEXT_LENGTH_UNKNOWN = 4294967295
export const RECORD_USER_MEMORY = 1
export const FILE_UPPER_LAYER = 1
export const FILE_LOWER_LAYER = 2
export const FILE_MEMFD = 4
export const FILE_DELETED = 8
export const PEER_NONE = 0
export const PEER_SOCKET = 1
export const PEER_USER = 2

/** Numbers of the event kinds. */
export const EventNumber = {
  exec: 1,
  fork: 2,
  exit: 3,
  cgroup: 4,
  chdir: 5,
  open: 6,
  unlink: 7,
  rename: 8,
  link: 9,
  symlink: 10,
  socket: 11,
  connect: 12,
  accept: 13,
  listen: 14,
  send: 15,
  dup: 16,
  ptrace: 17,
  module: 18,
  receive: 30,
  bind: 31,
} as const

/** Names of the loss counters, by index. */
export const placeNames = ['ring_full', 'scratch_busy', 'record_full', 'compat_syscall', 'file_gone', 'read_kernel', 'read_user', 'path_deep', 'messages_more', 'message_parts'] as const

/** What a record of a kind must look like: bytes of its fixed part, offsets of its texts. */
export interface RecordShape {
  readonly kind: number
  readonly name: string
  readonly fixedBytes: number
  readonly texts: readonly number[]
}

export const headerBytes = 120

export const recordShapes: Readonly<Record<number, RecordShape | undefined>> = {
  1: { kind: 1, name: 'exec', fixedBytes: 216, texts: [184, 192, 200, 208] },
  2: { kind: 2, name: 'fork', fixedBytes: 144, texts: [] },
  3: { kind: 3, name: 'exit', fixedBytes: 128, texts: [] },
  4: { kind: 4, name: 'cgroup', fixedBytes: 144, texts: [136] },
  5: { kind: 5, name: 'chdir', fixedBytes: 128, texts: [120] },
  6: { kind: 6, name: 'open', fixedBytes: 176, texts: [152, 160, 168] },
  7: { kind: 7, name: 'unlink', fixedBytes: 144, texts: [120, 128] },
  8: { kind: 8, name: 'rename', fixedBytes: 160, texts: [120, 128, 136, 144] },
  9: { kind: 9, name: 'link', fixedBytes: 160, texts: [120, 128, 136, 144] },
  10: { kind: 10, name: 'symlink', fixedBytes: 160, texts: [120, 128, 136, 144] },
  11: { kind: 11, name: 'socket', fixedBytes: 136, texts: [] },
  12: { kind: 12, name: 'connect', fixedBytes: 192, texts: [184] },
  13: { kind: 13, name: 'accept', fixedBytes: 192, texts: [184] },
  14: { kind: 14, name: 'listen', fixedBytes: 192, texts: [184] },
  15: { kind: 15, name: 'send', fixedBytes: 208, texts: [184, 192] },
  16: { kind: 16, name: 'dup', fixedBytes: 216, texts: [208] },
  17: { kind: 17, name: 'ptrace', fixedBytes: 144, texts: [] },
  18: { kind: 18, name: 'module', fixedBytes: 152, texts: [136, 144] },
  30: { kind: 30, name: 'receive', fixedBytes: 208, texts: [184, 192] },
  31: { kind: 31, name: 'bind', fixedBytes: 192, texts: [184] },
}

/** Members of every record. */
export const headerOf = {
  /** length of the record; absent: always there */
  bytes: (r: RecordView): number => u32(r, 0),
  /** kind of event; absent: always there */
  kind: (r: RecordView): number => u16(r, 4),
  /** bits RECORD_*; absent: always there */
  flags: (r: RecordView): number => u16(r, 6),
  /** nanoseconds since boot, suspend included; absent: always there */
  timeNs: (r: RecordView): number | bigint => u64(r, 8),
  /** id in the v2 hierarchy; absent: 1: the root */
  cgroupId: (r: RecordView): number | bigint => u64(r, 16),
  /** start of the process, since boot; absent: always there */
  startNs: (r: RecordView): number | bigint => u64(r, 24),
  /** bits CAP_*; absent: always there */
  capEffective: (r: RecordView): number | bigint => u64(r, 32),
  /** bits CAP_*; absent: always there */
  capPermitted: (r: RecordView): number | bigint => u64(r, 40),
  /** bits CAP_*; absent: always there */
  capInheritable: (r: RecordView): number | bigint => u64(r, 48),
  /** result of the system call; absent: 0: not a system call */
  result: (r: RecordView): number | bigint => i64(r, 56),
  /** number on this machine; absent: -1: none, or not known */
  syscall: (r: RecordView): number => i32(r, 64),
  /** process (thread group), host namespace; absent: always there */
  pid: (r: RecordView): number => u32(r, 68),
  /** thread, host namespace; absent: always there */
  tid: (r: RecordView): number => u32(r, 72),
  /** parent process, host namespace; absent: 0: none */
  ppid: (r: RecordView): number => u32(r, 76),
  /** process, in its own namespace; absent: always there */
  vpid: (r: RecordView): number => u32(r, 80),
  /** thread, in its own namespace; absent: always there */
  vtid: (r: RecordView): number => u32(r, 84),
  /** effective user, host namespace; absent: always there */
  euid: (r: RecordView): number => u32(r, 88),
  /** effective group, host namespace; absent: always there */
  egid: (r: RecordView): number => u32(r, 92),
  /** user of the login session; absent: 4294967295: none */
  loginUid: (r: RecordView): number => u32(r, 96),
  /** name of the thread; absent: always there */
  comm: (r: RecordView): string => chars(r, 104, 16),
} as const

/** The inode behind a file descriptor or an executable. `from` is the group's byte offset in the record (`...At`). */
export const fileFacts = {
  /** inode number */
  inode: (r: RecordView, from: number): number | bigint => u64(r, from + 0),
  /** device of the file system */
  device: (r: RecordView, from: number): number => u32(r, from + 8),
  /** type and permissions, as in stat(2) */
  mode: (r: RecordView, from: number): number => u32(r, from + 12),
  /** bits FILE_* */
  fileFlags: (r: RecordView, from: number): number => u32(r, from + 16),
  /** hard links */
  links: (r: RecordView, from: number): number => u32(r, from + 20),
} as const

/** A socket and the two ends of it. `from` is the group's byte offset in the record (`...At`). */
export const socketFacts = {
  /** inode number of the socket */
  inode: (r: RecordView, from: number): number | bigint => u64(r, from + 0),
  /** AF_* */
  family: (r: RecordView, from: number): number => u16(r, from + 8),
  /** SOCK_STREAM, SOCK_DGRAM, ... */
  type: (r: RecordView, from: number): number => u16(r, from + 10),
  /** IPPROTO_* */
  protocol: (r: RecordView, from: number): number => u16(r, from + 12),
  /** port, host byte order */
  localPort: (r: RecordView, from: number): number => u16(r, from + 14),
  /** port, host byte order */
  remotePort: (r: RecordView, from: number): number => u16(r, from + 16),
  /** TCP_* state, also of UDP */
  state: (r: RecordView, from: number): number => u8(r, from + 18),
  /** where the remote end was read: PEER_* */
  remoteSource: (r: RecordView, from: number): number => u8(r, from + 19),
  /** IPv4 in the first 4 bytes, or IPv6 */
  localAddress: (r: RecordView, from: number): Uint8Array => bytes(r, from + 24, 16),
  /** IPv4 in the first 4 bytes, or IPv6 */
  remoteAddress: (r: RecordView, from: number): Uint8Array => bytes(r, from + 40, 16),
} as const

/** A process has become another program. Failed calls are not seen; execveat is told as execve on x86-64, where the kernel has rewritten the number by then. */
export const execOf = {
  /** the executable; absent: see the group */
  exeAt: 120,
  /** change time, since 1970; absent: always there */
  exeCtimeNs: (r: RecordView): number | bigint => u64(r, 144),
  /** modification time, since 1970; absent: always there */
  exeMtimeNs: (r: RecordView): number | bigint => u64(r, 152),
  /** major << 8 | minor; absent: 0: no terminal */
  tty: (r: RecordView): number => u32(r, 160),
  /** process group, host namespace; absent: always there */
  pgid: (r: RecordView): number => u32(r, 164),
  /** process group, own namespace; absent: always there */
  vpgid: (r: RecordView): number => u32(r, 168),
  /** session, host namespace; absent: always there */
  sid: (r: RecordView): number => u32(r, 172),
  /** arguments, the program included; absent: always there */
  argumentCount: (r: RecordView): number => u32(r, 176),
  /** path of the executable as the process sees it; absent: zero bytes */
  exePath: (r: RecordView): string => text(r, 184),
  exePathLength: (r: RecordView): TextLength => textLength(r, 184),
  /** working directory; absent: zero bytes */
  cwd: (r: RecordView): string => text(r, 192),
  cwdLength: (r: RecordView): TextLength => textLength(r, 192),
  /** NUL after each; absent: zero bytes */
  arguments: (r: RecordView): string => text(r, 200),
  argumentsLength: (r: RecordView): TextLength => textLength(r, 200),
  /** NUL after each variable; only where a rule asks for it; absent: true length unknown: not asked for */
  environment: (r: RecordView): string => text(r, 208),
  environmentLength: (r: RecordView): TextLength => textLength(r, 208),
} as const

/** A process has made another one, by whichever call. New threads are not sent. */
export const forkOf = {
  /** start of the child, since boot; absent: always there */
  childStartNs: (r: RecordView): number | bigint => u64(r, 120),
  /** v2 cgroup of the child; absent: always there */
  childCgroupId: (r: RecordView): number | bigint => u64(r, 128),
  /** host namespace; absent: always there */
  childPid: (r: RecordView): number => u32(r, 136),
  /** own namespace; absent: always there */
  childVpid: (r: RecordView): number => u32(r, 140),
} as const

/** The last thread of a process has ended. */
export const exitOf = {
  /** status as wait(2) gives it; absent: always there */
  exitCode: (r: RecordView): number => u32(r, 120),
} as const

/** A cgroup was made. It comes before any event of a process in it. */
export const cgroupOf = {
  /** id of the new cgroup; absent: always there */
  madeId: (r: RecordView): number | bigint => u64(r, 120),
  /** 0: the v2 hierarchy; absent: always there */
  hierarchy: (r: RecordView): number => u32(r, 128),
  /** path below the root of the hierarchy; absent: zero bytes */
  path: (r: RecordView): string => text(r, 136),
  pathLength: (r: RecordView): TextLength => textLength(r, 136),
} as const

/** A process has changed its working directory. */
export const chdirOf = {
  /** the new working directory; absent: zero bytes */
  cwd: (r: RecordView): string => text(r, 120),
  cwdLength: (r: RecordView): TextLength => textLength(r, 120),
} as const

/** A file was opened, or could not be. */
export const openOf = {
  /** the file; zeros when the call failed; absent: see the group */
  fileAt: 120,
  /** O_* as asked for; absent: always there */
  openFlags: (r: RecordView): number => u32(r, 144),
  /** permissions for a new file; absent: always there */
  openMode: (r: RecordView): number => u32(r, 148),
  /** the file as the process sees it; absent: zero bytes: failed */
  path: (r: RecordView): string => text(r, 152),
  pathLength: (r: RecordView): TextLength => textLength(r, 152),
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 160),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 160),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; only of a failed call; absent: zero bytes */
  base: (r: RecordView): string => text(r, 168),
  baseLength: (r: RecordView): TextLength => textLength(r, 168),
} as const

/** A name was removed, or could not be. */
export const unlinkOf = {
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 120),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 120),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  base: (r: RecordView): string => text(r, 128),
  baseLength: (r: RecordView): TextLength => textLength(r, 128),
  /** AT_REMOVEDIR or 0; absent: always there */
  callFlags: (r: RecordView): number => u32(r, 136),
} as const

/** A name was changed, or could not be. */
export const renameOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 120),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 120),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 128),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 128),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 136),
  newPathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 144),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 144),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 152),
} as const

/** A hard link was made, or could not be. */
export const linkOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 120),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 120),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 128),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 128),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 136),
  newPathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 144),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 144),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 152),
} as const

/** A symbolic link was made, or could not be. `old_path` is what it points to. */
export const symlinkOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 120),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 120),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 128),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 128),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 136),
  newPathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 144),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 144),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 152),
} as const

/** A socket was made, or could not be. */
export const socketOf = {
  /** AF_*; absent: always there */
  family: (r: RecordView): number => u32(r, 120),
  /** SOCK_*, with its flags; absent: always there */
  type: (r: RecordView): number => u32(r, 124),
  /** protocol; absent: always there */
  protocol: (r: RecordView): number => u32(r, 128),
} as const

/** A socket was connected, is connecting, or could not be. */
export const connectOf = {
  /** the socket after the call; absent: see the group */
  socketAt: 120,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 176),
  /** path of the peer; abstract names start with NUL; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
} as const

/** A connection was accepted. Calls that failed carry the listening socket. */
export const acceptOf = {
  /** the new socket; absent: see the group */
  socketAt: 120,
  /** the new descriptor; absent: negative: failed */
  fd: (r: RecordView): number => i32(r, 176),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
} as const

/** A socket listens, or could not. */
export const listenOf = {
  /** the listening socket; absent: see the group */
  socketAt: 120,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 176),
  /** connections that may wait; absent: always there */
  backlog: (r: RecordView): number => i32(r, 180),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
} as const

/** A message was sent, or could not be. sendmmsg: one event a message, the first of them; the result is then the bytes of that message. */
export const sendOf = {
  /** the socket; the remote end is that of the message; absent: see the group */
  socketAt: 120,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 176),
  /** MSG_*; absent: always there */
  messageFlags: (r: RecordView): number => u32(r, 180),
  /** path of the peer; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
  /** first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY); absent: zero bytes */
  payload: (r: RecordView): string => text(r, 192),
  payloadLength: (r: RecordView): TextLength => textLength(r, 192),
  /** which message of the call, from 0; absent: always there */
  message: (r: RecordView): number => u32(r, 200),
  /** how many the call has passed on; absent: 0: failed */
  messages: (r: RecordView): number => u32(r, 204),
} as const

/** A descriptor was copied to another number. */
export const dupOf = {
  /** the file behind the new descriptor; zeros when the call failed; absent: see the group */
  fileAt: 120,
  /** the socket behind it; absent: see the group */
  socketAt: 144,
  /** descriptor copied from; absent: always there */
  oldFd: (r: RecordView): number => i32(r, 200),
  /** descriptor asked for; absent: -1: dup */
  newFd: (r: RecordView): number => i32(r, 204),
  /** the file; or the path of a unix socket; absent: zero bytes */
  path: (r: RecordView): string => text(r, 208),
  pathLength: (r: RecordView): TextLength => textLength(r, 208),
} as const

/** A process has acted on another one through ptrace, or tried to. */
export const ptraceOf = {
  /** PTRACE_*; absent: always there */
  request: (r: RecordView): number => u32(r, 120),
  /** the other process, in the caller's namespace; absent: always there */
  targetVpid: (r: RecordView): number => u32(r, 124),
  /** address; absent: always there */
  address: (r: RecordView): number | bigint => u64(r, 128),
  /** data; absent: always there */
  data: (r: RecordView): number | bigint => u64(r, 136),
} as const

/** A kernel module was loaded, or could not be. */
export const moduleOf = {
  /** descriptor of the module; absent: -1: init_module */
  fd: (r: RecordView): number => i32(r, 120),
  /** MODULE_INIT_*; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 124),
  /** size of the image; absent: 0: finit_module */
  imageBytes: (r: RecordView): number | bigint => u64(r, 128),
  /** file of the module; absent: zero bytes: init_module */
  path: (r: RecordView): string => text(r, 136),
  pathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** module parameters; absent: zero bytes */
  parameters: (r: RecordView): string => text(r, 144),
  parametersLength: (r: RecordView): TextLength => textLength(r, 144),
} as const

/** A message was received, or could not be. The peer of a datagram is the address that the call has filled in; without one it is the peer that the socket is connected to. recvmmsg: one event a message, as with sendmmsg. */
export const receiveOf = {
  /** the socket; the remote end is that of the message; absent: see the group */
  socketAt: 120,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 176),
  /** MSG_*; absent: always there */
  messageFlags: (r: RecordView): number => u32(r, 180),
  /** path of the peer; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
  /** first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY); absent: zero bytes */
  payload: (r: RecordView): string => text(r, 192),
  payloadLength: (r: RecordView): TextLength => textLength(r, 192),
  /** which message of the call, from 0; absent: always there */
  message: (r: RecordView): number => u32(r, 200),
  /** how many the call has passed on; absent: 0: failed */
  messages: (r: RecordView): number => u32(r, 204),
} as const

/** A socket was given an address of this machine, or could not be. */
export const bindOf = {
  /** the socket after the call; of a failed one as asked for; absent: see the group */
  socketAt: 120,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 176),
  /** where the local end was read: PEER_*; absent: always there */
  localSource: (r: RecordView): number => u32(r, 180),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 184),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 184),
} as const

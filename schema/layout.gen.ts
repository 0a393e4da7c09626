// Generated from schema/ by tools/generate.ts. Do not edit.
import type { RecordView, TextLength } from './record.ts'
import { bytes, chars, i32, i64, text, textLength, u16, u32, u64, u8 } from './record.ts'

export const LAYOUT_VERSION = 4
export const PATH_BYTES_MAX = 4096
export const ARGUMENTS_BYTES_MAX = 8192
export const ENVIRONMENT_BYTES_MAX = 8192
export const UNIX_PATH_BYTES_MAX = 108
export const TYPE_BYTES_MAX = 256
export const PAYLOAD_BYTES_MAX = 320
export const MESSAGES_MAX = 8
export const MESSAGE_PARTS_MAX = 8
export const RECORD_BYTES_MAX = 25600
export const PATH_COMPONENTS_MAX = 96
export const TEXT_LENGTH_UNKNOWN = 4294967295
export const RECORD_USER_MEMORY = 1
export const RECORD_COMPAT = 2
export const RECORD_IO_URING = 256
export const RECORD_RESULT_UNKNOWN = 512
export const RECORD_OUTSIDE_ROOT = 1024
export const RECORD_OPENING = 2048
export const RECORD_NO_ARGUMENTS = 4096
export const RECORD_BY_THREAD = 8192
export const RECORD_HELD = 16384
export const RECORD_AS_MADE = 32768
export const HELD_PROCESSES_MAX = 16384
export const HELD_PROGRAM_BYTES = 3072
export const HOLD_TRACK = 1
export const HOLD_FORKS = 2
export const HOLD_EXITS = 4
export const HOLD_EXECS = 8
export const OPENING_BYTES = 4096
export const WRITES_QUESTIONS = 1
export const WRITES_OPENINGS = 2
export const WRITES_MESSAGES = 4
export const WRITES_ELSEWHERE = 8
export const SYSCALLS_MAX = 512
export const LOST_KINDS_MAX = 64
export const POSITION_FD = 0
export const POSITION_DIRFD = 4
export const POSITION_PATH = 8
export const POSITION_TEXT = 12
export const POSITION_VALUE = 16
export const FILE_UPPER_LAYER = 1
export const FILE_LOWER_LAYER = 2
export const FILE_MEMFD = 4
export const FILE_DELETED = 8
export const FILE_CREATED = 16
export const FILE_WRITABLE = 32
export const PEER_NONE = 0
export const PEER_SOCKET = 1
export const PEER_USER = 2
export const PEER_COPY = 3
export const USE_EXECUTED = 1
export const USE_MAPPED = 2
export const USED_FILES_MAX = 32768
export const USED_FILES_BURST = 2048
export const USED_FILE_NS = 31250000
export const ROLE_UNKNOWN = 0
export const ROLE_CLIENT = 1
export const ROLE_SERVER = 2
export const CGROUP_V1_NONE = 0
export const CGROUP_V1_MEMORY = 1
export const CGROUP_V1_PIDS = 2
export const CGROUP_V1_DEVICES = 3
export const CGROUP_V1_FREEZER = 4
export const CGROUP_V1_CPU = 5
export const CGROUP_IS_HOST = 1
export const CGROUP_IS_CONTAINER = 2
export const LACKS_FACTS = 1
export const LACKS_RAW_PATH = 2
export const CGROUP_STATES_MAX = 65536
export const STATE_KINDS = 67108926
export const FLOOD_CGROUPS_MAX = 4096
export const SHED_HOOKS_MAX = 4096
export const FLOOD_RECORD_BYTES = 512

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
  syscall: 19,
  fd_call: 20,
  path_call: 21,
  name_call: 22,
  mount: 23,
  memory: 24,
  exec_failed: 25,
  comm: 26,
  receive: 30,
  bind: 31,
  io_uring: 32,
  file_used: 27,
} as const

/** Names of the loss counters, by index. */
export const placeNames = ['ring_full', 'scratch_busy', 'record_full', 'compat_syscall', 'file_gone', 'read_kernel', 'read_user', 'names_more', 'path_deep', 'messages_more', 'uring_unseen', 'message_parts'] as const

/** What a record of a kind must look like: bytes of its fixed part, offsets of its texts. */
export interface RecordShape {
  readonly kind: number
  readonly name: string
  readonly fixedBytes: number
  readonly texts: readonly number[]
}

export const headerBytes = 128

export const recordShapes: Readonly<Record<number, RecordShape | undefined>> = {
  1: { kind: 1, name: 'exec', fixedBytes: 232, texts: [200, 208, 216, 224] },
  2: { kind: 2, name: 'fork', fixedBytes: 160, texts: [] },
  3: { kind: 3, name: 'exit', fixedBytes: 136, texts: [] },
  4: { kind: 4, name: 'cgroup', fixedBytes: 152, texts: [144] },
  5: { kind: 5, name: 'chdir', fixedBytes: 136, texts: [128] },
  6: { kind: 6, name: 'open', fixedBytes: 184, texts: [160, 168, 176] },
  7: { kind: 7, name: 'unlink', fixedBytes: 160, texts: [128, 136, 144] },
  8: { kind: 8, name: 'rename', fixedBytes: 184, texts: [128, 136, 144, 152, 160, 168] },
  9: { kind: 9, name: 'link', fixedBytes: 184, texts: [128, 136, 144, 152, 160, 168] },
  10: { kind: 10, name: 'symlink', fixedBytes: 184, texts: [128, 136, 144, 152, 160, 168] },
  11: { kind: 11, name: 'socket', fixedBytes: 144, texts: [] },
  12: { kind: 12, name: 'connect', fixedBytes: 200, texts: [192] },
  13: { kind: 13, name: 'accept', fixedBytes: 200, texts: [192] },
  14: { kind: 14, name: 'listen', fixedBytes: 200, texts: [192] },
  15: { kind: 15, name: 'send', fixedBytes: 216, texts: [192, 200] },
  16: { kind: 16, name: 'dup', fixedBytes: 224, texts: [216] },
  17: { kind: 17, name: 'ptrace', fixedBytes: 152, texts: [] },
  18: { kind: 18, name: 'module', fixedBytes: 160, texts: [144, 152] },
  19: { kind: 19, name: 'syscall', fixedBytes: 192, texts: [] },
  20: { kind: 20, name: 'fd_call', fixedBytes: 280, texts: [256, 264, 272] },
  21: { kind: 21, name: 'path_call', fixedBytes: 208, texts: [176, 184, 192, 200] },
  22: { kind: 22, name: 'name_call', fixedBytes: 192, texts: [176, 184] },
  23: { kind: 23, name: 'mount', fixedBytes: 240, texts: [176, 184, 192, 200, 208, 216, 224, 232] },
  24: { kind: 24, name: 'memory', fixedBytes: 200, texts: [192] },
  25: { kind: 25, name: 'exec_failed', fixedBytes: 160, texts: [136, 144, 152] },
  26: { kind: 26, name: 'comm', fixedBytes: 128, texts: [] },
  30: { kind: 30, name: 'receive', fixedBytes: 216, texts: [192, 200] },
  31: { kind: 31, name: 'bind', fixedBytes: 200, texts: [192] },
  32: { kind: 32, name: 'io_uring', fixedBytes: 160, texts: [] },
  27: { kind: 27, name: 'file_used', fixedBytes: 152, texts: [136, 144] },
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
  /** id in a v1 hierarchy; absent: 0: no v1 is looked at */
  cgroupV1Id: (r: RecordView): number | bigint => u64(r, 24),
  /** start of the process, since boot; absent: always there */
  startNs: (r: RecordView): number | bigint => u64(r, 32),
  /** bits CAP_*; absent: always there */
  capEffective: (r: RecordView): number | bigint => u64(r, 40),
  /** bits CAP_*; absent: always there */
  capPermitted: (r: RecordView): number | bigint => u64(r, 48),
  /** bits CAP_*; absent: always there */
  capInheritable: (r: RecordView): number | bigint => u64(r, 56),
  /** result of the system call; absent: 0: not a system call */
  result: (r: RecordView): number | bigint => i64(r, 64),
  /** number; see RECORD_COMPAT; absent: -1: none, or not known */
  syscall: (r: RecordView): number => i32(r, 72),
  /** process (thread group), host namespace; absent: always there */
  pid: (r: RecordView): number => u32(r, 76),
  /** thread, host namespace; absent: always there */
  tid: (r: RecordView): number => u32(r, 80),
  /** parent process, host namespace; absent: 0: none */
  ppid: (r: RecordView): number => u32(r, 84),
  /** process, in its own namespace; absent: always there */
  vpid: (r: RecordView): number => u32(r, 88),
  /** thread, in its own namespace; absent: always there */
  vtid: (r: RecordView): number => u32(r, 92),
  /** effective user, host namespace; absent: always there */
  euid: (r: RecordView): number => u32(r, 96),
  /** effective group, host namespace; absent: always there */
  egid: (r: RecordView): number => u32(r, 100),
  /** user of the login session; absent: 4294967295: none */
  loginUid: (r: RecordView): number => u32(r, 104),
  /** CPU, from 1; absent: 0: not told */
  cpu: (r: RecordView): number => u32(r, 108),
  /** name of the thread; absent: always there */
  comm: (r: RecordView): string => chars(r, 112, 16),
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
  /** which end it is, as a call on it has shown that was told, else by its ports: ROLE_* */
  role: (r: RecordView, from: number): number => u32(r, from + 20),
  /** IPv4 in the first 4 bytes, or IPv6 */
  localAddress: (r: RecordView, from: number): Uint8Array => bytes(r, from + 24, 16),
  /** IPv4 in the first 4 bytes, or IPv6 */
  remoteAddress: (r: RecordView, from: number): Uint8Array => bytes(r, from + 40, 16),
} as const

/** Byte offsets in the group. */
export const socketFactsAt = {
  localAddress: 24,
  remoteAddress: 40,
} as const

/** The six argument registers of a system call, also those that the call does not have. `from` is the group's byte offset in the record (`...At`). */
export const callArguments = {
  /** argument 0 */
  arg0: (r: RecordView, from: number): number | bigint => u64(r, from + 0),
  /** argument 1 */
  arg1: (r: RecordView, from: number): number | bigint => u64(r, from + 8),
  /** argument 2 */
  arg2: (r: RecordView, from: number): number | bigint => u64(r, from + 16),
  /** argument 3 */
  arg3: (r: RecordView, from: number): number | bigint => u64(r, from + 24),
  /** argument 4 */
  arg4: (r: RecordView, from: number): number | bigint => u64(r, from + 32),
  /** argument 5 */
  arg5: (r: RecordView, from: number): number | bigint => u64(r, from + 40),
} as const

/** A process has become another program. Calls that failed are of a kind of their own; execveat is told as execve on x86-64, where the kernel has rewritten the number by then. */
export const execOf = {
  /** the executable; absent: see the group */
  exeAt: 128,
  /** change time, since 1970; absent: always there */
  exeCtimeNs: (r: RecordView): number | bigint => u64(r, 152),
  /** modification time, since 1970; absent: always there */
  exeMtimeNs: (r: RecordView): number | bigint => u64(r, 160),
  /** start of the first process of the pid namespace, since boot; absent: always there */
  namespaceStartNs: (r: RecordView): number | bigint => u64(r, 168),
  /** major << 8 | minor; absent: 0: no terminal */
  tty: (r: RecordView): number => u32(r, 176),
  /** process group, host namespace; absent: always there */
  pgid: (r: RecordView): number => u32(r, 180),
  /** process group, own namespace; absent: always there */
  vpgid: (r: RecordView): number => u32(r, 184),
  /** session, host namespace; absent: always there */
  sid: (r: RecordView): number => u32(r, 188),
  /** arguments, the program included; absent: always there */
  argumentCount: (r: RecordView): number => u32(r, 192),
  /** path of the executable as the process sees it; absent: zero bytes */
  exePath: (r: RecordView): string => text(r, 200),
  exePathLength: (r: RecordView): TextLength => textLength(r, 200),
  /** working directory; absent: zero bytes */
  cwd: (r: RecordView): string => text(r, 208),
  cwdLength: (r: RecordView): TextLength => textLength(r, 208),
  /** NUL after each; absent: zero bytes */
  arguments: (r: RecordView): string => text(r, 216),
  argumentsLength: (r: RecordView): TextLength => textLength(r, 216),
  /** NUL after each variable; only where a rule asks for it; absent: true length unknown: not asked for */
  environment: (r: RecordView): string => text(r, 224),
  environmentLength: (r: RecordView): TextLength => textLength(r, 224),
} as const

/** A process has made another one. New threads are not sent, nor calls that failed. Where the kernel does not tell which call it was (before 5.15), it is told as clone. */
export const forkOf = {
  /** start of the child, since boot; absent: always there */
  childStartNs: (r: RecordView): number | bigint => u64(r, 128),
  /** v2 cgroup of the child; absent: always there */
  childCgroupId: (r: RecordView): number | bigint => u64(r, 136),
  /** host namespace; absent: always there */
  childPid: (r: RecordView): number => u32(r, 144),
  /** own namespace; absent: always there */
  childVpid: (r: RecordView): number => u32(r, 148),
  /** CLONE_*, without the signal; absent: always there */
  cloneFlags: (r: RecordView): number | bigint => u64(r, 152),
} as const

/** The last thread of a process has ended. */
export const exitOf = {
  /** status as wait(2) gives it; absent: always there */
  exitCode: (r: RecordView): number => u32(r, 128),
} as const

/** A cgroup was made, before any event of a process in it; or removed, after the last. Of the v2 hierarchy, and of the v1 hierarchy that is looked at. */
export const cgroupOf = {
  /** id of the cgroup; absent: always there */
  madeId: (r: RecordView): number | bigint => u64(r, 128),
  /** 0: the v2 hierarchy; absent: always there */
  hierarchy: (r: RecordView): number => u32(r, 136),
  /** 1: removed, 0: made; absent: always there */
  removed: (r: RecordView): number => u32(r, 140),
  /** path below the root of the hierarchy; absent: removed */
  path: (r: RecordView): string => text(r, 144),
  pathLength: (r: RecordView): TextLength => textLength(r, 144),
} as const

/** A process has changed its working directory. */
export const chdirOf = {
  /** the new working directory; absent: zero bytes */
  cwd: (r: RecordView): string => text(r, 128),
  cwdLength: (r: RecordView): TextLength => textLength(r, 128),
} as const

/** A file was opened, or could not be. */
export const openOf = {
  /** the file; zeros when the call failed; absent: see the group */
  fileAt: 128,
  /** O_* as asked for; absent: always there */
  openFlags: (r: RecordView): number => u32(r, 152),
  /** permissions for a new file; absent: always there */
  openMode: (r: RecordView): number => u32(r, 156),
  /** the file as the process sees it; absent: zero bytes: failed */
  path: (r: RecordView): string => text(r, 160),
  pathLength: (r: RecordView): TextLength => textLength(r, 160),
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 168),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 168),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; only of a failed call; absent: zero bytes */
  base: (r: RecordView): string => text(r, 176),
  baseLength: (r: RecordView): TextLength => textLength(r, 176),
} as const

/** A name was removed, or could not be. */
export const unlinkOf = {
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 128),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 128),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  base: (r: RecordView): string => text(r, 136),
  baseLength: (r: RecordView): TextLength => textLength(r, 136),
  /** the name as the process sees it; absent: zero bytes: the call failed before it */
  path: (r: RecordView): string => text(r, 144),
  pathLength: (r: RecordView): TextLength => textLength(r, 144),
  /** AT_REMOVEDIR or 0; absent: always there */
  callFlags: (r: RecordView): number => u32(r, 152),
} as const

/** A name was changed, or could not be. */
export const renameOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 128),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 128),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 136),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 136),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 144),
  newPathLength: (r: RecordView): TextLength => textLength(r, 144),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 152),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 152),
  /** the old name as the process sees it; of a symlink, what it points to; absent: zero bytes: the call failed before it */
  oldResolved: (r: RecordView): string => text(r, 160),
  oldResolvedLength: (r: RecordView): TextLength => textLength(r, 160),
  /** the new name as the process sees it; absent: zero bytes: the call failed before it */
  newResolved: (r: RecordView): string => text(r, 168),
  newResolvedLength: (r: RecordView): TextLength => textLength(r, 168),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 176),
} as const

/** A hard link was made, or could not be. */
export const linkOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 128),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 128),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 136),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 136),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 144),
  newPathLength: (r: RecordView): TextLength => textLength(r, 144),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 152),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 152),
  /** the old name as the process sees it; of a symlink, what it points to; absent: zero bytes: the call failed before it */
  oldResolved: (r: RecordView): string => text(r, 160),
  oldResolvedLength: (r: RecordView): TextLength => textLength(r, 160),
  /** the new name as the process sees it; absent: zero bytes: the call failed before it */
  newResolved: (r: RecordView): string => text(r, 168),
  newResolvedLength: (r: RecordView): TextLength => textLength(r, 168),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 176),
} as const

/** A symbolic link was made, or could not be. `old_path` is what it points to. */
export const symlinkOf = {
  /** path as given; absent: zero bytes */
  oldPath: (r: RecordView): string => text(r, 128),
  oldPathLength: (r: RecordView): TextLength => textLength(r, 128),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  oldBase: (r: RecordView): string => text(r, 136),
  oldBaseLength: (r: RecordView): TextLength => textLength(r, 136),
  /** path as given; absent: zero bytes */
  newPath: (r: RecordView): string => text(r, 144),
  newPathLength: (r: RecordView): TextLength => textLength(r, 144),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  newBase: (r: RecordView): string => text(r, 152),
  newBaseLength: (r: RecordView): TextLength => textLength(r, 152),
  /** the old name as the process sees it; of a symlink, what it points to; absent: zero bytes: the call failed before it */
  oldResolved: (r: RecordView): string => text(r, 160),
  oldResolvedLength: (r: RecordView): TextLength => textLength(r, 160),
  /** the new name as the process sees it; absent: zero bytes: the call failed before it */
  newResolved: (r: RecordView): string => text(r, 168),
  newResolvedLength: (r: RecordView): TextLength => textLength(r, 168),
  /** flags of the call; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 176),
} as const

/** A socket was made, or could not be. */
export const socketOf = {
  /** AF_*; absent: always there */
  family: (r: RecordView): number => u32(r, 128),
  /** SOCK_*, with its flags; absent: always there */
  type: (r: RecordView): number => u32(r, 132),
  /** protocol; absent: always there */
  protocol: (r: RecordView): number => u32(r, 136),
} as const

/** A socket was connected, is connecting, or could not be. */
export const connectOf = {
  /** the socket after the call; absent: see the group */
  socketAt: 128,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 184),
  /** path of the peer; abstract names start with NUL; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
} as const

/** A connection was accepted. Calls that failed carry the listening socket. */
export const acceptOf = {
  /** the new socket; absent: see the group */
  socketAt: 128,
  /** the new descriptor; absent: negative: failed */
  fd: (r: RecordView): number => i32(r, 184),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
} as const

/** A socket listens, or could not. */
export const listenOf = {
  /** the listening socket; absent: see the group */
  socketAt: 128,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 184),
  /** connections that may wait; absent: always there */
  backlog: (r: RecordView): number => i32(r, 188),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
} as const

/** A message was sent, or could not be. sendmmsg: one event a message, the first of them; the result is then the bytes of that message. write, writev and pwritev2 on a socket: what rules ask for; questions to name servers, what a connection sends first (flag OPENING), or all. */
export const sendOf = {
  /** the socket; the remote end is that of the message; absent: see the group */
  socketAt: 128,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 184),
  /** MSG_*; absent: always there */
  messageFlags: (r: RecordView): number => u32(r, 188),
  /** path of the peer; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
  /** first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY); absent: zero bytes */
  payload: (r: RecordView): string => text(r, 200),
  payloadLength: (r: RecordView): TextLength => textLength(r, 200),
  /** which message of the call, from 0; absent: always there */
  message: (r: RecordView): number => u32(r, 208),
  /** how many the call has passed on; absent: 0: failed */
  messages: (r: RecordView): number => u32(r, 212),
} as const

/** A descriptor was copied to another number. */
export const dupOf = {
  /** the file behind the new descriptor; zeros when the call failed; absent: see the group */
  fileAt: 128,
  /** the socket behind it; absent: see the group */
  socketAt: 152,
  /** descriptor copied from; absent: always there */
  oldFd: (r: RecordView): number => i32(r, 208),
  /** descriptor asked for; absent: -1: dup */
  newFd: (r: RecordView): number => i32(r, 212),
  /** the file; or the path of a unix socket; absent: zero bytes */
  path: (r: RecordView): string => text(r, 216),
  pathLength: (r: RecordView): TextLength => textLength(r, 216),
} as const

/** A process has acted on another one through ptrace, or tried to. */
export const ptraceOf = {
  /** PTRACE_*; absent: always there */
  request: (r: RecordView): number => u32(r, 128),
  /** the other process, in the caller's namespace; absent: always there */
  targetVpid: (r: RecordView): number => u32(r, 132),
  /** address; absent: always there */
  address: (r: RecordView): number | bigint => u64(r, 136),
  /** data; absent: always there */
  data: (r: RecordView): number | bigint => u64(r, 144),
} as const

/** A kernel module was loaded, or could not be. */
export const moduleOf = {
  /** descriptor of the module; absent: -1: init_module */
  fd: (r: RecordView): number => i32(r, 128),
  /** MODULE_INIT_*; absent: 0 */
  callFlags: (r: RecordView): number => u32(r, 132),
  /** size of the image; absent: 0: finit_module */
  imageBytes: (r: RecordView): number | bigint => u64(r, 136),
  /** file of the module; absent: zero bytes: init_module */
  path: (r: RecordView): string => text(r, 144),
  pathLength: (r: RecordView): TextLength => textLength(r, 144),
  /** module parameters; absent: zero bytes */
  parameters: (r: RecordView): string => text(r, 152),
  parametersLength: (r: RecordView): TextLength => textLength(r, 152),
} as const

/** Any system call that no other kind tells: its arguments as numbers, and the credentials that the process has after it. */
export const syscallOf = {
  /** the arguments; absent: see the group */
  callAt: 128,
  /** real user, host namespace; absent: always there */
  ruid: (r: RecordView): number => u32(r, 176),
  /** saved user, host namespace; absent: always there */
  suid: (r: RecordView): number => u32(r, 180),
  /** real group, host namespace; absent: always there */
  rgid: (r: RecordView): number => u32(r, 184),
  /** saved group, host namespace; absent: always there */
  sgid: (r: RecordView): number => u32(r, 188),
} as const

/** A system call on a descriptor, and what is behind it when the call ends: after close(2), nothing. */
export const fdCallOf = {
  /** the arguments; absent: see the group */
  callAt: 128,
  /** the file behind the descriptor; zeros when there is none; absent: see the group */
  fileAt: 176,
  /** the socket behind it; absent: see the group */
  socketAt: 200,
  /** the file; or the path of a unix socket; absent: zero bytes */
  path: (r: RecordView): string => text(r, 256),
  pathLength: (r: RecordView): TextLength => textLength(r, 256),
  /** a text that the call names, e.g. an extended attribute; absent: zero bytes */
  text: (r: RecordView): string => text(r, 264),
  textLength: (r: RecordView): TextLength => textLength(r, 264),
  /** a further one; absent: zero bytes */
  value: (r: RecordView): string => text(r, 272),
  valueLength: (r: RecordView): TextLength => textLength(r, 272),
} as const

/** A system call on a path. */
export const pathCallOf = {
  /** the arguments; absent: see the group */
  callAt: 128,
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 176),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 176),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  base: (r: RecordView): string => text(r, 184),
  baseLength: (r: RecordView): TextLength => textLength(r, 184),
  /** the path as the process sees it; absent: zero bytes: the call failed before it */
  path: (r: RecordView): string => text(r, 192),
  pathLength: (r: RecordView): TextLength => textLength(r, 192),
  /** a text that the call names, e.g. an extended attribute; absent: zero bytes */
  text: (r: RecordView): string => text(r, 200),
  textLength: (r: RecordView): TextLength => textLength(r, 200),
} as const

/** A system call on something with a name that is no path. */
export const nameCallOf = {
  /** the arguments; absent: see the group */
  callAt: 128,
  /** the name; absent: zero bytes */
  text: (r: RecordView): string => text(r, 176),
  textLength: (r: RecordView): TextLength => textLength(r, 176),
  /** a further text that the call names; absent: zero bytes */
  value: (r: RecordView): string => text(r, 184),
  valueLength: (r: RecordView): TextLength => textLength(r, 184),
} as const

/** A file system or a directory was mounted, a mount moved, or the root changed; or it could not be. pivot_root: from the new root (source), the old one to a directory (target). */
export const mountOf = {
  /** the arguments; absent: see the group */
  callAt: 128,
  /** path or name as given; absent: zero bytes */
  source: (r: RecordView): string => text(r, 176),
  sourceLength: (r: RecordView): TextLength => textLength(r, 176),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  sourceBase: (r: RecordView): string => text(r, 184),
  sourceBaseLength: (r: RecordView): TextLength => textLength(r, 184),
  /** path as given; absent: zero bytes */
  target: (r: RecordView): string => text(r, 192),
  targetLength: (r: RecordView): TextLength => textLength(r, 192),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  targetBase: (r: RecordView): string => text(r, 200),
  targetBaseLength: (r: RecordView): TextLength => textLength(r, 200),
  /** file system; absent: zero bytes: not mount(2), or none given */
  type: (r: RecordView): string => text(r, 208),
  typeLength: (r: RecordView): TextLength => textLength(r, 208),
  /** the source as the process sees it; of mount(2), as given; absent: zero bytes: the call failed before it */
  sourceResolved: (r: RecordView): string => text(r, 216),
  sourceResolvedLength: (r: RecordView): TextLength => textLength(r, 216),
  /** the target as the process sees it; absent: zero bytes: the call failed before it */
  targetResolved: (r: RecordView): string => text(r, 224),
  targetResolvedLength: (r: RecordView): TextLength => textLength(r, 224),
  /** file system, in the copy that the kernel goes by; absent: zero bytes: the call failed before it */
  typeHeard: (r: RecordView): string => text(r, 232),
  typeHeardLength: (r: RecordView): TextLength => textLength(r, 232),
} as const

/** Memory was mapped or protected so that it can be executed (PROT_EXEC), or could not be. Calls that do not ask for that are not sent. */
export const memoryOf = {
  /** the file that is mapped; zeros when there is none; absent: see the group */
  fileAt: 128,
  /** where it is; of a failed mmap minus errno; absent: always there */
  address: (r: RecordView): number | bigint => u64(r, 152),
  /** bytes; absent: always there */
  length: (r: RecordView): number | bigint => u64(r, 160),
  /** first byte of the file; absent: 0: mprotect */
  offset: (r: RecordView): number | bigint => u64(r, 168),
  /** PROT_*; absent: always there */
  protection: (r: RecordView): number => u32(r, 176),
  /** MAP_*; absent: 0: mprotect */
  mapFlags: (r: RecordView): number => u32(r, 180),
  /** descriptor; absent: -1: mprotect */
  fd: (r: RecordView): number => i32(r, 184),
  /** the file that is mapped; absent: zero bytes: no file */
  path: (r: RecordView): string => text(r, 192),
  pathLength: (r: RecordView): TextLength => textLength(r, 192),
} as const

/** A process could not become another program: told of the process that tried. Only where a rule can hold on it. */
export const execFailedOf = {
  /** AT_*; absent: 0: execve */
  callFlags: (r: RecordView): number => u32(r, 128),
  /** arguments that were read; absent: always there */
  argumentCount: (r: RecordView): number => u32(r, 132),
  /** path as given; absent: zero bytes */
  rawPath: (r: RecordView): string => text(r, 136),
  rawPathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** the directory that a relative path starts from: walked from fs.pwd or from the dirfd; absent: zero bytes */
  base: (r: RecordView): string => text(r, 144),
  baseLength: (r: RecordView): TextLength => textLength(r, 144),
  /** as asked for, NUL after each; absent: zero bytes */
  arguments: (r: RecordView): string => text(r, 152),
  argumentsLength: (r: RecordView): TextLength => textLength(r, 152),
} as const

/** A process was given another name than that of its program, which the header has: by itself, or through /proc. Not told of threads beside the first. */
export const commOf = {
} as const

/** A message was received, or could not be. The peer of a datagram is the address that the call has filled in; without one it is the peer that the socket is connected to. recvmmsg: one event a message, as with sendmmsg. */
export const receiveOf = {
  /** the socket; the remote end is that of the message; absent: see the group */
  socketAt: 128,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 184),
  /** MSG_*; absent: always there */
  messageFlags: (r: RecordView): number => u32(r, 188),
  /** path of the peer; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
  /** first bytes of the message, when a rule reads them: user memory at the end of the system call (flag USER_MEMORY); absent: zero bytes */
  payload: (r: RecordView): string => text(r, 200),
  payloadLength: (r: RecordView): TextLength => textLength(r, 200),
  /** which message of the call, from 0; absent: always there */
  message: (r: RecordView): number => u32(r, 208),
  /** how many the call has passed on; absent: 0: failed */
  messages: (r: RecordView): number => u32(r, 212),
} as const

/** A socket was given an address of this machine, or could not be. */
export const bindOf = {
  /** the socket after the call; of a failed one as asked for; absent: see the group */
  socketAt: 128,
  /** descriptor; absent: always there */
  fd: (r: RecordView): number => i32(r, 184),
  /** where the local end was read: PEER_*; absent: always there */
  localSource: (r: RecordView): number => u32(r, 188),
  /** path that the socket is bound to; absent: zero bytes */
  unixPath: (r: RecordView): string => text(r, 192),
  unixPathLength: (r: RecordView): TextLength => textLength(r, 192),
} as const

/** A ring of io_uring was set up, or could not be. What is done through rings is told as the system calls that it stands for, with the flag IO_URING: names are the copies that the kernel has made, and the file or socket is that of the request. A request that asks for no completion is told when it is submitted, with the flag RESULT_UNKNOWN. On a registered file, fd is its slot; of what is opened into a slot there is the name and no file, and a connection accepted into one is told by who listens. Operations without a kind of their own are told as fd_call, path_call or syscall with the flag NO_ARGUMENTS. */
export const ioUringOf = {
  /** entries asked for; absent: always there */
  entries: (r: RecordView): number => u32(r, 128),
  /** entries of the submission queue; absent: always there */
  submissionEntries: (r: RecordView): number => u32(r, 132),
  /** entries of the completion queue; absent: always there */
  completionEntries: (r: RecordView): number => u32(r, 136),
  /** bits IORING_SETUP_*; absent: always there */
  setupFlags: (r: RecordView): number => u32(r, 140),
  /** CPU of the thread that submits; absent: always there */
  threadCpu: (r: RecordView): number => u32(r, 144),
  /** milliseconds until that thread sleeps; absent: always there */
  threadIdleMs: (r: RecordView): number => u32(r, 148),
  /** bits IORING_FEAT_*; absent: always there */
  features: (r: RecordView): number => u32(r, 152),
} as const

/** A file was executed in a container, or mapped so that it can be (PROT_EXEC): told once for each container and file, and again when that was forgotten. Only where somebody asks which packages are in use; no rule sees it. A script is told by its name, beside its interpreter. */
export const fileUsedOf = {
  /** USE_*; absent: always there */
  use: (r: RecordView): number => u32(r, 128),
  /** the file as the process sees it; of a script as given; absent: zero bytes */
  path: (r: RecordView): string => text(r, 136),
  pathLength: (r: RecordView): TextLength => textLength(r, 136),
  /** of a script: the working directory; absent: zero bytes: no script */
  base: (r: RecordView): string => text(r, 144),
  baseLength: (r: RecordView): TextLength => textLength(r, 144),
} as const

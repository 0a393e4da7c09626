/**
 * Every event that the kernel side sends, as data: kinds, members, units, sources, and what
 * "absent" means. The C header, the decoder and `docs/events.md` are generated from it
 * (`npm run generate`). The numbers here are on the wire: change them with `layoutVersion`.
 */
import { positionBits } from './calls.ts'
import { callKinds } from './events-calls.ts'
import { usageConstants, usageKind } from './events-usage.ts'
import type { EventKind, Member, Place } from './eventtypes.ts'
import { textLengthUnknown } from './record.ts'
import { chars, fileFacts, group, number, socketFacts, text } from './members.ts'
import { messageMembers } from './members-message.ts'
import { base, resolved, user } from './sources.ts'
import { socketcalls, syscallsMax } from './syscalls.ts'

/** Goes up with every change of a record; the agent refuses a BPF object of another version. */
export const layoutVersion = 4

/** Upper bounds of what one record can hold, in bytes. */
export const recordLimits = {
  /** One path or file name, as PATH_MAX. */
  pathBytesMax: 4096,
  /** The arguments of a program, NUL between them. */
  argumentsBytesMax: 8192,
  /** The environment of a program, NUL between its variables. */
  environmentBytesMax: 8192,
  /** sun_path. */
  unixPathBytesMax: 108,
  /** Name of a type of file system. */
  typeBytesMax: 256,
  /** The first bytes of a message: a whole question of DNS fits, name and all. */
  payloadBytesMax: 320,
  /** Messages of one sendmmsg or recvmmsg that are told, and parts that one is gathered from. */
  messagesMax: 8,
  messagePartsMax: 8,
  /** A whole record. */
  recordBytesMax: 25_600,
  /** Components of one path that are walked; a deeper path loses its beginning, and says so. */
  pathComponentsMax: 96,
} as const

/** The first members of every record. */
export const header: readonly Member[] = [
  number('bytes', 'u32', 'length of the record', 'the program'),
  number('kind', 'u16', 'kind of event', 'the program'),
  number('flags', 'u16', 'bits RECORD_*', 'the program'),
  number('time_ns', 'u64', 'nanoseconds since boot, suspend included', 'bpf_ktime_get_boot_ns'),
  number('cgroup_id', 'u64', 'id in the v2 hierarchy', 'bpf_get_current_cgroup_id', '1: the root'),
  number('cgroup_v1_id', 'u64', 'id in a v1 hierarchy', 'css_set.subsys', '0: no v1 is looked at'),
  number('start_ns', 'u64', 'start of the process, since boot', 'group_leader.start_boottime'),
  number('cap_effective', 'u64', 'bits CAP_*', 'cred.cap_effective'),
  number('cap_permitted', 'u64', 'bits CAP_*', 'cred.cap_permitted'),
  number('cap_inheritable', 'u64', 'bits CAP_*', 'cred.cap_inheritable'),
  number('result', 'i64', 'result of the system call', 'sys_exit', '0: not a system call'),
  number('syscall', 'i32', 'number; see RECORD_COMPAT', 'pt_regs', '-1: none, or not known'),
  number('pid', 'u32', 'process (thread group), host namespace', 'bpf_get_current_pid_tgid'),
  number('tid', 'u32', 'thread, host namespace', 'bpf_get_current_pid_tgid'),
  number('ppid', 'u32', 'parent process, host namespace', 'real_parent.tgid', '0: none'),
  number('vpid', 'u32', 'process, in its own namespace', 'group_leader.thread_pid.numbers'),
  number('vtid', 'u32', 'thread, in its own namespace', 'thread_pid.numbers'),
  number('euid', 'u32', 'effective user, host namespace', 'cred.euid'),
  number('egid', 'u32', 'effective group, host namespace', 'cred.egid'),
  number('login_uid', 'u32', 'user of the login session', 'task.loginuid', '4294967295: none'),
  number('cpu', 'u32', 'CPU, from 1', 'bpf_get_smp_processor_id', '0: not told'),
  chars('comm', 16, 'name of the thread', 'bpf_get_current_comm'),
]

const twoPaths: readonly Member[] = [
  text('old_path', 'path as given', user),
  text('old_base', base, 'dentries and mounts'),
  text('new_path', 'path as given', user),
  text('new_base', base, 'dentries and mounts'),
  resolved('old_resolved', 'the old name as the process sees it; of a symlink, what it points to'),
  resolved('new_resolved', 'the new name as the process sees it'),
  number('call_flags', 'u32', 'flags of the call', 'pt_regs', '0'),
  number('padding', 'u32', 'zero', 'none'),
]

/** The kinds of event, by number. */
export const eventKinds: readonly EventKind[] = [
  {
    kind: 1,
    name: 'exec',
    meaning:
      'A process has become another program. Calls that failed are of a kind of their own; ' +
      'execveat is told as execve on x86-64, where the kernel has rewritten the number by then.',
    hooks: [{ program: 'on_exec', tracepoint: 'sched_process_exec' }],
    types: ['execve', 'execveat'],
    state: true,
    members: [
      group(fileFacts, 'exe', 'the executable'),
      number('exe_ctime_ns', 'u64', 'change time, since 1970', 'inode ctime'),
      number('exe_mtime_ns', 'u64', 'modification time, since 1970', 'inode mtime'),
      number(
        'namespace_start_ns',
        'u64',
        'start of the first process of the pid namespace, since boot',
        'pid_namespace.child_reaper.start_boottime',
      ),
      number('tty', 'u32', 'major << 8 | minor', 'signal.tty', '0: no terminal'),
      number('pgid', 'u32', 'process group, host namespace', 'signal.pids'),
      number('vpgid', 'u32', 'process group, own namespace', 'signal.pids'),
      number('sid', 'u32', 'session, host namespace', 'signal.pids'),
      number(
        'argument_count',
        'u32',
        'arguments, the program included',
        'linux_binprm.argc, or the stack of the program',
      ),
      number('padding', 'u32', 'zero', 'none'),
      text('exe_path', 'path of the executable as the process sees it', 'bprm.file'),
      text('cwd', 'working directory', 'fs.pwd'),
      text('arguments', 'NUL after each', 'mm.arg_start, before the program runs'),
      text(
        'environment',
        'NUL after each variable; only where a rule asks for it',
        'mm.env_start, before the program runs',
        'true length unknown: not asked for',
      ),
    ],
  },
  {
    kind: 2,
    name: 'fork',
    meaning:
      'A process has made another one. New threads are not sent, nor calls that failed. Where ' +
      'the kernel does not tell which call it was (before 5.15), it is told as clone.',
    hooks: [{ program: 'on_fork', tracepoint: 'task_newtask' }],
    types: ['clone', 'clone3', 'fork', 'vfork'],
    state: true,
    members: [
      number('child_start_ns', 'u64', 'start of the child, since boot', 'child.start_boottime'),
      number('child_cgroup_id', 'u64', 'v2 cgroup of the child', 'child.cgroups.dfl_cgrp'),
      number('child_pid', 'u32', 'host namespace', 'child.tgid'),
      number('child_vpid', 'u32', 'own namespace', 'child.thread_pid.numbers'),
      number('clone_flags', 'u64', 'CLONE_*, without the signal', 'task_newtask'),
    ],
  },
  {
    kind: 3,
    name: 'exit',
    meaning: 'The last thread of a process has ended.',
    hooks: [{ program: 'on_exit', tracepoint: 'sched_process_exit' }],
    types: ['procexit'],
    state: true,
    members: [
      number('exit_code', 'u32', 'status as wait(2) gives it', 'task.exit_code'),
      number('padding', 'u32', 'zero', 'none'),
    ],
  },
  {
    kind: 4,
    name: 'cgroup',
    meaning:
      'A cgroup was made, before any event of a process in it; or removed, after the last. Of ' +
      'the v2 hierarchy, and of the v1 hierarchy that is looked at.',
    hooks: [
      { program: 'on_cgroup_mkdir', tracepoint: 'cgroup_mkdir' },
      { program: 'on_cgroup_rmdir', tracepoint: 'cgroup_rmdir' },
    ],
    types: [],
    state: true,
    members: [
      number('made_id', 'u64', 'id of the cgroup', 'cgroup.kn.id'),
      number('hierarchy', 'u32', '0: the v2 hierarchy', 'cgroup_root.hierarchy_id'),
      number('removed', 'u32', '1: removed, 0: made', 'the program'),
      text('path', 'path below the root of the hierarchy', 'the tracepoint', 'removed'),
    ],
  },
  {
    kind: 5,
    name: 'chdir',
    meaning: 'A process has changed its working directory.',
    hooks: [{ program: 'on_chdir', syscalls: ['chdir', 'fchdir'] }],
    types: ['chdir', 'fchdir'],
    state: true,
    members: [text('cwd', 'the new working directory', 'fs.pwd')],
  },
  {
    kind: 6,
    name: 'open',
    meaning: 'A file was opened, or could not be.',
    hooks: [
      { program: 'on_open', syscalls: ['open'] },
      { program: 'on_creat', syscalls: ['creat'] },
      { program: 'on_openat', syscalls: ['openat'] },
      { program: 'on_openat2', syscalls: ['openat2'] },
      { program: 'on_open_by_handle_at', syscalls: ['open_by_handle_at'] },
    ],
    types: ['open', 'openat', 'openat2', 'creat', 'open_by_handle_at'],
    state: false,
    members: [
      group(fileFacts, 'file', 'the file; zeros when the call failed'),
      number('open_flags', 'u32', 'O_* as asked for', 'pt_regs, or open_how'),
      number('open_mode', 'u32', 'permissions for a new file', 'pt_regs, or open_how'),
      text('path', 'the file as the process sees it', 'file.f_path', 'zero bytes: failed'),
      text('raw_path', 'path as given', user),
      text('base', `${base}; only of a failed call`, 'dentries and mounts'),
    ],
  },
  {
    kind: 7,
    name: 'unlink',
    meaning: 'A name was removed, or could not be.',
    hooks: [
      { program: 'on_unlink', syscalls: ['unlink'] },
      { program: 'on_unlinkat', syscalls: ['unlinkat'] },
    ],
    types: ['unlink', 'unlinkat'],
    state: false,
    members: [
      text('raw_path', 'path as given', user),
      text('base', base, 'dentries and mounts'),
      resolved('path', 'the name as the process sees it'),
      number('call_flags', 'u32', 'AT_REMOVEDIR or 0', 'pt_regs'),
      number('padding', 'u32', 'zero', 'none'),
    ],
  },
  {
    kind: 8,
    name: 'rename',
    meaning: 'A name was changed, or could not be.',
    hooks: [
      { program: 'on_rename', syscalls: ['rename'] },
      { program: 'on_renameat', syscalls: ['renameat'] },
      { program: 'on_renameat2', syscalls: ['renameat2'] },
    ],
    types: ['rename', 'renameat', 'renameat2'],
    state: false,
    members: twoPaths,
  },
  {
    kind: 9,
    name: 'link',
    meaning: 'A hard link was made, or could not be.',
    hooks: [
      { program: 'on_link', syscalls: ['link'] },
      { program: 'on_linkat', syscalls: ['linkat'] },
    ],
    types: ['link', 'linkat'],
    state: false,
    members: twoPaths,
  },
  {
    kind: 10,
    name: 'symlink',
    meaning: 'A symbolic link was made, or could not be. `old_path` is what it points to.',
    hooks: [
      { program: 'on_symlink', syscalls: ['symlink'] },
      { program: 'on_symlinkat', syscalls: ['symlinkat'] },
    ],
    types: ['symlink', 'symlinkat'],
    state: false,
    members: twoPaths,
  },
  {
    kind: 11,
    name: 'socket',
    meaning: 'A socket was made, or could not be.',
    hooks: [{ program: 'on_socket', syscalls: ['socket'] }],
    types: ['socket'],
    state: false,
    members: [
      number('family', 'u32', 'AF_*', 'pt_regs'),
      number('type', 'u32', 'SOCK_*, with its flags', 'pt_regs'),
      number('protocol', 'u32', 'protocol', 'pt_regs'),
      number('padding', 'u32', 'zero', 'none'),
    ],
  },
  {
    kind: 12,
    name: 'connect',
    meaning: 'A socket was connected, is connecting, or could not be.',
    hooks: [
      { program: 'on_connect', syscalls: ['connect'] },
      { program: 'on_socketcall', compat: [102], for: socketcalls.slice(1) },
    ],
    types: ['connect'],
    state: false,
    members: [
      group(socketFacts, 'socket', 'the socket after the call'),
      number('fd', 'i32', 'descriptor', 'pt_regs'),
      number('padding', 'u32', 'zero', 'none'),
      text('unix_path', 'path of the peer; abstract names start with NUL', 'unix_sock.peer'),
    ],
  },
  {
    kind: 13,
    name: 'accept',
    meaning: 'A connection was accepted. Calls that failed carry the listening socket.',
    hooks: [{ program: 'on_accept', syscalls: ['accept', 'accept4'] }],
    types: ['accept', 'accept4'],
    state: false,
    members: [
      group(socketFacts, 'socket', 'the new socket'),
      number('fd', 'i32', 'the new descriptor', 'sys_exit', 'negative: failed'),
      number('padding', 'u32', 'zero', 'none'),
      text('unix_path', 'path that the socket is bound to', 'unix_sock.addr'),
    ],
  },
  {
    kind: 14,
    name: 'listen',
    meaning: 'A socket listens, or could not.',
    hooks: [{ program: 'on_listen', syscalls: ['listen'] }],
    types: ['listen'],
    state: false,
    members: [
      group(socketFacts, 'socket', 'the listening socket'),
      number('fd', 'i32', 'descriptor', 'pt_regs'),
      number('backlog', 'i32', 'connections that may wait', 'pt_regs'),
      text('unix_path', 'path that the socket is bound to', 'unix_sock.addr'),
    ],
  },
  {
    kind: 15,
    name: 'send',
    meaning:
      'A message was sent, or could not be. sendmmsg: one event a message, the first of them; ' +
      'the result is then the bytes of that message. write, writev and pwritev2 on a socket: ' +
      'what rules ask for; questions to name servers, what a connection sends first (flag ' +
      'OPENING), or all.',
    hooks: [
      { program: 'on_sendto', syscalls: ['sendto'] },
      { program: 'on_sendmsg', syscalls: ['sendmsg'] },
      { program: 'on_sendmmsg', syscalls: ['sendmmsg'] },
      { program: 'on_write', syscalls: ['write'], only: 'messages' },
      { program: 'on_writev', syscalls: ['writev', 'pwritev2'], only: 'messages' },
    ],
    types: ['sendto', 'sendmsg', 'sendmmsg', 'send'],
    state: false,
    members: messageMembers,
  },
  {
    kind: 16,
    name: 'dup',
    meaning: 'A descriptor was copied to another number.',
    hooks: [
      { program: 'on_dup', syscalls: ['dup'] },
      { program: 'on_dup2', syscalls: ['dup2', 'dup3'] },
    ],
    types: ['dup', 'dup2', 'dup3'],
    state: false,
    members: [
      group(fileFacts, 'file', 'the file behind the new descriptor; zeros when the call failed'),
      group(socketFacts, 'socket', 'the socket behind it'),
      number('old_fd', 'i32', 'descriptor copied from', 'pt_regs'),
      number('new_fd', 'i32', 'descriptor asked for', 'pt_regs', '-1: dup'),
      text('path', 'the file; or the path of a unix socket', 'file.f_path'),
    ],
  },
  {
    kind: 17,
    name: 'ptrace',
    meaning: 'A process has acted on another one through ptrace, or tried to.',
    hooks: [{ program: 'on_ptrace', syscalls: ['ptrace'] }],
    types: ['ptrace'],
    state: false,
    members: [
      number('request', 'u32', 'PTRACE_*', 'pt_regs'),
      number('target_vpid', 'u32', "the other process, in the caller's namespace", 'pt_regs'),
      number('address', 'u64', 'address', 'pt_regs'),
      number('data', 'u64', 'data', 'pt_regs'),
    ],
  },
  {
    kind: 18,
    name: 'module',
    meaning: 'A kernel module was loaded, or could not be.',
    hooks: [
      { program: 'on_init_module', syscalls: ['init_module'] },
      { program: 'on_finit_module', syscalls: ['finit_module'] },
    ],
    types: ['init_module', 'finit_module'],
    state: false,
    members: [
      number('fd', 'i32', 'descriptor of the module', 'pt_regs', '-1: init_module'),
      number('call_flags', 'u32', 'MODULE_INIT_*', 'pt_regs', '0'),
      number('image_bytes', 'u64', 'size of the image', 'pt_regs', '0: finit_module'),
      text('path', 'file of the module', 'file.f_path', 'zero bytes: init_module'),
      text('parameters', 'module parameters', user),
    ],
  },
  ...callKinds,
  {
    kind: 26,
    name: 'comm',
    meaning:
      'A process was given another name than that of its program, which the header has: by ' +
      'itself, or through /proc. Not told of threads beside the first.',
    hooks: [{ program: 'on_rename_task', tracepoint: 'task_rename' }],
    types: [],
    state: true,
    members: [],
  },
  {
    kind: 30,
    name: 'receive',
    meaning:
      'A message was received, or could not be. The peer of a datagram is the address that the ' +
      'call has filled in; without one it is the peer that the socket is connected to. ' +
      'recvmmsg: one event a message, as with sendmmsg.',
    hooks: [
      { program: 'on_recvfrom', syscalls: ['recvfrom'] },
      { program: 'on_recvmsg', syscalls: ['recvmsg'] },
      { program: 'on_recvmmsg', syscalls: ['recvmmsg'] },
    ],
    types: ['recvfrom', 'recvmsg', 'recvmmsg', 'recv'],
    state: false,
    members: messageMembers,
  },
  {
    kind: 31,
    name: 'bind',
    meaning: 'A socket was given an address of this machine, or could not be.',
    hooks: [{ program: 'on_bind', syscalls: ['bind'] }],
    types: ['bind'],
    state: false,
    members: [
      group(socketFacts, 'socket', 'the socket after the call; of a failed one as asked for'),
      number('fd', 'i32', 'descriptor', 'pt_regs'),
      number('local_source', 'u32', 'where the local end was read: PEER_*', 'see PEER_USER'),
      text('unix_path', 'path that the socket is bound to', 'unix_sock.addr, or user memory'),
    ],
  },
  {
    kind: 32,
    name: 'io_uring',
    meaning:
      'A ring of io_uring was set up, or could not be. What is done through rings is told as the ' +
      'system calls that it stands for, with the flag IO_URING: names are the copies that the ' +
      'kernel has made, and the file or socket is that of the request. A request that asks for ' +
      'no completion is told when it is submitted, with the flag RESULT_UNKNOWN. On a registered ' +
      'file, fd is its slot; of what is opened into a slot there is the name and no file, and a ' +
      'connection accepted into one is told by who listens. Operations without a kind of their ' +
      'own are told as fd_call, path_call or syscall with the flag NO_ARGUMENTS.',
    hooks: [{ program: 'on_io_uring_setup', syscalls: ['io_uring_setup'] }],
    types: ['io_uring_setup'],
    state: false,
    members: [
      number('entries', 'u32', 'entries asked for', 'pt_regs'),
      number('submission_entries', 'u32', 'entries of the submission queue', user),
      number('completion_entries', 'u32', 'entries of the completion queue', user),
      number('setup_flags', 'u32', 'bits IORING_SETUP_*', user),
      number('thread_cpu', 'u32', 'CPU of the thread that submits', user),
      number('thread_idle_ms', 'u32', 'milliseconds until that thread sleeps', user),
      number('features', 'u32', 'bits IORING_FEAT_*', user),
      number('padding', 'u32', 'zero', 'none'),
    ],
  },
  usageKind,
]

/** Types of events that have a kind of their own; all others are told in a shape. */
export const ownEventTypes: ReadonlySet<string> = new Set(eventKinds.flatMap(({ types }) => types))

/** Where the kernel side can lose an event or a part of one. Each has a counter. */
export const places: readonly Place[] = [
  { name: 'ring_full', meaning: 'the ring buffer was full', loses: 'event' },
  { name: 'scratch_busy', meaning: 'all scratch slots of the CPU were in use', loses: 'event' },
  { name: 'record_full', meaning: 'a text did not fit into the record any more', loses: 'part' },
  {
    name: 'compat_syscall',
    meaning: 'a 32-bit system call that no hook reads: of arm64, or one that only x32 has',
    loses: 'event',
  },
  { name: 'file_gone', meaning: 'the descriptor was closed before the hook ran', loses: 'part' },
  { name: 'read_kernel', meaning: 'kernel memory could not be read', loses: 'part' },
  { name: 'read_user', meaning: 'user memory could not be read (not present)', loses: 'part' },
  {
    name: 'names_more',
    meaning: 'more calls with names at once than there is room for: the names are from user memory',
    loses: 'part',
  },
  { name: 'path_deep', meaning: 'a path had too many components', loses: 'part' },
  {
    name: 'messages_more',
    meaning: 'a call passed on more messages than are told of one call',
    loses: 'event',
  },
  {
    name: 'uring_unseen',
    meaning:
      'an operation of io_uring of which the kernel did not tell enough: before Linux 6.0 all ' +
      'of them; from then on those on a registered socket without a completion, or ended by the ' +
      'kernel',
    loses: 'event',
  },
  {
    name: 'message_parts',
    meaning: 'a message was gathered from more parts than are looked at for its first bytes',
    loses: 'part',
  },
]

/** Numbers that the C side and this side share: `name`, then value. */
export const constants: Readonly<Record<string, number>> = {
  LAYOUT_VERSION: layoutVersion,
  PATH_BYTES_MAX: recordLimits.pathBytesMax,
  ARGUMENTS_BYTES_MAX: recordLimits.argumentsBytesMax,
  ENVIRONMENT_BYTES_MAX: recordLimits.environmentBytesMax,
  UNIX_PATH_BYTES_MAX: recordLimits.unixPathBytesMax,
  TYPE_BYTES_MAX: recordLimits.typeBytesMax,
  PAYLOAD_BYTES_MAX: recordLimits.payloadBytesMax,
  MESSAGES_MAX: recordLimits.messagesMax,
  MESSAGE_PARTS_MAX: recordLimits.messagePartsMax,
  RECORD_BYTES_MAX: recordLimits.recordBytesMax,
  PATH_COMPONENTS_MAX: recordLimits.pathComponentsMax,
  TEXT_LENGTH_UNKNOWN: textLengthUnknown,
  /** What the event is about is told from user memory, which the process could have changed. Not
   * set for paths as given beside which the record has those that the kernel has resolved. */
  RECORD_USER_MEMORY: 1,
  /** The call is one of the 32-bit table, of x86. */
  RECORD_COMPAT: 2,
  /** What was done passed through io_uring, and no system call. */
  RECORD_IO_URING: 0x100,
  /** Nobody told the result; it is taken for 0, done. */
  RECORD_RESULT_UNKNOWN: 0x200,
  /** The working directory of the record does not lie below the root directory of the process. */
  RECORD_OUTSIDE_ROOT: 0x400,
  /** The message is among the first bytes that its connection sends. */
  RECORD_OPENING: 0x800,
  /** Of the arguments of the call the record has none but its descriptor, or its path. */
  RECORD_NO_ARGUMENTS: 0x1000,
  /** The exec is of a thread that was not the first of its process. */
  RECORD_BY_THREAD: 0x2000,
  /** Told later than it happened, and judged by no rule: how a process came to be. The parent is
   * that of now; of a fork, the child's. */
  RECORD_HELD: 0x4000,
  /** Of a fork: its maker has changed since, or is gone. Of an exec: what a process was made as. */
  RECORD_AS_MADE: 0x8000,
  /** Processes held back at once, and bytes of an exec's record that is. */
  HELD_PROCESSES_MAX: 16_384,
  HELD_PROGRAM_BYTES: 3072,
  /** What is held back: bits of a knob. HOLD_TRACK stays set: processes must be kept count of. */
  HOLD_TRACK: 1,
  HOLD_FORKS: 2,
  HOLD_EXITS: 4,
  /** No rule is about execs; where one is, its filter says which are held. */
  HOLD_EXECS: 8,
  /** How many bytes the opening of a connection has. */
  OPENING_BYTES: 4096,
  /** What is told of writes: bits of a knob of the program. */
  WRITES_QUESTIONS: 1,
  WRITES_OPENINGS: 2,
  WRITES_MESSAGES: 4,
  WRITES_ELSEWHERE: 8,
  SYSCALLS_MAX: syscallsMax,
  /** One past the largest kind that losses are counted of. */
  LOST_KINDS_MAX: 64,
  /** Where, in the positions of a call, those of its arguments begin: 4 bits each. */
  POSITION_FD: positionBits.fd,
  POSITION_DIRFD: positionBits.dirfd,
  POSITION_PATH: positionBits.path,
  POSITION_TEXT: positionBits.text,
  POSITION_VALUE: positionBits.value,
  FILE_UPPER_LAYER: 1,
  FILE_LOWER_LAYER: 2,
  FILE_MEMFD: 4,
  FILE_DELETED: 8,
  /** The open made it. */
  FILE_CREATED: 16,
  /** The process that became it could write it. Only of programs. */
  FILE_WRITABLE: 32,
  PEER_NONE: 0,
  PEER_SOCKET: 1,
  PEER_USER: 2,
  PEER_COPY: 3,
  ...usageConstants,
  /** Which end of its connections a socket is. */
  ROLE_UNKNOWN: 0,
  ROLE_CLIENT: 1,
  ROLE_SERVER: 2,
  /** The controller whose v1 hierarchy tells containers, as a knob of the program. */
  CGROUP_V1_NONE: 0,
  CGROUP_V1_MEMORY: 1,
  CGROUP_V1_PIDS: 2,
  CGROUP_V1_DEVICES: 3,
  CGROUP_V1_FREEZER: 4,
  CGROUP_V1_CPU: 5,
  /** What filters in the kernel are told of a cgroup. */
  CGROUP_IS_HOST: 1,
  CGROUP_IS_CONTAINER: 2,
  /** What a record lacks when its filter sees it, in bits: members that rules ask seldom, and the
   * path as given. See bpf/file.bpf.h. */
  LACKS_FACTS: 1,
  LACKS_RAW_PATH: 2,
  /** Of how many cgroups they are told: of others they let everything through. */
  CGROUP_STATES_MAX: 65_536,
  /** Kinds that the process table lives on, a bit each: shed last in a flood. */
  STATE_KINDS: eventKinds.reduce((bits, { kind, state }) => (state ? bits | (1 << kind) : bits), 0),
  /** Cgroups whose share of the ring is measured, when there is little left: those seen last. */
  FLOOD_CGROUPS_MAX: 4096,
  /** Cgroups and hooks of which is told what was shed: those seen last. */
  SHED_HOOKS_MAX: 4096,
  /** A record of more bytes counts for several: as large as most are. */
  FLOOD_RECORD_BYTES: 512,
}

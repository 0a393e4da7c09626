/**
 * Names of flags, modes and commands in the arguments of system calls, as Falco spells them; from
 * the kernel's uapi headers. Compact: `NAME:value` in hexadecimal digits, or names in the order of
 * their numbers.
 */

/** A number as text; `undefined` where it has no name. */
export type NumberName = (value: number) => string | undefined

const parse = (prefix: string, text: string): readonly (readonly [number, string])[] =>
  text.split(' ').map((word) => {
    const [name = '', digits = ''] = word.split(':')
    return [Number.parseInt(digits, 16), prefix + name] as const
  })

/** Bits with `|` between; `zero` when there is none. Bits without a name are left out. */
const bits = (prefix: string, text: string, zero?: string): NumberName => {
  const table = parse(prefix, text)
  return (value) => {
    if (value === 0) return zero
    const names = table.filter(([bit]) => (value & bit) >>> 0 === bit).map(([, name]) => name)
    return names.length > 0 ? names.join('|') : undefined
  }
}

/** One name a number. */
const values = (prefix: string, text: string): NumberName => {
  const table = new Map(parse(prefix, text))
  return (value) => table.get(value)
}

/** Names in the order of their numbers, from `first`. */
const counted = (prefix: string, text: string, first = 0): NumberName => {
  const names = text.split(' ')
  return (value) => {
    const name = names[value - first]
    return name === undefined || name === '-' ? undefined : prefix + name
  }
}

/** Namespaces and sharing of clone, unshare and setns. */
export const cloneFlags = bits(
  'CLONE_',
  'NEWTIME:80 VM:100 FS:200 FILES:400 SIGHAND:800 PIDFD:1000 PTRACE:2000 VFORK:4000 PARENT:8000 ' +
    'THREAD:10000 NEWNS:20000 SYSVSEM:40000 SETTLS:80000 PARENT_SETTID:100000 ' +
    'CHILD_CLEARTID:200000 DETACHED:400000 UNTRACED:800000 CHILD_SETTID:1000000 ' +
    'NEWCGROUP:2000000 NEWUTS:4000000 NEWIPC:8000000 NEWUSER:10000000 NEWPID:20000000 ' +
    'NEWNET:40000000 IO:80000000',
)

/** Permissions, and the types that mknod takes. */
export const modeBits: NumberName = (mode) => {
  const type = modeType(mode & 0o170000)
  const names = [permissions(mode & 0o7777), type].filter((name) => name !== undefined)
  return names.length > 0 ? names.join('|') : undefined
}

const permissions = bits(
  'S_I',
  'XOTH:1 WOTH:2 ROTH:4 XGRP:8 WGRP:10 RGRP:20 XUSR:40 WUSR:80 RUSR:100 SVTX:200 SGID:400 SUID:800',
)
const modeType = values('S_IF', 'IFO:1000 CHR:2000 DIR:4000 BLK:6000 REG:8000 LNK:a000 SOCK:c000')

export const atFlags = bits(
  'AT_',
  'SYMLINK_NOFOLLOW:100 REMOVEDIR:200 SYMLINK_FOLLOW:400 NO_AUTOMOUNT:800 EMPTY_PATH:1000 ' +
    'RECURSIVE:8000',
)

export const renameFlags = bits('RENAME_', 'NOREPLACE:1 EXCHANGE:2 WHITEOUT:4')
export const accessModes = bits('', 'X_OK:1 W_OK:2 R_OK:4', 'F_OK')

/** Without `MS_`, as Falco has them. */
export const mountFlags = bits(
  '',
  'RDONLY:1 NOSUID:2 NODEV:4 NOEXEC:8 SYNCHRONOUS:10 REMOUNT:20 MANDLOCK:40 DIRSYNC:80 ' +
    'NOSYMFOLLOW:100 NOATIME:400 NODIRATIME:800 BIND:1000 MOVE:2000 REC:4000 SILENT:8000 ' +
    'POSIXACL:10000 UNBINDABLE:20000 PRIVATE:40000 SLAVE:80000 SHARED:100000 RELATIME:200000 ' +
    'I_VERSION:800000 STRICTATIME:1000000 LAZYTIME:2000000',
)
export const umountFlags = bits('', 'FORCE:1 DETACH:2 EXPIRE:4 NOFOLLOW:8')
export const moveMountFlags = bits(
  'MOVE_MOUNT_',
  'F_SYMLINKS:1 F_AUTOMOUNTS:2 F_EMPTY_PATH:4 T_SYMLINKS:10 T_AUTOMOUNTS:20 T_EMPTY_PATH:40 ' +
    'SET_GROUP:100 BENEATH:200',
)

export const memfdFlags = bits('MFD_', 'CLOEXEC:1 ALLOW_SEALING:2 HUGETLB:4 NOEXEC_SEAL:8 EXEC:10')
export const protectionFlags = bits(
  'PROT_',
  'READ:1 WRITE:2 EXEC:4 SEM:8 GROWSDOWN:1000000 GROWSUP:2000000',
  'PROT_NONE',
)
export const mapFlags = bits(
  'MAP_',
  'SHARED:1 PRIVATE:2 FIXED:10 ANONYMOUS:20 32BIT:40 GROWSDOWN:100 DENYWRITE:800 ' +
    'EXECUTABLE:1000 LOCKED:2000 NORESERVE:4000 POPULATE:8000 NONBLOCK:10000 STACK:20000 ' +
    'HUGETLB:40000 SYNC:80000 FIXED_NOREPLACE:100000',
)
export const ringFlags = bits(
  'IORING_SETUP_',
  'IOPOLL:1 SQPOLL:2 SQ_AFF:4 CQSIZE:8 CLAMP:10 ATTACH_WQ:20 R_DISABLED:40 SUBMIT_ALL:80 ' +
    'COOP_TASKRUN:100 TASKRUN_FLAG:200 SQE128:400 CQE32:800 SINGLE_ISSUER:1000 ' +
    'DEFER_TASKRUN:2000 NO_MMAP:4000 REGISTERED_FD_ONLY:8000 NO_SQARRAY:10000 HYBRID_IOPOLL:20000',
  '0',
)
export const mlockFlags = bits('MLOCK_', 'ONFAULT:1')
export const mlockallFlags = bits('MCL_', 'CURRENT:1 FUTURE:2 ONFAULT:4')
export const spliceFlags = bits('SPLICE_F_', 'MOVE:1 NONBLOCK:2 MORE:4 GIFT:8')
export const lockOperations = bits('LOCK_', 'SH:1 EX:2 NB:4 UN:8', 'LOCK_NONE')
export const closeRangeFlags = bits('CLOSE_RANGE_', 'UNSHARE:2 CLOEXEC:4')
export const deleteModuleFlags = bits('', 'O_TRUNC:200 O_NONBLOCK:800')
export const moduleFlags = bits(
  'MODULE_INIT_',
  'IGNORE_MODVERSIONS:1 IGNORE_VERMAGIC:2 COMPRESSED_FILE:4',
)
export const handleFlags = bits('', 'O_NONBLOCK:800 O_CLOEXEC:80000')
export const userfaultFlags = bits('', 'UFFD_USER_MODE_ONLY:1 O_NONBLOCK:800 O_CLOEXEC:80000')

export const whenceNames = counted('SEEK_', 'SET CUR END DATA HOLE')
export const shutdownNames = counted('SHUT_', 'RD WR RDWR')
export const resourceNames = counted(
  'RLIMIT_',
  'CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO ' +
    'RTTIME',
)
const plainSignals = counted(
  'SIG',
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP ' +
    'TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS',
  1,
)
export const signalNames: NumberName = (value) =>
  value >= 34 && value <= 64 ? `SIGRTMIN+${value - 34}` : plainSignals(value)

export const bpfCommands = counted(
  'BPF_',
  'MAP_CREATE MAP_LOOKUP_ELEM MAP_UPDATE_ELEM MAP_DELETE_ELEM MAP_GET_NEXT_KEY PROG_LOAD ' +
    'OBJ_PIN OBJ_GET PROG_ATTACH PROG_DETACH PROG_TEST_RUN PROG_GET_NEXT_ID MAP_GET_NEXT_ID ' +
    'PROG_GET_FD_BY_ID MAP_GET_FD_BY_ID OBJ_GET_INFO_BY_FD PROG_QUERY RAW_TRACEPOINT_OPEN ' +
    'BTF_LOAD BTF_GET_FD_BY_ID TASK_FD_QUERY MAP_LOOKUP_AND_DELETE_ELEM MAP_FREEZE ' +
    'BTF_GET_NEXT_ID MAP_LOOKUP_BATCH MAP_LOOKUP_AND_DELETE_BATCH MAP_UPDATE_BATCH ' +
    'MAP_DELETE_BATCH LINK_CREATE LINK_UPDATE LINK_GET_FD_BY_ID LINK_GET_NEXT_ID ENABLE_STATS ' +
    'ITER_CREATE LINK_DETACH PROG_BIND_MAP TOKEN_CREATE PROG_STREAM_READ_BY_FD',
)

const prctlLow = counted(
  'PR_',
  'SET_PDEATHSIG GET_PDEATHSIG GET_DUMPABLE SET_DUMPABLE GET_UNALIGN SET_UNALIGN GET_KEEPCAPS ' +
    'SET_KEEPCAPS GET_FPEMU SET_FPEMU GET_FPEXC SET_FPEXC GET_TIMING SET_TIMING SET_NAME ' +
    'GET_NAME - - GET_ENDIAN SET_ENDIAN GET_SECCOMP SET_SECCOMP CAPBSET_READ CAPBSET_DROP ' +
    'GET_TSC SET_TSC GET_SECUREBITS SET_SECUREBITS SET_TIMERSLACK GET_TIMERSLACK ' +
    'TASK_PERF_EVENTS_DISABLE TASK_PERF_EVENTS_ENABLE MCE_KILL MCE_KILL_GET SET_MM ' +
    'SET_CHILD_SUBREAPER GET_CHILD_SUBREAPER SET_NO_NEW_PRIVS GET_NO_NEW_PRIVS ' +
    'GET_TID_ADDRESS SET_THP_DISABLE GET_THP_DISABLE MPX_ENABLE_MANAGEMENT ' +
    'MPX_DISABLE_MANAGEMENT SET_FP_MODE GET_FP_MODE CAP_AMBIENT',
  1,
)
const prctlHigh = values('PR_', 'SET_VMA:53564d41 SET_PTRACER:59616d61 SCHED_CORE:3e SET_MDWE:41')
export const prctlOptions: NumberName = (value) => prctlLow(value) ?? prctlHigh(value)

export const keyctlOperations = counted(
  'KEYCTL_',
  'GET_KEYRING_ID JOIN_SESSION_KEYRING UPDATE REVOKE CHOWN SETPERM DESCRIBE CLEAR LINK UNLINK ' +
    'SEARCH READ INSTANTIATE NEGATE SET_REQKEY_KEYRING SET_TIMEOUT ASSUME_AUTHORITY ' +
    'GET_SECURITY SESSION_TO_PARENT REJECT INSTANTIATE_IOV INVALIDATE GET_PERSISTENT ' +
    'DH_COMPUTE PKEY_QUERY PKEY_ENCRYPT PKEY_DECRYPT PKEY_SIGN PKEY_VERIFY RESTRICT_KEYRING ' +
    'MOVE CAPABILITIES WATCH_KEY',
)
export const fcntlCommands: NumberName = (value) => fcntlLow(value) ?? fcntlHigh(value)
const fcntlLow = counted(
  'F_',
  'DUPFD GETFD SETFD GETFL SETFL GETLK SETLK SETLKW SETOWN GETOWN SETSIG GETSIG - - - SETOWN_EX ' +
    'GETOWN_EX',
)
const fcntlHigh = values(
  'F_',
  'OFD_GETLK:24 OFD_SETLK:25 OFD_SETLKW:26 SETLEASE:400 GETLEASE:401 NOTIFY:402 CANCELLK:405 ' +
    'DUPFD_CLOEXEC:406 SETPIPE_SZ:407 GETPIPE_SZ:408 ADD_SEALS:409 GET_SEALS:40a',
)
export const fsconfigCommands = counted(
  'FSCONFIG_',
  'SET_FLAG SET_STRING SET_BINARY SET_PATH SET_PATH_EMPTY SET_FD CMD_CREATE CMD_RECONFIGURE',
)
export const seccompOperations = counted(
  'SECCOMP_',
  'SET_MODE_STRICT SET_MODE_FILTER GET_ACTION_AVAIL GET_NOTIF_SIZES',
)
const futexOperation = counted(
  'FUTEX_',
  'WAIT WAKE FD REQUEUE CMP_REQUEUE WAKE_OP LOCK_PI UNLOCK_PI TRYLOCK_PI WAIT_BITSET ' +
    'WAKE_BITSET WAIT_REQUEUE_PI CMP_REQUEUE_PI',
)
const futexFlags = bits('FUTEX_', 'PRIVATE_FLAG:80 CLOCK_REALTIME:100')
export const futexOperations: NumberName = (value) =>
  [futexFlags(value & ~0x7f), futexOperation(value & 0x7f)]
    .filter((name) => name !== undefined)
    .join('|')

export const socketLevels = values('SOL_', 'SOCKET:1 TCP:6')
export const socketOptions = counted(
  'SO_',
  'DEBUG REUSEADDR TYPE ERROR DONTROUTE BROADCAST SNDBUF RCVBUF KEEPALIVE OOBINLINE NO_CHECK ' +
    'PRIORITY LINGER BSDCOMPAT REUSEPORT PASSCRED PEERCRED RCVLOWAT SNDLOWAT RCVTIMEO SNDTIMEO ' +
    'SECURITY_AUTHENTICATION SECURITY_ENCRYPTION_TRANSPORT SECURITY_ENCRYPTION_NETWORK ' +
    'BINDTODEVICE ATTACH_FILTER DETACH_FILTER PEERNAME TIMESTAMP ACCEPTCONN PEERSEC ' +
    'SNDBUFFORCE RCVBUFFORCE PASSSEC TIMESTAMPNS MARK TIMESTAMPING PROTOCOL DOMAIN RXQ_OVFL ' +
    'WIFI_STATUS PEEK_OFF NOFCS LOCK_FILTER SELECT_ERR_QUEUE BUSY_POLL MAX_PACING_RATE ' +
    'BPF_EXTENSIONS INCOMING_CPU ATTACH_BPF - ATTACH_REUSEPORT_CBPF ATTACH_REUSEPORT_EBPF ' +
    'CNX_ADVICE - MEMINFO INCOMING_NAPI_ID COOKIE - PEERGROUPS',
  1,
)
export const personalityNames = bits(
  '',
  'UNAME26:20000 ADDR_NO_RANDOMIZE:40000 FDPIC_FUNCPTRS:80000 MMAP_PAGE_ZERO:100000 ' +
    'ADDR_COMPAT_LAYOUT:200000 READ_IMPLIES_EXEC:400000 ADDR_LIMIT_32BIT:800000 ' +
    'SHORT_INODE:1000000 WHOLE_SECONDS:2000000 STICKY_TIMEOUTS:4000000 ADDR_LIMIT_3GB:8000000',
)

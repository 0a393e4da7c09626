/**
 * Names of flags, modes and commands in the arguments of system calls, as Falco spells and orders
 * them; from the kernel's uapi headers. Those that Falco does not name stand behind the others.
 */
import {
  FILE_CREATED,
  FILE_LOWER_LAYER,
  FILE_MEMFD,
  FILE_UPPER_LAYER,
  FILE_WRITABLE,
} from './layout.gen.ts'
import type { NamedBits, Names } from './numbernames.ts'
import { bits, counted, either, values } from './numbernames.ts'
import type { Machine } from './syscalls.ts'

/** Namespaces and sharing of clone, unshare and setns. */
const cloneFlags = bits(
  'CLONE_',
  'FILES:400:1 FS:200:2 IO:80000000:4 NEWIPC:8000000:8 NEWNET:40000000:10 NEWNS:20000:20 ' +
    'NEWPID:20000000:40 NEWUTS:4000000:80 PARENT:8000:100 PARENT_SETTID:100000:200 ' +
    'PTRACE:2000:400 SIGHAND:800:800 SYSVSEM:40000:1000 THREAD:10000:2000 UNTRACED:800000:4000 ' +
    'VM:100:8000 NEWUSER:10000000:100000 CHILD_CLEARTID:200000:800000 ' +
    'CHILD_SETTID:1000000:1000000 SETTLS:80000:2000000 VFORK:4000:8000000 ' +
    'NEWCGROUP:2000000:10000000 NEWTIME:80:0 PIDFD:1000:0 DETACHED:400000:0',
)

const openBits = (table: string): Names => bits('O_', table)

/** Those before and behind the access mode. */
const openBefore: Readonly<Record<Machine, Names>> = {
  x64: openBits(
    'LARGEFILE:8000:800 DIRECTORY:10000:400 DIRECT:4000:200 TRUNC:200:100 SYNC:101000:80 ' +
      'NONBLOCK:800:40 EXCL:80:20 DSYNC:1000:10 APPEND:400:8 CREAT:40:4',
  ),
  arm64: openBits(
    'LARGEFILE:20000:800 DIRECTORY:4000:400 DIRECT:10000:200 TRUNC:200:100 SYNC:101000:80 ' +
      'NONBLOCK:800:40 EXCL:80:20 DSYNC:1000:10 APPEND:400:8 CREAT:40:4',
  ),
}
const openAfter: Readonly<Record<Machine, Names>> = {
  x64: openBits(
    'CLOEXEC:80000:1000 TMPFILE:400000:2000 NOCTTY:100:0 NOFOLLOW:20000:0 NOATIME:40000:0 ' +
      'PATH:200000:0',
  ),
  arm64: openBits(
    'CLOEXEC:80000:1000 TMPFILE:400000:2000 NOCTTY:100:0 NOFOLLOW:8000:0 NOATIME:40000:0 ' +
      'PATH:200000:0',
  ),
}
const openAccess: readonly (readonly [name: string, number: number])[] = [
  ['O_RDONLY', 1],
  ['O_WRONLY', 2],
  ['O_RDWR', 3],
  ['O_RDONLY', 1],
]
const accessMask = 3

/** The words of a table, for some bits of a number only. */
const within = (mask: number, { parts }: Names): readonly NamedBits[] =>
  (parts ?? []).map((part) => Object.assign({ ...part }, { mask: (part.mask & mask) >>> 0 }))

/** Flags of open(2) on a machine. */
const openFlagsOn = (machine: Machine): Names => ({
  text: (flags) =>
    [
      openBefore[machine].text(flags),
      openAccess[flags & accessMask]?.[0],
      openAfter[machine].text(flags & ~accessMask),
    ]
      .filter((text) => text !== undefined)
      .join('|'),
  number: (flags) =>
    openBefore[machine].number(flags) |
    (openAccess[flags & accessMask]?.[1] ?? 0) |
    openAfter[machine].number(flags & ~accessMask),
  parts: [
    ...(openBefore[machine].parts ?? []),
    {
      is: 'value',
      mask: accessMask,
      words: new Map(openAccess.map(([name], number) => [number, name])),
    },
    ...within(~accessMask, openAfter[machine]),
  ],
})

const openFlags: Readonly<Record<Machine, Names>> = {
  x64: openFlagsOn('x64'),
  arm64: openFlagsOn('arm64'),
}

const permissionBits =
  'XOTH:1 WOTH:2 ROTH:4 XGRP:8 WGRP:10 RGRP:20 XUSR:40 WUSR:80 RUSR:100 SVTX:200 SGID:400 SUID:800'
const permissions = bits('S_I', permissionBits)
const types = values('S_IF', 'IFO:1000 CHR:2000 DIR:4000 BLK:6000 REG:8000 LNK:a000 SOCK:c000')

/** Permissions, and the types that mknod takes. */
const modeBits: Names = {
  text: (mode) =>
    [permissions.text(mode & 0o7777), types.text(mode & 0o170000)]
      .filter((name) => name !== undefined)
      .join('|') || undefined,
  number: (mode) => mode,
  parts: [...within(0o7777, permissions), ...within(0o170000, types)],
}

/** As mknod takes it: without a type it is a file. */
const nodeMode: Names = {
  text: (mode) => modeBits.text((mode & 0o170000) === 0 ? mode | 0o100000 : mode),
  number: (mode) => ((mode & 0o170000) === 0 ? mode | 0o100000 : mode),
  parts: undefined,
}

const atFlags = bits(
  'AT_',
  'REMOVEDIR:200 SYMLINK_FOLLOW:400 EMPTY_PATH:1000 NO_AUTOMOUNT:800 SYMLINK_NOFOLLOW:100 ' +
    'RECURSIVE:8000',
)

const renameFlags = bits('RENAME_', 'NOREPLACE:1 EXCHANGE:2 WHITEOUT:4')
const accessModes = bits('', 'F_OK:0 R_OK:4 W_OK:2 X_OK:1')

/** Without `MS_`, as Falco has them. */
const mountFlags = bits(
  '',
  'RDONLY:1 NOSUID:2 NODEV:4 NOEXEC:8 SYNCHRONOUS:10 REMOUNT:20 MANDLOCK:40 DIRSYNC:80 ' +
    'NOATIME:400 NODIRATIME:800 BIND:1000 MOVE:2000 REC:4000 SILENT:8000 POSIXACL:10000 ' +
    'UNBINDABLE:20000 PRIVATE:40000 SLAVE:80000 SHARED:100000 RELATIME:200000 KERNMOUNT:400000 ' +
    'I_VERSION:800000 STRICTATIME:1000000 LAZYTIME:2000000 NOSYMFOLLOW:100',
)
const umountFlags = bits('', 'FORCE:1 DETACH:2 EXPIRE:4 NOFOLLOW:8')
const moveMountFlags = bits(
  'MOVE_MOUNT_',
  'F_SYMLINKS:1 F_AUTOMOUNTS:2 F_EMPTY_PATH:4 T_SYMLINKS:10 T_AUTOMOUNTS:20 T_EMPTY_PATH:40 ' +
    'SET_GROUP:100 BENEATH:200',
)

const memfdFlags = bits('MFD_', 'CLOEXEC:1 ALLOW_SEALING:2 HUGETLB:4 NOEXEC_SEAL:8 EXEC:10')
const protectionFlags = bits(
  'PROT_',
  'READ:1 WRITE:2 EXEC:4 SEM:8 GROWSDOWN:1000000:10 GROWSUP:2000000:20 NONE:0',
)
const mapFlags = bits(
  'MAP_',
  'SHARED:1 PRIVATE:2 FIXED:10:4 ANONYMOUS:20:8 32BIT:40:10 NORESERVE:4000:40 POPULATE:8000:80 ' +
    'NONBLOCK:10000:100 GROWSDOWN:100:200 DENYWRITE:800:400 EXECUTABLE:1000:800 ' +
    'LOCKED:2000:4000 STACK:20000:0 HUGETLB:40000:0 SYNC:80000:0 FIXED_NOREPLACE:100000:0',
)
/** Falco spells ATTACH_WQ so. */
const ringFlags = bits(
  'IORING_SETUP_',
  'IOPOLL:1:1 SQPOLL:2:2 SQ_AFF:4:8 CQSIZE:8:10 CLAMP:10:20 ATTACH_RW:20:40 R_DISABLED:40:80 ' +
    'SUBMIT_ALL:80:0 COOP_TASKRUN:100:0 TASKRUN_FLAG:200:0 SQE128:400:0 CQE32:800:0 ' +
    'SINGLE_ISSUER:1000:0 DEFER_TASKRUN:2000:0 NO_MMAP:4000:0 REGISTERED_FD_ONLY:8000:0 ' +
    'NO_SQARRAY:10000:0 HYBRID_IOPOLL:20000:0',
)
const ringFeatures = bits(
  'IORING_FEAT_',
  'SINGLE_MMAP:1 NODROP:2 SUBMIT_STABLE:4 RW_CUR_POS:8 CUR_PERSONALITY:10 FAST_POLL:20 ' +
    'POLL_32BITS:40 SQPOLL_NONFIXED:80 ENTER_EXT_ARG:100 NATIVE_WORKERS:200 RSRC_TAGS:400',
)
const ringEnterFlags = bits('IORING_ENTER_', 'GETEVENTS:1 SQ_WAKEUP:2 SQ_WAIT:4 EXT_ARG:8')
const ringRegisters = counted(
  'IORING_',
  'REGISTER_BUFFERS UNREGISTER_BUFFERS REGISTER_FILES UNREGISTER_FILES REGISTER_EVENTFD ' +
    'UNREGISTER_EVENTFD REGISTER_FILES_UPDATE REGISTER_EVENTFD_ASYNC REGISTER_PROBE ' +
    'REGISTER_PERSONALITY UNREGISTER_PERSONALITY REGISTER_RESTRICTIONS REGISTER_ENABLE_RINGS ' +
    'REGISTER_FILES2 REGISTER_FILES_UPDATE2 REGISTER_BUFFERS2 REGISTER_BUFFERS_UPDATE ' +
    'REGISTER_IOWQ_AFF UNREGISTER_IOWQ_AFF REGISTER_IOWQ_MAX_WORKERS REGISTER_RING_FDS ' +
    'UNREGISTER_RING_FDS',
)
const mlockFlags = bits('MLOCK_', 'ONFAULT:1')
const mlockallFlags = bits('MCL_', 'CURRENT:1 FUTURE:2 ONFAULT:4')
const spliceFlags = bits('SPLICE_F_', 'MOVE:1 NONBLOCK:2 MORE:4 GIFT:8')
const lockOperations = bits('LOCK_', 'SH:1 EX:2 NB:4 UN:8 NONE:0')
const closeRangeFlags = bits('CLOSE_RANGE_', 'UNSHARE:2 CLOEXEC:4')
const deleteModuleFlags = bits('', 'O_NONBLOCK:800:2 O_TRUNC:200:1')
const moduleFlags = bits('MODULE_INIT_', 'IGNORE_MODVERSIONS:1 IGNORE_VERMAGIC:2 COMPRESSED_FILE:4')
/** Of calls that make a descriptor. */
const handleFlags = bits('O_', 'NONBLOCK:800:40 CLOEXEC:80000:1000 NONE:0')
/** Of what socket(2) calls its type. */
const socketFlags: Names = {
  text: (type) => handleFlags.text(type & 0x80800),
  number: (type) => handleFlags.number(type & 0x80800),
  parts: within(0x80800, handleFlags),
}
const pipeFlags = bits('O_', 'DIRECT:4000:200 NONBLOCK:800:40 CLOEXEC:80000:1000 NONE:0')
const epollFlags = bits('EPOLL_', 'CLOEXEC:80000:1')
const pidfdFlags = bits('PIDFD_', 'NONBLOCK:800:1')
const userfaultFlags = bits('', 'O_NONBLOCK:800 O_CLOEXEC:80000 UFFD_USER_MODE_ONLY:1')
const semaphoreFlags = bits('IPC_', 'EXCL:400:4000 CREAT:200:2000')

const whenceNames = counted('SEEK_', 'SET CUR END DATA HOLE')
const shutdownNames = counted('SHUT_', 'RD WR RDWR')
const resourceNames = counted(
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
const realtimeSignals = counted('SIGRTMIN+', Array.from({ length: 31 }, (_, i) => i).join(' '), 34)
const signalNames = either(plainSignals, realtimeSignals)

const bpfCommands = either(
  values('BPF_', 'PROG_TEST_RUN:a PROG_RUN:a'),
  counted(
    'BPF_',
    'MAP_CREATE MAP_LOOKUP_ELEM MAP_UPDATE_ELEM MAP_DELETE_ELEM MAP_GET_NEXT_KEY PROG_LOAD ' +
      'OBJ_PIN OBJ_GET PROG_ATTACH PROG_DETACH - PROG_GET_NEXT_ID MAP_GET_NEXT_ID ' +
      'PROG_GET_FD_BY_ID MAP_GET_FD_BY_ID OBJ_GET_INFO_BY_FD PROG_QUERY RAW_TRACEPOINT_OPEN ' +
      'BTF_LOAD BTF_GET_FD_BY_ID TASK_FD_QUERY MAP_LOOKUP_AND_DELETE_ELEM MAP_FREEZE ' +
      'BTF_GET_NEXT_ID MAP_LOOKUP_BATCH MAP_LOOKUP_AND_DELETE_BATCH MAP_UPDATE_BATCH ' +
      'MAP_DELETE_BATCH LINK_CREATE LINK_UPDATE LINK_GET_FD_BY_ID LINK_GET_NEXT_ID ENABLE_STATS ' +
      'ITER_CREATE LINK_DETACH PROG_BIND_MAP TOKEN_CREATE PROG_STREAM_READ_BY_FD',
  ),
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
const prctlOptions = either(prctlLow, prctlHigh)

const keyctlOperations = counted(
  'KEYCTL_',
  'GET_KEYRING_ID JOIN_SESSION_KEYRING UPDATE REVOKE CHOWN SETPERM DESCRIBE CLEAR LINK UNLINK ' +
    'SEARCH READ INSTANTIATE NEGATE SET_REQKEY_KEYRING SET_TIMEOUT ASSUME_AUTHORITY ' +
    'GET_SECURITY SESSION_TO_PARENT REJECT INSTANTIATE_IOV INVALIDATE GET_PERSISTENT ' +
    'DH_COMPUTE PKEY_QUERY PKEY_ENCRYPT PKEY_DECRYPT PKEY_SIGN PKEY_VERIFY RESTRICT_KEYRING ' +
    'MOVE CAPABILITIES WATCH_KEY',
)
const fcntlCommands = values(
  'F_',
  'DUPFD:0:1 GETFD:1:2 SETFD:2:3 GETFL:3:4 SETFL:4:5 GETLK:5:6 SETLK:6:8 SETLKW:7:9 SETOWN:8:a ' +
    'GETOWN:9:c SETSIG:a:d GETSIG:b:f SETOWN_EX:f:15 GETOWN_EX:10:16 SETLEASE:400:17 ' +
    'GETLEASE:401:18 CANCELLK:405:19 DUPFD_CLOEXEC:406:1a NOTIFY:402:1b SETPIPE_SZ:407:1c ' +
    'GETPIPE_SZ:408:1d OFD_GETLK:24:1e OFD_SETLK:25:1f OFD_SETLKW:26:20 ADD_SEALS:409:0 ' +
    'GET_SEALS:40a:0',
)
const fsconfigCommands = counted(
  'FSCONFIG_',
  'SET_FLAG SET_STRING SET_BINARY SET_PATH SET_PATH_EMPTY SET_FD CMD_CREATE CMD_RECONFIGURE',
)
const semaphoreCommands = values(
  '',
  'IPC_STAT:2:1 IPC_SET:1:2 IPC_RMID:0:4 IPC_INFO:3:8 SEM_INFO:13:10 SEM_STAT:12:20 GETALL:d:40 ' +
    'GETNCNT:e:80 GETPID:b:100 GETVAL:c:200 GETZCNT:f:400 SETALL:11:800 SETVAL:10:1000',
)
/** The command above the type, in the kernel's number. */
const quotaCommand = values(
  'Q_',
  'QUOTAON:800002:1 QUOTAOFF:800003:2 GETFMT:800004:4 GETINFO:800005:8 SETINFO:800006:10 ' +
    'GETQUOTA:800007:20 SETQUOTA:800008:40 SYNC:800001:80 XQUOTAON:5801:100 XQUOTAOFF:5802:200 ' +
    'XGETQUOTA:5803:400 XSETQLIM:5804:800 XGETQSTAT:5805:1000 XQUOTARM:5806:2000 ' +
    'XQUOTASYNC:5807:4000',
)
const quotaCommands: Names = {
  text: (value) => quotaCommand.text(value >>> 8),
  number: (value) => quotaCommand.number(value >>> 8),
  parts: undefined,
}
const quotaType = values('', 'USRQUOTA:0:1 GRPQUOTA:1:2')
const quotaTypes: Names = {
  text: (value) => quotaType.text(value & 0xff),
  number: (value) => quotaType.number(value & 0xff),
  parts: undefined,
}
/** Without a name of its own there is that of FUTEX_WAIT, which is 0. */
const futexOperations = bits(
  'FUTEX_',
  'CLOCK_REALTIME:100 PRIVATE_FLAG:80 CMP_REQUEUE_PI:c WAIT_REQUEUE_PI:b WAKE_BITSET:a ' +
    'WAIT_BITSET:9 TRYLOCK_PI:8 UNLOCK_PI:7 LOCK_PI:6 WAKE_OP:5 CMP_REQUEUE:4 REQUEUE:3 FD:2 ' +
    'WAKE:1 WAIT:0',
)

const socketLevels = values('SOL_', 'SOCKET:1:1 TCP:6:2')
/** Options of the level SOL_SOCKET, the only ones with names. */
const socketOptions = counted(
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
const personalityNames = bits(
  '',
  'UNAME26:20000 ADDR_NO_RANDOMIZE:40000 FDPIC_FUNCPTRS:80000 MMAP_PAGE_ZERO:100000 ' +
    'ADDR_COMPAT_LAYOUT:200000 READ_IMPLIES_EXEC:400000 ADDR_LIMIT_32BIT:800000 ' +
    'SHORT_INODE:1000000 WHOLE_SECONDS:2000000 STICKY_TIMEOUTS:4000000 ADDR_LIMIT_3GB:8000000',
)

/** AF_*; a number that has two names is told with both, as in Falco. */
const families = either(
  values('AF_', 'LOCAL:1 UNIX:1 ROUTE:10 NETLINK:10'),
  counted(
    'AF_',
    'UNSPEC - INET AX25 IPX APPLETALK NETROM BRIDGE ATMPVC X25 INET6 ROSE DECnet NETBEUI ' +
      'SECURITY KEY - PACKET ASH ECONET ATMSVC RDS SNA IRDA PPPOX WANPIPE LLC IB MPLS CAN TIPC ' +
      'BLUETOOTH IUCV RXRPC ISDN PHONET IEEE802154 CAIF ALG NFC VSOCK KCM QIPCRTR SMC XDP MCTP',
  ),
)

const ptraceRequests = values(
  'PTRACE_',
  'TRACEME:0:1 PEEKTEXT:1:2 PEEKDATA:2:3 PEEKUSR:3:4 POKETEXT:4:5 POKEDATA:5:6 POKEUSR:6:7 ' +
    'CONT:7:8 KILL:8:9 SINGLESTEP:9:a ATTACH:10:b DETACH:11:c SYSCALL:18:d SETOPTIONS:4200:e ' +
    'GETEVENTMSG:4201:f GETSIGINFO:4202:10 SETSIGINFO:4203:11 GETREGSET:4204:12 ' +
    'SETREGSET:4205:13 SEIZE:4206:14 INTERRUPT:4207:15 LISTEN:4208:16 PEEKSIGINFO:4209:17 ' +
    'GETSIGMASK:420a:18 SETSIGMASK:420b:19 GETREGS:c:1a SETREGS:d:1b GETFPREGS:e:1c ' +
    'SETFPREGS:f:1d GETFPXREGS:12:1e SETFPXREGS:13:1f OLDSETOPTIONS:15:20 ' +
    'GET_THREAD_AREA:19:21 SET_THREAD_AREA:1a:22 ARCH_PRCTL:1e:23 SYSEMU:1f:24 ' +
    'SYSEMU_SINGLESTEP:20:25 SINGLEBLOCK:21:26',
)

const hex = (bit: number): string => bit.toString(16)

/** Beside what was asked for: that the file was made, and which layer it is on. */
const openFacts = bits(
  '',
  `O_F_CREATED:${hex(FILE_CREATED)}:4000 FD_UPPER_LAYER:${hex(FILE_UPPER_LAYER)}:8000 ` +
    `FD_LOWER_LAYER:${hex(FILE_LOWER_LAYER)}:10000`,
)
const creatFacts = bits(
  'FD_',
  `UPPER_LAYER_CREAT:${hex(FILE_UPPER_LAYER)}:1 LOWER_LAYER_CREAT:${hex(FILE_LOWER_LAYER)}:2`,
)
/** Of a program that runs. */
const executableFlags = bits(
  'EXE_',
  `WRITABLE:${hex(FILE_WRITABLE)}:1 UPPER_LAYER:${hex(FILE_UPPER_LAYER)}:2 ` +
    `FROM_MEMFD:${hex(FILE_MEMFD)}:4 LOWER_LAYER:${hex(FILE_LOWER_LAYER)}:8`,
)

/** CAP_*, in the order of their bits. */
const capabilities: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
  'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO ' +
  'SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME ' +
  'SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG ' +
  'WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`)

/** Names of the numbers of a form of argument (`argumentForms`). */
const namesOfForm: Readonly<Record<string, Names | Readonly<Record<Machine, Names>> | undefined>> =
  {
    open: openFlags,
    handle: handleFlags,
    pipe: pipeFlags,
    epoll: epollFlags,
    pidfd: pidfdFlags,
    userfaultfd: userfaultFlags,
    clone: cloneFlags,
    at: atFlags,
    access: accessModes,
    umount: umountFlags,
    memfd: memfdFlags,
    mlock: mlockFlags,
    mlockall: mlockallFlags,
    lock: lockOperations,
    splice: spliceFlags,
    closerange: closeRangeFlags,
    delmodule: deleteModuleFlags,
    personality: personalityNames,
    futex: futexOperations,
    semget: semaphoreFlags,
    semctl: semaphoreCommands,
    ringenter: ringEnterFlags,
    ringregister: ringRegisters,
    quotacmd: quotaCommands,
    quotatype: quotaTypes,
    bpf: bpfCommands,
    family: families,
    fcntl: fcntlCommands,
    fsconfig: fsconfigCommands,
    keyctl: keyctlOperations,
    level: socketLevels,
    prctl: prctlOptions,
    resource: resourceNames,
    shutdown: shutdownNames,
    signal: signalNames,
    whence: whenceNames,
  }

/** Names of numbers, by what has them. */
export const callNames = {
  atFlags,
  capabilities,
  cloneFlags,
  creatFacts,
  executableFlags,
  families,
  mapFlags,
  modeBits,
  moduleFlags,
  mountFlags,
  moveMountFlags,
  namesOfForm,
  nodeMode,
  openFacts,
  openFlags,
  protectionFlags,
  ptraceRequests,
  renameFlags,
  ringFeatures,
  ringFlags,
  signalNames,
  socketFlags,
  socketOptions,
} as const

/**
 * The arguments of events as rules name them (`evt.arg.flags`), in their order (`evt.arg[1]`) and
 * in the text form that rules compare: names for flags, paths for descriptors.
 */
import {
  EventNumber,
  FILE_CREATED,
  FILE_LOWER_LAYER,
  FILE_MEMFD,
  FILE_UPPER_LAYER,
  dupOf,
  execFailedOf,
  fileFacts,
  headerOf,
  ioUringOf,
  linkOf,
  forkOf,
  listenOf,
  memoryOf,
  moduleOf,
  mountOf,
  openOf,
  ptraceOf,
  receiveOf,
  renameOf,
  sendOf,
  socketOf,
  symlinkOf,
  unlinkOf,
} from '@bulwark/schema'
import type { RecordView } from '@bulwark/schema'
import type { Argument, Read } from './argument.ts'
import { groupText, plainArgument, result, userText } from './argument.ts'
import { callArgumentsOf } from './call-arguments.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import type { NumberName } from './names-calls.ts'
import { callArgument } from './call-argument.ts'
import {
  atFlags,
  cloneFlags,
  mapFlags,
  ringFlags,
  moduleFlags,
  mountFlags,
  moveMountFlags,
  protectionFlags,
  renameFlags,
} from './names-calls.ts'
import { familyName, openFlagNames, ptraceName } from './names.ts'
import { resolvePath } from './paths.ts'
import { argsText } from './process.ts'

const executableFlags: Read = ({ process }) => {
  const flags = process.exeFlags ?? 0
  const names = [
    [FILE_UPPER_LAYER, 'EXE_UPPER_LAYER'],
    [FILE_MEMFD, 'EXE_FROM_MEMFD'],
    [FILE_LOWER_LAYER, 'EXE_LOWER_LAYER'],
  ] as const
  return names
    .filter(([bit]) => (flags & bit) !== 0)
    .map(([, name]) => name)
    .join('|')
}

/** Falco has a parameter there which no event carries; those after it keep their numbers. */
const absent = (name: string): Argument => ({ name, raw: () => undefined })

/** A descriptor: its number, and what is behind it. */
const descriptor = (name: string): Argument => ({
  name,
  raw: ({ descriptor: fd }) => (fd === undefined ? undefined : String(fd)),
  text: (event) => event.socket?.name ?? event.fileName,
})

const fd = descriptor('fd')
const tuple = plainArgument('tuple', (event) => event.socket?.name)

/** Flags and commands: the number, and its name. */
const named = (
  name: string,
  read: (event: LiveEvent) => number,
  text: (value: number) => string | undefined,
  radix: 10 | 16 = 16,
): Argument => ({
  name,
  raw: (event) => read(event).toString(radix).toUpperCase(),
  text: (event) => text(read(event)),
})

const hex = (name: string, read: (event: LiveEvent) => number | bigint): Argument =>
  plainArgument(name, (event) => read(event).toString(16).toUpperCase())

const decimal = (name: string, read: (event: LiveEvent) => number | bigint): Argument =>
  plainArgument(name, (event) => String(read(event)))

const payload = plainArgument('data', (event) => event.payload?.slice(0, limits.bufferBytes))
const messageBytes = plainArgument('size', ({ result: value }) =>
  value < 0 ? undefined : String(value),
)

const userOf: Argument = {
  name: 'uid',
  raw: ({ record }) => String(headerOf.euid(record)),
  text: (event, users) => userText(event, users, headerOf.euid(event.record)),
}
const groupOf: Argument = {
  name: 'gid',
  raw: ({ record }) => String(headerOf.egid(record)),
  text: (event, users) => groupText(event, users, headerOf.egid(event.record)),
}

const exec: readonly Argument[] = [
  result,
  plainArgument('exe', ({ process }) => process.exe),
  plainArgument('args', ({ process }) => argsText(process)),
  decimal('tid', ({ record }) => headerOf.tid(record)),
  { name: 'pid', raw: ({ process }) => String(process.pid), text: ({ process }) => process.comm },
  decimal('ptid', ({ process }) => process.parent?.pid ?? 0),
  plainArgument('cwd', ({ process }) => process.cwd),
  ...['fdlimit', 'pgft_maj', 'pgft_min', 'vm_size', 'vm_rss', 'vm_swap'].map(absent),
  plainArgument('comm', ({ process }) => process.comm),
  ...['cgroups', 'env'].map(absent),
  plainArgument('tty', ({ process }) => String(process.tty)),
  decimal('vpgid', ({ process }) => process.vpgid),
  absent('loginuid'),
  plainArgument('flags', executableFlags),
  hex('cap_inheritable', ({ record }) => headerOf.capInheritable(record)),
  hex('cap_permitted', ({ record }) => headerOf.capPermitted(record)),
  hex('cap_effective', ({ record }) => headerOf.capEffective(record)),
  ...['exe_ino', 'exe_ino_ctime', 'exe_ino_mtime'].map(absent),
  userOf,
  plainArgument('trusted_exepath', ({ process }) => process.exePath),
  absent('pgid'),
  groupOf,
  plainArgument('filename', ({ process }) => process.exePath),
]

/** What a failed exec asked for; the others are those of the process, which goes on as it was. */
const asked: Readonly<Record<string, Argument>> = {
  exe: plainArgument('exe', ({ record }) => argumentsOfFailed(record)[0]),
  args: plainArgument('args', ({ record }) => argumentsOfFailed(record).slice(1).join(' ')),
  filename: plainArgument('filename', ({ record: r }) =>
    resolvePath(execFailedOf.base(r), execFailedOf.rawPath(r)),
  ),
}

const argumentsOfFailed = (r: RecordView): readonly string[] =>
  execFailedOf.arguments(r).replace(/\0$/, '').split('\0')

const execFailed = exec.map((argument) => asked[argument.name] ?? argument)

const fileName = plainArgument('name', (event) => event.fileName)

/** Beside what was asked for: that the file was made, and which layer it is on. */
const openFacts = [
  [FILE_CREATED, 'O_F_CREATED'],
  [FILE_UPPER_LAYER, 'FD_UPPER_LAYER'],
  [FILE_LOWER_LAYER, 'FD_LOWER_LAYER'],
] as const
const openFlags: Argument = {
  name: 'flags',
  raw: ({ record }) => openOf.openFlags(record).toString(16).toUpperCase(),
  text: ({ record, machine }) => {
    const facts = fileFacts.fileFlags(record, openOf.fileAt)
    const names = openFacts.filter(([bit]) => (facts & bit) !== 0).map(([, name]) => name)
    return [openFlagNames(openOf.openFlags(record), machine), ...names].join('|')
  },
}
const openMode = plainArgument('mode', ({ record }) => `0${openOf.openMode(record).toString(8)}`)
const fileIdentity: readonly Argument[] = [
  hex('dev', ({ record }) => fileFacts.device(record, openOf.fileAt)),
  decimal('ino', ({ record }) => fileFacts.inode(record, openOf.fileAt)),
]
const dirfd = absent('dirfd')
const open: readonly Argument[] = [fd, fileName, openFlags, openMode, ...fileIdentity]

const oldPath = plainArgument('oldpath', (event) => event.oldPath)
const newPath = plainArgument('newpath', (event) => event.newPath)
const twoPaths: readonly Argument[] = [result, oldPath, newPath]
const callFlags = (read: (record: LiveEvent['record']) => number, text: NumberName): Argument =>
  named('flags', ({ record }) => read(record), text)

const target = plainArgument('target', ({ record }) => symlinkOf.oldPath(record))
const linkPath = plainArgument('linkpath', (event) => event.newPath)
const parameters = plainArgument('uargs', ({ record }) => moduleOf.parameters(record))

const fork: readonly Argument[] = [
  result,
  ...exec.slice(1, 15),
  named('flags', ({ record }) => Number(forkOf.cloneFlags(record)), cloneFlags),
  userOf,
  groupOf,
  decimal('vtid', ({ record }) => headerOf.vtid(record)),
  decimal('vpid', ({ record }) => headerOf.vpid(record)),
]

const mountFlag = (index: number, names: NumberName): Argument =>
  named('flags', ({ record }) => Number(callArgument(record, index)) >>> 0, names)

const protection = named('prot', ({ record }) => memoryOf.protection(record), protectionFlags)
const address = hex('addr', ({ record }) => memoryOf.address(record))
const bytes = decimal('length', ({ record }) => memoryOf.length(record))
const memorySizes = ['vm_size', 'vm_rss', 'vm_swap'].map(absent)

const byKind: Readonly<Record<number, readonly Argument[] | undefined>> = {
  [EventNumber.exec]: exec,
  [EventNumber.exec_failed]: execFailed,
  [EventNumber.fork]: fork,
  [EventNumber.open]: open,
  [EventNumber.unlink]: [result, plainArgument('path', (event) => event.newPath)],
  [EventNumber.rename]: twoPaths,
  [EventNumber.link]: twoPaths,
  [EventNumber.symlink]: [result, target, linkPath],
  [EventNumber.socket]: [
    decimal('fd', ({ result: value }) => value),
    named('domain', ({ record }) => socketOf.family(record), familyName, 10),
    decimal('type', ({ record }) => socketOf.type(record)),
    decimal('proto', ({ record }) => socketOf.protocol(record)),
  ],
  [EventNumber.connect]: [result, tuple, fd, plainArgument('addr', (event) => event.socket?.name)],
  [EventNumber.accept]: [fd, tuple],
  [EventNumber.listen]: [result, fd, decimal('backlog', ({ record }) => listenOf.backlog(record))],
  [EventNumber.send]: [
    result,
    payload,
    fd,
    messageBytes,
    tuple,
    hex('flags', ({ record }) => sendOf.messageFlags(record)),
  ],
  [EventNumber.receive]: [
    result,
    payload,
    tuple,
    fd,
    messageBytes,
    hex('flags', ({ record }) => receiveOf.messageFlags(record)),
  ],
  [EventNumber.io_uring]: [
    result,
    plainArgument('entries', ({ record }) => String(ioUringOf.entries(record))),
    plainArgument('sq_entries', ({ record }) => String(ioUringOf.submissionEntries(record))),
    plainArgument('cq_entries', ({ record }) => String(ioUringOf.completionEntries(record))),
    {
      name: 'flags',
      raw: ({ record }) => ioUringOf.setupFlags(record).toString(16).toUpperCase(),
      text: ({ record }) => ringFlags(ioUringOf.setupFlags(record)),
    },
    plainArgument('sq_thread_cpu', ({ record }) => String(ioUringOf.threadCpu(record))),
    plainArgument('sq_thread_idle', ({ record }) => String(ioUringOf.threadIdleMs(record))),
    hex('features', ({ record }) => ioUringOf.features(record)),
  ],
  [EventNumber.bind]: [result, plainArgument('addr', (event) => event.socket?.name), fd],
  [EventNumber.dup]: [
    result,
    decimal('oldfd', ({ record }) => dupOf.oldFd(record)),
    descriptor('newfd'),
  ],
  [EventNumber.mount]: [
    result,
    plainArgument('dev', ({ record }) => mountOf.source(record)),
    plainArgument('dir', (event) => event.mountTarget),
    plainArgument('type', ({ record: r }) => mountOf.typeHeard(r) || mountOf.type(r)),
    mountFlag(3, mountFlags),
    plainArgument('source', (event) => event.mountSource),
  ],
  [EventNumber.memory]: [result, address, bytes, protection],
  [EventNumber.ptrace]: [
    result,
    hex('addr', ({ record }) => ptraceOf.address(record)),
    hex('data', ({ record }) => ptraceOf.data(record)),
    named('request', ({ record }) => ptraceOf.request(record), ptraceName, 10),
    decimal('pid', ({ record }) => ptraceOf.targetVpid(record)),
  ],
  [EventNumber.module]: [
    result,
    absent('img'),
    decimal('length', ({ record }) => moduleOf.imageBytes(record)),
    parameters,
  ],
}

/** Calls that have other parameters than the first of their kind. */
const byType: Readonly<Record<string, readonly Argument[] | undefined>> = {
  openat: [fd, dirfd, fileName, openFlags, openMode, ...fileIdentity],
  openat2: [fd, dirfd, fileName, openFlags, openMode, absent('resolve'), ...fileIdentity],
  creat: [fd, fileName, openMode, ...fileIdentity, openFlags],
  open_by_handle_at: [
    fd,
    absent('mountfd'),
    openFlags,
    plainArgument('path', (event) => event.fileName),
    ...fileIdentity,
  ],
  pivot_root: [
    result,
    plainArgument('newpath', (event) => event.mountSource),
    plainArgument('oldpath', (event) => event.mountTarget),
  ],
  move_mount: [
    result,
    plainArgument('oldpath', (event) => event.mountSource),
    plainArgument('newpath', (event) => event.mountTarget),
    mountFlag(4, moveMountFlags),
  ],
  mmap: [
    result,
    ...memorySizes,
    address,
    bytes,
    protection,
    named('flags', ({ record }) => memoryOf.mapFlags(record), mapFlags),
    fd,
    decimal('offset', ({ record }) => memoryOf.offset(record)),
  ],
  unlinkat: [
    result,
    dirfd,
    plainArgument('name', (event) => event.newPath),
    callFlags(unlinkOf.callFlags, atFlags),
  ],
  renameat: [result, absent('olddirfd'), oldPath, absent('newdirfd'), newPath],
  renameat2: [
    result,
    absent('olddirfd'),
    oldPath,
    absent('newdirfd'),
    newPath,
    callFlags(renameOf.callFlags, renameFlags),
  ],
  linkat: [
    result,
    absent('olddir'),
    oldPath,
    absent('newdir'),
    newPath,
    callFlags(linkOf.callFlags, atFlags),
  ],
  symlinkat: [result, target, absent('linkdirfd'), linkPath],
  finit_module: [
    result,
    {
      name: 'fd',
      raw: ({ record }) => String(moduleOf.fd(record)),
      text: ({ record }) => moduleOf.path(record),
    },
    parameters,
    callFlags(moduleOf.callFlags, moduleFlags),
  ],
}

const shapes: ReadonlySet<number> = new Set([
  EventNumber.syscall,
  EventNumber.fd_call,
  EventNumber.path_call,
  EventNumber.name_call,
])

/** The arguments of an event, in order. */
export const argumentsOf = ({ kind, type }: LiveEvent): readonly Argument[] =>
  shapes.has(kind) ? callArgumentsOf(type) : (byType[type] ?? byKind[kind] ?? [])

/**
 * The arguments of events as rules name them (`evt.arg.flags`), in their order (`evt.arg[1]`) and
 * in the text form that rules compare. Names, order and forms are those of Falco's event table.
 */
import {
  EventNumber,
  callNames,
  dupOf,
  fileFacts,
  ioUringOf,
  linkOf,
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
import type { Names, RecordView } from '@bulwark/schema'
import type { Argument } from './argument.ts'
import {
  absent,
  bytes,
  decimal,
  descriptor,
  hex,
  named,
  octal,
  ownDescriptor,
  path,
  plainArgument,
  result,
  textOf,
} from './argument.ts'
import {
  chdirArguments,
  execArguments,
  exitArguments,
  failedExecArguments,
  fchdirArguments,
  forkArguments,
} from './arguments-process.ts'
import { callArgument } from './call-argument.ts'
import { callArgumentsOf } from './call-arguments.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import { opensToCreate } from './names.ts'

const {
  atFlags,
  creatFacts,
  families,
  mapFlags,
  moduleFlags,
  mountFlags,
  moveMountFlags,
  openFacts,
  openFlags,
  protectionFlags,
  ptraceRequests,
  renameFlags,
  ringFeatures,
  ringFlags,
  signalNames,
  socketFlags,
} = callNames

const fd = ownDescriptor('fd')
const dirfd = absent('dirfd')

/** Both ends of the socket. */
const tuple = plainArgument('tuple', (event) => event.socket?.name)
/** The end that the call names: of this machine, or of the other. */
const localEnd = plainArgument('addr', ({ socket }) => socket?.localName)
const remoteEnd = plainArgument('addr', ({ socket }) => socket?.remoteName)

const payload = bytes('data', (event) => event.payload?.slice(0, limits.bufferBytes))
const messageBytes = decimal('size', (event) => (event.result < 0 ? undefined : event.result))

type ReadFlags = (record: RecordView) => number | bigint
const flags = (name: string, read: ReadFlags, names: Names): Argument =>
  named(name, ({ record }) => read(record), names)

const factsOf = (record: RecordView): number => fileFacts.fileFlags(record, openOf.fileAt)
const asked = ({ record }: LiveEvent): number => openOf.openFlags(record)
const openValue = (event: LiveEvent): number =>
  openFlags[event.machine].number(asked(event)) | openFacts.number(factsOf(event.record))
const openFlagsAsked: Argument = {
  name: 'flags',
  raw: (event) => String(openValue(event)),
  text: (event) => {
    const words = textOf(openFlags[event.machine], asked(event))
    const facts = textOf(openFacts, factsOf(event.record))
    return words === undefined || facts === undefined ? (words ?? facts) : `${words}|${facts}`
  },
  value: openValue,
}
const openMode = octal('mode', (event) =>
  event.type === 'creat' || opensToCreate(asked(event)) ? openOf.openMode(event.record) : 0,
)
const fileName = path(
  'name',
  ({ record }) => openOf.rawPath(record),
  (event) => event.fileName,
)
const fileIdentity: readonly Argument[] = [
  hex('dev', ({ record }) => fileFacts.device(record, openOf.fileAt)),
  decimal('ino', ({ record }) => fileFacts.inode(record, openOf.fileAt)),
]

const oldPath = path(
  'oldpath',
  // A rename and a link have the same members.
  ({ record }) => renameOf.oldPath(record),
  (event) => event.oldPath,
)
const newPath = path(
  'newpath',
  ({ record }) => renameOf.newPath(record),
  (event) => event.newPath,
)
const twoPaths: readonly Argument[] = [result, oldPath, newPath]
const removed = (name: string): Argument =>
  path(
    name,
    ({ record }) => unlinkOf.rawPath(record),
    (event) => event.newPath,
  )

const target = plainArgument('target', ({ record }) => symlinkOf.oldPath(record))
const linkPath = path(
  'linkpath',
  ({ record }) => symlinkOf.newPath(record),
  (event) => event.newPath,
)
const parameters = plainArgument('uargs', ({ record }) => moduleOf.parameters(record))

const mountSource = (name: string): Argument =>
  path(
    name,
    ({ record }) => mountOf.source(record),
    (event) => event.mountSource,
  )
const mountTarget = (name: string): Argument =>
  path(
    name,
    ({ record }) => mountOf.target(record),
    (event) => event.mountTarget,
  )

const protection = flags('prot', memoryOf.protection, protectionFlags)
const address = hex('addr', ({ record }) => memoryOf.address(record))
const length = decimal('length', ({ record }) => memoryOf.length(record))
const memorySizes = ['vm_size', 'vm_rss', 'vm_swap'].map(absent)

const oldDescriptor = descriptor('oldfd', ({ record }) => dupOf.oldFd(record))
const newDescriptor = descriptor('newfd', ({ record }) => dupOf.newFd(record))
const madeDescriptor = ownDescriptor('res')

/** What goes on with a signal. */
const resumes: ReadonlySet<string> = new Set(
  'PTRACE_CONT PTRACE_SINGLESTEP PTRACE_DETACH PTRACE_SYSCALL'.split(' '),
)
const isResume = (record: RecordView): boolean =>
  resumes.has(ptraceRequests.text(ptraceOf.request(record)) ?? '')
const traceData: Argument = {
  ...hex('data', ({ record }) => ptraceOf.data(record)),
  text: ({ record, result: value }) =>
    value >= 0 && isResume(record) ? signalNames.text(Number(ptraceOf.data(record))) : undefined,
}

const sent = [fd, messageBytes, tuple, hex('flags', ({ record }) => sendOf.messageFlags(record))]
const received = hex('flags', ({ record }) => receiveOf.messageFlags(record))
const control = absent('msgcontrol')
const queue = ['queuepct', 'queuelen', 'queuemax'].map(absent)

const byKind: Readonly<Record<number, readonly Argument[] | undefined>> = {
  [EventNumber.exec]: execArguments,
  [EventNumber.exec_failed]: failedExecArguments,
  [EventNumber.fork]: forkArguments,
  [EventNumber.exit]: exitArguments,
  [EventNumber.chdir]: chdirArguments,
  [EventNumber.open]: [fd, fileName, openFlagsAsked, openMode, ...fileIdentity],
  [EventNumber.unlink]: [result, removed('path')],
  [EventNumber.rename]: twoPaths,
  [EventNumber.link]: twoPaths,
  [EventNumber.symlink]: [result, target, linkPath],
  [EventNumber.socket]: [
    fd,
    flags('domain', socketOf.family, families),
    decimal('type', ({ record }) => socketOf.type(record)),
    decimal('proto', ({ record }) => socketOf.protocol(record)),
    flags('flags', socketOf.type, socketFlags),
  ],
  [EventNumber.connect]: [result, tuple, fd, remoteEnd],
  [EventNumber.accept]: [fd, tuple, ...queue],
  [EventNumber.listen]: [result, fd, decimal('backlog', ({ record }) => listenOf.backlog(record))],
  [EventNumber.send]: [result, payload, ...sent],
  [EventNumber.receive]: [result, payload, tuple, fd, messageBytes, received],
  [EventNumber.io_uring]: [
    result,
    decimal('entries', ({ record }) => ioUringOf.entries(record)),
    decimal('sq_entries', ({ record }) => ioUringOf.submissionEntries(record)),
    decimal('cq_entries', ({ record }) => ioUringOf.completionEntries(record)),
    flags('flags', ioUringOf.setupFlags, ringFlags),
    decimal('sq_thread_cpu', ({ record }) => ioUringOf.threadCpu(record)),
    decimal('sq_thread_idle', ({ record }) => ioUringOf.threadIdleMs(record)),
    flags('features', ioUringOf.features, ringFeatures),
  ],
  [EventNumber.bind]: [result, localEnd, fd],
  [EventNumber.dup]: [madeDescriptor, oldDescriptor, newDescriptor],
  [EventNumber.mount]: [
    result,
    plainArgument('dev', ({ record }) => mountOf.source(record)),
    mountTarget('dir'),
    plainArgument('type', ({ record: r }) => mountOf.typeHeard(r) || mountOf.type(r)),
    named('flags', ({ record }) => callArgument(record, 3), mountFlags),
    mountSource('source'),
  ],
  [EventNumber.memory]: [result, address, length, protection],
  [EventNumber.ptrace]: [
    result,
    hex('addr', ({ record }) => ptraceOf.address(record)),
    traceData,
    flags('request', ptraceOf.request, ptraceRequests),
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
  fchdir: fchdirArguments,
  openat: [fd, dirfd, fileName, openFlagsAsked, openMode, ...fileIdentity],
  openat2: [fd, dirfd, fileName, openFlagsAsked, openMode, absent('resolve'), ...fileIdentity],
  creat: [
    fd,
    fileName,
    openMode,
    ...fileIdentity,
    flags('creat_flags', factsOf, creatFacts),
    openFlagsAsked,
  ],
  open_by_handle_at: [
    fd,
    absent('mountfd'),
    openFlagsAsked,
    plainArgument('path', (event) => event.fileName),
    ...fileIdentity,
  ],
  accept4: [fd, tuple, ...queue, absent('flags')],
  dup: [madeDescriptor, oldDescriptor],
  dup3: [madeDescriptor, oldDescriptor, newDescriptor, absent('flags')],
  sendmmsg: [result, fd, messageBytes, payload, tuple, ...sent.slice(3)],
  recvmsg: [result, messageBytes, payload, tuple, control, fd, received],
  recvmmsg: [result, fd, messageBytes, payload, tuple, control, received],
  recv: [result, payload, fd, messageBytes, tuple, received],
  pivot_root: [result, mountSource('newpath'), mountTarget('oldpath')],
  move_mount: [
    result,
    mountSource('oldpath'),
    mountTarget('newpath'),
    named('flags', ({ record }) => callArgument(record, 4), moveMountFlags),
  ],
  mmap: [
    result,
    ...memorySizes,
    address,
    length,
    protection,
    flags('flags', memoryOf.mapFlags, mapFlags),
    fd,
    decimal('offset', ({ record }) => memoryOf.offset(record)),
  ],
  unlinkat: [result, dirfd, removed('name'), flags('flags', unlinkOf.callFlags, atFlags)],
  renameat: [result, absent('olddirfd'), oldPath, absent('newdirfd'), newPath],
  renameat2: [
    result,
    absent('olddirfd'),
    oldPath,
    absent('newdirfd'),
    newPath,
    flags('flags', renameOf.callFlags, renameFlags),
  ],
  linkat: [
    result,
    absent('olddir'),
    oldPath,
    absent('newdir'),
    newPath,
    flags('flags', linkOf.callFlags, atFlags),
  ],
  symlinkat: [result, target, absent('linkdirfd'), linkPath],
  finit_module: [
    result,
    {
      ...decimal('fd', ({ record }) => moduleOf.fd(record)),
      text: ({ record }) => `<f>${moduleOf.path(record)}`,
    },
    parameters,
    flags('flags', moduleOf.callFlags, moduleFlags),
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

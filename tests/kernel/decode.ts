/**
 * Event records as plain objects, by the generated accessors: what a test compares with. The
 * members have their accessors' names; the groups `exe`, `file` and `socket` are objects.
 */
import type { RecordView } from '@bulwark/schema'
import {
  acceptOf,
  bindOf,
  callArguments,
  cgroupOf,
  chdirOf,
  connectOf,
  dupOf,
  execFailedOf,
  execOf,
  exitOf,
  fdCallOf,
  fileFacts,
  fileUsedOf,
  forkOf,
  headerOf,
  ioUringOf,
  linkOf,
  listenOf,
  memoryOf,
  moduleOf,
  mountOf,
  nameCallOf,
  openOf,
  pathCallOf,
  ptraceOf,
  receiveOf,
  renameOf,
  sendOf,
  socketFacts,
  socketOf,
  symlinkOf,
  syscallOf,
  unlinkOf,
} from '@bulwark/schema'

const accessors = {
  exec: execOf,
  exec_failed: execFailedOf,
  fork: forkOf,
  exit: exitOf,
  cgroup: cgroupOf,
  chdir: chdirOf,
  comm: {},
  open: openOf,
  unlink: unlinkOf,
  rename: renameOf,
  link: linkOf,
  symlink: symlinkOf,
  socket: socketOf,
  connect: connectOf,
  accept: acceptOf,
  listen: listenOf,
  send: sendOf,
  dup: dupOf,
  ptrace: ptraceOf,
  module: moduleOf,
  receive: receiveOf,
  bind: bindOf,
  io_uring: ioUringOf,
  syscall: syscallOf,
  fd_call: fdCallOf,
  path_call: pathCallOf,
  name_call: nameCallOf,
  mount: mountOf,
  memory: memoryOf,
  file_used: fileUsedOf,
} as const

/** Name of a kind of event. */
export type Kind = keyof typeof accessors

type Reader = (r: RecordView) => unknown
type GroupReader = (r: RecordView, from: number) => unknown
type Values<Accessors> = {
  readonly [
    Name in keyof Accessors as Accessors[Name] extends number ? never : Name
  ]: Accessors[Name] extends (r: RecordView, from: number) => infer Value ? Value : never
}
const groupReaders = {
  callAt: callArguments,
  socketAt: socketFacts,
  exeAt: fileFacts,
  fileAt: fileFacts,
} as const
type Groups<Accessors> = {
  readonly [
    Name in keyof Accessors as Name extends `${infer Group}At` ? Group : never
  ]: Name extends keyof typeof groupReaders ? Values<(typeof groupReaders)[Name]> : never
}

/** An event of one kind. */
export type Recorded<K extends Kind = Kind> = K extends Kind
  ? { readonly name: K } & Values<typeof headerOf> &
      Values<(typeof accessors)[K]> &
      Groups<(typeof accessors)[K]>
  : never

const read = (
  r: RecordView,
  of: Readonly<Record<string, number | Reader>>,
): Record<string, unknown> => {
  const values: Record<string, unknown> = {}
  for (const [name, accessor] of Object.entries(of)) {
    if (typeof accessor === 'function') {
      values[name] = accessor(r)
      continue
    }
    const facts: Readonly<Record<string, GroupReader>> =
      groupReaders[name as keyof typeof groupReaders]
    values[name.slice(0, -'At'.length)] = Object.fromEntries(
      Object.entries(facts).map(([fact, reader]) => [fact, reader(r, accessor)]),
    )
  }
  return values
}

/** A copy of the current record, which `checkRecord` has passed. */
export const decode = (r: RecordView, name: string): Recorded => {
  const kind = name as Kind
  return { name: kind, ...read(r, headerOf), ...read(r, accessors[kind]) } as unknown as Recorded
}

/** Accessors of `proc.*`, `thread.*`, `user.*` and `group.*`. */
import {
  FILE_LOWER_LAYER,
  FILE_MEMFD,
  FILE_UPPER_LAYER,
  FILE_WRITABLE,
  headerOf,
} from '@bulwark/schema'
import type { FieldValue, Scalar } from '@bulwark/schema'
import { hostScope, nameScopeOf } from '../argument.ts'
import { limits } from '../limits.ts'
import type { LiveEvent } from '../live-event.ts'
import { capabilityNames } from '../names.ts'
import type { Capabilities, Process } from '../process.ts'
import { argsText, commandLine } from '../process.ts'
import type { NameScope, Users } from '../users.ts'
import type { Accessor, AccessorTable, MakeAccessor } from './reader.ts'
import { plain } from './reader.ts'

type ReadProcess = (process: Process) => FieldValue

const own =
  (read: ReadProcess): MakeAccessor =>
  () =>
  (event) =>
    read(event.process)

const ofParent =
  (read: ReadProcess): MakeAccessor =>
  () =>
  (event) =>
    event.process.parent ? read(event.process.parent) : undefined

/** Ancestor `level` above a process; 0 is the process. */
const ancestor = (process: Process, level: number): Process | undefined => {
  let found: Process | undefined = process
  for (let i = 0; i < level && found; i++) found = found.parent
  return found
}

/** `[n]`: the n-th ancestor. Without it: all of them, the process itself not among them. */
const ofAncestors =
  (read: ReadProcess): MakeAccessor =>
  (argument) => {
    if (typeof argument === 'number') {
      return (event) => {
        const found = ancestor(event.process, Math.min(argument, limits.ancestorsMax))
        return found ? read(found) : undefined
      }
    }
    return (event) => {
      const values: Scalar[] = []
      let at = event.process.parent
      for (let i = 0; at && i < limits.ancestorsMax; i++, at = at.parent) {
        const value = read(at)
        if (value !== undefined) values.push(value as Scalar)
      }
      return values
    }
  }

/** Text that an unknown process does not have. */
const known = (text: string): string | undefined => (text === '' ? undefined : text)

/** A pure function of a text that keeps its last answer: siblings have much in common. */
const keepingLast = (make: (text: string) => string): ((text: string) => string) => {
  let last = ''
  let made = make(last)
  return (text) => {
    if (text !== last) {
      made = make(text)
      last = text
    }
    return made
  }
}

const withSlash = keepingLast((path) => `${path}/`)
const withBlanks = keepingLast((variables) => variables.replaceAll('\0', ' '))

const environmentText = ({ environment }: Process): string | undefined =>
  environment === undefined ? undefined : withBlanks(environment)

/** The value of a variable, without the blanks around it; empty when it has none, as in Falco. */
const variable = ({ environment }: Process, name: string): string | undefined =>
  environment
    ?.split('\0')
    .find((each) => each.startsWith(`${name}=`) && each.length > name.length + 1)
    ?.slice(name.length + 1)
    .replace(/^ +| +$/g, '') ?? (environment === undefined ? undefined : '')

const ownEnvironment: MakeAccessor = (argument) =>
  typeof argument === 'string'
    ? ({ process }) => variable(process, argument)
    : ({ process }) => environmentText(process)

/** Of a variable: what the nearest ancestor that has it says. */
const ancestorEnvironment: MakeAccessor = (argument, surroundings) => {
  if (typeof argument !== 'string') return ofAncestors(environmentText)(argument, surroundings)
  return ({ process }) => {
    let at = process.parent
    let found: string | undefined
    for (let i = 0; at && i < limits.ancestorsMax && !found; i++, at = at.parent) {
      found = variable(at, argument) ?? found
    }
    return found
  }
}

const exeFlag =
  (bit: number): MakeAccessor =>
  () =>
  ({ process }) =>
    process.exeFlags === undefined ? undefined : (process.exeFlags & bit) !== 0

const nanoseconds = (value: number | bigint): FieldValue =>
  value === 0 || value === 0n ? undefined : value

const asScalar = (value: bigint): number | bigint =>
  value <= Number.MAX_SAFE_INTEGER ? Number(value) : value

const wallTime = (event: LiveEvent, bootNs: number | bigint): number | bigint =>
  asScalar(BigInt(bootNs) + event.wallOffsetNs)

const since = (event: LiveEvent, startNs: number | bigint): number | bigint =>
  asScalar(BigInt(headerOf.timeNs(event.record)) - BigInt(startNs))

const changeToStart: Accessor = (event) => {
  const { exeCtimeNs, startNs } = event.process
  if (exeCtimeNs === 0) return undefined
  const gap = BigInt(startNs) + event.wallOffsetNs - BigInt(exeCtimeNs)
  return gap < 0n ? undefined : asScalar(gap)
}

const fromHeader = (read: (event: LiveEvent) => FieldValue): MakeAccessor => plain(read)

const named =
  (lookUp: (users: Users, scope: NameScope, event: LiveEvent) => string): MakeAccessor =>
  (_, { users }) =>
  (event) =>
    lookUp(users, nameScopeOf(event), event)

const noLogin = 0xffff_ffff

/**
 * Of a session or group: its leader, or the oldest ancestor that is in it when the leader has
 * ended; empty when there is none.
 */
const leader =
  (group: (process: Process) => number, read: (process: Process) => string): MakeAccessor =>
  () =>
  ({ process }) => {
    const wanted = group(process)
    let oldest: Process | undefined
    let at: Process | undefined = process
    for (let i = 0; at && i < limits.ancestorsMax && group(at) === wanted; i++, at = at.parent) {
      if (at.pid === wanted) return read(at)
      if (at !== process) oldest = at
    }
    return oldest === undefined ? '' : read(oldest)
  }

const session = ({ sid }: Process): number => sid
const group = ({ pgid }: Process): number => pgid

const ancestorArguments: MakeAccessor = (argument, surroundings) => {
  const read = ofAncestors(argsText)(argument, surroundings)
  if (argument !== undefined) return read
  return (event) => {
    const all = read(event) as readonly string[]
    const text = all.reduce((before, each) => (before === '' ? each : `${before} ${each}`), '')
    return text === '' ? undefined : text
  }
}

/** The oldest of the process and its ancestors that is called like a shell. */
const loginShell: Accessor = ({ process }) => {
  let found: number | undefined
  let at: Process | undefined = process
  for (let i = 0; at && i < limits.ancestorsMax; i++, at = at.parent) {
    if (at.comm.endsWith('sh')) found = at.pid
  }
  return found
}

/** Another user namespace gives every right in it; what counts is what one had before. */
const hasNewRights = ({ type, result }: LiveEvent): boolean =>
  (type === 'unshare' || type === 'setns') && result === 0

const capability = (
  name: keyof Capabilities,
  fromRecord: (record: LiveEvent['record']) => number | bigint,
): MakeAccessor =>
  fromHeader((event) => {
    const { capabilities } = event.process
    const set = hasNewRights(event) && capabilities ? capabilities[name] : fromRecord(event.record)
    return capabilityNames(set)
  })

/** Falco's word for a user or group that no file names; root needs none. */
const orNone = (found: string, id: number, ofRoot = 'root'): string =>
  found || (id === 0 ? ofRoot : '<NA>')

export const processAccessors: AccessorTable = {
  'proc.exe': own((p) => known(p.exe)),
  'proc.pexe': ofParent((p) => known(p.exe)),
  'proc.aexe': ofAncestors((p) => p.exe),
  'proc.exepath': own((p) => known(p.exePath)),
  'proc.pexepath': ofParent((p) => known(p.exePath)),
  'proc.aexepath': ofAncestors((p) => p.exePath),
  'proc.name': fromHeader((event) => event.comm),
  'proc.pname': ofParent((p) => p.comm),
  'proc.aname': ofAncestors((p) => p.comm),
  'proc.args': (argument) =>
    typeof argument === 'number'
      ? ({ process }) => process.args[argument] ?? ''
      : ({ process }) => argsText(process),
  'proc.aargs': ancestorArguments,
  'proc.cmdline': own(commandLine),
  'proc.pcmdline': ofParent(commandLine),
  'proc.acmdline': ofAncestors(commandLine),
  'proc.cmdnargs': own((p) => p.args.length),
  'proc.cmdlenargs': own((p) => p.args.reduce((sum, each) => sum + each.length, 0)),
  'proc.exeline': own((p) => (p.args.length === 0 ? p.exe : `${p.exe} ${argsText(p)}`)),
  'proc.env': ownEnvironment,
  'proc.aenv': ancestorEnvironment,
  'proc.cwd': own(({ cwd }) => (cwd === '' || cwd === '/' ? known(cwd) : withSlash(cwd))),
  'proc.tty': own((p) => p.tty),
  'proc.pid': own((p) => p.pid),
  'proc.ppid': fromHeader((event) => headerOf.ppid(event.record)),
  'proc.apid': ofAncestors((p) => p.pid),
  'proc.vpid': fromHeader((event) => headerOf.vpid(event.record)),
  'proc.pvpid': ofParent((p) => p.vpid),
  'proc.sid': own((p) => p.sid),
  'proc.sname': leader(session, (p) => p.comm),
  'proc.sid.exe': leader(session, (p) => p.exe),
  'proc.sid.exepath': leader(session, (p) => p.exePath),
  'proc.loginshellid': plain(loginShell),
  'proc.vpgid': own((p) => p.vpgid),
  'proc.vpgid.name': leader(group, (p) => p.comm),
  'proc.vpgid.exe': leader(group, (p) => p.exe),
  'proc.vpgid.exepath': leader(group, (p) => p.exePath),
  'proc.pgid': own((p) => p.pgid),
  'proc.pgid.name': leader(group, (p) => p.comm),
  'proc.pgid.exe': leader(group, (p) => p.exe),
  'proc.pgid.exepath': leader(group, (p) => p.exePath),
  'proc.duration': plain((event) => since(event, event.process.startNs)),
  'proc.ppid.duration': plain((event) =>
    event.process.parent ? since(event, event.process.parent.startNs) : undefined,
  ),
  'proc.pid.ts': plain((event) => wallTime(event, event.process.startNs)),
  'proc.ppid.ts': plain((event) =>
    event.process.parent ? wallTime(event, event.process.parent.startNs) : undefined,
  ),
  'proc.is_exe_writable': exeFlag(FILE_WRITABLE),
  'proc.is_exe_upper_layer': exeFlag(FILE_UPPER_LAYER),
  'proc.is_exe_lower_layer': exeFlag(FILE_LOWER_LAYER),
  'proc.is_exe_from_memfd': exeFlag(FILE_MEMFD),
  'proc.is_sid_leader': own((p) => p.sid === p.pid),
  'proc.is_vpgid_leader': own((p) => p.vpgid === p.vpid),
  'proc.is_pgid_leader': own((p) => p.pgid === p.pid),
  'proc.is_daemonized': own((p) => p.daemonized),
  'proc.is_started_on_host': own((p) => p.startedOnHost),
  'proc.is_exec_by_thread': own((p) => p.byThread),
  'proc.exepath_before': own((p) => (p.exePathBefore === '' ? undefined : p.exePathBefore)),
  'proc.is_cwd_outside_root': own((p) => p.cwdOutside),
  'proc.exe_ino': own((p) => nanoseconds(p.exeInode)),
  'proc.exe_ino.ctime': own((p) => nanoseconds(p.exeCtimeNs)),
  'proc.exe_ino.mtime': own((p) => nanoseconds(p.exeMtimeNs)),
  'proc.exe_ino.ctime_duration_proc_start': plain(changeToStart),
  'proc.exe_ino.ctime_duration_pidns_start': plain((event) => {
    const { namespaceStartNs, exeCtimeNs } = event.process
    if (exeCtimeNs === 0 || BigInt(namespaceStartNs) === 0n) return undefined
    const gap = BigInt(namespaceStartNs) + event.wallOffsetNs - BigInt(exeCtimeNs)
    return gap < 0n ? undefined : asScalar(gap)
  }),
  'proc.pidns_init_start_ts': plain((event) => {
    const { namespaceStartNs } = event.process
    return BigInt(namespaceStartNs) === 0n ? undefined : wallTime(event, namespaceStartNs)
  }),
  'thread.cap_permitted': capability('permitted', headerOf.capPermitted),
  'thread.cap_inheritable': capability('inheritable', headerOf.capInheritable),
  'thread.cap_effective': capability('effective', headerOf.capEffective),
  'thread.tid': fromHeader((event) => headerOf.tid(event.record)),
  'thread.nametid': fromHeader((e) => `${headerOf.comm(e.record)}${headerOf.tid(e.record)}`),
  'thread.ismain': fromHeader((e) => headerOf.tid(e.record) === headerOf.pid(e.record)),
  'thread.vtid': fromHeader((event) => headerOf.vtid(event.record)),
  'user.uid': fromHeader((event) => headerOf.euid(event.record)),
  'user.name': named((users, scope, { record }) => {
    const uid = headerOf.euid(record)
    return orNone(users.user(scope, uid), uid)
  }),
  'user.homedir': named((users, scope, { record }) => {
    const uid = headerOf.euid(record)
    return orNone(users.home(scope, uid), uid, '/root')
  }),
  'user.shell': named((users, scope, { record }) =>
    orNone(users.shell(scope, headerOf.euid(record)), 0, '<NA>'),
  ),
  'user.loginuid': fromHeader((event) => {
    const uid = headerOf.loginUid(event.record)
    return uid === noLogin ? -1 : uid
  }),
  'user.loginname': named((users, _, { record }) => {
    const uid = headerOf.loginUid(record)
    return uid === noLogin ? '<NA>' : orNone(users.user(hostScope, uid), uid)
  }),
  'group.gid': fromHeader((event) => headerOf.egid(event.record)),
  'group.name': named((users, scope, { record }) => {
    const gid = headerOf.egid(record)
    return orNone(users.group(scope, gid), gid)
  }),
}

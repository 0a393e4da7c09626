/** Arguments of events of processes: exec, fork, exit, and a new working directory. */
import { callNames, chdirOf, execFailedOf, exitOf, forkOf, headerOf } from '@bulwark/schema'
import type { RecordView } from '@bulwark/schema'
import type { Argument, ReadNumber } from './argument.ts'
import {
  absent,
  actingGroup,
  actingUser,
  bytes,
  decimal,
  errno,
  hex,
  named,
  plainArgument,
  result,
  user,
} from './argument.ts'
import type { LiveEvent } from './live-event.ts'
import { resolvePath } from './paths.ts'
import type { Process } from './process.ts'
import { dateParts, zoneText } from './time.ts'

const { cloneFlags, executableFlags, signalNames } = callNames

const ofProcess = (name: string, read: (process: Process) => number | bigint): Argument =>
  decimal(name, ({ process }) => read(process))

/** A thread or process, and its name. */
const task = (name: string, read: ReadNumber, of: (event: LiveEvent) => Process | undefined) => ({
  ...decimal(name, read),
  text: (event: LiveEvent) => of(event)?.comm || undefined,
})

/** A time since 1970, on the clock of this machine. */
const time = (name: string, read: (process: Process) => number | bigint): Argument => ({
  name,
  raw: ({ process }) => {
    const ns = BigInt(read(process))
    if (ns === 0n) return undefined
    const { date, time: text } = dateParts(ns)
    return `${date} ${text} ${zoneText(ns)}`
  },
  value: ({ process }) => read(process),
})

const sizes = ['fdlimit', 'pgft_maj', 'pgft_min', 'vm_size', 'vm_rss', 'vm_swap'].map(absent)

const inFront = (args: Argument): readonly Argument[] => [
  result,
  plainArgument('exe', ({ process }) => process.exe),
  args,
  task(
    'tid',
    ({ record }) => headerOf.tid(record),
    ({ process }) => process,
  ),
  task(
    'pid',
    ({ process }) => process.pid,
    ({ process }) => process,
  ),
  task(
    'ptid',
    ({ process }) => process.parent?.pid ?? 0,
    ({ process }) => process.parent,
  ),
  plainArgument('cwd', ({ process }) => process.cwd),
  ...sizes,
  plainArgument('comm', ({ process }) => process.comm),
  absent('cgroups'),
]

const withEnds = (args: readonly string[]): string => args.map((each) => `${each}\0`).join('')
const processArgs = bytes('args', ({ process }) => withEnds(process.args))

/** execveat has all but the last. */
const execveat: readonly Argument[] = [
  ...inFront(processArgs),
  bytes('env', ({ process: { environment } }) => environment),
  ofProcess('tty', ({ tty }) => tty),
  ofProcess('vpgid', ({ vpgid }) => vpgid),
  user('loginuid', ({ record }) => headerOf.loginUid(record)),
  named('flags', ({ process }) => process.exeFlags ?? 0, executableFlags),
  hex('cap_inheritable', ({ record }) => headerOf.capInheritable(record)),
  hex('cap_permitted', ({ record }) => headerOf.capPermitted(record)),
  hex('cap_effective', ({ record }) => headerOf.capEffective(record)),
  ofProcess('exe_ino', ({ exeInode }) => exeInode),
  time('exe_ino_ctime', ({ exeCtimeNs }) => exeCtimeNs),
  time('exe_ino_mtime', ({ exeMtimeNs }) => exeMtimeNs),
  actingUser,
  plainArgument('trusted_exepath', ({ process }) => process.exePath),
  ofProcess('pgid', ({ pgid }) => pgid),
  actingGroup,
]

export const execArguments: readonly Argument[] = [
  ...execveat,
  plainArgument('filename', ({ process }) => process.exePath),
]

const argumentsOfFailed = (r: RecordView): readonly string[] =>
  execFailedOf.arguments(r).replace(/\0$/, '').split('\0')

/** What a failed exec asked for; the others are those of the process, which goes on as it was. */
const asked: Readonly<Record<string, Argument>> = {
  exe: plainArgument('exe', ({ record }) => argumentsOfFailed(record)[0]),
  args: bytes('args', ({ record }) => withEnds(argumentsOfFailed(record).slice(1))),
  filename: plainArgument('filename', ({ record: r }) =>
    resolvePath(execFailedOf.base(r), execFailedOf.rawPath(r)),
  ),
}

export const failedExecArguments: readonly Argument[] = execArguments.map(
  (argument) => asked[argument.name] ?? argument,
)

export const forkArguments: readonly Argument[] = [
  ...inFront(processArgs),
  named('flags', ({ record }) => Number(forkOf.cloneFlags(record)), cloneFlags),
  decimal('uid', ({ record }) => headerOf.euid(record)),
  decimal('gid', ({ record }) => headerOf.egid(record)),
  decimal('vtid', ({ record }) => headerOf.vtid(record)),
  decimal('vpid', ({ record }) => headerOf.vpid(record)),
  absent('pidns_init_start_ts'),
]

const status: ReadNumber = ({ record }) => exitOf.exitCode(record)

/** The parts of a status as wait(2) gives it. */
export const exitArguments: readonly Argument[] = [
  errno('status', status),
  errno('ret', (event) => (Number(status(event)) >>> 8) & 0xff),
  named('sig', (event) => Number(status(event)) & 0x7f, signalNames),
  decimal('core', (event) => (Number(status(event)) >>> 7) & 1),
  absent('reaper_tid'),
]

const newDirectory = plainArgument('path', ({ record }) => chdirOf.cwd(record))
export const chdirArguments: readonly Argument[] = [result, newDirectory]
export const fchdirArguments: readonly Argument[] = [result, absent('fd'), newDirectory]

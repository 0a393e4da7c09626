/** One process as the agent knows it. Text is byte strings (see `FieldType`). */
import type { Ancestry, Program } from './ancestry.ts'
import type { KeptAnswers } from './subjects.ts'

/** Bits CAP_*. */
export interface Capabilities {
  readonly effective: number | bigint
  readonly permitted: number | bigint
  readonly inheritable: number | bigint
}

/** Times are nanoseconds since boot unless the name says otherwise. */
export interface Process {
  readonly pid: number
  /** Start of the process; with `pid` its identity. */
  startNs: number | bigint
  /** False when only the 10 ms that /proc gives are known. */
  startExact: boolean
  vpid: number
  comm: string
  /** argv[0], then the rest. */
  exe: string
  args: readonly string[]
  /** Its variables, NUL between them; `undefined` when no rule asks for it, or not known. */
  environment: string | undefined
  exePath: string
  cwd: string
  /** Its working directory is not below its root directory. */
  cwdOutside: boolean
  cgroupId: number | bigint
  tty: number
  pgid: number
  vpgid: number
  sid: number
  loginUid: number
  exeInode: number | bigint
  /** Nanoseconds since 1970; 0 when not known. */
  exeCtimeNs: number | bigint
  exeMtimeNs: number | bigint
  /** Start of the first process of its pid name space; 0 when not known. */
  namespaceStartNs: number | bigint
  /** FILE_* bits of the executable; `undefined` when it was not seen to start. */
  exeFlags: number | undefined
  /** When it became its program, or as it was found; `undefined` when not known. */
  capabilities: Capabilities | undefined
  /** Some text of it was cut, by name of the member. */
  truncated: readonly string[]
  /** It became its program in the pid name space of the host. */
  startedOnHost: boolean
  /** Another thread than its first called the execve by which it became its program. */
  byThread: boolean
  /** The executable that it had until then; of a new process, that of its maker. '': not known. */
  exePathBefore: string
  parent: Process | undefined
  /** The process that made it, and the session in which that one became its program; 0: unknown. */
  makerPid: number
  makerSid: number
  /** Its maker began a session of its own, ran no other program in it, and has ended. */
  daemonized: boolean
  /** The last doubt of the table after which it was seen again: see `ProcessTable.doubt`. */
  checked: number
  /** Joined once, when a rule first asks. */
  argsText: string | undefined
  /** Others have, or had, it as their parent: what changes of it changes their ancestors. */
  isParent: boolean
  /** `exe`, `args` and what else an exec says, as one: see `programOf`. */
  program: Program | undefined
  /** As it was when `ProcessTable.lineage` was `ancestryAt`: `Ancestries` makes it. */
  ancestry: Ancestry | undefined
  ancestryAt: number
  /** What rules have found of it: see `subjects.ts`. */
  answers: KeptAnswers | undefined
}

/** A process of which only its pid and start are known. */
export const unknownProcess = (pid: number, startNs: number | bigint): Process => ({
  pid,
  startNs,
  startExact: true,
  vpid: pid,
  comm: '',
  exe: '',
  args: [],
  environment: undefined,
  exePath: '',
  cwd: '',
  cwdOutside: false,
  cgroupId: 0,
  tty: 0,
  pgid: 0,
  vpgid: 0,
  sid: 0,
  loginUid: 0xffff_ffff,
  exeInode: 0,
  exeCtimeNs: 0,
  exeMtimeNs: 0,
  namespaceStartNs: 0,
  exeFlags: undefined,
  capabilities: undefined,
  truncated: [],
  startedOnHost: false,
  byThread: false,
  exePathBefore: '',
  parent: undefined,
  makerPid: 0,
  makerSid: 0,
  daemonized: false,
  checked: 0,
  argsText: undefined,
  isParent: false,
  program: undefined,
  ancestry: undefined,
  ancestryAt: 0,
  answers: undefined,
})

/** The arguments after argv[0], joined with spaces. */
export const argsText = (process: Process): string => (process.argsText ??= process.args.join(' '))

/** Name and arguments. */
export const commandLine = (process: Process): string =>
  process.args.length === 0 ? process.comm : `${process.comm} ${argsText(process)}`

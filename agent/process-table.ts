/**
 * The processes of the machine, by pid. Filled from /proc once, then kept by fork, exec and exit
 * events; every other event checks and heals the entry of its process. A pid alone is never
 * trusted: its start time says which process it means.
 *
 * Children keep a link to their parent's entry after it ended, until one of their own events
 * says that they have another parent. So a chain of ancestors is never longer than it was.
 */
import type { RecordView, TextLength } from '@bulwark/schema'
import {
  RECORD_AS_MADE,
  RECORD_BY_THREAD,
  RECORD_OUTSIDE_ROOT,
  chdirOf,
  execOf,
  fileFacts,
  forkOf,
  headerOf,
} from '@bulwark/schema'
import { Programs, programOf } from './ancestry.ts'
import { BoundedMap } from './bounded.ts'
import type { Counters } from './counters.ts'
import { limits } from './limits.ts'
import type { Outside } from './outside.ts'
import { machine } from './outside.ts'
import type { Process } from './process.ts'
import { unknownProcess } from './process.ts'
import type { ProcEntry } from './procfs.ts'
import { listPids, pidsQuestion, processQuestion, readProcess, sameStart } from './procfs.ts'

/** Reads one process from where the operating system shows it; `undefined` when it is gone. */
export type ReadProcess = (pid: number, environment: boolean) => ProcEntry | undefined

export class ProcessTable {
  readonly #byPid: BoundedMap<number, Process>
  readonly #programs = new Programs()
  readonly #counters: Counters
  readonly #read: (pid: number) => ReturnType<ReadProcess>
  /** Cgroup id of a path that /proc gave. */
  readonly #cgroupIdOf: (path: string) => number | bigint
  /** Whether the kernel side will tell a process when something is told of it. */
  readonly #isHeld: (pid: number) => boolean
  #doubts = 0
  /** Since when every move of a process is told. */
  #movesSinceNs = 0
  /** Of the last fork that was told late, a child that was read from /proc. */
  #readLate: Process | undefined
  #lineage = 0
  /** Not in /proc at the last look. */
  #missing: ReadonlySet<Process> = new Set()
  /** Environments are read, too. */
  #environment: boolean

  constructor(
    counters: Counters,
    read: ReadProcess,
    cgroupIdOf: (path: string) => number | bigint,
    environment = false,
    isHeld: (pid: number) => boolean = () => false,
  ) {
    this.#isHeld = isHeld
    this.#counters = counters
    this.#environment = environment
    this.#read = (pid) => read(pid, this.#environment)
    this.#cgroupIdOf = cgroupIdOf
    this.#byPid = new BoundedMap(limits.processesMax, () => counters.evictedProcesses++)
  }

  get size(): number {
    return this.#byPid.size
  }

  /** Another number whenever something changed of a process that is the ancestor of others. */
  get lineage(): number {
    return this.#lineage
  }

  /** Something changed of a process that rules may ask for. */
  #changed(process: Process): void {
    process.answers = undefined
    process.ancestry = undefined
    if (process.isParent) this.#lineage++
  }

  /** Ties a process to its parent. */
  #tie(process: Process, parent: Process | undefined): void {
    if (process.parent === parent) return
    process.parent = parent
    if (parent) parent.isParent = true
    this.#changed(process)
  }

  /** The entry of a pid, whichever process that is now. */
  get(pid: number): Process | undefined {
    return this.#byPid.get(pid)
  }

  /** Fills the table with `pids`, parents linked. Call it after the hooks are attached. */
  start(pids: readonly number[]): void {
    const parents = new Map<Process, number>()
    for (const pid of pids) {
      const entry = this.#read(pid)
      if (!entry) continue
      this.#adopt(entry)
      parents.set(entry.process, entry.ppid)
    }
    for (const [process, ppid] of parents) this.#tie(process, this.#byPid.get(ppid))
  }

  /** Reads the environments of processes that are there already, and of those to come. */
  readEnvironments(): void {
    this.#environment = true
    for (const process of this.#byPid.values()) {
      if (process.environment !== undefined) continue
      const now = this.#read(process.pid)?.process
      if (!now || !sameStart(process.startNs, now.startNs)) continue
      process.environment = now.environment
      this.#changed(process)
    }
  }

  #adopt(entry: ProcEntry): void {
    if (entry.cgroupPath !== undefined) {
      entry.process.cgroupId = this.#cgroupIdOf(entry.cgroupPath)
    }
    entry.process.checked = this.#doubts
    this.#byPid.set(entry.process.pid, entry.process)
  }

  /** The process that an event is of, brought up to what the event's header says. */
  of(r: RecordView): Process {
    const pid = headerOf.pid(r)
    const startNs = headerOf.startNs(r)
    const process = this.#known(pid, startNs) ?? this.#heal(pid, startNs, r)
    process.cgroupId = headerOf.cgroupId(r)
    const ppid = headerOf.ppid(r)
    if (process.parent?.pid !== ppid) this.#tie(process, this.#parent(ppid, process))
    if (process.checked !== this.#doubts) this.#review(process, r)
    return process
  }

  /**
   * Records of processes were lost: what is known of each may be out of date. It is read again with
   * the next event of the process, and that of its parents with it.
   */
  doubt(): void {
    this.#doubts++
  }

  /**
   * Moves of processes were not told until then: where each is now is in doubt, also of those of
   * which only their beginning is told later.
   */
  seeMoves(sinceNs: number): void {
    this.#movesSinceNs = sinceNs
    this.doubt()
  }

  /** What `checked` is of a process that a record says something of which was so at a time. */
  #checkedAt(timeNs: number | bigint, checked = this.#doubts): number {
    return timeNs < this.#movesSinceNs ? inDoubt : checked
  }

  #review(process: Process, r: RecordView): void {
    process.checked = this.#doubts
    const now = this.#read(process.pid)?.process
    // One that has ended, and that nobody has waited for yet, has no program any more.
    const isThere = now && now.exePath !== '' && sameStart(process.startNs, now.startNs)
    if (isThere) this.#renew(process, now)
    else if (headerOf.tid(r) === process.pid && headerOf.comm(r) !== process.comm) {
      // It ended, and had another name at last: most likely it had become another program.
      becomeUnknown(process)
      this.#changed(process)
    }
    if (process.parent) this.#tie(process, this.#reviewAbove(process.parent, process))
  }

  /** A parent that is still the one it was, or the one that has its pid now. */
  #reviewAbove(above: Process, child: Process, levels: number = limits.ancestorsMax): Process {
    if (above.checked === this.#doubts || levels === 0) return above
    above.checked = this.#doubts
    const entry = this.#read(above.pid)
    if (!entry) return above // It ended, and was the parent until then.
    if (!sameStart(above.startNs, entry.process.startNs)) {
      if (!isOlder(entry.process, child)) return above
      this.#adopt(entry)
      this.#tie(entry.process, this.#parent(entry.ppid, entry.process, levels - 1))
      return entry.process
    }
    if (entry.process.exePath !== '') this.#renew(above, entry.process)
    if (above.parent) this.#tie(above, this.#reviewAbove(above.parent, above, levels - 1))
    return above
  }

  /** Takes over what /proc says, unless it is what the table knows better. */
  #renew(process: Process, now: Process): void {
    process.cwd = now.cwd === '' ? process.cwd : now.cwd
    this.#changed(process)
    const isSame =
      process.exePath === now.exePath &&
      process.exe === now.exe &&
      process.args.length === now.args.length &&
      process.args.every((each, i) => each === now.args[i])
    if (isSame) return
    this.#counters.healedProcesses++
    const { pid: _, startNs, startExact, vpid, cgroupId, parent, checked } = process
    const { makerPid, makerSid, isParent } = process
    const own = { startNs, startExact, vpid, cgroupId, parent, checked }
    const kept = { ...own, makerPid, makerSid, isParent }
    Object.assign(process, now, kept)
  }

  /**
   * Compares the table with the processes that there are now: reads those that it does not know
   * and that the kernel side does not hold back, or not since the last doubt, and drops those that
   * are gone, because their end was lost. The end may also be waiting in the ring: so only what is
   * missing twice is dropped.
   *
   * @param pids  of the processes that there are now
   * @returns what was read again and what was dropped
   */
  sweep(pids: readonly number[]): { readonly read: number; readonly dropped: number } {
    const live = new Set(pids)
    const missing = new Set<Process>()
    let dropped = 0
    for (const process of this.#byPid.values()) {
      if (live.has(process.pid)) continue
      if (this.#missing.has(process)) {
        this.#byPid.delete(process.pid)
        dropped++
      } else missing.add(process)
    }
    this.#missing = missing
    this.#counters.sweptProcesses += dropped
    const behind = pids.filter((pid) => {
      const known = this.#byPid.get(pid)
      return known ? known.checked !== this.#doubts : !this.#isHeld(pid)
    })
    const reads = behind.slice(0, limits.sweepReadsMax)
    for (const pid of reads) this.#readAgain(pid)
    return { read: reads.length, dropped }
  }

  #readAgain(pid: number): void {
    const entry = this.#read(pid)
    if (!entry) return
    const known = this.#byPid.get(pid)
    if (known && sameStart(known.startNs, entry.process.startNs)) {
      known.checked = this.#doubts
      if (entry.process.exePath !== '') this.#renew(known, entry.process)
      return
    }
    this.#counters.healedProcesses++
    this.#adopt(entry)
    this.#tie(entry.process, this.#parent(entry.ppid, entry.process))
  }

  #isSame(process: Process, startNs: number | bigint): boolean {
    if (process.startExact) return process.startNs === startNs
    if (!sameStart(startNs, process.startNs)) return false
    process.startNs = startNs
    process.startExact = true
    return true
  }

  /** The entry of a process, if it is there. */
  #known(pid: number, startNs: number | bigint): Process | undefined {
    const known = this.#byPid.get(pid)
    return known && this.#isSame(known, startNs) ? known : undefined
  }

  /** A process as /proc has it, if it is still there. */
  #readAs(pid: number, startNs: number | bigint): Process | undefined {
    this.#counters.healedProcesses++
    const process = this.#read(pid)?.process
    return process && sameStart(startNs, process.startNs) ? process : undefined
  }

  #heal(pid: number, startNs: number | bigint, r: RecordView): Process {
    this.#counters.healedProcesses++
    const entry = this.#read(pid)
    if (entry && sameStart(startNs, entry.process.startNs)) {
      entry.process.startNs = startNs
      entry.process.startExact = true
      this.#adopt(entry)
      return entry.process
    }
    const process = unknownProcess(pid, startNs)
    process.checked = this.#doubts
    process.comm = headerOf.comm(r)
    process.vpid = headerOf.vpid(r)
    process.loginUid = headerOf.loginUid(r)
    this.#byPid.set(pid, process)
    return process
  }

  /** A parent; one that is not known is read, with those above it up to one that is. */
  #parent(ppid: number, child: Process, levels: number = limits.ancestorsMax): Process | undefined {
    const known = this.#byPid.get(ppid)
    if (known && isOlder(known, child)) return known
    if (ppid === 0 || levels === 0) return undefined
    const entry = this.#read(ppid)
    if (!entry || !isOlder(entry.process, child)) return undefined
    this.#counters.healedProcesses++
    this.#adopt(entry)
    this.#tie(entry.process, this.#parent(entry.ppid, entry.process, levels - 1))
    return entry.process
  }

  /** A fork event: the child starts as a copy of the process that made it. */
  fork(r: RecordView, maker: Process): void {
    maker.isParent = true
    const child = childOf(maker, r)
    child.checked = this.#checkedAt(child.startNs, maker.checked)
    this.#byPid.set(child.pid, child)
  }

  /**
   * A fork that is told late (RECORD_HELD), because something is told of the child: its maker may
   * be another program by now. Then the child is read from /proc, and what it was made as follows
   * if the kernel side knows it.
   */
  lateFork(r: RecordView): void {
    const makerPid = headerOf.pid(r)
    const maker = this.#known(makerPid, headerOf.startNs(r))
    const pid = forkOf.childPid(r)
    const startNs = forkOf.childStartNs(r)
    const isCopy = maker !== undefined && !isFlagged(r, RECORD_AS_MADE)
    const copy = isCopy ? maker : (this.#readAs(pid, startNs) ?? unknownProcess(pid, startNs))
    const made = childOf(copy, r)
    if (!isCopy)
      Object.assign(made, { parent: undefined, makerPid, makerSid: 0, checked: this.#doubts })
    else made.checked = this.#checkedAt(startNs, maker.checked)
    this.#readLate = isCopy ? undefined : made
    const child = this.#known(pid, startNs)
    if (child) {
      // Somebody was quicker, and it was read from /proc; others may be tied to it.
      Object.assign(child, made, { isParent: child.isParent })
      this.#changed(child)
    } else this.#byPid.set(pid, made)
    const ppid = headerOf.ppid(r)
    const own = child ?? made
    this.#tie(own, maker?.pid === ppid ? maker : this.#parent(ppid, own))
    if (maker) maker.isParent = true
  }

  /** An exec that is told late; or what the process was made as, when its fork was told late. */
  lateExec(r: RecordView): void {
    const pid = headerOf.pid(r)
    const startNs = headerOf.startNs(r)
    // Else its fork was lost. Its parent here is that of the time: its fork has told a later one.
    const process = this.#known(pid, startNs) ?? this.#heal(pid, startNs, r)
    if (!process.parent) this.#tie(process, this.#parent(headerOf.ppid(r), process))
    const { comm, vpid, namespaceStartNs, cwd, cwdOutside } = process
    // What was read is what it is now.
    if (this.#readLate?.pid === pid) process.exePath = ''
    this.#readLate = undefined
    this.exec(r, process)
    // Nobody had asked for it yet.
    if (this.#environment) process.environment ??= this.#readAs(pid, startNs)?.environment
    if (!isFlagged(r, RECORD_AS_MADE)) {
      process.cgroupId = headerOf.cgroupId(r)
      return
    }
    Object.assign(process, {
      comm,
      vpid,
      namespaceStartNs,
      makerSid: process.sid,
      daemonized: false,
    })
    // Its maker had moved since it became that program.
    if (execOf.cwdLength(r).trueBytes === undefined) Object.assign(process, { cwd, cwdOutside })
  }

  /** An exec event: the process is another program from here on. */
  exec(r: RecordView, process: Process): void {
    const exeAt = execOf.exeAt
    const program = this.#programs.of(
      execOf.arguments(r),
      execOf.exePath(r),
      fileFacts.fileFlags(r, exeAt),
      execOf.tty(r),
    )
    process.checked = this.#checkedAt(headerOf.timeNs(r))
    process.comm = headerOf.comm(r)
    process.vpid = headerOf.vpid(r)
    process.startedOnHost = process.vpid === process.pid
    process.loginUid = headerOf.loginUid(r)
    process.program = program
    process.exe = program.exe
    process.args = program.args
    process.argsText = undefined
    process.environment = environmentOf(r)
    process.byThread = isFlagged(r, RECORD_BY_THREAD)
    process.exePathBefore = process.exePath
    process.exePath = program.exePath
    process.cwd = execOf.cwd(r)
    process.cwdOutside = isOutside(r)
    process.tty = program.tty
    process.pgid = execOf.pgid(r)
    process.vpgid = execOf.vpgid(r)
    process.sid = execOf.sid(r)
    process.daemonized = isDaemonized(r, process)
    process.exeInode = fileFacts.inode(r, exeAt)
    process.exeCtimeNs = execOf.exeCtimeNs(r)
    process.exeMtimeNs = execOf.exeMtimeNs(r)
    process.exeFlags = program.exeFlags
    process.namespaceStartNs = execOf.namespaceStartNs(r)
    process.capabilities = {
      effective: headerOf.capEffective(r),
      permitted: headerOf.capPermitted(r),
      inheritable: headerOf.capInheritable(r),
    }
    process.truncated = truncatedTexts(r)
    this.#changed(process)
  }

  /** A chdir event. */
  moved(r: RecordView, process: Process): void {
    process.cwd = chdirOf.cwd(r)
    process.cwdOutside = isOutside(r)
    this.#changed(process)
  }

  /** A process is called what its main thread is called; that can change at any time. */
  named(r: RecordView, process: Process): void {
    if (headerOf.tid(r) !== process.pid) return
    const comm = headerOf.comm(r)
    if (process.comm === comm) return
    process.comm = comm
    this.#changed(process)
  }

  /** An exit event: the last thread of the process has ended. */
  exit(process: Process): void {
    if (this.#byPid.get(process.pid) === process) this.#byPid.delete(process.pid)
  }
}

/** What `Process.checked` is where there is doubt of one process alone. */
const inDoubt = -1

/** CLONE_NEWPID. */
const newPidSpace = 0x20000000
/** CLONE_PARENT: the child is a sibling of its maker. */
const sameParent = 0x8000

/** What a fork makes of its maker. It is called like the thread that made it. */
const childOf = (maker: Process, r: RecordView): Process => ({
  ...maker,
  comm: headerOf.comm(r),
  pid: forkOf.childPid(r),
  startNs: forkOf.childStartNs(r),
  startExact: true,
  vpid: forkOf.childVpid(r),
  // The first of a new one is that process itself.
  namespaceStartNs:
    (Number(forkOf.cloneFlags(r)) & newPidSpace) === 0
      ? maker.namespaceStartNs
      : forkOf.childStartNs(r),
  cgroupId: forkOf.childCgroupId(r),
  parent: (Number(forkOf.cloneFlags(r)) & sameParent) === 0 ? maker : maker.parent,
  makerPid: maker.pid,
  makerSid: maker.sid,
  daemonized: false,
  isParent: false,
  program: programOf(maker),
  ancestry: undefined,
  answers: undefined,
})

const isFlagged = (r: RecordView, flag: number): boolean => (headerOf.flags(r) & flag) !== 0

const isOutside = (r: RecordView): boolean => isFlagged(r, RECORD_OUTSIDE_ROOT)

/** By fork, setsid and fork again; nothing tells setsid, so the session is that of the exec. */
const isDaemonized = (r: RecordView, { sid, makerPid, makerSid }: Process): boolean =>
  makerPid !== 0 &&
  makerSid !== 0 &&
  sid === makerPid &&
  makerSid !== makerPid &&
  headerOf.ppid(r) !== makerPid

/** A parent is there before its child: what has its pid and is younger is another process. */
const isOlder = (parent: Process, child: Process): boolean =>
  parent.startNs <= child.startNs || sameStart(parent.startNs, child.startNs)

/** Whatever it is now, it is not what it was. */
const becomeUnknown = (process: Process): void => {
  const { exe, args, environment, exePath, exeInode, exeCtimeNs, exeMtimeNs, exeFlags, truncated } =
    unknownProcess(process.pid, process.startNs)
  const own = { exe, args, environment, exePath, exeInode, exeCtimeNs, exeMtimeNs, exeFlags }
  Object.assign(process, own, { truncated, argsText: undefined, program: undefined })
}

/** Without the NUL behind the last text, where there is one. */
const withoutEnd = (texts: string): string =>
  texts.charCodeAt(texts.length - 1) === 0 ? texts.slice(0, -1) : texts

const environmentOf = (r: RecordView): string | undefined =>
  execOf.environmentLength(r).trueBytes === undefined
    ? undefined
    : withoutEnd(execOf.environment(r))

const nothing: readonly string[] = []

const isCut = ({ trueBytes, storedBytes }: TextLength): boolean => trueBytes !== storedBytes

const truncatedTexts = (r: RecordView): readonly string[] => {
  const environment = execOf.environmentLength(r)
  const isWhole =
    !isCut(execOf.exePathLength(r)) &&
    !isCut(execOf.cwdLength(r)) &&
    !isCut(execOf.argumentsLength(r)) &&
    (environment.trueBytes === undefined || !isCut(environment))
  return isWhole ? nothing : namesOfCut(r)
}

const namesOfCut = (r: RecordView): readonly string[] => {
  const lengths = {
    exe_path: execOf.exePathLength(r),
    cwd: execOf.cwdLength(r),
    arguments: execOf.argumentsLength(r),
    environment: execOf.environmentLength(r),
  }
  return Object.entries(lengths)
    .filter(([name, { trueBytes, storedBytes }]) => {
      const isAskedFor = name !== 'environment' || trueBytes !== undefined
      return isAskedFor && trueBytes !== storedBytes
    })
    .map(([name]) => name)
}

/**
 * A table over the machine's /proc, filled.
 *
 * @param environment  some rule asks for the environment of programs
 * @param isHeld       whether the kernel side will tell a process when something is told of it
 */
export const startProcessTable = (
  counters: Counters,
  cgroupIdOf: (path: string) => number | bigint,
  environment: boolean,
  outside: Outside = machine,
  root = '/proc',
  isHeld?: (pid: number) => boolean,
): ProcessTable => {
  const read = (pid: number, wanted: boolean): ProcEntry | undefined =>
    outside.ask(processQuestion, pid, () => readProcess(root, pid, wanted))
  const table = new ProcessTable(counters, read, cgroupIdOf, environment, isHeld)
  table.start(outside.ask(pidsQuestion, '', () => listPids(root)) ?? [])
  return table
}

/**
 * From one record to its alerts: tables, rules. It knows no kernel: the records may lie in the
 * ring or in a capture, and what it must know beside them it asks `Outside`. So a replay gives what
 * the sensor gave. Everything goes through `onRecord`, in the order in which the kernel saw it;
 * what is learned between two records is told to it (`tell`).
 */
import type { IpAddress, Machine } from '@bulwark/schema'
import {
  EventNumber,
  KeptTexts,
  RECORD_COMPAT,
  RECORD_HELD,
  RecordView,
  cgroupOf,
  checkRecord,
  eventKinds,
  fileUsedOf,
  headerOf,
  ownEventTypes,
  syscallsByNumber,
} from '@bulwark/schema'
import type { Rule, Steps } from '@bulwark/policy'
import { fieldsOfOutput, holdsOnFailure } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import type { Cgroups } from './container/cgroups.ts'
import { rootCgroup } from './container/cgroups.ts'
import { nameScopeOf } from './argument.ts'
import type { Container } from './container/container.ts'
import type { PodChanges } from './container/pod.ts'
import type { Folding } from './fold.ts'
import { AlertFolds } from './fold.ts'
import type { ContainerCgroup, OnCgroup } from './container/container-table.ts'
import { ContainerTable } from './container/container-table.ts'
import type { Counters } from './counters.ts'
import { newCounters } from './counters.ts'
import type { RuleMatching } from './engine.ts'
import { Engine } from './engine.ts'
import { limits } from './limits.ts'
import { LiveEvent } from './live-event.ts'
import type { ShedReport } from './flood.ts'
import { ShedAlerts, shedsState } from './flood.ts'
import { LossAlerts, anyCall, keepsTable } from './loss.ts'
import { noteOutbound } from './network/outbound.ts'
import type { Outside, Told } from './outside.ts'
import { typesOf } from './network/payload.ts'
import type { ProcessTable } from './process-table.ts'
import { startProcessTable } from './process-table.ts'
import { cgroupsOfQuestion, readCgroupsOf } from './procfs.ts'
import { bundleInArguments } from './container/runtime-files.ts'
import { Rehearsal } from './rehearsal.ts'
import { Sockets } from './network/sockets.ts'
import type { FileUse } from './usage/index.ts'
import { Users } from './users.ts'

/** Hooks whose losses hide files that run. */
const tellsUsage: ReadonlySet<string> = new Set(['file_used', anyCall])

/** What a pipeline works on. */
export interface PipelineOptions {
  /** The memory that the offsets of `onRecord` mean; the same for as long as it lives. */
  readonly data: DataView
  /** Where the records are from. */
  readonly machine: Machine
  readonly hostname: string
  readonly rules: readonly Rule[]
  readonly matching: RuleMatching
  /** Equal alerts that become one; none when not said. */
  readonly folding?: Folding | undefined
  readonly outside: Outside
  /** The hierarchies of cgroups in which containers are looked for. */
  readonly cgroups: Cgroups
  /** Asks the runtime of a container; the answer is told, some time. */
  readonly askRuntime?: (id: string, whole: boolean) => void
  /** What a cgroup is, whenever that is found out, and when it is gone. */
  readonly onCgroup?: OnCgroup
  /** Something else is known of a container than before. */
  readonly onKnown?: (container: Container) => void
  /** A file runs in a container; and some that do may not have been told: of one, or of all. */
  readonly onFileUsed?: (container: Container, use: FileUse) => void
  readonly onFilesMissed?: (container: Container | undefined) => void
  /** Wall time minus time since boot, nanoseconds. */
  readonly wallOffsetNs: bigint
  /** Read the environment of programs, whether a rule asks for it or not. */
  readonly environment?: boolean
  /** Looks names of users up when their container is first seen, and not when a rule asks: for a
   * capture, or because a process may be gone by then. */
  readonly namesAhead?: boolean
  /** Whether the kernel side holds a process back that has this pid; it does not when not said. */
  readonly isHeld?: (pid: number) => boolean
  /** Called when the rules are compiled, before the tables are filled. */
  readonly beforeTables?: () => void
  /** Addresses of a host name that rules compare with. */
  readonly resolve: (hostname: string) => () => ReadonlySet<IpAddress>
  readonly onAlert: (alert: Alert) => void
  readonly log: (line: string) => void
}

/**
 * The types of events that some rule can match; `all` when one restricts nothing. A rule that says
 * only what it is not about (`evt.type != open`) means no more of the others than one that says
 * nothing: those that have a kind of their own.
 */
export const wantedTypes = (rules: readonly Rule[]): ReadonlySet<string> | 'all' => {
  const wanted = new Set<string>()
  for (const rule of rules) {
    const types = typesOf(rule)
    if (types === 'all') return 'all'
    const isBroad = types.size > limits.namedTypesMax
    for (const type of types) if (!isBroad || ownEventTypes.has(type)) wanted.add(type)
  }
  return wanted
}

/** Whether some rule asks for the environment of programs, in its condition or its output. */
export const asksForEnvironment = (rules: readonly Rule[]): boolean =>
  rules
    .flatMap(({ fields, output }) => [...fields, ...fieldsOfOutput(output)])
    .some(({ field }) => field.name === 'proc.env' || field.name === 'proc.aenv')

/** Whether some rule can hold on an exec that failed; one that asks for success cannot. */
export const wantsFailedExecs = (rules: readonly Rule[]): boolean =>
  rules.some(({ eventTypes, condition }) =>
    ['execve', 'execveat'].some(
      (type) => (eventTypes === 'all' || eventTypes.has(type)) && holdsOnFailure(condition, type),
    ),
  )

/** Names of system calls by number; and of events that are none, by kind. */
const eventNames = (
  machine: Machine,
): { bySyscall: readonly (string | undefined)[]; byKind: string[] } => {
  const bySyscall = syscallsByNumber[machine]
  const byKind: string[] = []
  for (const { kind, types } of eventKinds) byKind[kind] = types[0] ?? ''
  return { bySyscall, byKind }
}

export class Pipeline {
  readonly counters: Counters = newCounters()
  /** How many of the events seen were of each kind, by its number. */
  readonly eventsByKind = new Float64Array(Math.max(...eventKinds.map(({ kind }) => kind)) + 1)
  readonly #log: (line: string) => void
  readonly #outside: Outside
  readonly #event: LiveEvent
  readonly #record: RecordView
  readonly #processes: ProcessTable
  readonly #containers: ContainerTable
  readonly #onFileUsed: PipelineOptions['onFileUsed']
  readonly #onFilesMissed: (container: Container | undefined) => void
  readonly #users: Users
  readonly #lossAlerts: LossAlerts
  readonly #shedAlerts: ShedAlerts
  readonly #folds: AlertFolds
  readonly #names: ReturnType<typeof eventNames>
  readonly #namesAhead: boolean
  readonly #rehearsal: Rehearsal
  /** Made once: every event has it at hand, and few need it. */
  readonly #cgroupsOf = (pid: number): string | undefined =>
    this.#outside.ask(cgroupsOfQuestion, pid, () => readCgroupsOf('/proc', pid))
  readonly #engineFor: (rules: readonly Rule[]) => Engine
  #engine: Engine
  #environment: boolean
  #wallOffsetNs: bigint

  /** Compiles the rules, then fills the tables. Records may collect already, and come after it. */
  constructor(options: PipelineOptions) {
    const { data, outside, log, rules, matching, hostname, resolve, onAlert } = options
    this.#log = log
    this.#outside = outside
    this.#wallOffsetNs = options.wallOffsetNs
    this.#namesAhead = options.namesAhead ?? false
    this.#names = eventNames(options.machine)
    this.#rehearsal = new Rehearsal(options.machine)
    const memory = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const byteString = (start: number, end: number): string => memory.toString('latin1', start, end)
    this.#record = new RecordView(data, byteString, new KeptTexts())
    this.#event = new LiveEvent(this.#record, new Sockets(this.counters), options.machine)
    this.#users = new Users(outside)
    this.#lossAlerts = new LossAlerts(hostname, onAlert)
    this.#shedAlerts = new ShedAlerts(hostname, onAlert, log)
    const { folding = { rules: 'none', seconds: 1 } } = options
    this.#folds = new AlertFolds(folding, onAlert)
    const onMatch = (alert: Alert, rule: Rule): void =>
      this.#folds.add(alert, rule, alert.timeNs - this.#wallOffsetNs)
    const surroundings = { users: this.#users, hostname }
    const { counters } = this
    this.#engineFor = (which) =>
      new Engine({ rules: which, matching, surroundings, counters, resolve, onAlert: onMatch, log })
    this.#engine = this.#engineFor(rules)
    this.engine.prepare(this.#typesOf(this.engine))
    options.beforeTables?.()
    const { cgroups, askRuntime, onCgroup, onKnown, onFileUsed, onFilesMissed } = options
    this.#onFileUsed = onFileUsed
    this.#onFilesMissed = onFilesMissed ?? ((): void => {})
    this.#containers = new ContainerTable(counters, cgroups, outside, askRuntime, onCgroup, onKnown)
    this.#containers.start()
    const cgroupIdOf = (path: string): number | bigint => this.#containers.idOfPath(path)
    this.#environment = options.environment ?? asksForEnvironment(this.engine.active)
    const { isHeld } = options
    this.#processes = startProcessTable(
      counters,
      cgroupIdOf,
      this.#environment,
      outside,
      '/proc',
      isHeld,
    )
  }

  /** What judges events now. */
  get engine(): Engine {
    return this.#engine
  }

  #typesOf(engine: Engine): Iterable<string> {
    const types = wantedTypes(engine.active)
    return types === 'all' ? this.#names.byKind : types
  }

  /**
   * Compiles other rules beside those that run, in steps between which events can be handled.
   *
   * @returns the engine, for `use`
   */
  *compile(rules: readonly Rule[]): Steps<Engine> {
    const engine = this.#engineFor(rules)
    yield* engine.prepareInSteps(this.#typesOf(engine))
    return engine
  }

  /** From the next record on, events are judged by another engine. */
  use(engine: Engine): void {
    // What the rules before have found is told as they tell it.
    this.#folds.flush()
    this.#engine = engine
    if (this.#environment || !asksForEnvironment(engine.active)) return
    this.#environment = true
    this.#processes.readEnvironments()
  }

  /** Moves of processes are told from then on: see `ProcessTable.seeMoves`. */
  seeMoves(sinceNs: number): void {
    this.#processes.seeMoves(sinceNs)
  }

  get processCount(): number {
    return this.#processes.size
  }

  get containerCount(): number {
    return this.#containers.size
  }

  /** The cgroups of containers that there are. */
  containerCgroups(): Iterable<ContainerCgroup> {
    return this.#containers.cgroups()
  }

  /** The container of that id, while there is one. */
  container(id: string): Container | undefined {
    return this.#containers.byId(id)
  }

  /** What containers of pods will be: see `ContainerTable.expected`. */
  expectedContainers(about?: PodChanges): Iterable<Container> {
    return this.#containers.expected(about)
  }

  /** Takes in what changed between two records. */
  tell(told: Told): void {
    switch (told.told) {
      case 'clock':
        this.#wallOffsetNs = told.wallOffsetNs
        this.#lossAlerts.pass(told.bootNs, told.wallOffsetNs)
        this.#shedAlerts.pass(told.bootNs, told.wallOffsetNs)
        this.#folds.pass(told.bootNs)
        return
      case 'host-names':
        this.#users.forget('')
        return
      case 'runtime':
        this.#containers.told(told.id, told.facts)
        return
      case 'pods':
        this.#containers.changePods(told.changes)
        return
      case 'lost':
        this.#lossAlerts.add(told.report, this.#wallOffsetNs)
        if (told.report.losses.some(({ hook }) => keepsTable.has(hook))) this.#processes.doubt()
        if (told.report.losses.some(({ hook }) => tellsUsage.has(hook))) {
          this.#onFilesMissed(undefined)
        }
        return
      case 'shed':
        this.#shed(told.report)
        return
      case 'pids':
        this.#sweep(told.pids)
        return
      case 'end':
        this.#lossAlerts.flush(this.#wallOffsetNs)
        this.#shedAlerts.flush(this.#wallOffsetNs)
        this.#folds.flush()
        return
      case 'resolved': // Whoever gave `resolve` knows.
    }
  }

  #shed(report: ShedReport): void {
    this.#shedAlerts.add(report, this.#wallOffsetNs, (id, oldId) =>
      this.#containers.known(id, oldId),
    )
    if (shedsState(report)) this.#processes.doubt()
    for (const { hook, cgroupId, oldId } of report.shed) {
      if (tellsUsage.has(hook)) this.#onFilesMissed(this.#containers.known(cgroupId, oldId))
    }
    if (report.others > 0) this.#onFilesMissed(undefined)
  }

  #sweep(pids: readonly number[]): void {
    const { read, dropped } = this.#processes.sweep(pids)
    if (read + dropped === 0) return
    this.#log(`the process table was behind: ${read} processes read again, ${dropped} dropped`)
  }

  /** Reads the names of a scope again when they are next asked for. */
  forgetNames(scope: string): void {
    this.#users.forget(scope)
  }

  /**
   * Goes through what an alert takes with an event that never was; see rehearsal.ts. Changes
   * nothing, and never throws.
   *
   * @returns the alert, for nobody
   */
  rehearse(wallNs: bigint): Alert | undefined {
    try {
      return this.#rehearsal.run(this.#engine, this.#processes, wallNs)
    } catch {
      // A rule that fails on it fails on an event, which is told.
      return undefined
    }
  }

  /** Counts records that are missing here, so that those that follow have their numbers. */
  passOver(records: number): void {
    this.counters.events += records
  }

  /** Handles the record of `lengthBytes` bytes at `offset` of the memory. Never throws. */
  onRecord(offset: number, lengthBytes: number): void {
    const r = this.#record
    r.at = offset
    try {
      this.#onEvent(checkRecord(r, lengthBytes).kind)
    } catch (error) {
      this.counters.badRecords++
      const message = error instanceof Error ? error.message : String(error)
      this.#log(`a record could not be read, and is lost: ${message}`)
    }
  }

  #onEvent(kind: number): void {
    const r = this.#record
    const event = this.#event
    this.counters.events++
    this.eventsByKind[kind] = (this.eventsByKind[kind] ?? 0) + 1
    if (kind === EventNumber.cgroup) {
      this.#onCgroup()
      return
    }
    if (kind === EventNumber.file_used) {
      this.#onUsed()
      return
    }
    if ((headerOf.flags(r) & RECORD_HELD) !== 0) {
      // No rule wanted it when it happened.
      if (kind === EventNumber.exec) this.#processes.lateExec(r)
      else this.#processes.lateFork(r)
      return
    }
    const current = this.#processes.of(r)
    if (kind === EventNumber.exec) this.#processes.exec(r, current)
    else if (kind === EventNumber.fork) this.#processes.fork(r, current)
    else if (kind === EventNumber.chdir) this.#processes.moved(r, current)
    this.#processes.named(r, current)
    if (kind === EventNumber.comm) return
    event.kind = kind
    event.lineage = this.#processes.lineage
    event.process = current
    event.sequence = this.counters.events
    event.wallOffsetNs = this.#wallOffsetNs
    event.container = this.#containerOf(current.pid)
    const number = headerOf.syscall(r)
    const isCompat = (headerOf.flags(r) & RECORD_COMPAT) !== 0
    const names = isCompat ? syscallsByNumber.ia32 : this.#names.bySyscall
    event.type = names[number] ?? this.#names.byKind[kind] ?? ''
    event.moved()
    event.watchingSinceNs ??= event.timeNs
    const { container } = event
    if (container && (!container.files || !container.asked)) {
      const now = Number(headerOf.timeNs(r))
      this.#containers.complete(container, now, kind === EventNumber.exec)
    }
    if (this.#namesAhead && kind === EventNumber.exec) this.#users.user(nameScopeOf(event), 0)
    this.engine.run(event)
    noteOutbound(event)
    if (kind === EventNumber.exit) this.#processes.exit(current)
  }

  #onCgroup(): void {
    const r = this.#record
    const hierarchy = cgroupOf.hierarchy(r)
    const id = cgroupOf.madeId(r)
    const timeNs = headerOf.timeNs(r)
    if (cgroupOf.removed(r) !== 0) {
      this.#containers.removed(hierarchy, id, Number(timeNs))
      return
    }
    this.#containers.made(hierarchy, id, cgroupOf.path(r), {
      nowNs: Number(timeNs),
      wallNs: BigInt(timeNs) + this.#wallOffsetNs,
      bundleOf: (container) => this.#bundleOf(container),
    })
  }

  /** No rule is about it. */
  #onUsed(): void {
    if (!this.#onFileUsed) return
    const r = this.#record
    const pid = headerOf.pid(r)
    const container = this.#containerOf(pid)
    if (!container) return
    this.#containers.complete(container, Number(headerOf.timeNs(r)), true)
    this.#onFileUsed(container, {
      pid,
      comm: headerOf.comm(r),
      use: fileUsedOf.use(r),
      path: fileUsedOf.path(r),
      base: fileUsedOf.base(r),
      timeMs: Number((BigInt(headerOf.timeNs(r)) + this.#wallOffsetNs) / 1_000_000n),
    })
  }

  /** The bundle that the process of this event was given for a container: by root of the host. */
  #bundleOf(containerId: string): string | undefined {
    const r = this.#record
    if (headerOf.euid(r) !== 0) return undefined
    const { pid, args, cwd } = this.#processes.of(r)
    if (this.#containerOf(pid)) return undefined
    return bundleInArguments(args, cwd, containerId)
  }

  #containerOf(pid: number): LiveEvent['container'] {
    const id = headerOf.cgroupId(this.#record)
    const oldId = headerOf.cgroupV1Id(this.#record)
    if (id === rootCgroup && (oldId === 0 || oldId === rootCgroup)) return undefined
    return this.#containers.of(id, oldId, this.#cgroupsOf, pid)
  }
}

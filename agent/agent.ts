/**
 * One node's agent: sensor → ring → event → tables → rules → alert. Everything that flows goes
 * through `onRecord`, in the order in which the kernel saw it.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Machine } from '@bulwark/schema'
import {
  EventNumber,
  RecordView,
  cgroupOf,
  chdirOf,
  checkRecord,
  eventKinds,
  headerOf,
  syscallNumbers,
} from '@bulwark/schema'
import { wallOffsetNs } from '@bulwark/native'
import type { Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { ContainerTable, cgroup2Mounts } from './container-table.ts'
import type { Counters } from './counters.ts'
import { newCounters } from './counters.ts'
import type { Drain } from './drain.ts'
import { startDrain } from './drain.ts'
import type { RuleMatching } from './engine.ts'
import { Engine } from './engine.ts'
import { limits } from './limits.ts'
import { LiveEvent } from './live-event.ts'
import type { ProcessTable } from './process-table.ts'
import { startProcessTable } from './process-table.ts'
import { cgroupPathIn } from './procfs.ts'
import { Resolver } from './resolver.ts'
import type { KernelCounters, Sensor } from './sensor.ts'
import { losesEvents, startSensor } from './sensor.ts'
import { Sockets } from './sockets.ts'
import { Users } from './users.ts'

/** What an agent runs with. */
export interface AgentOptions {
  /** The bytes of `tracepoint.bpf.o`. */
  readonly object: Uint8Array
  readonly machine: Machine
  readonly rules: readonly Rule[]
  readonly matching: RuleMatching
  /** In order; the alert is a value of its own and may be kept. */
  readonly onAlert: (alert: Alert) => void
  /** Lines for people, on stderr. */
  readonly log: (line: string) => void
  /** The agent cannot go on; it has detached its hooks. */
  readonly onFault: (error: unknown) => void
}

/** The types of events that some rule can match; `all` when one restricts nothing. */
export const wantedTypes = (rules: readonly Rule[]): ReadonlySet<string> | 'all' => {
  const wanted = new Set<string>()
  for (const rule of rules) {
    if (rule.eventTypes === 'all') return 'all'
    for (const type of rule.eventTypes) wanted.add(type)
  }
  return wanted
}

/** Names of system calls by number; and of events that are none, by kind. */
const eventNames = (machine: Machine): { bySyscall: readonly string[]; byKind: string[] } => {
  const bySyscall: string[] = []
  for (const [name, number] of Object.entries(syscallNumbers[machine])) bySyscall[number] = name
  const byKind: string[] = []
  for (const { kind, types } of eventKinds) byKind[kind] = types[0] ?? ''
  return { bySyscall, byKind }
}

const bootCgroup = 1

export class Agent {
  readonly counters: Counters
  readonly sensor: Sensor
  readonly engine: Engine
  readonly #options: AgentOptions
  readonly #event: LiveEvent
  readonly #record: RecordView
  readonly #processes: ProcessTable
  readonly #containers: ContainerTable
  readonly #resolver: Resolver
  readonly #names: ReturnType<typeof eventNames>
  readonly #drain: Drain
  readonly #timer: NodeJS.Timeout
  #lost: KernelCounters = {}
  #clockOffset = wallOffsetNs()

  private constructor(
    options: AgentOptions,
    engine: Engine,
    resolver: Resolver,
    counters: Counters,
  ) {
    this.counters = counters
    const { machine, log } = options
    this.#options = options
    this.engine = engine
    this.#resolver = resolver
    this.#names = eventNames(machine)
    const types = wantedTypes(engine.active)
    // Hooks first, then the tables: what happens meanwhile waits in the ring.
    this.sensor = startSensor({ object: options.object, machine, types, pid: process.pid })
    const data = this.sensor.ring.data
    const memory = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    this.#record = new RecordView(data, (start, end) => memory.toString('latin1', start, end))
    this.#event = new LiveEvent(this.#record, new Sockets(this.counters))
    const mounts = cgroup2Mounts(readFileSync('/proc/self/mounts', 'utf8'))
    if (mounts.length === 0) log('no cgroup v2 hierarchy is mounted: containers are not told apart')
    this.#containers = new ContainerTable(this.counters, mounts)
    this.#containers.start()
    this.#processes = startProcessTable(this.counters, (path) => this.#containers.idOfPath(path))
    engine.prepare(types === 'all' ? this.#names.byKind : types)
    this.#drain = startDrain(
      this.sensor,
      (offset, bytes) => this.#onRecord(offset, bytes),
      (error) => {
        this.close()
        options.onFault(error)
      },
    )
    this.#timer = setInterval(() => this.#watchCounters(), limits.countersMs)
  }

  /** Starts an agent; resolves when it watches. Throws what `startSensor` throws. */
  static async start(options: AgentOptions): Promise<Agent> {
    const resolver = new Resolver(options.log)
    const counters = newCounters()
    const engine = new Engine({
      rules: options.rules,
      matching: options.matching,
      surroundings: { users: new Users(), hostname: hostname() },
      counters,
      resolve: (name) => resolver.resolve(name),
      onAlert: options.onAlert,
      log: options.log,
    })
    const agent = new Agent(options, engine, resolver, counters)
    await resolver.start()
    return agent
  }

  get processCount(): number {
    return this.#processes.size
  }

  get containerCount(): number {
    return this.#containers.size
  }

  #onRecord(offset: number, lengthBytes: number): void {
    const r = this.#record
    r.at = offset
    try {
      this.#onEvent(checkRecord(r, lengthBytes).kind)
    } catch (error) {
      this.counters.badRecords++
      const message = error instanceof Error ? error.message : String(error)
      this.#options.log(`a record could not be read, and is lost: ${message}`)
    }
  }

  #onEvent(kind: number): void {
    const r = this.#record
    const event = this.#event
    this.counters.events++
    if (kind === EventNumber.cgroup) {
      if (cgroupOf.hierarchy(r) === 0) this.#containers.made(cgroupOf.madeId(r), cgroupOf.path(r))
      return
    }
    const current = this.#processes.of(r)
    if (kind === EventNumber.exec) this.#processes.exec(r, current)
    else if (kind === EventNumber.fork) this.#processes.fork(r, current)
    else if (kind === EventNumber.chdir) current.cwd = chdirOf.cwd(r)
    // A process is called what its main thread is called; that can change at any time.
    if (headerOf.tid(r) === current.pid) current.comm = headerOf.comm(r)
    event.kind = kind
    event.process = current
    event.sequence = this.counters.events
    event.wallOffsetNs = this.#clockOffset
    event.container = this.#containerOf(current.pid)
    const number = headerOf.syscall(r)
    event.type = this.#names.bySyscall[number] ?? this.#names.byKind[kind] ?? ''
    event.moved()
    const { container } = event
    if (container && !container.metadata) {
      const now = Number(headerOf.timeNs(r))
      this.#containers.complete(container, now, kind === EventNumber.exec)
    }
    this.engine.run(event)
    if (kind === EventNumber.exit) this.#processes.exit(current)
  }

  #containerOf(pid: number): LiveEvent['container'] {
    const id = headerOf.cgroupId(this.#record)
    if (id === bootCgroup) return undefined
    return this.#containers.of(id, () => {
      try {
        return cgroupPathIn(readFileSync(`/proc/${pid}/cgroup`, 'latin1'))
      } catch {
        return undefined
      }
    })
  }

  /** Says what was lost since the last look. */
  #watchCounters(): void {
    this.#clockOffset = wallOffsetNs()
    const now = this.sensor.counters()
    for (const [place, count] of Object.entries(now)) {
      const more = count - (this.#lost[place] ?? 0)
      if (more > 0 && losesEvents(place)) this.#options.log(`lost ${more} events: ${place}`)
    }
    this.#lost = now
  }

  /** What the kernel side counted so far. */
  get lost(): KernelCounters {
    return this.#lost
  }

  /** Detaches the hooks, handles what waits in the ring, and ends. Harmless the second time. */
  close(): void {
    clearInterval(this.#timer)
    this.#resolver.stop()
    if (this.#closed) return
    this.#closed = true
    this.sensor.detach()
    this.#drain.flush()
    this.#drain.stop()
    this.#watchCounters()
    this.sensor.close()
  }

  #closed = false
}

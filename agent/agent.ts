/**
 * One node's agent: the sensor, the drain of its ring, and the pipeline that the records go
 * through. What changes between records (the clock, the host's names) is looked at now and again.
 */
import { hostname } from 'node:os'
import type { Machine } from '@bulwark/schema'
import { wallOffsetNs } from '@bulwark/native'
import type { Rule } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import type { ChosenBackend } from './backend.ts'
import { cgroupMode, readCgroups } from './cgroups.ts'
import type { Counters } from './counters.ts'
import type { Drain } from './drain.ts'
import { startDrain } from './drain.ts'
import type { Engine, RuleMatching } from './engine.ts'
import { activeRules } from './engine.ts'
import { limits } from './limits.ts'
import { machine } from './outside.ts'
import { payloadBytesOf } from './payload.ts'
import { Pipeline, asksForEnvironment, wantedTypes } from './pipeline.ts'
import { Resolver } from './resolver.ts'
import type { KernelCounters, Sensor } from './sensor.ts'
import { losesEvents, startSensor } from './sensor.ts'
import { hostNamesStamp } from './users.ts'

/** What an agent runs with. */
export interface AgentOptions {
  /** The bytes of the backend's object, `tracepoint.bpf.o` or `security.bpf.o`. */
  readonly object: Uint8Array
  /** `tracepoint` when not said: see `chooseBackend`. */
  readonly backend?: ChosenBackend
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

export class Agent {
  readonly sensor: Sensor
  readonly #options: AgentOptions
  readonly #pipeline: Pipeline
  readonly #resolver: Resolver
  readonly #drain: Drain
  readonly #timer: NodeJS.Timeout
  #lost: KernelCounters = {}
  #hostNames = hostNamesStamp()
  #closed = false

  private constructor(options: AgentOptions, resolver: Resolver) {
    const { object, rules, matching, onAlert, log, onFault } = options
    this.#options = options
    this.#resolver = resolver
    const active = activeRules(rules)
    // Hooks first, then the tables: what happens meanwhile waits in the ring.
    const cgroups = readCgroups()
    if (cgroupMode(cgroups) === 'none') log('no cgroups are mounted: containers are not told apart')
    this.sensor = startSensor({
      object,
      machine: options.machine,
      types: wantedTypes(active),
      pid: process.pid,
      payloadBytes: payloadBytesOf(active),
      environment: asksForEnvironment(active),
      ...options.backend,
      old: cgroups.old,
    })
    const pipeline = new Pipeline({
      data: this.sensor.ring.data,
      machine: options.machine,
      hostname: hostname(),
      rules,
      matching,
      outside: machine,
      cgroups,
      wallOffsetNs: wallOffsetNs(),
      resolve: (name) => resolver.resolve(name),
      onAlert,
      log,
    })
    this.#pipeline = pipeline
    this.#drain = startDrain(
      this.sensor,
      (offset, bytes) => pipeline.onRecord(offset, bytes),
      (error) => {
        this.close()
        onFault(error)
      },
    )
    this.#timer = setInterval(() => this.#look(), limits.countersMs)
  }

  /** Starts an agent; resolves when it watches. Throws what `startSensor` throws. */
  static async start(options: AgentOptions): Promise<Agent> {
    const resolver = new Resolver(options.log)
    const agent = new Agent(options, resolver)
    await resolver.start()
    return agent
  }

  get counters(): Counters {
    return this.#pipeline.counters
  }

  get engine(): Engine {
    return this.#pipeline.engine
  }

  get processCount(): number {
    return this.#pipeline.processCount
  }

  get containerCount(): number {
    return this.#pipeline.containerCount
  }

  /** What changes outside the records. */
  #look(): void {
    this.#pipeline.clock(wallOffsetNs())
    const names = hostNamesStamp()
    if (names !== this.#hostNames) this.#pipeline.hostNamesChanged()
    this.#hostNames = names
    this.#watchCounters()
  }

  /** Says what was lost since the last look. */
  #watchCounters(): void {
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
}

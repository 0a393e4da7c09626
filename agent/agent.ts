/**
 * One node's agent: the sensor, the drain of its ring, and the pipeline that the records go
 * through. What changes between records (the clock, the host's names) is looked at now and again.
 */
import { hostname } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { RecordView, headerOf } from '@bulwark/schema'
import { clocks, wallOffsetNs } from '@bulwark/native'
import type { Rule } from '@bulwark/policy'
import type { AgentOptions } from './agent-options.ts'
import { onBeat } from './beat.ts'
import { Recording, headOf, hierarchyNumbers } from './capture/recording.ts'
import { cgroupMode, readCgroups } from './container/cgroups.ts'
import type { Counters } from './counters.ts'
import { CriSource, criSockets } from './cri/index.ts'
import type { Drain } from './sensor/drain.ts'
import { startDrain } from './sensor/drain.ts'
import type { Engine } from './engine.ts'
import { activeRules } from './engine.ts'
import { ShedMeter, shedsState } from './flood.ts'
import { FilterMaking } from './filter/filter-making.ts'
import type { KernelFilters } from './filter/filters.ts'
import type { ApiAge } from './kubernetes/index.ts'
import { PodFeed } from './kubernetes/index.ts'
import { limits } from './limits.ts'
import type { Told } from './outside.ts'
import { machine } from './outside.ts'
import type { PipelineOptions } from './pipeline.ts'
import { Pipeline } from './pipeline.ts'
import { Resolver } from './network/resolver.ts'
import type { KernelCounters } from './sensor/loss-counters.ts'
import { LossMeter, keepsTable } from './loss.ts'
import { listPids } from './procfs.ts'
import type { HoldCounts } from './sensor/hurry.ts'
import { Sensor } from './sensor/sensor.ts'
import { inTurns } from './turns.ts'
import { unusedPolicies } from './container/unused-policies.ts'
import { UsageFeed } from './usage/index.ts'
import { hostNamesStamp } from './users.ts'
import type { SensorWants } from './sensor/wants.ts'
import { wantsOf } from './sensor/wants.ts'

/** Whether nobody but the rules needs events. */
const wantsNoMore = ({ record, watchFor }: AgentOptions): boolean => !record && !watchFor

export class Agent {
  readonly sensor: Sensor
  readonly #options: AgentOptions
  readonly #pipeline: Pipeline
  readonly #resolver: Resolver
  readonly #cri: CriSource
  readonly #pods: PodFeed | undefined
  readonly #usage: UsageFeed | undefined
  readonly #drain: Drain
  readonly #endBeat: () => void
  readonly #recording: Recording | undefined
  readonly #lossMeter: LossMeter
  readonly #shedMeter: ShedMeter
  readonly #filterMaking: FilterMaking | undefined
  /** Reads nothing but headers. */
  readonly #header: RecordView
  #lost: KernelCounters = {}
  #lossMark = 0
  #shed = 0
  /** The next record is the first of a look. */
  #isFirst = true
  #sweeps = 0
  #sweptMs = performance.now()
  #unattributed = 0
  #hostNames = hostNamesStamp()
  #held: HoldCounts | undefined
  #closed = false

  private constructor(options: AgentOptions, resolver: Resolver, pods: PodFeed | undefined) {
    const { object, rules, matching, folding, onAlert, log, onFault } = options
    this.#options = options
    this.#resolver = resolver
    this.#pods = pods
    const wants = this.#wants(rules)
    const { types, environment = false, payloadBytes = 0 } = wants
    const cgroups = readCgroups()
    if (cgroupMode(cgroups) === 'none') log('no cgroups are mounted: containers are not told apart')
    this.sensor = new Sensor({
      object,
      machine: options.machine,
      ...wants,
      pid: process.pid,
      ringBytes: options.ringBytes,
      floodEventsPerSecond: options.floodEventsPerSecond ?? limits.floodEventsPerSecond,
      ...options.backend,
      mayWait: wantsNoMore(options),
      old: cgroups.old,
      tellsUsage: options.onUsage !== undefined,
    })
    if (options.kernelFilter !== false && wantsNoMore(options)) {
      const tellsCgroups = cgroupMode(cgroups) !== 'none'
      this.#filterMaking = new FilterMaking({
        sensor: this.sensor,
        kernel: { machine: options.machine, tellsCgroups },
        resolver,
        containers: {
          cgroups: () => this.#pipeline.containerCgroups(),
          expected: () => this.#pipeline.expectedContainers(),
        },
        engine: () => this.engine,
        log,
      })
    }
    const facts = { machine: options.machine, hostname: options.hostname ?? hostname() }
    const { data } = this.sensor.ring
    const offset = wallOffsetNs()
    if (options.record) {
      const head = {
        ...facts,
        types,
        environment,
        payloadBytes,
        hierarchies: hierarchyNumbers(cgroups),
        startNs: clocks().bootNs,
        wallOffsetNs: offset,
      }
      this.#recording = new Recording(options.record, data, headOf(head))
    }
    this.#cri = new CriSource({
      sockets: options.criSockets ?? criSockets,
      count: (place) => pipeline.counters[place]++,
      tell: (id, said) => this.#tell({ told: 'runtime', id, facts: said }),
      log,
    })
    this.sensor.beginLoad()
    const pipeline = this.#pipelineOf({
      data,
      ...facts,
      rules,
      matching,
      folding,
      outside: this.#recording ?? machine,
      cgroups,
      environment,
      // A rule that asks for a name later may be the first of this container's to see an event.
      namesAhead: this.#recording !== undefined || this.filters !== undefined,
      wallOffsetNs: offset,
      askRuntime: (id, whole) => this.#cri.want(id, whole),
      onCgroup: (...state) => this.filters?.tellCgroup(...state),
      onKnown: (container) => this.filters?.tellContainer(container),
      onFileUsed: (container, use) => this.#usage?.used(container, use),
      onFilesMissed: (container) => this.#usage?.missed(container, Date.now()),
      isHeld: (pid) => this.sensor.isHeld(pid),
      // Rules are compiled while the kernel verifies. Then hooks come first, and the tables after
      // them: what happens meanwhile waits in the ring.
      beforeTables: () => this.sensor.attach(),
      resolve: (name) => resolver.resolve(name),
      onAlert,
      log,
    })
    this.#pipeline = pipeline
    this.#usage = UsageFeed.start(options.onUsage, {
      node: facts.hostname,
      counters: pipeline.counters,
      containerOf: (id) => pipeline.container(id),
    })
    pods?.attach(
      (changes) => {
        this.#tell({ told: 'pods', changes })
        this.filters?.expect(pipeline.expectedContainers(changes))
      },
      (place) => pipeline.counters[place]++,
    )
    this.#lossMeter = new LossMeter(clocks().bootNs)
    this.#shedMeter = new ShedMeter(clocks().bootNs)
    this.#header = new RecordView(data, () => '')
    this.#drain = startDrain(
      this.sensor,
      (at, bytes) => this.#onRecord(at, bytes),
      (error) => {
        this.close()
        onFault(error)
      },
      (pendingBytes) => this.#onLooked(pendingBytes),
    )
    const endLooks = onBeat(() => this.#look(), { holds: true })
    const endRehearsals = onBeat(() => this.#rehearse(), { every: limits.rehearsalBeats })
    this.#endBeat = () => {
      endLooks()
      endRehearsals()
    }
  }

  /** Nothing is left of what has begun when the kernel refuses the programs. */
  #pipelineOf(options: PipelineOptions): Pipeline {
    try {
      return new Pipeline(options)
    } catch (error) {
      this.#filterMaking?.close()
      this.#cri.stop()
      this.sensor.close()
      throw error
    }
  }

  /**
   * Starts an agent; resolves when it watches, and everything is delivered: the filters follow, see
   * `filtersInPlace`. Throws what `Sensor` and its `attach` throw.
   */
  static async start(options: AgentOptions): Promise<Agent> {
    const resolver = new Resolver(options.log)
    const pods = options.pods && (await PodFeed.open(options.pods, options.log))
    const agent = Agent.#withPods(options, resolver, pods)
    resolver.onResolved = (name, addresses) => {
      agent.#tell({ told: 'resolved', name, addresses: [...addresses] })
      agent.#filterMaking?.watchNames()
    }
    await resolver.start()
    agent.#filterMaking?.begin()
    void agent.filtersInPlace.then(() => agent.#rehearse())
    return agent
  }

  /** Whoever starts no agent leaves nobody who asks for pods. */
  static #withPods(options: AgentOptions, resolver: Resolver, pods: PodFeed | undefined): Agent {
    try {
      return new Agent(options, resolver, pods)
    } catch (error) {
      pods?.stop()
      throw error
    }
  }

  /** What these rules want of the kernel side, with whatever is watched for beside them. */
  #wants(rules: readonly Rule[]): SensorWants {
    const { watchFor = [] } = this.#options
    const more = watchFor === 'all' ? [] : watchFor
    const wants = wantsOf(activeRules([...rules, ...more]), watchFor === 'all')
    // A capture is replayed with rules that nobody knows yet.
    return this.#options.record ? { ...wants, directories: true } : wants
  }

  /**
   * Puts other rules in the place of those that run, between two events: what happened before is
   * judged by the old ones, what happens after by the new ones, each event once. Everything else
   * stays as it is. One change at a time; the first filters are waited for.
   *
   * @throws NativeError  hooks that the rules need cannot be loaded; nothing has changed
   */
  async changeRules(rules: readonly Rule[]): Promise<void> {
    const change = (): Promise<void> => this.#changeRules(rules)
    await (this.#filterMaking ? this.#filterMaking.duringChange(change) : change())
  }

  async #changeRules(rules: readonly Rule[]): Promise<void> {
    const compiled = await inTurns(this.#pipeline.compile(rules), () => this.#closed)
    await this.#resolver.lookUp()
    await this.filtersInPlace
    if (!compiled || this.#closed) return
    const hooks = await this.sensor.prepare(this.#wants(rules))
    if (!hooks || this.#closed) return
    const making = this.#filterMaking
    const filters = await making?.prepare(rules, compiled.scopes, hooks)
    if (this.#closed) return making?.filters.discard(filters)
    const catchUp = (): void => this.#drain.catchUp()
    // What only the new rules want must not be dropped from now on.
    making?.remove()
    const begun = performance.now()
    const { directories: sawMoves = true } = this.sensor.wants
    hooks.widen(catchUp)
    const { directories: seesMoves = true } = this.sensor.wants
    if (seesMoves && !sawMoves) this.#pipeline.seeMoves(Number(clocks().bootNs))
    // What the programs before told is read by the rules before.
    await pause(limits.hookChangeMs)
    if (this.#closed) return making?.filters.discard(filters)
    catchUp()
    this.#pipeline.use(compiled)
    if (filters) making?.install(filters, performance.now() - begun)
    hooks.narrow(catchUp)
  }

  /** The filters in the kernel; `undefined` when everything is delivered. */
  get filters(): KernelFilters | undefined {
    return this.#filterMaking?.filters
  }

  /** Resolves when the first filters are in place, or never will be; until then everything is
   * delivered. Never rejects: what is wrong is logged. */
  get filtersInPlace(): Promise<void> {
    return this.#filterMaking?.inPlace ?? Promise.resolve()
  }

  get counters(): Counters {
    return this.#pipeline.counters
  }

  /** How many of the events seen were of each kind, by its number. */
  get eventsByKind(): Float64Array {
    return this.#pipeline.eventsByKind
  }

  get engine(): Engine {
    return this.#pipeline.engine
  }

  /** Names of policies that no container is in, those that pods bring among them. */
  unusedPolicies(): readonly string[] {
    return unusedPolicies(this.engine, this.#pipeline)
  }

  /** Records and bytes that were recorded. */
  get recorded(): { readonly records: number; readonly bytes: number } {
    return this.#recording?.written ?? { records: 0, bytes: 0 }
  }

  /** How old what the API server told is; `undefined` when none is asked. */
  get podsAge(): ApiAge | undefined {
    return this.#pods?.age
  }

  get processCount(): number {
    return this.#pipeline.processCount
  }

  get containerCount(): number {
    return this.#pipeline.containerCount
  }

  #onRecord(at: number, lengthBytes: number): void {
    if (this.#isFirst) this.#measureLag(at)
    this.#pipeline.onRecord(at, lengthBytes)
    this.#recording?.record(at, lengthBytes)
  }

  /** How long the first record of a look has waited, of those that nobody has let lie. */
  #measureLag(at: number): void {
    this.#header.at = at
    if (this.sensor.mayWait(headerOf.kind(this.#header))) return
    this.#isFirst = false
    const lagNs = Number(clocks().bootNs) - Number(headerOf.timeNs(this.#header))
    this.counters.lagNsMax = Math.max(this.counters.lagNsMax, lagNs)
  }

  #onLooked(pendingBytes: number): void {
    this.#isFirst = true
    const { counters, sensor } = this
    counters.ringBytesMax = Math.max(counters.ringBytesMax, pendingBytes)
    // What waits is older than the loss: the table is put right after it.
    if (pendingBytes === 0 && sensor.lossMark !== this.#lossMark) this.#watchCounters()
  }

  /** What changes outside the records. */
  #look(): void {
    this.#drain.look()
    if (this.#closed) return
    const { bootNs, realNs } = clocks()
    this.#tell({ told: 'clock', bootNs, wallOffsetNs: realNs - bootNs })
    const names = hostNamesStamp()
    if (names !== this.#hostNames) this.#tell({ told: 'host-names' })
    this.#hostNames = names
    this.#filterMaking?.watchNames(names)
    this.#watchCounters()
    this.#watchFlood()
    this.#watchAttribution()
    this.#sweep()
    this.#usage?.look(Date.now())
    this.#recording?.flush()
  }

  #rehearse(): void {
    const { onRehearsal } = this.#options
    // What it asks the machine would be in the recording; and who has work to do is quick.
    if (!onRehearsal || this.#closed || this.#recording) return
    if (this.sensor.ring.pendingBytes > 0) return
    const alert = this.#pipeline.rehearse(clocks().realNs)
    if (alert) onRehearsal(alert)
  }

  /** Compares the process table with /proc, when the agent keeps up: twice after a loss, and now
   * and again. */
  #sweep(): void {
    const now = performance.now()
    if (now - this.#sweptMs >= limits.sweepMs) this.#sweeps = 2
    if (this.#sweeps === 0 || this.sensor.ring.pendingBytes > 0) return
    this.#sweeps--
    this.#sweptMs = now
    this.#tell({ told: 'pids', pids: listPids('/proc') })
  }

  #tell(told: Told): void {
    this.#pipeline.tell(told)
    // After it, as with records: after the answers that it needed.
    this.#recording?.tell(told)
  }

  /** Tells what was shed since the last look. */
  #watchFlood(): void {
    const { shedCount } = this.sensor
    if (shedCount === this.#shed) return
    this.#shed = shedCount
    const report = this.#shedMeter.look(shedCount, this.sensor.shed(), clocks().bootNs)
    if (!report) return
    if (shedsState(report)) this.#sweeps = 2
    this.#tell({ told: 'shed', report })
  }

  /** Tells what was lost since the last look. */
  #watchCounters(): void {
    const { sensor } = this
    this.#lossMark = sensor.lossMark
    const now = sensor.counters()
    this.#lost = now
    const report = this.#lossMeter.look(sensor.losses(now), clocks().bootNs)
    if (!report) return
    for (const { place, hook, count } of report.losses) {
      this.#options.log(`lost ${count} events of ${hook}: ${place}`)
    }
    if (report.losses.some(({ hook }) => keepsTable.has(hook))) this.#sweeps = 2
    this.#tell({ told: 'lost', report })
  }

  /** Says of how many events nobody knows whose they are, since the last look. */
  #watchAttribution(): void {
    const more = this.counters.unattributed - this.#unattributed
    if (more > 0) this.#options.log(`${more} events are of cgroups that nobody knows any more`)
    this.#unattributed += more
  }

  /** What the kernel side counted so far. */
  get lost(): KernelCounters {
    return this.#lost
  }

  /** What became of processes that were held back; as of the end, once it has ended. */
  get held(): HoldCounts {
    return this.#held ?? this.sensor.held
  }

  /** Events that were shed in floods so far: of containers that sent more than their share. */
  get shed(): number {
    return this.#shed
  }

  /** Detaches the hooks, handles what waits in the ring, and ends. Harmless the second time. */
  close(): void {
    this.#endBeat()
    this.#resolver.stop()
    this.#cri.stop()
    this.#pods?.stop()
    if (this.#closed) return
    this.#closed = true
    this.sensor.detach()
    this.#filterMaking?.close()
    this.#drain.flush()
    this.#drain.stop()
    this.#watchCounters()
    this.#watchFlood()
    this.#watchAttribution()
    this.#tell({ told: 'end' })
    this.#usage?.look(Date.now())
    this.#recording?.end()
    this.#held = this.sensor.held
    this.sensor.close()
  }
}

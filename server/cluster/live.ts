/**
 * A cluster that is watched: every kind that the graph reads and the API server has, kept as it is
 * now. Which kinds there are is asked again and again, since they come and go with their
 * definitions. A server that is away, silent, or lies is counted, told, and left alone for longer
 * each time; what was known stays, and how old it is can be asked.
 */
import type { ContextSources } from '@bulwark/graph'
import { prepare } from '@bulwark/graph'
import type {
  Alarm,
  ApiAccess,
  ApiPlace,
  Clock,
  ListWatchTimes,
  ListedResource,
} from '@bulwark/kubernetes'
import { ApiClient, ApiLister, machineClock, ownListWatchTimes, sleep } from '@bulwark/kubernetes'
import type { GraphInput } from '@bulwark/schema'
import { ClusterInput, inputJson } from '../input/index.ts'
import { limits } from '../limits.ts'
import type { Discovered } from './discovery.ts'
import { discover } from './discovery.ts'
import { FoldedLines } from './fold-lines.ts'
import type { KindState } from './watched-kind.ts'
import { WatchedKind } from './watched-kind.ts'

export interface LiveClusterOptions {
  readonly access: ApiAccess
  readonly log: (line: string) => void
  /** From 0 to 1, below 1; chance when not said. */
  readonly random?: () => number
  readonly clock?: Clock
  readonly times?: ListWatchTimes
}

export class LiveCluster {
  /** What is known now. */
  readonly known = new ClusterInput()
  readonly #options: Required<LiveClusterOptions>
  readonly #lister: ApiLister
  readonly #client: ApiClient
  readonly #lines: FoldedLines
  readonly #stop = new AbortController()
  readonly #said = new Set<string>()
  /** By kind and group. */
  readonly #kinds = new Map<string, WatchedKind>()
  readonly #listed = Promise.withResolvers<void>()
  #isListed = false
  #patience: Alarm | undefined
  #absent: readonly string[] = []
  /** When it was last asked which kinds there are; ends the pause before it is asked again. */
  #askedMs = 0
  #wake = new AbortController()
  /** Times that the server did not say which kinds it has. */
  discoveryFaults = 0

  constructor(options: LiveClusterOptions) {
    const { access } = options
    const defaults = { random: Math.random, clock: machineClock, times: ownListWatchTimes }
    this.#options = { ...defaults, ...options }
    const { clock, log } = this.#options
    this.#lister = new ApiLister(access, this.#stop.signal, clock)
    this.#client = new ApiClient(access, clock)
    this.#lines = new FoldedLines(clock, log)
    void this.#run()
  }

  /** The server's address, without what may be a secret in it. */
  get place(): string {
    return this.#client.place
  }

  /** What contexts are asked of; `undefined`: not all that there is was listed yet. */
  get sources(): ContextSources | undefined {
    return this.#isListed ? this.known.sources : undefined
  }

  /** What is known, for programs. */
  input(): GraphInput {
    return inputJson(this.known, this.place)
  }

  /** Every kind that the server has, with its age and what happened to it. */
  get kinds(): readonly KindState[] {
    return [...this.#kinds.values()].map(({ state }) => state)
  }

  /** Seconds since each kind was heard of, by the name that a role gives it. */
  ages(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#kinds.values()].flatMap(({ name, state: { ageMs } }) =>
        ageMs === undefined ? [] : [[name, ageMs / 1000] as const],
      ),
    )
  }

  /** What happened on the way, of all kinds together. */
  get counts(): ReadonlyMap<ApiPlace, number> {
    const counts = new Map<ApiPlace, number>()
    for (const kind of this.kinds) {
      for (const [place, count] of kind.counts) counts.set(place, (counts.get(place) ?? 0) + count)
    }
    return counts
  }

  /** Files beside the cluster, by what became of them. */
  get files(): ReadonlyMap<string, number> {
    return this.known.fileStates
  }

  /** `Kind (group)`: what is read and the server has not. */
  get absent(): readonly string[] {
    return this.#absent
  }

  /** Resolves when there are `sources`. Never rejects. */
  async untilListed(): Promise<void> {
    await this.#listed.promise
  }

  /** The same, or when that takes too long; tells whether it did not. */
  async isListedWithin(ms: number): Promise<boolean> {
    const late = new AbortController()
    await Promise.race([this.#listed.promise, sleep(this.#options.clock, ms, late.signal)])
    late.abort()
    return this.#isListed
  }

  /** Ends all requests. What is known stays. */
  stop(): void {
    this.#stop.abort()
    this.#wake.abort()
    for (const kind of this.#kinds.values()) kind.stop()
    this.#lines.stop()
    this.#patience?.close()
    this.#lister.close()
    this.#client.close()
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#options
    const { signal } = this.#stop
    let pauseMs: number = limits.discoverPauseMsMin
    while (!signal.aborted) {
      this.#askedMs = clock.now()
      try {
        this.#take(await discover(this.#lister))
        pauseMs = limits.discoverPauseMsMin
        await this.#untilAskedAgain(limits.discoverMs * (1 + random()))
      } catch (error) {
        if (signal.aborted) return
        this.discoveryFaults++
        const message = error instanceof Error ? error.message : String(error)
        this.#sayOnce(`cluster of ${this.place}: it does not say which kinds it has: ${message}`)
        await sleep(clock, pauseMs * (1 + random()), signal)
        pauseMs = Math.min(pauseMs * 2, limits.discoverPauseMsMax)
      }
    }
  }

  async #untilAskedAgain(ms: number): Promise<void> {
    const { clock } = this.#options
    this.#wake = new AbortController()
    await sleep(clock, ms, this.#wake.signal)
    const restMs = this.#askedMs + limits.discoverMsMin - clock.now()
    if (restMs > 0) await sleep(clock, restMs, this.#stop.signal)
  }

  #take({ minorVersion, resources, unknown, absent }: Discovered): void {
    if (this.#stop.signal.aborted) return
    const { cluster } = this.known
    cluster.settings = { ...cluster.settings, minorVersion }
    this.#said.clear()
    for (const [groupVersion, message] of unknown) {
      this.#sayOnce(`cluster of ${this.place}: what ${groupVersion} has is not known: ${message}`)
    }
    const found = new Map(resources.map((each) => [keyOf(each), each]))
    for (const [key, kind] of this.#kinds) {
      const { path, groupVersion } = kind.resource
      const now = found.get(key)
      if (now?.path === path || (!now && unknown.has(groupVersion))) continue
      this.#kinds.delete(key)
      if (now) kind.stop()
      else kind.forget()
      if (!now) this.#options.log(`${kind.name} of ${this.place}: it knows them no more`)
    }
    for (const [key, resource] of found) {
      if (!this.#kinds.has(key)) this.#kinds.set(key, this.#watch(resource))
    }
    const news = absent.filter((each) => !this.#absent.includes(each))
    this.#absent = absent
    if (news.length > 0) {
      this.#options.log(`cluster of ${this.place}: it has no ${news.join(', ')}; asked for again`)
    }
    this.#answered()
  }

  #watch(resource: ListedResource): WatchedKind {
    const { random, clock, times } = this.#options
    const kind: WatchedKind = new WatchedKind(resource, {
      client: this.#client,
      input: this.known,
      random,
      clock,
      times,
      log: (line) => this.#lines.say(kind.name, line),
      answered: () => this.#answered(),
      absent: () => this.#wake.abort(),
    })
    return kind
  }

  /** A kind has been answered, or it is known which there are. */
  #answered(): void {
    if (this.#isListed) return
    const kinds = [...this.#kinds.values()]
    const open = kinds.filter(({ isAnswered }) => !isAnswered)
    if (open.length === 0) return this.#goOn()
    // One that is never listed must not keep all others from being of use.
    if (open.length < kinds.length) {
      this.#patience ??= this.#options.clock.after(limits.unansweredMsMax, () => this.#lose())
    }
  }

  /** Those that are open have had their time; but a long list that comes is waited for. */
  #lose(): void {
    this.#patience = undefined
    const open = [...this.#kinds.values()].filter(({ isAnswered }) => !isAnswered)
    if (open.every(({ hasFailed }) => hasFailed)) this.#goOn()
    else this.#answered()
  }

  #goOn(): void {
    this.#patience?.close()
    const open = [...this.#kinds.values()].filter(({ isAnswered }) => !isAnswered)
    if (open.length > 0) {
      const names = open.map(({ name }) => name).join(', ')
      this.#options.log(`cluster of ${this.place}: goes on without ${names}: not listed so far`)
    }
    prepare(this.known.cluster)
    this.#isListed = true
    this.#listed.resolve()
  }

  #sayOnce(line: string): void {
    if (this.#said.has(line) || this.#said.size >= limits.foldedLinesMax) return
    this.#said.add(line)
    this.#options.log(line)
  }
}

const keyOf = ({ groupVersion, kind }: ListedResource): string => {
  const [group = '', version] = groupVersion.split('/')
  return version === undefined ? kind : `${kind}.${group}`
}

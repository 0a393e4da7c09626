/**
 * The pods that an agent is told: they are asked for before it starts, so that its first event has
 * its pod, and what is told until it is there waits.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiAccess, ApiPlace } from '@bulwark/kubernetes'
import { limits } from '../limits.ts'
import type { PodChanges } from '../container/pod.ts'
import type { ApiAge } from './source.ts'
import { PodSource } from './source.ts'

/** Where pods are known from. */
export type PodOrigin =
  | {
      readonly from: 'server'
      readonly access: ApiAccess
      /** Name of the Node whose pods are watched. */
      readonly node: string
      /** How long a start waits for the first answer; `limits.apiStartMsMax` when not said. */
      readonly waitMsMax?: number
    }
  /** What was read: see `dump.ts`. */
  | { readonly from: 'files'; readonly changes: PodChanges }

export class PodFeed {
  readonly #source: PodSource | undefined
  readonly #counted: ApiPlace[] = []
  readonly #waiting: PodChanges[] = []
  #count: (place: ApiPlace) => void = (place) => this.#counted.push(place)
  #tell: (changes: PodChanges) => void = (changes) => this.#waiting.push(changes)

  private constructor(origin: PodOrigin, log: (line: string) => void) {
    if (origin.from !== 'server') return
    this.#source = new PodSource({
      access: origin.access,
      node: origin.node,
      count: (place) => this.#count(place),
      tell: (changes) => this.#tell(changes),
      log,
    })
  }

  /**
   * Begins to ask. Resolves when there is a first answer, or none has come for too long: then
   * the agent starts without, and is told when there is one. Never rejects.
   */
  static async open(origin: PodOrigin, log: (line: string) => void): Promise<PodFeed> {
    const feed = new PodFeed(origin, log)
    if (origin.from === 'files') {
      feed.#waiting.push(origin.changes)
      return feed
    }
    const { waitMsMax = limits.apiStartMsMax } = origin
    const late = new AbortController()
    const isListed = await Promise.race([
      feed.#source?.untilListed().then(() => true),
      pause(waitMsMax, false, { signal: late.signal }),
    ])
    late.abort()
    if (isListed === false) log('the start waits no longer for pods: they are told when they come')
    return feed
  }

  /** Tells all that has come, and from now on what comes. */
  attach(tell: (changes: PodChanges) => void, count: (place: ApiPlace) => void): void {
    this.#tell = tell
    this.#count = count
    for (const place of this.#counted) count(place)
    for (const changes of this.#waiting) tell(changes)
    this.#counted.length = 0
    this.#waiting.length = 0
  }

  /** How old it is; `undefined` for files, which are as old as they are. */
  get age(): ApiAge | undefined {
    return this.#source?.age
  }

  stop(): void {
    this.#source?.stop()
  }
}

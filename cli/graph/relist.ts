/**
 * The cluster of an API server for the context of alerts: listed when a run begins, and again and
 * again from then on. A list that fails changes nothing: what is known grows older, and that is
 * said once.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ContextSources } from '@bulwark/graph'
import { prepare } from '@bulwark/graph'
import type { ApiAccess } from '@bulwark/kubernetes'
import { log } from '../report.ts'
import type { ClusterInput } from '@bulwark/server'
import { inputLines } from '@bulwark/server'
import { limits } from './limits.ts'
import { LiveError, listCluster } from './live.ts'

/** Lists a cluster once. */
export type ListOnce = (signal: AbortSignal) => Promise<{
  readonly input: ClusterInput
  readonly place: string
}>

export interface RelistTimes {
  readonly everyMs: number
  /** How long the first list is waited for. */
  readonly startMsMax: number
}

export class RelistedCluster {
  readonly #stop = new AbortController()
  readonly #list: ListOnce
  readonly #times: RelistTimes
  #sources: ContextSources | undefined
  #isDown = false
  /** Lists that have failed. */
  failures = 0

  private constructor(list: ListOnce, times: RelistTimes) {
    this.#list = list
    this.#times = times
  }

  /** Begins to list; resolves after the first list, or when that takes too long. Never rejects. */
  static async follow(list: ListOnce, times: RelistTimes): Promise<RelistedCluster> {
    const cluster = new RelistedCluster(list, times)
    const first = cluster.#once()
    void first.then(() => cluster.#again())
    const late = new AbortController()
    const tooLate = pause(times.startMsMax, undefined, { signal: late.signal, ref: false })
    await Promise.race([first, tooLate.catch(() => {})])
    late.abort()
    return cluster
  }

  /** `undefined`: it was not listed yet. */
  get sources(): ContextSources | undefined {
    return this.#sources
  }

  stop(): void {
    this.#stop.abort()
  }

  async #once(): Promise<void> {
    try {
      const { input, place } = await this.#list(this.#stop.signal)
      if (!this.#sources) for (const line of inputLines(input, place)) log(line)
      else if (this.#isDown) log(`context: the cluster of ${place} is listed again`)
      this.#isDown = false
      // What was seen to run stays known.
      const used = this.#sources?.used ?? input.sources.used
      prepare(input.cluster)
      this.#sources = { ...input.sources, used }
    } catch (error) {
      if (this.#stop.signal.aborted) return
      this.failures++
      if (!this.#isDown) {
        const what = error instanceof LiveError ? error.message : String(error)
        log(`warning: context: the cluster cannot be listed, and is asked again: ${what}`)
      }
      this.#isDown = true
    }
  }

  async #again(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await pause(this.#times.everyMs, undefined, { signal, ref: false }).catch(() => {})
      if (!signal.aborted) await this.#once()
    }
  }
}

/** Follows the cluster of an API server. */
export const followCluster = (access: ApiAccess): Promise<RelistedCluster> =>
  RelistedCluster.follow((signal) => listCluster(access, () => {}, signal), {
    everyMs: limits.relistMs,
    startMsMax: limits.firstListMsMax,
  })

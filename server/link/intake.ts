/**
 * Alerts of agents on their way to their judgement: a bounded queue, judged in the order in which
 * each agent sent them, and told once however often they come. Whoever hands alerts over is
 * answered when they have been told, and kept, so that what a server loses is still with its agent.
 * Agents take turns, and none can take the room of all: see `take`.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Judged } from '../judge/index.ts'
import { limits } from '../limits.ts'
import type { ReceivedAlert } from './read-alert.ts'

/** Numbers since the start; they only go up. */
export interface IntakeCounts {
  /** Alerts that came in a request that was taken, good or not. */
  received: number
  refused: number
  /** They had come before. */
  repeated: number
  /** With a context, and without: of no pod, or before anything was known. */
  judged: number
  unjudged: number
  /** Alerts that were put off: no room, or no cluster yet. They may come again. */
  put_off: number
}

export interface IntakeOptions {
  readonly judge: (alert: ReceivedAlert) => Judged<ReceivedAlert>
  /** Takes an alert, and those that it raises, to its channels. Never waits, never throws. */
  readonly tell: (alert: ReceivedAlert, judged: Judged<ReceivedAlert>) => void
  /** Alerts that may wait. */
  readonly waitingMax: number
  /** Keeps what was told for a later run. */
  readonly memory?: IntakeMemory | undefined
  /** Takes up what an earlier run has told, a step a time, as soon as it can. */
  readonly restore?: () => RestoreStep
}

/** What is kept of alerts over a restart. */
export interface IntakeMemory {
  /** Those that were told, the oldest first. */
  readonly uuids: Iterable<string>
  /** Keeps one that was told. Never throws. */
  keep(alert: ReceivedAlert, judged: Judged<ReceivedAlert>): void
  /** Resolves when all is written, or cannot be, or takes too long. Never rejects. */
  written(): Promise<void>
}

/** `later`: the cluster is not known yet. */
export type RestoreStep = 'more' | 'later' | 'done'

interface Waiting {
  readonly alerts: readonly ReceivedAlert[]
  readonly done: (counts: Handled) => void
}

/** What waits of an agent. */
interface Agent {
  readonly batches: Waiting[]
  /** Alerts, those that are being judged among them. */
  waiting: number
}

/** Why a batch is not taken: there is no room, or this agent has its share of it. */
export type NoRoom = 'full' | 'share'

/** What became of a batch. */
export interface Handled {
  readonly accepted: number
  readonly repeated: number
}

export class AlertIntake {
  readonly counts: IntakeCounts = {
    received: 0,
    refused: 0,
    repeated: 0,
    judged: 0,
    unjudged: 0,
    put_off: 0,
  }
  readonly #options: IntakeOptions
  /** Those of whom something waits, in the order of their turns. */
  readonly #agents = new Map<string, Agent>()
  readonly #shed = new Map<string, number>()
  /** Uuids of alerts that were told, the oldest first. */
  readonly #told: Set<string>
  #waiting = 0
  #running: Promise<void> | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#told = new Set(options.memory?.uuids)
  }

  /** Alerts that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** Alerts that were put off because their agent had its share, by agent; of many, as `others`. */
  get shed(): ReadonlyMap<string, number> {
    return this.#shed
  }

  /**
   * Takes a batch. An agent of which something waits already may have as much as is left for all
   * others, and no more: one alone half of the room, of two each a third, so that there is always
   * some for one that comes.
   *
   * @param from  the agent
   * @returns resolves when all were told; or why it is not taken
   */
  take(alerts: readonly ReceivedAlert[], from: string): Promise<Handled> | NoRoom {
    const room = this.#options.waitingMax - this.#waiting
    if (alerts.length > room) return 'full'
    const agent = this.#agents.get(from) ?? { batches: [], waiting: 0 }
    if (agent.waiting > 0 && agent.waiting + alerts.length > room) {
      this.#countShed(from, alerts.length)
      return 'share'
    }
    this.#agents.set(from, agent)
    this.#waiting += alerts.length
    agent.waiting += alerts.length
    return new Promise((done) => {
      agent.batches.push({ alerts, done })
      this.#running ??= this.#run()
    })
  }

  #countShed(from: string, count: number): void {
    const isKept = this.#shed.has(from) || this.#shed.size < limits.shedAgentsMax
    const name = isKept ? from : 'others'
    this.#shed.set(name, (this.#shed.get(name) ?? 0) + count)
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    await this.#running
  }

  async #restore(): Promise<void> {
    let sinceMs = performance.now()
    while (this.#options.restore?.() === 'more') {
      if (performance.now() - sinceMs < limits.judgeMsMax) continue
      await nextTurn()
      sinceMs = performance.now()
    }
  }

  async #run(): Promise<void> {
    let sinceMs = performance.now()
    // Requests that come together are read before the first is judged.
    await nextTurn()
    for (let next = this.#nextAgent(); next; next = this.#nextAgent()) {
      const [from, agent] = next
      await this.#restore()
      const batch = agent.batches.shift()
      let repeated = 0
      for (const alert of batch?.alerts ?? []) {
        if (!this.#tellOnce(alert)) repeated++
        this.#waiting--
        agent.waiting--
        if (performance.now() - sinceMs < limits.judgeMsMax) continue
        await nextTurn()
        sinceMs = performance.now()
      }
      await this.#options.memory?.written()
      batch?.done({ accepted: batch.alerts.length - repeated, repeated })
      this.#agents.delete(from)
      if (agent.batches.length > 0) this.#agents.set(from, agent)
    }
    this.#running = undefined
  }

  #nextAgent(): readonly [from: string, agent: Agent] | undefined {
    const [first] = this.#agents
    return first
  }

  /** @returns false: it was told before */
  #tellOnce(alert: ReceivedAlert): boolean {
    const { counts } = this
    if (this.#told.has(alert.uuid)) {
      counts.repeated++
      return false
    }
    const judged = this.#options.judge(alert)
    if (judged.context) counts.judged++
    else counts.unjudged++
    this.#options.tell(alert, judged)
    if (this.#told.size >= limits.rememberedAlertsMax) {
      const [oldest = ''] = this.#told
      this.#told.delete(oldest)
    }
    this.#told.add(alert.uuid)
    this.#options.memory?.keep(alert, judged)
    return true
  }
}

/**
 * Alerts of agents on their way to their judgement: a bounded queue, judged in the order in which
 * they came, and told once however often they come. Whoever hands alerts over is answered when they
 * have been told, so that an alert that a server loses is still with its agent.
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
}

interface Waiting {
  readonly alerts: readonly ReceivedAlert[]
  readonly done: (counts: Handled) => void
}

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
  readonly #queue: Waiting[] = []
  /** Uuids of alerts that were told, the oldest first. */
  readonly #told = new Set<string>()
  #waiting = 0
  #running: Promise<void> | undefined

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Alerts that wait. */
  get waiting(): number {
    return this.#waiting
  }

  /** @returns resolves when all were told; `undefined`: there is no room */
  take(alerts: readonly ReceivedAlert[]): Promise<Handled> | undefined {
    if (this.#waiting + alerts.length > this.#options.waitingMax) return undefined
    this.#waiting += alerts.length
    return new Promise((done) => {
      this.#queue.push({ alerts, done })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    let sinceMs = performance.now()
    // Requests that come together are read before the first is judged.
    await nextTurn()
    for (let batch = this.#queue.shift(); batch; batch = this.#queue.shift()) {
      let repeated = 0
      for (const alert of batch.alerts) {
        if (!this.#tellOnce(alert)) repeated++
        this.#waiting--
        if (performance.now() - sinceMs < limits.judgeMsMax) continue
        await nextTurn()
        sinceMs = performance.now()
      }
      batch.done({ accepted: batch.alerts.length - repeated, repeated })
    }
    this.#running = undefined
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
    return true
  }
}

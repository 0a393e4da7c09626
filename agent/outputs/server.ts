/**
 * Alerts to the server of the cluster, in batches of lines. A server that is away, has no room or
 * will not know the agent's token is tried until it takes them: what waits is bounded by the queue.
 * An alert that comes twice, since its answer was lost, is told once: the server knows its uuid.
 */
import { alertsPath, asObject, asText, parseJson, reasonOf } from '@bulwark/schema'

import { limits } from '../limits.ts'
import type { Answer } from './post.ts'
import { isMinute } from './post.ts'
import type { Entry } from './queue.ts'
import type { ServerSettings } from './server-link.ts'
import { ServerLink } from './server-link.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

/** Statuses that say that a single request is wrong, and will be wrong again. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422])

/** As many of the first lines as one request holds: one at least. */
const fitting = (entries: readonly Entry[]): readonly Entry[] => {
  let bytes = 0
  const over = entries.findIndex((entry) => (bytes += entry.bytes + 1) > limits.serverBatchBytesMax)
  return over === -1 ? entries : entries.slice(0, Math.max(over, 1))
}

export class ServerSink implements Sink {
  readonly batchMax = limits.serverBatchMax
  readonly #link: ServerLink
  readonly #onRefused: (message: string, alerts: number) => void

  /** @param onRefused  hears of alerts that the server took and will not have */
  constructor(settings: ServerSettings, onRefused: (message: string, alerts: number) => void) {
    this.#onRefused = onRefused
    this.#link = new ServerLink(settings, alertsPath)
  }

  async send(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    let delivered = 0
    while (delivered < entries.length) {
      const batch = fitting(entries.slice(delivered))
      await this.#sendBatch(batch, delivered, signal)
      delivered += batch.length
    }
  }

  async #sendBatch(batch: readonly Entry[], delivered: number, signal: AbortSignal): Promise<void> {
    let answer: Answer
    try {
      answer = await this.#post(batch, signal)
    } catch (error) {
      this.reopen()
      const message = `cannot reach ${this.#link.place}: ${reasonOf(error)}`
      throw new SinkFault(message, { delivered, cause: error })
    }
    const { status, text, askedPauseMs: pauseMs } = answer
    const said = asObject(parseJson(text))
    if (status === 200) {
      this.#noteRefused(said)
      return
    }
    const why = asText(said?.['message'])?.slice(0, limits.criMessageCharsMax) ?? answer.statusText
    const message = `${this.#link.place} answers ${status}: ${why}`
    if (refusals.has(status)) throw new SinkFault(message, { delivered, next: 'give-up' })
    // What is wrong with a token or an address is mended elsewhere, and then holds for all of them.
    const isAsked = isMinute(status) || status >= 500
    throw new SinkFault(message, { delivered, pauseMs: isAsked ? pauseMs : undefined })
  }

  #noteRefused(answer: ReturnType<typeof asObject>): void {
    const { refused, reasons } = answer ?? {}
    if (typeof refused !== 'number' || refused <= 0) return
    const first: unknown = Array.isArray(reasons) ? reasons[0] : undefined
    const reason = asText(asObject(first)?.['reason']) ?? 'it does not say why'
    this.#onRefused(`${this.#link.place}: ${reason.slice(0, limits.criMessageCharsMax)}`, refused)
  }

  async #post(batch: readonly Entry[], signal: AbortSignal): Promise<Answer> {
    const body = Buffer.from(batch.map(({ line }) => `${line}\n`).join(''))
    return await this.#link.post('application/x-ndjson', body, signal)
  }

  reopen(): void {
    this.#link.reopen()
  }

  async close(): Promise<void> {
    this.reopen()
  }
}

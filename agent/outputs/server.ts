/**
 * Alerts to the server of the cluster, in batches of lines. A server that is away, has no room or
 * will not know the agent's token is tried until it takes them: what waits is bounded by the queue.
 * An alert that comes twice, since its answer was lost, is told once: the server knows its uuid.
 */
import { readFileSync } from 'node:fs'
import { http, https } from '@bulwark/kubernetes'
import { alertsPath, asObject, asText, parseJson } from '@bulwark/schema'

import { limits } from '../limits.ts'
import type { Answer, ConnectionPool } from './post.ts'
import { isMinute, post } from './post.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault, messageOf } from './sink.ts'

export interface ServerSettings {
  /** `http:` or `https:`; without a path, or with the one that a proxy puts before the server's. */
  readonly url: string
  /** Read anew for each request: tokens of service accounts are renewed under the same name. */
  readonly tokenFile: string | undefined
  /** Certificates of the authorities to trust, PEM; Node.js's own list where none is given. */
  readonly caFile: string | undefined
}

/** Statuses that say that a single request is wrong, and will be wrong again. */
const refusals: ReadonlySet<number> = new Set([400, 413, 422])

/** What a server may not make of a header: anything but visible ASCII. */
const headerText = /^[\x21-\x7e]+$/

/** As many of the first lines as one request holds: one at least. */
const fitting = (entries: readonly Entry[]): readonly Entry[] => {
  let bytes = 0
  const over = entries.findIndex((entry) => (bytes += entry.bytes + 1) > limits.serverBatchBytesMax)
  return over === -1 ? entries : entries.slice(0, Math.max(over, 1))
}

export class ServerSink implements Sink {
  readonly batchMax = limits.serverBatchMax
  readonly #settings: ServerSettings
  readonly #url: URL
  readonly #onRefused: (message: string, alerts: number) => void
  #pool: ConnectionPool | undefined

  /** @param onRefused  hears of alerts that the server took and will not have */
  constructor(settings: ServerSettings, onRefused: (message: string, alerts: number) => void) {
    this.#settings = settings
    this.#onRefused = onRefused
    const base = new URL(settings.url)
    base.pathname = `${base.pathname.replace(/\/$/, '')}${alertsPath}`
    this.#url = base
  }

  /** Its address, without what may be a secret in it. */
  get #place(): string {
    return this.#url.origin
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
      const message = `cannot reach ${this.#place}: ${messageOf(error)}`
      throw new SinkFault(message, { delivered, cause: error })
    }
    const { status, text, askedPauseMs: pauseMs } = answer
    const said = asObject(parseJson(text))
    if (status === 200) {
      this.#noteRefused(said)
      return
    }
    const why = asText(said?.['message'])?.slice(0, limits.criMessageCharsMax) ?? answer.statusText
    const message = `${this.#place} answers ${status}: ${why}`
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
    this.#onRefused(`${this.#place}: ${reason.slice(0, limits.criMessageCharsMax)}`, refused)
  }

  async #post(batch: readonly Entry[], signal: AbortSignal): Promise<Answer> {
    const { tokenFile } = this.#settings
    const token = tokenFile === undefined ? undefined : readFileSync(tokenFile, 'utf8').trim()
    if (token !== undefined && !headerText.test(token)) {
      throw new Error(`${tokenFile} is empty, or has characters that no token has`)
    }
    this.#pool ??= this.#makePool()
    return await post({
      url: this.#url,
      pool: this.#pool,
      headers: {
        'Content-Type': 'application/x-ndjson',
        'User-Agent': 'bulwark-agent',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: Buffer.from(batch.map(({ line }) => `${line}\n`).join('')),
      timeoutMs: limits.serverAnswerMsMax,
      signal,
    })
  }

  /** Reads the authorities each time that it is made: they are renewed under the same names. */
  #makePool(): ConnectionPool {
    const { caFile } = this.#settings
    const pool = { keepAlive: true, maxSockets: 1 }
    if (this.#url.protocol !== 'https:') return new (http().Agent)(pool)
    return new (https().Agent)({
      ...pool,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    })
  }

  reopen(): void {
    this.#pool?.destroy()
    this.#pool = undefined
  }

  async close(): Promise<void> {
    this.reopen()
  }
}

/**
 * Alerts to a server, one POST each, as Falco sends them: JSON as `application/json`, text as
 * `text/plain`. A server that cannot be reached is tried until it can be; one that answers with an
 * error of its own, for a while; what it refuses is lost, and counted.
 */
import { readFileSync, readdirSync } from 'node:fs'
import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { http, https } from '@bulwark/kubernetes'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault, messageOf } from './sink.ts'

export interface HttpSettings {
  /** `http:` or `https:`. */
  readonly url: string
  readonly userAgent: string
  /** The server's certificate is not looked at. */
  readonly insecure: boolean
  /** Files of certificates, PEM; or a folder of such files. Node.js's own list where none is. */
  readonly caCert: string | undefined
  readonly caBundle: string | undefined
  readonly caPath: string | undefined
  /** For a server that asks who its client is; both or none. */
  readonly clientCert: string | undefined
  readonly clientKey: string | undefined
  /** Bodies go gzipped. */
  readonly compress: boolean
  /** The connection is used again. */
  readonly keepAlive: boolean
  /** For one POST, from its start to the end of the answer. */
  readonly timeoutMs: number
}

const compressed = promisify(gzip)

const certificatesIn = (folder: string): readonly Buffer[] =>
  readdirSync(folder)
    .filter((name) => /\.(?:pem|crt|cer)$/.test(name))
    .map((name) => readFileSync(join(folder, name)))

/** The authorities to trust, as curl takes them from Falco: the first that is given. */
const authorities = ({ caCert, caBundle, caPath }: HttpSettings): readonly Buffer[] | undefined => {
  const file = caCert ?? caBundle
  if (file !== undefined) return [readFileSync(file)]
  return caPath === undefined ? undefined : certificatesIn(caPath)
}

const isMinute = (answer: number): boolean => answer === 408 || answer === 425 || answer === 429

/** What `Retry-After` asks for, milliseconds. */
const askedPauseMs = (answer: IncomingMessage): number | undefined => {
  const seconds = Number(answer.headers['retry-after'])
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined
  return Math.min(seconds * 1000, limits.channelAskedPauseMsMax)
}

export class HttpSink implements Sink {
  readonly batchMax = 1
  readonly #settings: HttpSettings
  readonly #url: URL
  #agent: HttpAgent | HttpsAgent | undefined

  constructor(settings: HttpSettings) {
    this.#settings = settings
    this.#url = new URL(settings.url)
  }

  /** Reads the certificates each time that it is made: they are renewed under the same names. */
  #makeAgent(): HttpAgent | HttpsAgent {
    const { insecure, clientCert, clientKey, keepAlive } = this.#settings
    const pool = { keepAlive, maxSockets: 1 }
    if (this.#url.protocol !== 'https:') return new (http().Agent)(pool)
    const ca = authorities(this.#settings)
    return new (https().Agent)({
      ...pool,
      rejectUnauthorized: !insecure,
      ...(ca ? { ca: [...ca] } : {}),
      ...(clientCert === undefined ? {} : { cert: readFileSync(clientCert) }),
      ...(clientKey === undefined ? {} : { key: readFileSync(clientKey) }),
    })
  }

  async send(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    for (const entry of entries) await this.#sendOne(entry, signal)
  }

  async #sendOne(entry: Entry, signal: AbortSignal): Promise<void> {
    let answer: IncomingMessage
    try {
      answer = await this.#post(entry, signal)
    } catch (error) {
      this.reopen()
      throw new SinkFault(`cannot post to ${this.#place()}: ${messageOf(error)}`, { cause: error })
    }
    const { statusCode = 0 } = answer
    if (statusCode >= 200 && statusCode < 300) return
    const message = `${this.#place()} answers ${statusCode} ${answer.statusMessage ?? ''}`.trimEnd()
    if (statusCode < 500 && !isMinute(statusCode)) throw new SinkFault(message, { next: 'give-up' })
    throw new SinkFault(message, {
      triesMax: limits.channelAnswersMax,
      pauseMs: askedPauseMs(answer),
    })
  }

  /** The address without what may be a secret in it. */
  #place(): string {
    return `${this.#url.origin}${this.#url.pathname}`
  }

  /** @returns the answer, read to its end */
  async #post({ line, form }: Entry, signal: AbortSignal): Promise<IncomingMessage> {
    const { userAgent, compress, timeoutMs } = this.#settings
    const body = compress ? await compressed(line) : Buffer.from(line)
    this.#agent ??= this.#makeAgent()
    const { request: requestOf } = this.#url.protocol === 'https:' ? https() : http()
    const request = requestOf(this.#url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'Content-Type': form === 'json' ? 'application/json' : 'text/plain',
        'Content-Length': body.length,
        'User-Agent': userAgent,
        ...(compress ? { 'Content-Encoding': 'gzip' } : {}),
      },
    })
    const late = new Error(`no answer within ${timeoutMs / 1000} s`)
    const timer = setTimeout(() => request.destroy(late), timeoutMs)
    const stop = (): void => {
      request.destroy()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      return await answerOf(request, body)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  reopen(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  async close(): Promise<void> {
    this.reopen()
  }
}

const answerOf = (request: ClientRequest, body: Uint8Array): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.on('error', reject)
    request.once('response', (answer) => {
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        // The answer counts, not what is said with it.
        if (bytes > limits.channelAnswerBytesMax) {
          resolve(answer)
          request.destroy()
        }
      })
      answer.once('end', () => resolve(answer))
      answer.on('error', reject)
      answer.once('close', () => reject(new Error('the answer broke off')))
    })
    request.end(body)
  })

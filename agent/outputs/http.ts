/**
 * Alerts to a server, one POST each, as Falco sends them: JSON as `application/json`, text as
 * `text/plain`. A server that cannot be reached is tried until it can be; one that answers with an
 * error of its own, for a while; what it refuses is lost, and counted.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { http, https } from '@bulwark/kubernetes'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Answer, ConnectionPool } from './post.ts'
import { isMinute, post } from './post.ts'
import type { Entry } from './queue.ts'
import { RenewedFiles } from './renewed.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

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

export class HttpSink implements Sink {
  readonly batchMax = 1
  readonly #settings: HttpSettings
  readonly #url: URL
  readonly #renewed: RenewedFiles
  #agent: ConnectionPool | undefined

  constructor(settings: HttpSettings) {
    this.#settings = settings
    const { caCert, caBundle, caPath, clientCert, clientKey } = settings
    this.#renewed = new RenewedFiles([caCert ?? caBundle ?? caPath, clientCert, clientKey])
    this.#url = new URL(settings.url)
  }

  /** Made anew when certificates or keys are renewed under the same names. */
  #makeAgent(): ConnectionPool {
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
    let answer: Answer
    try {
      answer = await this.#post(entry, signal)
    } catch (error) {
      this.reopen()
      throw new SinkFault(`cannot post to ${this.#place()}: ${reasonOf(error)}`, { cause: error })
    }
    const { status, statusText, askedPauseMs: pauseMs } = answer
    if (status >= 200 && status < 300) return
    const message = `${this.#place()} answers ${status} ${statusText}`.trimEnd()
    if (status < 500 && !isMinute(status)) throw new SinkFault(message, { next: 'give-up' })
    throw new SinkFault(message, { triesMax: limits.channelAnswersMax, pauseMs })
  }

  /** The address without what may be a secret in it. */
  #place(): string {
    return `${this.#url.origin}${this.#url.pathname}`
  }

  async #post({ line, form }: Entry, signal: AbortSignal): Promise<Answer> {
    const { userAgent, compress, timeoutMs } = this.#settings
    const body = compress ? await compressed(line) : Buffer.from(line)
    if (this.#renewed.areOthers()) this.reopen()
    this.#agent ??= this.#makeAgent()
    const headers = {
      'Content-Type': form === 'json' ? 'application/json' : 'text/plain',
      'User-Agent': userAgent,
      ...(compress ? { 'Content-Encoding': 'gzip' } : {}),
    }
    return await post({ url: this.#url, pool: this.#agent, headers, body, timeoutMs, signal })
  }

  reopen(): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  async close(): Promise<void> {
    this.reopen()
  }
}

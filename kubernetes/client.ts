/**
 * Requests to the API server, each answered in a stream. Nothing of it waits for ever or grows: a
 * server that is silent for too long is left, and what it says of a fault is bounded. One
 * connection each for the lists and watches under way; redirects are not followed.
 */
import type { Agent as HttpAgent, IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent, RequestOptions } from 'node:https'
import { asObject, asText, parseJson } from '@bulwark/schema'
import { limits } from './limits.ts'
import { http, https, net } from './node-http.ts'
import type { AnswerHead, OnPiece } from './answer-reader.ts'
import { AnswerReader } from './answer-reader.ts'
import type { HeldTarget, TlsSecrets } from './held-connection.ts'
import { hold, readBuffer } from './held-connection.ts'
import type { LineAt } from './line-keeper.ts'
import { chunkIs, lineInChunk } from './line-keeper.ts'
import type { ApiAccess } from './access.ts'
import { AccessError, readSecret } from './access.ts'
import type { Clock } from './clock.ts'
import { machineClock } from './clock.ts'

/** A request that came to nothing. */
export class ApiFault extends Error {
  /** Of HTTP; `undefined` when there was no answer. */
  readonly status: number | undefined
  /** How long the server asks to be left alone, milliseconds. */
  readonly pauseMs: number
  /** It said nothing for too long. */
  readonly stalled: boolean

  constructor(
    message: string,
    facts: { status?: number; pauseMs?: number; stalled?: boolean } = {},
  ) {
    super(message)
    this.status = facts.status
    this.pauseMs = facts.pauseMs ?? 0
    this.stalled = facts.stalled ?? false
  }
}

/** How long one request may take, milliseconds: to its answer, without a byte of it, and in all. */
export interface RequestTimes {
  readonly headMsMax: number
  readonly silentMsMax: number
  readonly msMax: number
}

/** What a server may not make of a header: anything but visible ASCII. */
const headerText = /^[\x21-\x7e]+$/

/** In which form objects are asked for. */
const ownForm = 'application/json'

const okStatuses: ReadonlySet<number | undefined> = new Set([200, 201])

/** What of a request is not as in most. */
export interface RequestMore {
  /** To write, not to get. */
  readonly body?: ApiBody
  /** The form in which objects are asked for. */
  readonly accept?: string
}

/** Whoever looks at chunks of an answer before they are taken apart. */
export interface ChunkTaker {
  /**
   * Called once with the bytes that all is read into. What it gives is asked of so many of them,
   * where a chunk of an answer that is a success begins with the first: see `LineKeeper`.
   */
  readonly gate: (bytes: Buffer) => (length: number) => number
  /** Called with a line that did not pass; nothing else is made of its chunk. */
  readonly onLine: (line: LineAt) => void
  /** Whether it is to be asked of what comes next. Asked whenever something was taken apart. */
  readonly isReady: () => boolean
  /** How long ago something was done with, milliseconds; `undefined`: nothing was yet. */
  readonly agoMs: () => number | undefined
}

/** What of a request on a connection of its own is not as in most. */
export interface AloneMore extends Pick<RequestMore, 'accept'> {
  readonly chunks?: ChunkTaker | undefined
}

/** What a request brings. */
export interface ApiBody {
  readonly method: 'POST' | 'PATCH'
  /** Such as `application/json`. */
  readonly type: string
  readonly text: string
}

export class ApiClient {
  readonly #access: ApiAccess
  /** Made with the first request that is not `getAlone`. */
  #agent: HttpAgent | HttpsAgent | undefined
  readonly #isSecure: boolean
  readonly #clock: Clock

  constructor(access: ApiAccess, clock: Clock = machineClock) {
    this.#access = access
    this.#clock = clock
    this.#isSecure = access.server.protocol === 'https:'
  }

  /** Its address, without what may be a secret in it. */
  get place(): string {
    return this.#access.server.origin
  }

  /** Ends connections that nobody uses. */
  close(): void {
    this.#agent?.destroy()
  }

  /**
   * Gets what is at a path, or what a request there is answered with, in pieces.
   *
   * @param path     with its query
   * @param onBytes  called with each piece; what it throws ends the request
   * @param signal   ends the request
   * @returns resolves when the answer has come to its end
   * @throws ApiFault  there is no answer, or one that is no success
   */
  async get(
    path: string,
    times: RequestTimes,
    onBytes: (chunk: Buffer) => void,
    signal: AbortSignal,
    more: RequestMore = {},
  ): Promise<void> {
    await this.#within(times, signal, async (stop, heard) => {
      const answer = await this.#request(path, stop, more)
      heard()
      if (!okStatuses.has(answer.statusCode)) throw await faultOf(answer)
      await passOn(answer, (chunk) => {
        heard()
        onBytes(chunk)
      })
    })
  }

  /**
   * Gets what is at a path over a connection of its own, without node:http, which costs more with
   * each piece that comes, and memory for good: for what comes for long, or is asked for seldom.
   *
   * @param onBytes  as of `get`; a piece is valid during the call
   * @returns, @throws  as `get`
   */
  async getAlone(
    path: string,
    times: RequestTimes,
    onBytes: OnPiece,
    signal: AbortSignal,
    { accept = ownForm, chunks }: AloneMore = {},
  ): Promise<void> {
    const run = async (stop: AbortSignal, heard: () => void): Promise<void> => {
      let failed: AnswerHead | undefined
      let text = ''
      let isAnswered = false
      const onHead = (head: AnswerHead): void => {
        isAnswered = true
        if (!okStatuses.has(head.status)) failed = head
      }
      const reader = new AnswerReader(onHead, (bytes, from, to) => {
        if (!failed) return onBytes(bytes, from, to)
        text += bytes.toString('utf8', from, to)
        if (text.length > limits.apiStatusCharsMax) throw faultSaying(failed, text)
      })
      const { request, target } = this.#held(path, accept)
      const buffer = readBuffer()
      const gate = chunks?.gate(buffer)
      let isAtChunk = false
      const take = (length: number): boolean => {
        if (isAtChunk && gate && chunks) {
          const places = gate(length)
          if (places === chunkIs.passed) return true
          if (places !== chunkIs.noLine) {
            chunks.onLine(lineInChunk(buffer, length, places))
            return true
          }
        }
        reader.feed(buffer, length)
        if (isAnswered) heard()
        isAtChunk = !failed && reader.isAtChunk && chunks?.isReady() === true
        return !reader.isWhole
      }
      await hold(target, request, buffer, take, stop)
      if (failed) throw faultSaying(failed, text)
      if (!reader.end()) throw new Error('aborted')
    }
    await this.#within(times, signal, run, chunks?.agoMs)
  }

  /** Runs a request with its bounds. What it brings is `heard`, or was elsewhere; the first is the
   * answer's head. */
  async #within(
    times: RequestTimes,
    signal: AbortSignal,
    run: (stop: AbortSignal, heard: () => void) => Promise<void>,
    heardElsewhereAgoMs: () => number | undefined = () => undefined,
  ): Promise<void> {
    const stop = new AbortController()
    const stopNow = (): void => stop.abort()
    signal.addEventListener('abort', stopNow, { once: true })
    let fault: ApiFault | undefined
    const end = (message: string): void => {
      fault ??= new ApiFault(message, { stalled: true })
      stop.abort()
    }
    let boundMs = times.headMsMax
    let heardMs = this.#clock.now()
    /** It is not set again with each piece that comes: that would cost more than most of them. */
    const lookWhether = (): void => {
      const agoMs = this.#clock.now() - heardMs
      const leftMs = boundMs - Math.min(agoMs, heardElsewhereAgoMs() ?? agoMs)
      if (leftMs > 0) silent = this.#clock.after(leftMs, lookWhether)
      else end(`nothing was said for ${boundMs} ms`)
    }
    let silent = this.#clock.after(boundMs, lookWhether)
    let hasHead = false
    const whole = this.#clock.after(times.msMax, () => end(`no end within ${times.msMax} ms`))
    try {
      if (signal.aborted) throw new ApiFault('stopped')
      await run(stop.signal, () => {
        heardMs = this.#clock.now()
        if (hasHead) return
        hasHead = true
        boundMs = times.silentMsMax
        silent.close()
        silent = this.#clock.after(boundMs, lookWhether)
      })
    } catch (error) {
      throw fault ?? (error instanceof ApiFault ? error : new ApiFault(messageOf(error)))
    } finally {
      silent.close()
      whole.close()
      signal.removeEventListener('abort', stopNow)
      stop.abort()
    }
  }

  /** A request on a connection of its own. */
  #held(path: string, accept: string): { readonly request: string; readonly target: HeldTarget } {
    const { server } = this.#access
    const host = hostOf(server)
    const all = { ...this.#headers(), accept, host: server.host, connection: 'close' }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
    const name = net().isIP(host) === 0 ? { servername: host } : {}
    return {
      request: `GET ${pathBelow(server, path)} HTTP/1.1\r\n${lines.join('')}\r\n`,
      target: {
        isSecure: this.#isSecure,
        host,
        port: Number(server.port) || (this.#isSecure ? httpsPort : httpPort),
        secrets: { ...name, ...this.#secrets() },
      },
    }
  }

  #request(
    path: string,
    signal: AbortSignal,
    { body, accept = ownForm }: RequestMore,
  ): Promise<IncomingMessage> {
    const { server } = this.#access
    const written = body && { 'content-type': body.type }
    const options: RequestOptions = {
      ...this.#secrets(),
      headers: { ...this.#headers(), accept, ...written },
      method: body?.method ?? 'GET',
      agent: this.#pool(),
      host: hostOf(server),
      port: server.port,
      path: pathBelow(server, path),
      signal,
    }
    return new Promise((resolve, reject) => {
      const request = (this.#isSecure ? https() : http()).request(options, resolve)
      request.on('error', reject)
      request.end(body?.text)
    })
  }

  #pool(): HttpAgent | HttpsAgent {
    const pool = { keepAlive: true, keepAliveMsecs: limits.apiKeepAliveMs, maxFreeSockets: 2 }
    this.#agent ??= this.#isSecure ? new (https().Agent)(pool) : new (http().Agent)(pool)
    return this.#agent
  }

  /** The token is read anew each time, and so are secrets: see `access.ts`. */
  #headers(): Readonly<Record<string, string>> {
    const { token } = this.#access
    const bearer = token && readSecret(token, 'the token').trim()
    if (bearer !== undefined && !headerText.test(bearer)) {
      throw new AccessError('the token is empty, or has characters that no token has')
    }
    return {
      'user-agent': 'bulwark',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    }
  }

  #secrets(): TlsSecrets {
    if (!this.#isSecure) return {}
    const { authorities, insecure, serverName, clientCert, clientKey } = this.#access
    return {
      rejectUnauthorized: !insecure,
      ...(authorities ? { ca: readSecret(authorities, 'the authorities') } : {}),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(clientCert ? { cert: readSecret(clientCert, 'the client certificate') } : {}),
      ...(clientKey ? { key: readSecret(clientKey, 'the client key') } : {}),
    }
  }
}

const httpPort = 80
const httpsPort = 443

/** A name, or an address without its brackets. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '')

/** The path of a request, below that of the server. */
const pathBelow = ({ pathname }: URL, path: string): string =>
  `${pathname.replace(/\/$/, '')}${path}`

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.message === 'aborted') return 'the connection was cut'
  // Of several addresses that were tried, node tells one by one, and nothing above.
  const [first] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : []
  return first instanceof Error ? first.message : error.message
}

/**
 * Hands the bytes of an answer over as they come: a watch brings a few each second, and an iterator
 * would make a dozen turns of each.
 */
const passOn = (answer: IncomingMessage, onBytes: (chunk: Buffer) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    answer.on('data', (chunk: Buffer) => {
      try {
        onBytes(chunk)
      } catch (error) {
        answer.destroy()
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
    answer.on('end', resolve)
    answer.on('error', reject)
    answer.on('close', () => reject(new Error('aborted')))
  })

/** What an answer that is no success says: the words of its Status. */
const faultOf = async (answer: IncomingMessage): Promise<ApiFault> => {
  const status = answer.statusCode ?? 0
  let text = ''
  for await (const chunk of answer) {
    text += (chunk as Buffer).toString('utf8')
    if (text.length > limits.apiStatusCharsMax) break
  }
  const retryAfter = answer.headers['retry-after']
  const headers = new Map(retryAfter === undefined ? [] : [['retry-after', retryAfter]])
  return faultSaying({ status, reason: answer.statusMessage ?? '', headers }, text)
}

const faultSaying = ({ status, reason, headers }: AnswerHead, text: string): ApiFault => {
  const said = asText(asObject(parseJson(text))?.['message'])
  const words = (said ?? reason).slice(0, limits.apiMessageCharsMax)
  const seconds = Number(headers.get('retry-after'))
  const pauseMs = seconds > 0 ? Math.min(seconds * 1000, limits.apiPauseMsMax) : 0
  return new ApiFault(`HTTP ${status}: ${words}`, { status, pauseMs })
}

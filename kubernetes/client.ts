/**
 * Requests to the API server, each answered in a stream. Nothing of it waits for ever or grows: a
 * server that is silent for too long is left, and what it says of a fault is bounded. One
 * connection each for the lists and watches under way; redirects are not followed.
 */
import type { Agent as HttpAgent, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Agent as HttpsAgent, RequestOptions } from 'node:https'
import { asObject, asText, parseJson } from '@bulwark/schema'
import { limits } from './limits.ts'
import { http, https } from './node-http.ts'
import type { ApiAccess } from './access.ts'
import { AccessError, readSecret } from './access.ts'
import type { Alarm, Clock } from './clock.ts'
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

const okStatuses: ReadonlySet<number | undefined> = new Set([200, 201])

/** What of a request is not as in most. */
export interface RequestMore {
  /** To write, not to get. */
  readonly body?: ApiBody
  /** The form in which objects are asked for. */
  readonly accept?: string
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
  readonly #agent: HttpAgent | HttpsAgent
  readonly #isSecure: boolean
  readonly #clock: Clock

  constructor(access: ApiAccess, clock: Clock = machineClock) {
    this.#access = access
    this.#clock = clock
    this.#isSecure = access.server.protocol === 'https:'
    const pool = { keepAlive: true, keepAliveMsecs: limits.apiKeepAliveMs, maxFreeSockets: 2 }
    this.#agent = this.#isSecure ? new (https().Agent)(pool) : new (http().Agent)(pool)
  }

  /** Its address, without what may be a secret in it. */
  get place(): string {
    return this.#access.server.origin
  }

  /** Ends connections that nobody uses. */
  close(): void {
    this.#agent.destroy()
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
    const stop = new AbortController()
    const stopNow = (): void => stop.abort()
    signal.addEventListener('abort', stopNow, { once: true })
    let fault: ApiFault | undefined
    const end = (message: string): void => {
      fault ??= new ApiFault(message, { stalled: true })
      stop.abort()
    }
    const endAfter = (ms: number): Alarm =>
      this.#clock.after(ms, () => end(`nothing was said for ${ms} ms`))
    let silent = endAfter(times.headMsMax)
    const whole = this.#clock.after(times.msMax, () => end(`no end within ${times.msMax} ms`))
    try {
      if (signal.aborted) throw new ApiFault('stopped')
      const answer = await this.#request(path, stop.signal, more)
      silent.close()
      silent = endAfter(times.silentMsMax)
      if (!okStatuses.has(answer.statusCode)) throw await faultOf(answer)
      await passOn(answer, (chunk) => {
        silent.refresh()
        onBytes(chunk)
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

  #request(
    path: string,
    signal: AbortSignal,
    { body, accept = 'application/json' }: RequestMore,
  ): Promise<IncomingMessage> {
    const { server } = this.#access
    const { headers, ...credentials } = this.#credentials()
    const written = body && { 'content-type': body.type }
    const options: RequestOptions = {
      ...credentials,
      headers: { ...(headers as OutgoingHttpHeaders), accept, ...written },
      method: body?.method ?? 'GET',
      agent: this.#agent,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      signal,
    }
    return new Promise((resolve, reject) => {
      const request = (this.#isSecure ? https() : http()).request(options, resolve)
      request.on('error', reject)
      request.end(body?.text)
    })
  }

  /** Read anew each time: see `access.ts`. */
  #credentials(): RequestOptions {
    const { authorities, insecure, serverName, clientCert, clientKey, token } = this.#access
    const bearer = token && readSecret(token, 'the token').trim()
    if (bearer !== undefined && !headerText.test(bearer)) {
      throw new AccessError('the token is empty, or has characters that no token has')
    }
    const headers = {
      'user-agent': 'bulwark',
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    }
    if (!this.#isSecure) return { headers }
    return {
      headers,
      rejectUnauthorized: !insecure,
      ...(authorities ? { ca: readSecret(authorities, 'the authorities') } : {}),
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(clientCert ? { cert: readSecret(clientCert, 'the client certificate') } : {}),
      ...(clientKey ? { key: readSecret(clientKey, 'the client key') } : {}),
    }
  }
}

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
  const said = asText(asObject(parseJson(text))?.['message'])
  const words = (said ?? answer.statusMessage ?? '').slice(0, limits.apiMessageCharsMax)
  const seconds = Number(answer.headers['retry-after'])
  const pauseMs = seconds > 0 ? Math.min(seconds * 1000, limits.apiPauseMsMax) : 0
  return new ApiFault(`HTTP ${status}: ${words}`, { status, pauseMs })
}

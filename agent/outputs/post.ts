/** One POST over node:http or node:https, for sinks that send alerts to a server. */
import type { Agent as HttpAgent, ClientRequest, IncomingMessage } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { http, https } from '@bulwark/kubernetes'
import { limits } from '../limits.ts'

export type ConnectionPool = HttpAgent | HttpsAgent

/** What is posted, and how long it may take. */
export interface Post {
  readonly url: URL
  readonly pool: ConnectionPool
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** From the start to the end of the answer. */
  readonly timeoutMs: number
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

export interface Answer {
  readonly status: number
  readonly statusText: string
  /** What `Retry-After` asks for, milliseconds. */
  readonly askedPauseMs: number | undefined
  /** What it says, up to a bound. */
  readonly text: string
}

/** Statuses of requests that a server would have taken at another time. */
export const isMinute = (status: number): boolean =>
  status === 408 || status === 425 || status === 429

const askedPauseMs = ({ headers }: IncomingMessage): number | undefined => {
  const seconds = Number(headers['retry-after'])
  if (!Number.isFinite(seconds) || seconds <= 0) return undefined
  return Math.min(seconds * 1000, limits.channelAskedPauseMsMax)
}

/** @returns the answer, read to its end; rejects when there is none */
export const post = async (of: Post): Promise<Answer> => {
  const { url, pool, body, timeoutMs, signal } = of
  const { request: requestOf } = url.protocol === 'https:' ? https() : http()
  const headers = { ...of.headers, 'Content-Length': body.length }
  const request = requestOf(url, { method: 'POST', agent: pool, headers })
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

const answerOf = (request: ClientRequest, body: Uint8Array): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.on('error', reject)
    request.once('response', (answer) => {
      const parts: Buffer[] = []
      let bytes = 0
      const end = (): void =>
        resolve({
          status: answer.statusCode ?? 0,
          statusText: answer.statusMessage ?? '',
          askedPauseMs: askedPauseMs(answer),
          text: Buffer.concat(parts).toString('utf8'),
        })
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        parts.push(chunk)
        // The answer counts, not all that is said with it.
        if (bytes > limits.channelAnswerBytesMax) {
          end()
          request.destroy()
        }
      })
      answer.once('end', end)
      answer.on('error', reject)
      answer.once('close', () => reject(new Error('the answer broke off')))
    })
    request.end(body)
  })

/**
 * One connection to a container runtime's CRI socket: gRPC over HTTP/2, unary calls only. Nothing
 * of it waits for ever, throws or grows: each call has a deadline and a largest answer. After a
 * fault the connection is of no use; whoever has it opens another.
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import { createConnection } from 'node:net'
import { limits } from '../limits.ts'

/** What came of a call. `code` is gRPC's, where the runtime itself refused. */
export type Answer =
  { readonly body: Uint8Array } | { readonly fault: string; readonly code: number | undefined }

/** gRPC's code for a container that the runtime does not know. */
export const notFound = 5
const notSaid = 2
const headBytes = 5

/** A message with gRPC's head: not compressed, and its length. */
const framed = (message: Uint8Array): Buffer => {
  const frame = Buffer.alloc(headBytes + message.length)
  frame.writeUInt32BE(message.length, 1)
  frame.set(message, headBytes)
  return frame
}

const unframed = (frame: Buffer): Answer => {
  if (frame.length < headBytes || frame[0] !== 0) return refused('an answer that is none')
  if (frame.readUInt32BE(1) !== frame.length - headBytes) return refused('an answer that is cut')
  return { body: frame.subarray(headBytes) }
}

const refused = (fault: string, code?: number): Answer => ({ fault, code })

const statusOf = (headers: IncomingHttpHeaders): Answer | undefined => {
  const status = headers['grpc-status']
  if (status === undefined) return undefined
  const code = /^\d{1,3}$/.test(String(status)) ? Number(status) : notSaid
  const message = String(headers['grpc-message'] ?? '').slice(0, limits.criMessageCharsMax)
  return code === 0 ? undefined : refused(`gRPC status ${code}: ${message}`, code)
}

export class CriClient {
  readonly #session: ClientHttp2Session
  #fault: string | undefined

  private constructor(session: ClientHttp2Session) {
    this.#session = session
    session.on('error', (error: Error) => {
      this.#fault ??= error.message
    })
    session.unref()
  }

  /** Begins to connect; the first call tells whether there is somebody. */
  static async open(socket: string): Promise<CriClient> {
    // Only where there is a socket: most of a megabyte that other machines need not load.
    const { connect } = await import('node:http2')
    return new CriClient(
      connect('http://localhost', { createConnection: () => createConnection(socket) }),
    )
  }

  /** Calls a method such as `RuntimeService/Version`. Never rejects. */
  call(method: string, message: Uint8Array, msMax: number = limits.criCallMsMax): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.#fault !== undefined || this.#session.destroyed) {
        resolve(refused(this.#fault ?? 'the connection was closed'))
        return
      }
      let stream: ClientHttp2Stream
      try {
        stream = this.#session.request({
          ':method': 'POST',
          ':path': `/runtime.v1.${method}`,
          'content-type': 'application/grpc',
          te: 'trailers',
        })
      } catch (error) {
        resolve(refused(error instanceof Error ? error.message : String(error)))
        return
      }
      const timer = setTimeout(() => settle(refused(`no answer within ${msMax} ms`)), msMax)
      const settle = (answer: Answer): void => {
        clearTimeout(timer)
        resolve(answer)
        if ('fault' in answer && answer.code === undefined) this.close()
      }
      collect(stream, settle, () => this.#fault)
      stream.end(framed(message))
    })
  }

  /** Ends the connection at once. Harmless the second time. */
  close(): void {
    this.#session.destroy()
  }
}

/** Gathers an answer; `settle` may be called more than once, the first time counts. */
const collect = (
  stream: ClientHttp2Stream,
  settle: (answer: Answer) => void,
  faultOf: () => string | undefined,
): void => {
  const chunks: Buffer[] = []
  let bytes = 0
  let refusal: Answer | undefined
  const onHeaders = (headers: IncomingHttpHeaders): void => {
    // Node gives it as a number, and its types do not say so.
    const status = headers[':status'] as string | number | undefined
    if (status !== undefined && Number(status) !== 200)
      refusal ??= refused(`HTTP ${String(status)}`)
    refusal ??= statusOf(headers)
  }
  stream.on('response', onHeaders)
  stream.on('trailers', onHeaders)
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= limits.criAnswerBytesMax) chunks.push(chunk)
    else settle(refused(`an answer of more than ${limits.criAnswerBytesMax} bytes`))
  })
  stream.on('error', (error: Error) => settle(refused(faultOf() ?? error.message)))
  stream.on('close', () => {
    const closed = faultOf() ?? 'the connection was closed'
    settle(refusal ?? (bytes === 0 ? refused(closed) : unframed(Buffer.concat(chunks))))
  })
}

/** A container runtime's CRI socket that does what a test wants: answers, is silent, lies, goes. */
import type { Http2Server, ServerHttp2Stream } from 'node:http2'
import { createServer as createHttp2 } from 'node:http2'
import type { Server, Socket } from 'node:net'
import { bytesField, joined } from '../protobuf.ts'

/** The one container that it has, and its sandbox. */
export const id = 'a1'.repeat(32)
export const sandbox = 'b2'.repeat(32)

/** gRPC's head of a message. */
export const head = (length: number): Buffer => {
  const bytes = Buffer.alloc(5)
  bytes.writeUInt32BE(length, 1)
  return bytes
}

export const grpc = { ':status': 200, 'content-type': 'application/grpc' }

export const answer = (stream: ServerHttp2Stream, body: Uint8Array, status = '0'): void => {
  stream.respond(grpc, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
  stream.end(Buffer.concat([head(body.length), body]))
}

const names = (name: string): Uint8Array =>
  bytesField(2, joined([bytesField(1, name), bytesField(2, 'uid'), bytesField(3, 'shop')]))
const label = joined([bytesField(1, 'app'), bytesField(2, 'web')])

const answersFor = (container: string): Readonly<Record<string, Uint8Array>> => ({
  Version: joined([bytesField(2, 'fake'), bytesField(3, '1.0')]),
  ListPodSandbox: bytesField(
    1,
    joined([bytesField(1, sandbox), names('web'), bytesField(5, label)]),
  ),
  PodSandboxStatus: bytesField(
    1,
    joined([
      bytesField(1, sandbox),
      names('web'),
      bytesField(5, bytesField(1, '10.0.0.9')),
      bytesField(7, label),
    ]),
  ),
  ListContainers: bytesField(
    1,
    joined([bytesField(1, container), bytesField(2, sandbox), bytesField(3, bytesField(1, 'app'))]),
  ),
})

/** How calls of a method are answered. */
export type Respond = (stream: ServerHttp2Stream, method: string) => void

/** As a runtime should be that has one container in one pod. */
export const wellBehaved = (container = id): Respond => {
  const answers = answersFor(container)
  return (stream, method) => answer(stream, answers[method] ?? new Uint8Array())
}

/** Whoever listens on the socket now; it can be another one later. */
export class FakeRuntime {
  readonly socket: string
  readonly #open = new Set<Socket>()
  #server: Server | Http2Server | undefined

  constructor(socket: string) {
    this.socket = socket
  }

  async listen(server: Server | Http2Server): Promise<void> {
    this.#server = server
    server.on('connection', (each: Socket) => {
      this.#open.add(each)
      each.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(this.socket, resolve))
  }

  async serve(respond: Respond): Promise<void> {
    const server = createHttp2()
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      respond(stream, String(headers[':path']).split('/').at(-1) ?? '')
    })
    await this.listen(server)
  }

  /** The socket is gone then. Harmless when nobody listens. */
  async close(): Promise<void> {
    for (const each of this.#open) each.destroy()
    this.#open.clear()
    const server = this.#server
    this.#server = undefined
    if (server) await new Promise((resolve) => server.close(resolve))
  }
}

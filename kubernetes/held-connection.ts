/**
 * A connection for one request whose answer lasts: what comes is read into one buffer, again and
 * again, and handed on from there. node:http makes several objects and a copy of each piece, which
 * cost more than all that is done with it.
 */
import type { ConnectionOptions } from 'node:tls'
import type { OnReadOpts, Socket } from 'node:net'
import { limits } from './limits.ts'
import { net, tls } from './node-http.ts'

/** What a connection with TLS shows and asks for. */
export type TlsSecrets = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'ca' | 'servername' | 'cert' | 'key'
>

/** Whom to connect to. */
export interface HeldTarget {
  readonly isSecure: boolean
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** For TLS. */
  readonly secrets: TlsSecrets
}

/** Bytes that are read at a time: a record of TLS has no more. */
const readBytesMax = 16 * 1024

/** What bytes are read into. They stay where they are. */
export const readBuffer = (): Buffer => Buffer.allocUnsafeSlow(readBytesMax)

/**
 * Connects, asks, and hands on what comes.
 *
 * @param request  the bytes to send
 * @param buffer   what comes is read into it, again and again
 * @param onBytes  called when something has come, which is so much of the buffer's beginning, valid
 *   during the call; returns whether more is wanted, and what it throws ends the connection
 * @param signal   ends the connection
 * @returns resolves when no more is wanted, or the other side has ended it
 * @throws Error  there is none, it was cut, or ended by the signal
 */
export const hold = (
  { isSecure, host, port, secrets }: HeldTarget,
  request: string,
  buffer: Buffer,
  onBytes: (length: number) => boolean,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    let hasEnded = false
    const fail = (error: unknown): void => {
      reject(error instanceof Error ? error : new Error(String(error)))
      socket.destroy()
    }
    const callback = (bytes: number): boolean => {
      try {
        if (onBytes(bytes)) return true
        resolve()
        socket.destroy()
        return false
      } catch (error) {
        fail(error)
        return false
      }
    }
    const onread: OnReadOpts = { buffer, callback }
    const options = { host, port, onread, keepAlive: true }
    const socket: Socket = isSecure
      ? tls().connect({ ALPNProtocols: ['http/1.1'], ...secrets, ...options })
      : net().connect(options)
    const stop = (): void => fail(new Error('aborted'))
    signal.addEventListener('abort', stop, { once: true })
    socket.setKeepAlive(true, limits.apiKeepAliveMs)
    socket.once(isSecure ? 'secureConnect' : 'connect', () => socket.write(request))
    socket.on('error', fail)
    socket.on('end', () => (hasEnded = true))
    socket.on('close', () => {
      signal.removeEventListener('abort', stop)
      if (hasEnded) resolve()
      else reject(new Error('aborted'))
    })
    if (signal.aborted) stop()
  })

/** Unix datagram sockets. */
import type { Handle } from './addon.ts'
import { addon } from './addon.ts'

/** A datagram socket that is connected to whoever listens at a path. */
export class DatagramSocket {
  readonly #handle: Handle<'socket'>

  /** @throws NativeError  ENOENT, ECONNREFUSED: nobody listens; EPROTOTYPE: for streams */
  constructor(path: string) {
    this.#handle = addon().openDatagram(path)
  }

  /**
   * Sends one message, whole, without waiting.
   *
   * @returns false when the listener's queue is full: try again later
   * @throws NativeError  EMSGSIZE: longer than the kernel takes; ECONNREFUSED: the listener ended
   */
  send(bytes: Uint8Array): boolean {
    return addon().sendDatagram(this.#handle, bytes)
  }

  /** Harmless when it was closed before. */
  close(): void {
    addon().close(this.#handle)
  }
}

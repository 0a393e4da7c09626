/**
 * What a socket was used for before, for rules that ask whether a message goes somewhere else than
 * the one before it. There is no table until the first rule asks.
 */
import { ROLE_CLIENT, ROLE_SERVER } from '@bulwark/schema'
import type { Counters } from '../counters.ts'
import { limits } from '../limits.ts'
import type { End } from './socket-table.ts'
import { SocketTable } from './socket-table.ts'

/** Which end this machine's socket is. */
export type Role = 'client' | 'server'

export class Sockets {
  readonly #counters: Counters
  #table: SocketTable | undefined

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /**
   * Notes the ends of a socket. Returns whether they are others than when this was last asked of
   * it, or in the other order: the client is told first. Bounded; a forgotten socket is a new one.
   */
  renamed(inode: number | bigint, role: Role, local: End, remote: End): boolean {
    const table = (this.#table ??= new SocketTable(
      limits.socketsMax,
      () => this.#counters.evictedSockets++,
    ))
    const entry = table.entry(inode)
    const code = role === 'client' ? ROLE_CLIENT : ROLE_SERVER
    const isSame = table.shown[entry] === code
    if (isSame && table.local.is(entry, local) && table.remote.is(entry, remote)) return false
    table.shown[entry] = code
    table.local.set(entry, local)
    table.remote.set(entry, remote)
    return true
  }
}

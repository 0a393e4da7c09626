/**
 * What the kernel does not keep with a socket and rules ask for: which end is the server, and
 * whether a message goes somewhere else than the one before it. Bounded; a forgotten socket falls
 * back to what its ports suggest.
 */
import type { Counters } from './counters.ts'
import { limits } from './limits.ts'
import type { End } from './socket-table.ts'
import { SocketTable } from './socket-table.ts'

/** Which end this machine's socket is. */
export type Role = 'client' | 'server'

/** In the table; 0 is none. */
const codes: Readonly<Record<Role, number>> = { client: 1, server: 2 }

export class Sockets {
  readonly #table: SocketTable

  constructor(counters: Counters) {
    this.#table = new SocketTable(limits.socketsMax, () => counters.evictedSockets++)
  }

  /** Notes the ends of a socket, in the order of its role. Returns whether they are others than
   * before. */
  renamed(inode: number | bigint, role: Role, local: End, remote: End): boolean {
    const table = this.#table
    const entry = table.entry(inode)
    const code = codes[role]
    const isSame = table.shown[entry] === code
    if (isSame && table.local.is(entry, local) && table.remote.is(entry, remote)) return false
    table.shown[entry] = code
    table.local.set(entry, local)
    table.remote.set(entry, remote)
    return true
  }

  /**
   * The socket's role. Where it was never seen to connect or accept, the end with the lower port
   * serves.
   *
   * @param now  the role that the event itself shows
   */
  roleOf(
    inode: number | bigint,
    localPort: number,
    remotePort: number,
    now: Role | undefined,
  ): Role {
    const { roles } = this.#table
    const entry = this.#table.entry(inode)
    if (now) roles[entry] = codes[now]
    const known = roles[entry]
    if (known === codes.client) return 'client'
    if (known === codes.server) return 'server'
    return remotePort !== 0 && remotePort <= localPort ? 'client' : 'server'
  }
}

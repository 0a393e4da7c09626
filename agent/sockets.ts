/**
 * What the kernel does not keep with a socket and rules ask for: which end is the server, and
 * whether a message goes somewhere else than the one before it. Bounded; a forgotten socket falls
 * back to what its ports suggest.
 */
import { BoundedMap } from './bounded.ts'
import type { Counters } from './counters.ts'
import { limits } from './limits.ts'

/** Which end this machine's socket is. */
export type Role = 'client' | 'server'

interface Known {
  role: Role | undefined
  /** The two ends as they were last, as text. */
  name: string
}

export class Sockets {
  readonly #known: BoundedMap<number | bigint, Known>

  constructor(counters: Counters) {
    this.#known = new BoundedMap(limits.socketsMax, () => counters.evictedSockets++)
  }

  #entry(inode: number | bigint): Known {
    let known = this.#known.get(inode)
    if (!known) {
      known = { role: undefined, name: '' }
      this.#known.set(inode, known)
    }
    return known
  }

  /** Notes the ends of a socket. Returns whether they are other than before. */
  renamed(inode: number | bigint, name: string): boolean {
    const known = this.#entry(inode)
    const changed = known.name !== name
    known.name = name
    return changed
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
    const known = this.#entry(inode)
    known.role = now ?? known.role
    if (known.role) return known.role
    return remotePort !== 0 && remotePort <= localPort ? 'client' : 'server'
  }
}

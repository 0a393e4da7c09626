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

/** One end of a socket: address and port, or a path; -1 when there is none. */
export type End = number | bigint | string

interface Known {
  role: Role | undefined
  /** At the last event: the role it was taken for, and the two ends. */
  shown: Role | undefined
  local: End
  remote: End
}

export class Sockets {
  readonly #known: BoundedMap<number | bigint, Known>
  /** The last one that was looked up: an event asks twice. */
  #inode: number | bigint = -1
  #last: Known | undefined

  constructor(counters: Counters) {
    this.#known = new BoundedMap(limits.socketsMax, () => counters.evictedSockets++)
  }

  #entry(inode: number | bigint): Known {
    if (this.#last && this.#inode === inode) return this.#last
    let known = this.#known.get(inode)
    if (!known) {
      known = { role: undefined, shown: undefined, local: -1, remote: -1 }
      this.#known.set(inode, known)
    }
    this.#inode = inode
    this.#last = known
    return known
  }

  /** Notes the ends of a socket, in the order of its role. Returns whether they are others than
   * before. */
  renamed(inode: number | bigint, role: Role, local: End, remote: End): boolean {
    const known = this.#entry(inode)
    if (known.shown === role && known.local === local && known.remote === remote) return false
    known.shown = role
    known.local = local
    known.remote = remote
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
    const known = this.#entry(inode)
    known.role = now ?? known.role
    if (known.role) return known.role
    return remotePort !== 0 && remotePort <= localPort ? 'client' : 'server'
  }
}

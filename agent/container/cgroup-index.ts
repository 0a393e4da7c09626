/**
 * The cgroups of one hierarchy, by id, each with the container that it belongs to. The kernel
 * tells when one is made and when it is removed; ids are given again in time, so a removed one is
 * remembered for a while only, and never against what a new one says.
 *
 * A container may make cgroups of any name below its own. So an id in a path is believed where it
 * is first seen, and as long as that cgroup lives nowhere else: whoever names a cgroup after
 * another container stays what he is.
 */
import { readdirSync, statSync } from 'node:fs'
import { BoundedMap } from '../bounded.ts'
import type { CgroupMount, Hierarchy } from './cgroups.ts'
import { cgroupPathIn, rootCgroup } from './cgroups.ts'
import type { Container, NamedContainer } from './container.ts'
import { containersInPath } from './container.ts'
import type { Counters } from '../counters.ts'
import { limits } from '../limits.ts'
import type { Outside, Question } from '../outside.ts'

export type CgroupId = number | bigint

/** Reads the text of /proc/PID/cgroup. */
export type TextOf = (pid: number) => string | undefined

/** What a cgroup is known to be; `undefined` is that nobody knows. */
export type CgroupState = 'host' | 'container' | undefined

/** The cgroups of a hierarchy that can be seen, parents first: id and path. */
const cgroupsQuestion: Question<readonly (readonly [CgroupId, string])[]> = { name: 'cgroups' }
/** The id of a path in a hierarchy. */
const cgroupIdQuestion: Question<CgroupId> = { name: 'cgroup-id' }

/** Called with what a cgroup is known to be, and of which container it is. */
export type OnState = (id: CgroupId, state: CgroupState, container?: Container) => void

/** Gives the one object that stands for a container, in whichever hierarchy it is found. */
export type ContainerOf = (named: NamedContainer) => Container

interface Base {
  readonly path: string
  /** The container's own cgroup; `undefined` while only one below it was seen. */
  cgroup: CgroupId | undefined
}

export class CgroupIndex {
  /** `null`: the cgroup is known and belongs to the host. */
  readonly #containers: BoundedMap<CgroupId, Container | null>
  readonly #bases: BoundedMap<string, Base>
  /** Removed cgroups, the first removed first, with the time. */
  readonly #removed = new Map<CgroupId, number>()
  readonly #hierarchy: Hierarchy
  readonly #counters: Counters
  readonly #outside: Outside
  readonly #containerOf: ContainerOf
  readonly #onGone: (container: Container) => void
  readonly #onState: OnState

  /**
   * @param onGone   a container's own cgroup was removed, and is not remembered any longer
   * @param onState  what a cgroup is; and when it is gone, before it is forgotten here
   */
  constructor(
    hierarchy: Hierarchy,
    counters: Counters,
    outside: Outside,
    containerOf: ContainerOf,
    onGone: (container: Container) => void,
    onState: OnState = () => {},
  ) {
    this.#hierarchy = hierarchy
    this.#counters = counters
    this.#outside = outside
    this.#containerOf = containerOf
    this.#onGone = onGone
    this.#onState = onState
    this.#containers = new BoundedMap(limits.cgroupsMax, (id) => {
      counters.evictedCgroups++
      onState(id, undefined)
    })
    this.#bases = new BoundedMap(limits.cgroupsMax, () => counters.evictedCgroups++)
  }

  get number(): number {
    return this.#hierarchy.number
  }

  /** Whether the container's own cgroup is known here. */
  has(containerId: string): boolean {
    return this.#bases.get(containerId) !== undefined
  }

  /** Walks the cgroups that there are. Call it after the hooks are attached. */
  start(): void {
    const { number, mounts } = this.#hierarchy
    const found = this.#outside.ask(cgroupsQuestion, number, () => mounts.flatMap(cgroupsBelow))
    for (const [id, path] of found ?? []) this.made(id, path)
  }

  /**
   * A cgroup was made, or found.
   *
   * @returns the container whose own cgroup it is, not one below
   */
  made(id: CgroupId, path: string): Container | undefined {
    this.#removed.delete(id)
    const named = containersInPath(path).findLast((each) => this.#isBelieved(each))
    if (!named) {
      this.#containers.set(id, null)
      this.#onState(id, 'host')
      return undefined
    }
    const base = this.#bases.get(named.id) ?? { path: named.base, cgroup: undefined }
    if (path === named.base) base.cgroup = id
    this.#bases.set(named.id, base)
    const container = this.#containerOf(named)
    this.#containers.set(id, container)
    this.#onState(id, 'container', container)
    return base.cgroup === id ? container : undefined
  }

  #isBelieved({ id, base }: NamedContainer): boolean {
    const known = this.#bases.get(id)
    if (!known || known.path === base) return true
    if (known.cgroup !== undefined && this.#removed.has(known.cgroup)) {
      this.#bases.delete(id) // started again, elsewhere
      return true
    }
    this.#counters.disguisedCgroups++
    return false
  }

  /** A cgroup was removed: it is remembered for as long as events of it may still come. */
  removed(id: CgroupId, nowNs: number): void {
    if (this.#containers.get(id) === undefined) return
    this.#onState(id, undefined)
    this.#removed.set(id, nowNs)
    for (const [old, removedNs] of this.#removed) {
      if (nowNs - removedNs < limits.cgroupKeptNs) break
      this.#removed.delete(old)
      this.#forget(old)
    }
  }

  #forget(id: CgroupId): void {
    const container = this.#containers.get(id)
    this.#containers.delete(id)
    if (!container || this.#bases.get(container.id)?.cgroup !== id) return
    this.#bases.delete(container.id)
    this.#onGone(container)
  }

  /** The id of a path as the mounts show it; 0 when none does. */
  idOfPath(path: string): CgroupId {
    const { number, mounts } = this.#hierarchy
    const about = `${number}:${path}`
    return this.#outside.ask(cgroupIdQuestion, about, () => inodeOf(mounts, path)) ?? 0
  }

  /** The cgroups of containers that were not removed. */
  *ofContainers(): Generator<readonly [CgroupId, Container]> {
    for (const [id, container] of this.#containers.entries()) {
      if (container && !this.#removed.has(id)) yield [id, container]
    }
  }

  /** The container of a cgroup, where it is known: nobody is asked, nothing is counted. */
  known(id: CgroupId): Container | undefined {
    return this.#containers.get(id) ?? undefined
  }

  /**
   * The container of a cgroup; `undefined` on the host, and where nobody knows, which is counted.
   *
   * @param textOf  text of /proc/PID/cgroup
   * @param pid     a process that was in it a moment ago
   */
  find(id: CgroupId, textOf: TextOf, pid: number): Container | undefined {
    if (id === rootCgroup) return undefined
    const known = this.#containers.get(id)
    if (known !== undefined) return known ?? undefined
    const path = this.#pathOf(id, textOf(pid))
    if (path === undefined) {
      this.#counters.unattributed++
      return undefined
    }
    this.#counters.healedCgroups++
    this.made(id, path)
    return this.#containers.get(id) ?? undefined
  }

  /** The process may have moved on, or its pid may be another's: the path must have the id. */
  #pathOf(id: CgroupId, text: string | undefined): string | undefined {
    const path = text === undefined ? undefined : cgroupPathIn(text, this.#hierarchy.number)
    if (path === undefined) return undefined
    const now = this.idOfPath(path)
    return now === id || now === 0 ? path : undefined
  }
}

/** The id that the kernel has for a cgroup is the inode number of its directory. */
const idOf = (path: string): CgroupId => {
  const { ino } = statSync(path, { bigint: true })
  return ino <= Number.MAX_SAFE_INTEGER ? Number(ino) : ino
}

/** The id of a path below one of the mounts. */
const inodeOf = (mounts: readonly CgroupMount[], path: string): CgroupId | undefined => {
  for (const mount of mounts) {
    const below = belowMount(mount, path)
    if (below === undefined) continue
    try {
      return idOf(`${mount.point}${below}`)
    } catch {
      // Removed.
    }
  }
  return undefined
}

/** Walks the cgroups below a mount, parents first. */
const cgroupsBelow = (mount: CgroupMount): readonly (readonly [CgroupId, string])[] => {
  const found: (readonly [CgroupId, string])[] = []
  const walk = (below: string): void => {
    let names: string[]
    try {
      found.push([idOf(`${mount.point}${below}`), hierarchyPath(mount, below)])
      names = readdirSync(`${mount.point}${below}`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    } catch {
      return // removed while we walked
    }
    for (const name of names) walk(`${below}/${name}`)
  }
  walk('')
  return found
}

const hierarchyPath = ({ root }: CgroupMount, below: string): string =>
  `${root === '/' ? '' : root}${below}` || '/'

const belowMount = ({ root }: CgroupMount, path: string): string | undefined => {
  if (path === '/') return root === '/' ? '' : undefined
  if (root === '/') return path
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : undefined
}

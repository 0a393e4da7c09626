/**
 * From a cgroup id to its container. The kernel tells each new cgroup, with its path, before any
 * process is in it; those that were there before are walked once. So a container's identity is
 * known with its first event. What the runtime knows of it is read from its files when the
 * container first does something, and again until it is there.
 */
import { readdirSync, statSync } from 'node:fs'
import { BoundedMap } from './bounded.ts'
import type { Container } from './container.ts'
import { containerInPath } from './container.ts'
import type { Counters } from './counters.ts'
import { limits } from './limits.ts'
import type { Outside, Question } from './outside.ts'
import { machine } from './outside.ts'
import { metadataQuestion, readMetadata } from './runtime-files.ts'

type CgroupId = number | bigint

/** The cgroups below a mount, parents first: id and path. */
const cgroupsQuestion: Question<readonly (readonly [CgroupId, string])[]> = { name: 'cgroups' }
/** The id of a path below one of the mounts. */
const cgroupIdQuestion: Question<CgroupId> = { name: 'cgroup-id' }

export class ContainerTable {
  /** `null`: the cgroup is known and belongs to the host. */
  readonly #byCgroup: BoundedMap<CgroupId, Container | null>
  readonly #idByPath = new Map<string, CgroupId>()
  readonly #byId: BoundedMap<string, Container>
  readonly #counters: Counters
  readonly #mounts: readonly string[]
  readonly #outside: Outside

  /** @param mounts  where v2 hierarchies are mounted, e.g. `/sys/fs/cgroup/unified` */
  constructor(counters: Counters, mounts: readonly string[], outside: Outside = machine) {
    this.#counters = counters
    this.#outside = outside
    this.#mounts = mounts
    this.#byCgroup = new BoundedMap(limits.cgroupsMax, () => counters.evictedCgroups++)
    this.#byId = new BoundedMap(limits.containersMax, () => counters.evictedContainers++)
  }

  /** Containers seen so far. */
  get size(): number {
    return this.#byId.size
  }

  /** Walks the cgroups that there are. Call it after the hooks are attached. */
  start(): void {
    for (const mount of this.#mounts) {
      const found = this.#outside.ask(cgroupsQuestion, mount, () => cgroupsBelow(mount)) ?? []
      for (const [id, path] of found) this.made(id, path)
    }
    for (const container of this.#byId.values()) this.complete(container, 0, true)
  }

  /** A cgroup of the v2 hierarchy was made, or found. */
  made(id: CgroupId, path: string): void {
    const named = containerInPath(path)
    this.#idByPath.set(path, id)
    if (this.#idByPath.size > limits.cgroupsMax) this.#idByPath.clear()
    if (!named) {
      this.#byCgroup.set(id, null)
      return
    }
    let container = this.#byId.get(named.id)
    if (!container) {
      container = { ...named, metadata: undefined, metadataTries: 0, metadataTriedNs: 0 }
      this.#byId.set(named.id, container)
    }
    this.#byCgroup.set(id, container)
  }

  /** The id of a path of the v2 hierarchy; 0 when no mount shows it. */
  idOfPath(path: string): CgroupId {
    const known = this.#idByPath.get(path)
    if (known !== undefined) return known
    const id = this.#outside.ask(cgroupIdQuestion, path, () => this.#inodeOf(path))
    if (id === undefined) return 0
    this.made(id, path)
    return id
  }

  #inodeOf(path: string): CgroupId | undefined {
    for (const mount of this.#mounts) {
      try {
        return idOf(`${mount}${path}`)
      } catch {
        // Not below this mount, or removed.
      }
    }
    return undefined
  }

  /**
   * The container of an event.
   *
   * @param cgroupId  of the event
   * @param pathOf    reads the path of the process's cgroup, when the id is not known
   * @returns `undefined` on the host
   */
  of(cgroupId: CgroupId, pathOf: () => string | undefined): Container | undefined {
    let container = this.#byCgroup.get(cgroupId)
    if (container === undefined) {
      const path = pathOf()
      if (path === undefined) this.#counters.unattributed++
      else this.made(cgroupId, path)
      container = this.#byCgroup.get(cgroupId) ?? null
    }
    return container ?? undefined
  }

  /**
   * Looks for the runtime's files of a container that has none yet: when it executes something,
   * and now and again when it does something else. Bounded in tries.
   */
  complete(container: Container, nowNs: number, executes: boolean): void {
    if (container.metadata || container.metadataTries >= limits.metadataTriesMax) return
    if (!executes && nowNs - container.metadataTriedNs < limits.metadataPauseNs) return
    container.metadataTries++
    container.metadataTriedNs = nowNs
    const { id } = container
    container.metadata = this.#outside.ask(metadataQuestion, id, () => readMetadata(id))
  }
}

/** The id that the kernel has for a cgroup is the inode number of its directory. */
const idOf = (path: string): CgroupId => {
  const { ino } = statSync(path, { bigint: true })
  return ino <= Number.MAX_SAFE_INTEGER ? Number(ino) : ino
}

/** Walks the cgroups below a mount, parents first. */
const cgroupsBelow = (mount: string): readonly (readonly [CgroupId, string])[] => {
  const found: (readonly [CgroupId, string])[] = []
  const walk = (path: string): void => {
    let names: string[]
    try {
      found.push([idOf(`${mount}${path}`), path === '' ? '/' : path])
      names = readdirSync(`${mount}${path}`, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    } catch {
      return // removed while we walked
    }
    for (const name of names) walk(`${path}/${name}`)
  }
  walk('')
  return found
}

/** Blanks and the like are written as octal numbers there. */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))

/** Where v2 hierarchies are mounted, in the text of /proc/self/mounts. */
export const cgroup2Mounts = (mounts: string): readonly string[] =>
  mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup2')
    .map(([, path = '']) => unescaped(path))

/**
 * From cgroup ids to containers. The kernel tells each new cgroup, with its path, before any
 * process is in it; those that were there before are walked once. So a container's identity is
 * known with its first event. What the runtime knows of it is read from its files when the
 * container first does something, and again until it is there; what they lack, the runtime itself
 * is asked for.
 */
import { BoundedMap } from '../bounded.ts'
import type { CgroupId, CgroupState, TextOf } from './cgroup-index.ts'
import { CgroupIndex } from './cgroup-index.ts'
import type { Cgroups } from './cgroups.ts'
import type { Container, ContainerMetadata, NamedContainer } from './container.ts'
import { newContainer } from './container.ts'
import { expectedOf, metadataOf, sharedInPod } from './container-facts.ts'
import type { Counters } from '../counters.ts'
import { limits } from '../limits.ts'
import type { Outside } from '../outside.ts'
import { machine } from '../outside.ts'
import type { PodChanges } from './pod.ts'
import type { KnownPod } from './pod-table.ts'
import { PodTable } from './pod-table.ts'
import { metadataQuestion, readMetadata } from './runtime-files.ts'

/** When a container is looked at; and what is known of its making, while it is made. */
export interface Making {
  /** Nanoseconds since boot, and since 1970. */
  readonly nowNs: number
  readonly wallNs?: bigint
  /** The OCI bundle that whoever made its cgroup was given for it. */
  readonly bundleOf?: (id: string) => string | undefined
}

/** Called with what a cgroup of a hierarchy, by its number, is known to be. */
export type OnCgroup = (
  hierarchy: number,
  id: CgroupId,
  state: CgroupState,
  container?: Container,
) => void

/** A cgroup of a container. */
export interface ContainerCgroup {
  readonly hierarchy: number
  readonly id: CgroupId
  readonly container: Container
}

export class ContainerTable {
  readonly #byId: BoundedMap<string, Container>
  readonly #unified: CgroupIndex
  readonly #old: CgroupIndex | undefined
  readonly #pods: PodTable
  readonly #counters: Counters
  readonly #outside: Outside
  readonly #ask: (id: string, whole: boolean) => void
  readonly #onKnown: (container: Container) => void
  readonly #expected = new WeakMap<KnownPod, readonly Container[]>()

  /**
   * @param ask         asks the runtime of a container; the answer comes later, to `told`
   * @param onCgroup    what a cgroup is, whenever that is found out, and when it is gone
   * @param onKnown     something else is known of a container than before
   */
  constructor(
    counters: Counters,
    cgroups: Cgroups,
    outside: Outside = machine,
    ask: (id: string, whole: boolean) => void = () => {},
    onCgroup: OnCgroup = () => {},
    onKnown: (container: Container) => void = () => {},
  ) {
    this.#onKnown = onKnown
    this.#counters = counters
    this.#pods = new PodTable(counters)
    this.#outside = outside
    this.#ask = ask
    this.#byId = new BoundedMap(limits.containersMax, () => counters.evictedContainers++)
    const indexOf = (hierarchy: Cgroups['unified']): CgroupIndex =>
      new CgroupIndex(
        hierarchy,
        counters,
        outside,
        (named) => this.#containerOf(named),
        (container) => this.#gone(container),
        (id, state, container) => onCgroup(hierarchy.number, id, state, container),
      )
    this.#unified = indexOf(cgroups.unified)
    this.#old = cgroups.old && indexOf(cgroups.old)
  }

  /** Containers that there are, and those that ended a moment ago. */
  get size(): number {
    return this.#byId.size
  }

  /** The container of that id, while there is one. */
  byId(id: string): Container | undefined {
    return this.#byId.get(id)
  }

  /** The cgroups of containers that there are. */
  *cgroups(): Generator<ContainerCgroup> {
    for (const index of this.#old ? [this.#unified, this.#old] : [this.#unified]) {
      for (const [id, container] of index.ofContainers()) {
        yield { hierarchy: index.number, id, container }
      }
    }
  }

  /**
   * What containers of the pods that are known will be known to be when they are made; or of those
   * pods that a change is about. The same objects as long as the pod is the same.
   */
  *expected(about?: PodChanges): Generator<Container> {
    for (const pod of this.#pods.known(about)) {
      const containers = this.#expected.get(pod) ?? expectedOf(pod)
      this.#expected.set(pod, containers)
      yield* containers
    }
  }

  /** Takes in the cgroups that there are. Call it after the hooks are attached. */
  start(): void {
    this.#unified.start()
    this.#old?.start()
    for (const container of this.#byId.values()) this.complete(container, 0, true)
  }

  #containerOf(named: NamedContainer): Container {
    const known = this.#byId.get(named.id)
    if (known) return known
    const container = newContainer(named)
    this.#byId.set(named.id, container)
    this.#join(container)
    return container
  }

  #gone({ id, files, told, pod, metadataTries }: Container): void {
    if (this.#unified.has(id) || this.#old?.has(id) === true) return
    if (!files && !told && !pod && metadataTries > 0) this.#counters.bareContainers++
    this.#byId.delete(id)
  }

  /**
   * A cgroup was made in the hierarchy of that number. The runtime has written what it knows of a
   * container by then, and the program does not run yet: a short one is over before its files are
   * looked for with its first event.
   */
  made(hierarchy: number, id: CgroupId, path: string, making?: Making): void {
    const container = this.#indexOf(hierarchy)?.made(id, path)
    if (!container || !making) return
    if (!container.files) this.#readFiles(container, making)
    // Now, so that the answer is there before its program runs.
    this.#askOnce(container)
  }

  /** A cgroup was removed. */
  removed(hierarchy: number, id: CgroupId, nowNs: number): void {
    this.#indexOf(hierarchy)?.removed(id, nowNs)
  }

  #indexOf(hierarchy: number): CgroupIndex | undefined {
    if (hierarchy === this.#unified.number) return this.#unified
    return hierarchy === this.#old?.number ? this.#old : undefined
  }

  /** The id of a path of the v2 hierarchy; 0 when no mount shows it. */
  idOfPath(path: string): CgroupId {
    return this.#unified.idOfPath(path)
  }

  /**
   * The container of an event: that of its v2 cgroup, else that of its v1 cgroup. A runtime in a
   * container of a hybrid machine sees v1 alone there: its containers stand in v2 where it does.
   *
   * @param oldId   id in the v1 hierarchy; 0 when none is looked at
   * @param textOf  text of a process's /proc/PID/cgroup, asked for when an id is not known
   * @param pid     that process
   * @returns `undefined` on the host
   */
  of(id: CgroupId, oldId: CgroupId, textOf: TextOf, pid = 0): Container | undefined {
    const container = this.#unified.find(id, textOf, pid)
    if (oldId === 0) return container
    if (!container) return this.#old?.find(oldId, textOf, pid)
    const other = this.#old?.known(oldId)
    return other?.outerId === container.id ? other : container
  }

  /** As `of`, where it is known: nobody is asked, nothing is counted. */
  known(id: CgroupId, oldId: CgroupId): Container | undefined {
    const container = this.#unified.known(id)
    const other = oldId === 0 ? undefined : this.#old?.known(oldId)
    return container && other?.outerId !== container.id ? container : other
  }

  /**
   * Looks for the runtime's files of a container that has none yet: when it executes something,
   * and now and again when it does something else. Bounded in tries. The runtime itself is asked
   * once, for what its files lack.
   */
  complete(container: Container, nowNs: number, executes: boolean): void {
    const isDue = executes || nowNs - container.metadataTriedNs >= limits.metadataPauseNs
    if (!container.files && isDue) this.#readFiles(container, { nowNs })
    this.#askOnce(container)
  }

  #askOnce(container: Container): void {
    if (container.asked) return
    container.asked = true
    this.#ask(container.id, container.files === undefined)
  }

  #readFiles(container: Container, { nowNs, wallNs, bundleOf }: Making): void {
    if (container.metadataTries >= limits.metadataTriesMax) return
    container.metadataTries++
    container.metadataTriedNs = nowNs
    const { id } = container
    const bundle = bundleOf?.(id)
    const files = this.#outside.ask(metadataQuestion, id, () => readMetadata(id, { bundle }))
    if (!files) {
      this.#askItsPod(container)
      return
    }
    // When it is made, its start is not written yet: that is a few milliseconds from now.
    container.files = { ...files, startedNs: files.startedNs ?? wallNs }
    this.#join(container)
  }

  /**
   * A short container is gone with its files; its pod's sandbox is still there. The cgroup says
   * that they are of one pod, which no container can say of itself.
   */
  #askItsPod(container: Container): void {
    const { podUid } = container
    if (podUid === undefined || container.ofPod) return
    for (const { podUid: uid, metadata } of this.#byId.values()) {
      if (uid !== podUid || metadata?.podUid !== podUid) continue
      container.ofPod = sharedInPod(metadata)
      this.#join(container)
      return
    }
  }

  /** The runtime told of a container; nothing happens when there is no such one (any more). */
  told(id: string, facts: Partial<ContainerMetadata>): void {
    const container = this.#byId.get(id)
    if (!container) return
    container.told = facts
    this.#join(container)
  }

  /** Pods or namespaces changed. */
  changePods(changes: PodChanges): void {
    this.#pods.change(changes)
    const uids = uidsIn(changes)
    for (const container of this.#byId.values()) {
      const uid = uids && podUidOf(container)
      if (uid !== undefined && uids?.has(uid) === false) continue
      if (this.#podOf(container) !== container.pod) this.#join(container)
    }
  }

  /** A pod that is gone, with its last events still to come, is what it was. */
  #podOf(container: Container): Container['pod'] {
    return this.#pods.of(container.id, podUidOf(container)) ?? container.pod
  }

  #join(container: Container): void {
    container.pod = this.#podOf(container)
    container.metadata = metadataOf(container)
    this.#onKnown(container)
  }
}

/** The uid by which its pod is found; `undefined`: it is found by the container's own id. */
const podUidOf = ({ podUid, files, told }: Container): string | undefined =>
  podUid ?? files?.podUid ?? told?.podUid

/** The uids by which the containers of the pods are found that changed; `undefined`: all may be. */
const uidsIn = ({ pods, namespaces, namespacesGone }: PodChanges): Set<string> | undefined => {
  if (namespaces.length + namespacesGone.length > 0) return undefined
  return new Set(pods.flatMap(({ uid, staticUid }) => [uid, staticUid ?? uid]))
}

/**
 * The pods that are known, found by what a container has: the uid in the path of its cgroup, or its
 * own id. A pod is there before its containers, since the kubelet learns of it the same way.
 */
import type { Counters } from '../counters.ts'
import type { NamespaceFacts, PodChanges, PodFacts } from './pod.ts'

/** A pod with its namespace. Never changed: what is known differently is another object. */
export interface KnownPod {
  readonly facts: PodFacts
  /** `undefined`: nobody has told of it. */
  readonly namespace: NamespaceFacts | undefined
}

export class PodTable {
  readonly #counters: Counters
  readonly #pods = new Map<string, KnownPod>()
  readonly #namespaces = new Map<string, NamespaceFacts>()
  /** From the uid that the kubelet gave to a static pod, and from a container's id, to a pod's. */
  readonly #byStaticUid = new Map<string, string>()
  readonly #byContainer = new Map<string, string>()

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /** Pods that are known. */
  get size(): number {
    return this.#pods.size
  }

  /**
   * The pod of a container.
   *
   * @param podUid  the uid that its cgroup says; then its id is of no matter
   */
  of(id: string, podUid: string | undefined): KnownPod | undefined {
    if (podUid === undefined) return this.#pods.get(this.#byContainer.get(id) ?? '')
    return this.#pods.get(podUid) ?? this.#pods.get(this.#byStaticUid.get(podUid) ?? '')
  }

  /** All that are known, or those that a change is about. */
  *known(about?: PodChanges): Generator<KnownPod> {
    // Most changes are of one pod, of hundreds.
    if (about?.namespaces.length === 0) {
      for (const { uid } of about.pods) {
        const known = this.#pods.get(uid)
        if (known) yield known
      }
      return
    }
    const names = new Set(about?.namespaces.map(({ name }) => name))
    const uids = new Set(about?.pods.map(({ uid }) => uid))
    for (const [uid, known] of this.#pods) {
      if (!about || uids.has(uid) || names.has(known.facts.namespace)) yield known
    }
  }

  /** Takes in what changed. */
  change({ pods, podsGone, namespaces, namespacesGone }: PodChanges): void {
    for (const name of namespacesGone) this.#namespaces.delete(name)
    for (const namespace of namespaces) this.#namespaces.set(namespace.name, namespace)
    for (const uid of podsGone) this.#remove(uid)
    for (const facts of pods) this.#put(facts)
    if (namespaces.length + namespacesGone.length === 0) return
    const names = new Set([...namespaces.map(({ name }) => name), ...namespacesGone])
    for (const [uid, { facts }] of this.#pods) {
      if (names.has(facts.namespace)) this.#pods.set(uid, this.#known(facts))
    }
  }

  #known(facts: PodFacts): KnownPod {
    return { facts, namespace: this.#namespaces.get(facts.namespace) }
  }

  #put(facts: PodFacts): void {
    const { uid, staticUid, containers } = facts
    const before = this.#pods.get(uid)?.facts
    // Only its labels are others.
    const isNamedSo = before?.staticUid === staticUid && before?.containers === containers
    if (!isNamedSo) this.#remove(uid)
    this.#pods.set(uid, this.#known(facts))
    if (isNamedSo) return
    if (staticUid !== undefined) this.#name(this.#byStaticUid, staticUid, uid)
    for (const { ids } of containers) for (const id of ids) this.#name(this.#byContainer, id, uid)
  }

  /** The first pod that has a name keeps it: who can write a pod may write another's into it. */
  #name(names: Map<string, string>, name: string, uid: string): void {
    const owner = names.get(name)
    if (owner === undefined) names.set(name, uid)
    else if (owner !== uid) this.#counters.disguisedPods++
  }

  #remove(uid: string): void {
    const known = this.#pods.get(uid)
    if (!known) return
    this.#pods.delete(uid)
    const { staticUid = '', containers } = known.facts
    const forget = (names: Map<string, string>, name: string): void => {
      if (names.get(name) === uid) names.delete(name)
    }
    forget(this.#byStaticUid, staticUid)
    for (const { ids } of containers) for (const id of ids) forget(this.#byContainer, id)
  }
}

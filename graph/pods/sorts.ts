/**
 * Pods in sorts: those of a sort are of one workload, with one spec and the same images, so that
 * what leaves them is the same but for what follows from their nodes and from network policies.
 * Each change of a pod moves that pod.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import { limits } from '../limits.ts'
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import type { OnChange } from '../objects/table.ts'

const areSameImages = (a: Pod['images'], b: Pod['images']): boolean =>
  a.length === b.length &&
  a.every((image, at) => {
    const other = b[at]
    return image === other || (image.id === other?.id && image.container === other.container)
  })

/** Whether two pods with one spec are of one sort. Without an owner, nobody says that they are. */
export const areOfOneSort = (a: Pod, b: Pod): boolean =>
  a.namespace === b.namespace &&
  a.isMirror === b.isMirror &&
  a.owner?.name === b.owner?.name &&
  a.owner?.kind === b.owner?.kind &&
  // Without one it was not admitted yet, and has other tokens.
  (a.uid === '') === (b.uid === '') &&
  areSameImages(a.images, b.images)

/** Pods of one sort. */
export class PodSort {
  readonly pods = new Set<Pod>()
  #first: Pod | undefined

  /** Any of them: what makes the sort is in each. */
  get any(): Pod | undefined {
    for (const pod of this.pods) return pod
    return undefined
  }

  /** The first by name. */
  get first(): Pod | undefined {
    if (!this.#first) {
      for (const pod of this.pods) {
        if (!this.#first || pod.name < this.#first.name) this.#first = pod
      }
    }
    return this.#first
  }

  add(pod: Pod): void {
    this.pods.add(pod)
    if (this.#first && pod.name < this.#first.name) this.#first = pod
  }

  delete(pod: Pod): boolean {
    if (this.#first === pod) this.#first = undefined
    return this.pods.delete(pod)
  }
}

/** Sorts of a namespace. */
interface InNamespace {
  readonly bySpec: Map<PodSpec, PodSort[]>
  /** Grows with each change of a pod of any namespace, and is that of the last one of this. */
  version: number
}

export class PodSorts {
  readonly #byNamespace = new Map<string, InNamespace>()
  /** Grows with each change of a pod. */
  version = 0

  constructor(pods: Iterable<Pod>) {
    for (const pod of pods) this.#enter(pod)
  }

  readonly onChange: OnChange = (kind, before, after) => {
    if (kind !== 'Pod') return
    this.version++
    if (before) this.#leave(before as Pod)
    if (after) this.#enter(after as Pod)
  }

  #enter(pod: Pod): void {
    if (pod.isOver) return
    const { namespace, spec } = pod
    let own = this.#byNamespace.get(namespace)
    if (!own) this.#byNamespace.set(namespace, (own = { bySpec: new Map(), version: 0 }))
    own.version = this.version
    let ofSpec = own.bySpec.get(spec)
    if (!ofSpec) own.bySpec.set(spec, (ofSpec = []))
    const isAlone = !pod.owner || ofSpec.length >= limits.replicasOfSpecMax
    let sort = isAlone ? undefined : ofSpec.find(({ any }) => any && areOfOneSort(any, pod))
    if (!sort) ofSpec.push((sort = new PodSort()))
    sort.add(pod)
  }

  #leave(pod: Pod): void {
    const own = this.#byNamespace.get(pod.namespace)
    const ofSpec = own?.bySpec.get(pod.spec)
    const at = ofSpec?.findIndex((each) => each.delete(pod)) ?? -1
    if (!own || !ofSpec || at === -1) return
    own.version = this.version
    if (ofSpec[at]?.pods.size === 0) ofSpec.splice(at, 1)
    if (ofSpec.length === 0) own.bySpec.delete(pod.spec)
    if (own.bySpec.size === 0) this.#byNamespace.delete(pod.namespace)
  }

  /** Namespaces that have pods, in no order that means something. */
  namespaces(): Iterable<string> {
    return this.#byNamespace.keys()
  }

  /** Another number after each change of a pod of the namespace; `undefined`: it has none. */
  versionOf(namespace: string): number | undefined {
    return this.#byNamespace.get(namespace)?.version
  }

  /** Of a namespace, in no order that means something. */
  *inNamespace(namespace: string): Iterable<PodSort> {
    const own = this.#byNamespace.get(namespace)
    if (own) for (const ofSpec of own.bySpec.values()) yield* ofSpec
  }
}

export const podSorts: StateSpec<PodSorts> = {
  create: ({ objects }: Cluster) => new PodSorts(objects.all('Pod')),
  change: (sorts) => sorts.onChange,
}

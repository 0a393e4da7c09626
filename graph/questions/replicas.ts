/**
 * Pods that nothing but their names tells apart for who has got there: those of one workload, with
 * one spec and one image, that network policies see as one, and of which none surely leads to its
 * node. A search goes through them as one. Their edges are the same but for those to their own
 * containers, to nodes that no edge leaves, and for escapes of which it is not known whether they
 * are there (laws.test.ts). What leads to them may differ.
 */
import type { Cluster } from '../cluster.ts'
import type { Certainty } from '../edges.ts'
import { limits } from '../limits.ts'
import { clusterNetwork } from '../network/cluster-network.ts'
import type { PodClass, PodClasses } from '../network/pod-classes.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import type { PodSpec } from '../objects/podspec.ts'
import { WaysOut } from '../pods/escape-edges.ts'
import { areOfOneSort } from '../pods/sorts.ts'

const isOfPod = (kind: NodeKind): boolean =>
  kind === 'pod' || kind === 'container' || kind === 'endpoint'

/** A place among the nodes of a search, by kind and container. */
interface PartPlace {
  readonly kind: NodeKind
  readonly part: string
  readonly place: number
}

/** Replicas, and the places of their nodes in one search. */
interface Replicas {
  readonly pod: Pod
  readonly network: PodClass | undefined
  readonly waysOut: WaysOut
  readonly places: PartPlace[]
}

/** What was found for a pod. */
interface Found {
  readonly namespace: string
  readonly name: string
  /** `undefined`: it is for itself. */
  readonly replicas: Replicas | undefined
  /** It may lead to its node: that is not known. */
  readonly isDoubtful: boolean
}

/** Places that nodes of replicas share in one search. */
export class SharedPlaces {
  readonly #cluster: Cluster
  readonly #certainty: Certainty
  readonly #classes: PodClasses
  readonly #bySpec = new Map<PodSpec, Replicas[]>()
  /** Asked last: the containers of a pod are reached one after another. */
  #last: Found | undefined

  /** @param certainty  edges that are less sure are left out */
  constructor(cluster: Cluster, certainty: Certainty) {
    this.#cluster = cluster
    this.#certainty = certainty
    this.#classes = cluster.state(clusterNetwork).classes
  }

  #replicasOf(pod: Pod): Replicas | undefined {
    const network = this.#classes.ofPod(pod.namespace, pod.name)
    let known = this.#bySpec.get(pod.spec)
    if (!known) this.#bySpec.set(pod.spec, (known = []))
    for (const each of known) {
      if (each.network === network && areOfOneSort(each.pod, pod)) return each
    }
    if (known.length >= limits.replicasOfSpecMax) return undefined
    const made: Replicas = { pod, network, waysOut: new WaysOut(this.#cluster), places: [] }
    known.push(made)
    return made
  }

  #find({ namespace, name }: GraphNode): Found {
    const alone = { namespace, name, replicas: undefined, isDoubtful: false }
    const pod = this.#cluster.objects.get('Pod', namespace, name)
    // Without an owner, nobody says that another one is the same.
    if (!pod?.owner || pod.isOver) return alone
    const replicas = this.#replicasOf(pod)
    const surest = replicas?.waysOut.surestOf(pod)
    if (surest === 'certain') return alone
    if (surest === 'possible' && this.#certainty !== 'certain') return alone
    const isDoubtful = surest === 'unknown' && this.#certainty === 'unknown'
    return { namespace, name, replicas, isDoubtful }
  }

  #of(node: GraphNode): Found {
    const last = this.#last
    if (last && last.name === node.name && last.namespace === node.namespace) return last
    return (this.#last = this.#find(node))
  }

  /**
   * The place of a node that replicas share; one that has none yet gets `free`, if it is given.
   * `undefined`: the node shares none.
   */
  of(node: GraphNode, free: number | undefined): number | undefined {
    const replicas = isOfPod(node.kind) ? this.#of(node).replicas : undefined
    if (!replicas) return undefined
    for (const { kind, part, place } of replicas.places) {
      if (kind === node.kind && part === node.part) return place
    }
    if (free !== undefined) {
      replicas.places.push({ kind: node.kind, part: node.part, place: free })
    }
    return free
  }

  /** Whether a node that shares its place may lead to a node of the cluster: it is not known. */
  isDoubtful(node: GraphNode): boolean {
    return this.#of(node).isDoubtful
  }
}

/**
 * What a search for a judgement follows in place of all edges: of the pods of a namespace one of
 * each sort, and over the network only what leads to a foothold. These are edges of the catalogue,
 * or stand for several of them in a row.
 */
import type { Cluster } from '../cluster.ts'
import type { EmitOfKind } from '../graph.ts'
import { limits } from '../limits.ts'
import { clusterNetwork } from '../network/cluster-network.ts'
import { openCves } from '../network/image-cves.ts'
import type { PodClass } from '../network/pod-classes.ts'
import { emitBetween, emitEndpoints, reach } from '../network/reach-edges.ts'
import type { GraphNode } from '../nodes.ts'
import { podNode } from '../nodes.ts'
import type { Container } from '../objects/podspec.ts'
import { mayEscape } from '../pods/escape-edges.ts'
import { podSorts } from '../pods/sorts.ts'
import { members } from '../rbac/hub-edges.ts'
import { everywhere } from '../rbac/grants.ts'
import type { Landings } from './landings.ts'
import { firstOfClasses } from './landings.ts'

const nothing = (): readonly never[] => []

/** Edges of one search. */
export class NarrowEdges {
  readonly #cluster: Cluster
  readonly #landings: Landings
  /** Classes that were reached: the first way there was the nearest. */
  readonly #reached = new Set<PodClass>()
  #verdicts = 0
  /** There were more questions to policies than the bound. */
  isCut = false

  constructor(cluster: Cluster, landings: Landings) {
    this.#cluster = cluster
    this.#landings = landings
  }

  /** For the search: each class is reached once. */
  readonly onward = (from: GraphNode, emit: EmitOfKind): boolean => {
    if (from.kind !== 'network') return this.all(from, emit)
    const network = this.#cluster.state(clusterNetwork)
    const own = network.classes.find(from.namespace, from.name)
    for (const to of own ? this.#landings.byClass.keys() : []) {
      if (!own || this.#reached.has(to)) continue
      if (this.#verdicts++ >= limits.powerVerdictsMax) {
        this.isCut = true
        break
      }
      emitBetween(network, own, to, (...edge) => {
        if (edge[1] !== 'unknown') this.#reached.add(to)
        emit(reach, ...edge)
      })
    }
    return true
  }

  /** For the path that was found: whatever the search may have followed. */
  readonly all = (from: GraphNode, emit: EmitOfKind): boolean => {
    const { classes } = this.#cluster.state(clusterNetwork)
    switch (from.kind) {
      case 'pods':
        return this.#pods(from, emit)
      case 'network': {
        const network = this.#cluster.state(clusterNetwork)
        const own = classes.find(from.namespace, from.name)
        for (const to of own ? this.#landings.byClass.keys() : []) {
          if (own) emitBetween(network, own, to, (...edge) => emit(reach, ...edge))
        }
        return true
      }
      case 'reachable': {
        const own = classes.find(from.namespace, from.name)
        for (const pod of (own && this.#landings.byClass.get(own)) ?? []) {
          const isOpen = (container: Container): boolean =>
            openCves(this.#cluster, pod, container).length > 0
          emitEndpoints(pod, (...edge) => emit(reach, ...edge), isOpen)
        }
        return true
      }
      default:
        return false
    }
  }

  #pods({ namespace }: GraphNode, emit: EmitOfKind): boolean {
    if (namespace === everywhere) return false
    for (const sort of this.#cluster.state(podSorts).inNamespace(namespace)) {
      const { any, pods } = sort
      const each = any && mayEscape(any) ? pods : firstOfClasses(this.#cluster, sort).values()
      for (const { name } of each) emit(members, podNode(namespace, name), 'certain', nothing)
    }
    return true
  }
}

/**
 * What an identity, or the containers of a pod, lead to: the nearest way to cluster-admin, or else
 * to secrets. Searched from there over the edges, as far as the bounds allow, and kept until some
 * object, or a report about an image, changes.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Certainty, Edge, Fact } from '../edges.ts'
import type { Narrow } from '../graph.ts'
import { limits } from '../limits.ts'
import { imagesVersion } from '../network/image-cves.ts'
import type { GraphNode } from '../nodes.ts'
import type { Explored } from '../questions/explore.ts'
import { explore } from '../questions/explore.ts'
import { pathTo } from '../questions/paths.ts'
import { landingsOf } from './landings.ts'
import { NarrowEdges } from './narrow.ts'

/** The worst that an identity leads to. */
export interface Power {
  readonly reaches: 'cluster-admin' | 'secrets' | 'other' | 'nothing'
  /** An attacker's steps; 0: the identity is that itself. */
  readonly steps: number
  readonly certainty: Certainty
  /** The way, in order. */
  readonly edges: readonly Edge[]
  /** The bounds ended the search: there may be a way that is longer. */
  readonly isCut: boolean
  /** Ids of the kinds of edges that the search met, and left out since they are unknown. */
  readonly doubted: ReadonlySet<string>
}

/** Nodes that are the contents of secrets. */
const secretKinds: ReadonlySet<string> = new Set(['secret', 'secrets'])

/** What is not known raises nothing. */
const certainty = 'possible'

/** The way to a node that was reached. */
const wayTo = (
  cluster: Cluster,
  explored: Explored,
  starts: number,
  to: number,
  narrow: Narrow,
) => {
  const path = pathTo(cluster, explored, starts, to, certainty, narrow)
  return {
    steps: path?.steps ?? 0,
    certainty: path?.certainty ?? 'certain',
    edges: (path?.hops ?? []).flatMap(({ ways }) => ways[0] ?? []),
  }
}

/** The nearest secret, of those that are as near the first by name. */
const nearestSecret = ({ nodes, costs }: Explored): number | undefined => {
  let nearest: number | undefined
  for (const [place, { kind, id }] of nodes.entries()) {
    if (!secretKinds.has(kind)) continue
    const cost = costs[place] ?? Infinity
    const least = nearest === undefined ? Infinity : (costs[nearest] ?? Infinity)
    if (cost < least || (cost === least && id < (nodes[nearest ?? -1]?.id ?? ''))) nearest = place
  }
  return nearest
}

const search = (cluster: Cluster, from: readonly GraphNode[]): Power => {
  const narrow = new NarrowEdges(cluster, landingsOf(cluster))
  const explored = explore(cluster, from, {
    wants: 'paths',
    certainty,
    isTarget: ({ kind }) => kind === 'cluster-admin',
    slack: 0,
    bounds: {
      stepsMax: limits.powerStepsMax,
      edgesMax: limits.powerEdgesMax,
      narrow: narrow.onward,
    },
  })
  const { nodes, ends, doubted } = explored
  const isCut = explored.isCut || narrow.isCut
  const [admin] = explored.targets
  const way = (to: number): ReturnType<typeof wayTo> =>
    wayTo(cluster, explored, from.length, to, narrow.all)
  if (admin !== undefined) {
    return { reaches: 'cluster-admin', isCut, doubted, ...way(admin) }
  }
  const secret = nearestSecret(explored)
  if (secret !== undefined) {
    return { reaches: 'secrets', isCut, doubted, ...way(secret) }
  }
  const reaches = nodes.length > from.length || ends > 0 ? 'other' : 'nothing'
  return { reaches, steps: 0, certainty: 'certain', edges: [], isCut, doubted }
}

class Powers {
  readonly #cluster: Cluster
  /** What the answers rest on beside objects. */
  #images = 0
  readonly #byNodes = new Map<string, Power>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  of(nodes: readonly GraphNode[]): Power {
    const images = imagesVersion(this.#cluster)
    if (images !== this.#images) this.#byNodes.clear()
    this.#images = images
    const key = nodes.map(({ id }) => id).join(' ')
    const known = this.#byNodes.get(key)
    if (known) return known
    const power = search(this.#cluster, nodes)
    if (this.#byNodes.size >= limits.powersKeptMax) this.#byNodes.clear()
    this.#byNodes.set(key, power)
    return power
  }

  forget(): void {
    this.#byNodes.clear()
  }
}

const powers: StateSpec<Powers> = {
  create: (cluster) => new Powers(cluster),
  change: (state) => () => state.forget(),
}

/** What some nodes lead to, the worst that there is. */
export const worstOf = (cluster: Cluster, nodes: readonly GraphNode[]): Power =>
  cluster.state(powers).of(nodes)

/** Why a way is there: the first reason of each of its edges. */
export const wayFacts = (edges: readonly Edge[]): readonly Fact[] =>
  edges.flatMap((edge) => edge.reasons()[0] ?? [])

/**
 * What an identity leads to: the nearest way to cluster-admin, or else to secrets. Searched from
 * the identity over the edges, as far as the bounds allow, and kept until some object changes.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Certainty, Edge, Fact } from '../edges.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'
import type { Explored } from '../questions/explore.ts'
import { explore } from '../questions/explore.ts'
import { pathTo } from '../questions/paths.ts'

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
}

/** Nodes that are the contents of secrets. */
const secretKinds: ReadonlySet<string> = new Set(['secret', 'secrets'])

/** Whether ways over the network are looked at: who reaches whom in a large one takes too long. */
export const isSmall = ({ objects }: Cluster): boolean =>
  objects.count('Pod') <= limits.powerReachPodsMax

/** What is not known raises nothing. */
const certainty = 'possible'

/** The way to a node that was reached. */
const wayTo = (cluster: Cluster, explored: Explored, place: number) => {
  const path = pathTo(cluster, explored, place, certainty)
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

const search = (cluster: Cluster, from: GraphNode): Power => {
  const explored = explore(cluster, [from], {
    wants: 'paths',
    certainty,
    isTarget: ({ kind }) => kind === 'cluster-admin',
    slack: 0,
    bounds: {
      stepsMax: limits.powerStepsMax,
      edgesMax: limits.powerEdgesMax,
      isWanted: isSmall(cluster) ? () => true : ({ id }) => id !== 'REACH',
    },
  })
  const { isCut, nodes, ends } = explored
  const [admin] = explored.targets
  if (admin !== undefined) {
    return { reaches: 'cluster-admin', isCut, ...wayTo(cluster, explored, admin) }
  }
  const secret = nearestSecret(explored)
  if (secret !== undefined) {
    return { reaches: 'secrets', isCut, ...wayTo(cluster, explored, secret) }
  }
  const reaches = nodes.length > 1 || ends > 0 ? 'other' : 'nothing'
  return { reaches, steps: 0, certainty: 'certain', edges: [], isCut }
}

class Powers {
  readonly #cluster: Cluster
  readonly #byNode = new Map<string, Power>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  of(node: GraphNode): Power {
    const known = this.#byNode.get(node.id)
    if (known) return known
    const power = search(this.#cluster, node)
    if (this.#byNode.size >= limits.powersKeptMax) this.#byNode.clear()
    this.#byNode.set(node.id, power)
    return power
  }

  forget(): void {
    this.#byNode.clear()
  }
}

const powers: StateSpec<Powers> = {
  create: (cluster) => new Powers(cluster),
  change: (state) => () => state.forget(),
}

/** What a node leads to, the worst that there is. */
export const worstOf = (cluster: Cluster, node: GraphNode): Power => cluster.state(powers).of(node)

/** Why a way is there: the first reason of each of its edges. */
export const wayFacts = (edges: readonly Edge[]): readonly Fact[] =>
  edges.flatMap((edge) => edge.reasons()[0] ?? [])

/**
 * What an identity leads to: the nearest way to cluster-admin, or else to secrets. Searched from
 * the identity over the edges, as far as the bounds allow, and kept until some object changes.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Certainty, Edge, EdgeKind, Fact } from '../edges.ts'
import { edgesWithin } from '../graph.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'
import { clusterAdmin } from '../nodes.ts'

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

const certainties: readonly Certainty[] = ['certain', 'possible', 'unknown']

const leastSure = (edges: readonly Edge[]): Certainty =>
  certainties[Math.max(0, ...edges.map(({ certainty }) => certainties.indexOf(certainty)))] ??
  'unknown'

/** How a node was come to. */
interface Reached {
  readonly node: GraphNode
  readonly steps: number
  readonly by: Edge | undefined
  readonly before: Reached | undefined
}

const wayTo = (reached: Reached): readonly Edge[] => {
  const edges: Edge[] = []
  for (let at: Reached | undefined = reached; at?.by; at = at.before) edges.unshift(at.by)
  return edges
}

const powerBy = (
  reaches: Power['reaches'],
  reached: Reached | undefined,
  isCut: boolean,
): Power => {
  const edges = reached ? wayTo(reached) : []
  return { reaches, steps: reached?.steps ?? 0, certainty: leastSure(edges), edges, isCut }
}

/** Whether ways over the network are looked at: who reaches whom in a large one takes too long. */
export const isSmall = ({ objects }: Cluster): boolean =>
  objects.count('Pod') <= limits.powerReachPodsMax

/** Nearest first: edges that cost nothing go before those that are a step. */
const search = (cluster: Cluster, from: GraphNode): Power => {
  const seen = new Set<string>()
  let now: Reached[] = [{ node: from, steps: 0, by: undefined, before: undefined }]
  let next: Reached[] = []
  let secret: Reached | undefined
  let room: number = limits.powerEdgesMax
  const isWanted = isSmall(cluster) ? () => true : ({ id }: EdgeKind) => id !== 'REACH'
  let isCut = false
  for (let steps = 0; now.length > 0 && steps <= limits.powerStepsMax; steps++) {
    for (let at = 0; at < now.length; at++) {
      const reached = now[at]
      if (!reached || seen.has(reached.node.id)) continue
      seen.add(reached.node.id)
      if (reached.node.id === clusterAdmin.id) return powerBy('cluster-admin', reached, isCut)
      if (secretKinds.has(reached.node.kind)) secret ??= reached
      const edges = edgesWithin(cluster, reached.node, { edgesMax: room, isWanted })
      if (!edges) {
        isCut = true
        continue
      }
      room -= edges.length
      for (const edge of edges) {
        // What is not known raises nothing.
        if (edge.certainty === 'unknown') continue
        const to = { node: edge.to, steps: steps + edge.kind.cost, by: edge, before: reached }
        if (edge.kind.cost === 0) now.push(to)
        else next.push(to)
      }
    }
    now = next
    next = []
  }
  if (now.length > 0) isCut = true
  if (secret) return powerBy('secrets', secret, isCut)
  return powerBy(seen.size > 1 ? 'other' : 'nothing', undefined, isCut)
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

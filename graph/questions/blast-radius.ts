/** Everything that somebody gets to from one node, and how far away it is. */
import type { Cluster } from '../cluster.ts'
import type { Certainty } from '../edges.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import { connectionKinds } from '../nodes.ts'
import { explore } from './explore.ts'
import type { ReachedWays } from './reached-ways.ts'
import { reachedWays } from './reached-ways.ts'

export interface Reached {
  readonly node: GraphNode
  /** As that of a path: less is nearer, or surer. */
  readonly cost: number
}

export interface BlastRadius {
  /** By cost, then by name; without the start. */
  readonly reached: readonly Reached[]
  /** How many of each kind, in order of the kinds' names. */
  readonly counts: readonly (readonly [kind: NodeKind, count: number])[]
  /** A bound was reached: there may be more. */
  readonly isCut: boolean
  /** By which edges; made when it is asked for. */
  readonly ways: () => ReachedWays
}

/** What is taken over from a node: what control of it is worth. Connections alone are left out. */
export const blastRadius = (
  cluster: Cluster,
  from: GraphNode,
  certainty: Certainty = 'possible',
): BlastRadius => {
  const explored = explore(cluster, [from], {
    wants: 'nodes',
    certainty,
    isTarget: () => false,
    slack: undefined,
  })
  const { nodes, costs, isCut } = explored
  const isReached = ({ id, kind }: GraphNode): boolean =>
    id !== from.id && !connectionKinds.has(kind)
  const reached = nodes
    .map((node, place) => ({ node, cost: costs[place] ?? 0 }))
    .filter(({ node }) => isReached(node))
    .toSorted((a, b) => a.cost - b.cost || (a.node.id < b.node.id ? -1 : 1))
  const counts = new Map<NodeKind, number>()
  for (const { node } of reached) counts.set(node.kind, (counts.get(node.kind) ?? 0) + 1)
  const ways = (): ReachedWays => reachedWays(cluster, explored, certainty, isReached)
  return { reached, counts: [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)), isCut, ways }
}

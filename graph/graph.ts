/** The edges that leave a node, derived from the objects of a cluster when somebody asks. */
import { edgeFamiliesFrom } from './catalogue.ts'
import type { Cluster } from './cluster.ts'
import type { Certainty, Edge, EdgeKind, Emit, Reason } from './edges.ts'
import type { GraphNode } from './nodes.ts'

const certainties: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** The surer of two. */
const surer = (a: Certainty, b: Certainty): Certainty =>
  certainties.indexOf(a) <= certainties.indexOf(b) ? a : b

interface Found {
  readonly kind: EdgeKind
  readonly to: GraphNode
  certainty: Certainty
  readonly reasons: (() => Reason)[]
}

/** Takes an edge of a kind. */
export type EmitOfKind = (kind: EdgeKind, ...edge: Parameters<Emit>) => void

/** Some of the edges that leave a node, for a search that must be quick; `false`: it has no own. */
export type Narrow = (from: GraphNode, emit: EmitOfKind) => boolean

/** Calls with each edge that leaves a node, as it is derived. */
export const deriveEdges = (
  cluster: Cluster,
  from: GraphNode,
  emit: EmitOfKind,
  narrow?: Narrow,
): void => {
  if (narrow?.(from, emit)) return
  for (const family of edgeFamiliesFrom(from.kind)) family.derive(cluster, from, emit)
}

const collect = (
  cluster: Cluster,
  from: GraphNode,
  isWanted: (to: GraphNode) => boolean,
  narrow?: Narrow,
): ReadonlyMap<string, Found> => {
  const found = new Map<string, Found>()
  const take: EmitOfKind = (kind, to, certainty, reason) => {
    if (!isWanted(to)) return
    const key = `${kind.id} ${to.id}`
    const same = found.get(key)
    if (same) {
      same.certainty = surer(same.certainty, certainty)
      same.reasons.push(reason)
    } else {
      found.set(key, { kind, to, certainty, reasons: [reason] })
    }
  }
  deriveEdges(cluster, from, take, narrow)
  return found
}

/** By their text; that of a single one is not made. */
const inOrder = (reasons: readonly Reason[]): readonly Reason[] =>
  reasons.length === 1
    ? reasons
    : reasons
        .map((reason) => [JSON.stringify(reason), reason] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([, reason]) => reason)

const edgesOf = (from: GraphNode, found: ReadonlyMap<string, Found>): readonly Edge[] =>
  [...found]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { kind, to, certainty, reasons }]) => ({
      kind,
      from,
      to,
      certainty,
      reasons: () => inOrder(reasons.map((reason) => reason())),
    }))

/**
 * All edges that leave a node, each once for its kind and its end, in order of kind and end: the
 * same objects give the same edges, in whatever order they came.
 */
export const edgesFrom = (cluster: Cluster, from: GraphNode): readonly Edge[] =>
  edgesOf(
    from,
    collect(cluster, from, () => true),
  )

/** Those of them that lead to some nodes. */
export const edgesBetween = (
  cluster: Cluster,
  from: GraphNode,
  isWanted: (to: GraphNode) => boolean,
  narrow?: Narrow,
): readonly Edge[] => edgesOf(from, collect(cluster, from, isWanted, narrow))

/** Which edges of a pod an alert shows to have been walked. */
import type { Cluster } from '../cluster.ts'
import { catalogue } from '../catalogue.ts'
import type { Edge, EdgeKind } from '../edges.ts'
import { edgesFrom } from '../graph.ts'
import type { AlertFacts, WalkedEdge } from '../judgement/context.ts'
import type { GraphNode } from '../nodes.ts'
import { containerNode, hostNode, nodeText } from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import { containerFact, containerOf } from '../pods/container.ts'
import { nodeLoss } from './node-loss.ts'
import { wayBeyond } from './observed-path.ts'
import type { Observation } from './observations.ts'
import { isOfRule, isOnlyTried, isShownBy, observations } from './observations.ts'

/** What an alert says of itself. */
export type SeenAlert = Pick<AlertFacts, 'rule' | 'tags' | 'container' | 'outcome' | 'act'>

/** What was done, as far as the event tells. */
export const outcomeOf = ({ rule, outcome, act }: SeenAlert): AlertFacts['outcome'] =>
  act && outcome === 'done' && isOnlyTried(rule, act) ? 'tried' : outcome

const kindById: ReadonlyMap<string, EdgeKind> = new Map(catalogue.map((kind) => [kind.id, kind]))

const walked = (cluster: Cluster, edge: Edge, isSure: boolean): WalkedEdge => ({
  edge: edge.kind.id,
  title: edge.kind.title,
  from: nodeText(edge.from),
  to: nodeText(edge.to),
  certainty: edge.certainty,
  isSure,
  facts: edge.reasons()[0] ?? [],
  beyond: wayBeyond(cluster, edge.to),
  lost: isSure && edge.to.kind === 'node' ? nodeLoss(cluster, edge.to.name) : undefined,
})

/** What the kernel has let be done though the objects know no way. */
const unforeseen = (
  cluster: Cluster,
  from: GraphNode,
  { edges }: Observation,
): readonly WalkedEdge[] => {
  const found = containerOf(cluster, from)
  if (!found || found.pod.nodeName === '') return []
  const { nodeName } = found.pod
  return edges.flatMap((id) => {
    const kind = kindById.get(id)
    if (!kind) return []
    const text = 'the objects know no such way, and the kernel has let it be done'
    return {
      edge: id,
      title: kind.title,
      from: nodeText(from),
      to: nodeText(hostNode(nodeName)),
      certainty: 'unknown' as const,
      isSure: true,
      facts: [containerFact(found, '', text)],
      beyond: wayBeyond(cluster, hostNode(nodeName)),
      lost: nodeLoss(cluster, nodeName),
    }
  })
}

const ofContainer = (
  cluster: Cluster,
  from: GraphNode,
  shown: readonly Observation[],
  act: NonNullable<AlertFacts['act']>,
): readonly WalkedEdge[] => {
  const found = containerOf(cluster, from)
  if (!found) return []
  const edges = edgesFrom(cluster, from)
  return shown.flatMap((each) => {
    const ids = new Set(each.edges)
    const own = edges.filter(
      (edge) => ids.has(edge.kind.id) && each.place.holds({ act, cluster, found, to: edge.to }),
    )
    if (own.length > 0) return own.map((edge) => walked(cluster, edge, each.isSure))
    const to = hostNode(found.pod.nodeName)
    const isThere = each.isProof && each.place.holds({ act, cluster, found, to })
    return isThere ? unforeseen(cluster, from, each) : []
  })
}

/**
 * The edges that leave the alerting container, or any of the pod's where it is not known, and that
 * the alert shows to have been walked; by their ids and ends. Nothing that the kernel has refused.
 */
export const walkedEdges = (
  cluster: Cluster,
  { namespace, name, spec }: Pod,
  alert: SeenAlert,
): readonly WalkedEdge[] => {
  const { act, rule, tags, container } = alert
  if (!act || outcomeOf(alert) !== 'done') return []
  const shown = observations.filter((each) => isOfRule(each, rule, tags) && isShownBy(each, act))
  if (shown.length === 0) return []
  const containers = spec.containers.filter((each) => (container ?? each.name) === each.name)
  const all = containers.flatMap((each) =>
    ofContainer(cluster, containerNode(namespace, name, each.name), shown, act),
  )
  const byEnds = new Map(
    all
      .toSorted((a, b) => Number(a.isSure) - Number(b.isSure))
      .map((each) => [`${each.edge} ${each.from} ${each.to}`, each]),
  )
  return [...byEnds].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}

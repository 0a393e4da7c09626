/** What is lost with a node. */
import type { Cluster } from '../cluster.ts'
import { edgesFrom } from '../graph.ts'
import type { NodeLoss } from '../judgement/context.ts'
import { limits } from '../limits.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import { hostNode } from '../nodes.ts'

const nameOf = ({ namespace, name }: GraphNode): string => `${namespace}/${name}`

/** Pods, service accounts and secrets that root on a node controls, asks for and reads. */
export const nodeLoss = (cluster: Cluster, node: string): NodeLoss => {
  const byKind = new Map<NodeKind, Set<string>>()
  for (const { to } of edgesFrom(cluster, hostNode(node))) {
    const names = byKind.get(to.kind) ?? new Set<string>()
    byKind.set(to.kind, names.add(nameOf(to)))
  }
  const all = (kind: NodeKind): readonly string[] => [...(byKind.get(kind) ?? [])].toSorted()
  const [pods, serviceAccounts, secrets] = [all('pod'), all('service-account'), all('secret')]
  const shown = (names: readonly string[]): readonly string[] => names.slice(0, limits.lostNamesMax)
  return {
    node,
    pods: shown(pods),
    serviceAccounts: shown(serviceAccounts),
    secrets: shown(secrets),
    counts: {
      pods: pods.length,
      serviceAccounts: serviceAccounts.length,
      secrets: secrets.length,
    },
  }
}

/**
 * Every kind of edge. docs/graph.md is written from it; a folder adds its own with a line here.
 */
import type { EdgeKind } from './edges.ts'
import type { NodeKind } from './nodes.ts'
import { placeEdges } from './network/identity-edges.ts'
import { proxyEdges } from './network/proxy-edges.ts'
import { reachEdges } from './network/reach-edges.ts'
import { escapeEdges } from './pods/escape-edges.ts'
import { hostEdges } from './pods/hosts.ts'
import { containerEdges } from './pods/secrets.ts'
import { structureEdges } from './pods/structure.ts'
import { clusterEdges } from './rbac/cluster-edges.ts'
import { hubEdges } from './rbac/hub-edges.ts'
import { identityEdges } from './rbac/identity-edges.ts'
import { podRightEdges } from './rbac/pod-edges.ts'

export const catalogue: readonly EdgeKind[] = [
  ...structureEdges,
  ...escapeEdges,
  ...containerEdges,
  ...hostEdges,
  ...hubEdges,
  ...podRightEdges,
  ...clusterEdges,
  ...identityEdges,
  ...reachEdges,
  ...placeEdges,
  ...proxyEdges,
]

const none: readonly EdgeKind[] = []
const byFrom = new Map<NodeKind, EdgeKind[]>()
for (const kind of catalogue) {
  for (const from of kind.from) byFrom.set(from, [...(byFrom.get(from) ?? []), kind])
}

/** Kinds of edges that may leave nodes of a kind. */
export const edgeKindsFrom = (from: NodeKind): readonly EdgeKind[] => byFrom.get(from) ?? none

/**
 * Every kind of edge. docs/graph.md is written from it; a folder adds its own with a line here.
 */
import type { EdgeFamily, EdgeKind } from './edges.ts'
import type { NodeKind } from './nodes.ts'
import { placeEdges } from './network/identity-edges.ts'
import { proxyEdges } from './network/proxy-edges.ts'
import { reachEdges } from './network/reach-edges.ts'
import { unreportedEdges } from './network/unreported.ts'
import { escapeEdges, escapeFamily } from './pods/escape-edges.ts'
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
  ...unreportedEdges,
  ...placeEdges,
  ...proxyEdges,
]

/** A kind of its own. */
const alone = (kind: EdgeKind): EdgeFamily => ({
  kinds: [kind],
  derive: (cluster, from, emit) => {
    kind.derive(cluster, from, (...edge) => emit(kind, ...edge))
  },
})

const inFamilies = new Set(escapeFamily.kinds)
const families: readonly EdgeFamily[] = [
  escapeFamily,
  ...catalogue.filter((kind) => !inFamilies.has(kind)).map(alone),
]

const none: readonly EdgeFamily[] = []
const byFrom = new Map<NodeKind, EdgeFamily[]>()
for (const family of families) {
  for (const from of new Set(family.kinds.flatMap((kind) => kind.from))) {
    byFrom.set(from, [...(byFrom.get(from) ?? []), family])
  }
}

/** Families of edges that may leave nodes of a kind. */
export const edgeFamiliesFrom = (from: NodeKind): readonly EdgeFamily[] => byFrom.get(from) ?? none

/** The cluster's security graph: objects in, edges with their reasons out. Pure. */
export { catalogue } from './catalogue.ts'
export type { ClusterSettings, StateSpec, TypeOfItem } from './cluster.ts'
export { Cluster } from './cluster.ts'
export type { ObjectFault, ObjectRef } from './diagnostics.ts'
export { refText } from './diagnostics.ts'
export type { Certainty, Edge, EdgeKind, Emit, Fact, Reason } from './edges.ts'
export { edgesFrom } from './graph.ts'
export type { GraphNode, NodeKind } from './nodes.ts'
export {
  clusterAdmin,
  containerNode,
  groupNode,
  hostNode,
  hubNode,
  internet,
  nodeKinds,
  podNode,
  serviceAccountNode,
  userNode,
} from './nodes.ts'

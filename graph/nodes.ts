/**
 * Nodes of the graph. Most stand for an object; *hubs* stand for what many lead to and what leads
 * to many (all pods of a namespace, the right to create pods in it), so that no edges are made of
 * each of the one with each of the other.
 */

/** What a node stands for, by kind. Each has a line in docs/graph.md. */
export const nodeKinds = {
  internet: 'anybody outside',
  container: 'control of a container of a pod',
  pod: 'control of some container of a pod',
  node: 'root on a node',
  kubelet: "orders to a node's kubelet through the API server",
  credentials: 'reading files of a node that hold credentials, of one sort',
  'service-account': 'the rights of a service account',
  user: 'the rights of a user of the API server',
  group: 'the rights that members of a group have by it',
  role: 'what holding a role gives, in a namespace or everywhere',
  secret: 'the contents of a secret',
  configmap: 'the contents of a config map',
  'namespace-admin': 'every right in a namespace',
  'cluster-admin': 'every right in the cluster',
  pods: 'hub: control of every pod of a namespace, or of all',
  nodes: 'hub: root on every node that takes pods',
  secrets: 'hub: the contents of every secret of a namespace, or of all',
  'service-accounts': 'hub: the rights of every service account of a namespace, or of all',
  'pod-creation': 'hub: making pods in a namespace, or in all, as admission there allows',
  users: 'hub: every user that a binding names; service accounts are not among them',
  groups: 'hub: every group that a binding names, but `system:masters`',
  scheduling: 'which nodes run which pods',
  endpoint: 'connections to a container of a pod',
  endpoints: 'hub: connections to every pod of a namespace, or of all, through the API server',
  network: 'hub: connections that pods can make which no network policy tells apart',
  reachable: 'hub: connections to pods that no network policy tells apart',
  'open-pods': 'hub: connections to pods that let every pod in, or do so by the same rules',
  'guarded-pods': 'hub: connections to pods whose network policies keep some out',
  'node-services': 'connections to what listens on a node for the node alone',
  'cloud-role': 'the rights of a role of a cloud',
} as const

export type NodeKind = keyof typeof nodeKinds

/** Kinds that stand for connections: being there is control of nothing yet. */
export const connectionKinds: ReadonlySet<NodeKind> = new Set<NodeKind>([
  'endpoint',
  'endpoints',
  'guarded-pods',
  'network',
  'node-services',
  'open-pods',
  'reachable',
])

/** A node by its names. Two with the same `id` are the same node. */
export interface GraphNode {
  readonly id: string
  readonly kind: NodeKind
  /** Empty for what is in none; `*` of a hub: all namespaces. */
  readonly namespace: string
  /** Empty for a hub, and for what there is once. */
  readonly name: string
  /** The container of a pod; else empty. */
  readonly part: string
}

/** Its `id` is made when it is asked: a search goes by the names. */
class Named implements GraphNode {
  readonly kind: NodeKind
  readonly namespace: string
  readonly name: string
  readonly part: string
  #id: string | undefined

  constructor(kind: NodeKind, namespace: string, name: string, part: string) {
    this.kind = kind
    this.namespace = namespace
    this.name = name
    this.part = part
  }

  get id(): string {
    this.#id ??= idOf(this)
    return this.#id
  }
}

const idOf = ({ kind, namespace, name, part }: Omit<GraphNode, 'id'>): string => {
  let id: string = kind
  if (namespace !== '' || name !== '') id += ':'
  if (namespace !== '') id += name === '' ? namespace : `${namespace}/`
  return id + (part === '' ? name : `${name}/${part}`)
}

/** A node, as people name it: `container shop/web/app`. */
export const nodeText = ({ id }: GraphNode): string => id.replace(':', ' ')

const make = (kind: NodeKind, namespace: string, name: string, part = ''): GraphNode =>
  new Named(kind, namespace, name, part)

/** Makers of nodes, one a kind or a group of kinds. */
export const internet: GraphNode = make('internet', '', '')
export const clusterAdmin: GraphNode = make('cluster-admin', '', '')
export const podNode = (namespace: string, name: string): GraphNode => make('pod', namespace, name)
export const containerNode = (namespace: string, pod: string, container: string): GraphNode =>
  make('container', namespace, pod, container)
export const hostNode = (name: string): GraphNode => make('node', '', name)
export const serviceAccountNode = (namespace: string, name: string): GraphNode =>
  make('service-account', namespace, name)
/** A node's files of a sort: `kubelet`, `pods`, `ssh`, … */
export const credentialsNode = (node: string, sort: string): GraphNode =>
  make('credentials', '', node, sort)
export const kubeletNode = (name: string): GraphNode => make('kubelet', '', name)
export const secretNode = (namespace: string, name: string): GraphNode =>
  make('secret', namespace, name)
export const configMapNode = (namespace: string, name: string): GraphNode =>
  make('configmap', namespace, name)
/** A role where it would hold: `*` or a namespace; `kind`: `Role` or `ClusterRole`. */
export const roleNode = (scope: string, kind: string, name: string): GraphNode =>
  make('role', scope, `${kind}/${name}`)
export const userNode = (name: string): GraphNode => make('user', '', name)
export const groupNode = (name: string): GraphNode => make('group', '', name)
export const endpointNode = (namespace: string, pod: string, container: string): GraphNode =>
  make('endpoint', namespace, pod, container)
/** Pods of a class, as they connect; and as others connect to them. */
export const networkNode = (namespace: string, podClass: string): GraphNode =>
  make('network', namespace, podClass)
export const reachableNode = (namespace: string, podClass: string): GraphNode =>
  make('reachable', namespace, podClass)
/** Pods that let everybody in by the same rules. */
export const groupOfPodsNode = (name: string): GraphNode => make('open-pods', '', name)
export const nodeServicesNode = (node: string): GraphNode => make('node-services', '', node)
export const cloudRoleNode = (name: string): GraphNode => make('cloud-role', '', name)
/** What there is once. */
export const singleNode = (kind: NodeKind): GraphNode => make(kind, '', '')
/** A hub of a namespace; `*`: of all. Also all rights in a namespace. */
export const hubNode = (kind: NodeKind, namespace: string): GraphNode => make(kind, namespace, '')

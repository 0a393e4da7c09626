/** How nodes of the graph are written for people. */
import type { GraphNode, NodeKind } from '@bulwark/graph'

const where = (namespace: string): string =>
  namespace === '*' ? 'in all namespaces' : `in namespace ${namespace}`

type Writer = (node: GraphNode) => string

const full: Writer = ({ namespace, name }) => `${namespace}/${name}`
const everyOf =
  (what: string): Writer =>
  ({ namespace }) =>
    `every ${what} ${where(namespace)}`

const writers: Readonly<Record<NodeKind, Writer>> = {
  internet: () => 'the internet',
  container: ({ part, ...node }) => `container ${part} of ${full({ ...node, part })}`,
  pod: (node) => `pod ${full(node)}`,
  node: ({ name }) => `root on node ${name}`,
  kubelet: ({ name }) => `the kubelet of node ${name}`,
  credentials: ({ name, part }) => `credentials on node ${name} (${part})`,
  'service-account': (node) => `service account ${full(node)}`,
  user: ({ name }) => `user ${name}`,
  group: ({ name }) => `group ${name}`,
  role: ({ namespace, name }) => `${name.replace('/', ' ')} ${where(namespace)}`,
  secret: (node) => `secret ${full(node)}`,
  configmap: (node) => `config map ${full(node)}`,
  'namespace-admin': ({ namespace }) => `every right ${where(namespace)}`,
  'cluster-admin': () => 'cluster-admin',
  pods: everyOf('pod'),
  nodes: () => 'root on every node',
  secrets: everyOf('secret'),
  'service-accounts': everyOf('service account'),
  'pod-creation': ({ namespace }) => `making pods ${where(namespace)}`,
  users: () => 'every user',
  groups: () => 'every group',
  endpoint: ({ part, ...node }) => `connections to container ${part} of ${full({ ...node, part })}`,
  endpoints: ({ namespace }) => `connections to every pod ${where(namespace)}`,
  network: ({ namespace, name }) => `what pods of ${namespace} can connect to (${name})`,
  reachable: ({ namespace, name }) => `connections to pods of ${namespace} (${name})`,
  'open-pods': () => 'connections to pods that let every pod in',
  'guarded-pods': () => 'connections to pods that keep some pods out',
  'node-services': ({ name }) => `what listens on node ${name} for itself alone`,
  'cloud-role': ({ name }) => `the cloud's role ${name}`,
  scheduling: () => 'which nodes run which pods',
}

/** A node in words; of a kind that has none yet its id. */
export const nodeText = (node: GraphNode): string =>
  (writers as Partial<Record<string, Writer>>)[node.kind]?.(node) ?? node.id

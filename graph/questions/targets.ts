/** What an attacker is after, and where one starts, as people say it. */
import type { Cluster } from '../cluster.ts'
import type { GraphNode } from '../nodes.ts'
import { groupNode, internet, podNode, roleNode, serviceAccountNode, userNode } from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import { everywhere } from '../rbac/grants.ts'

export type Target =
  | { readonly is: 'cluster-admin' }
  /** `undefined`: any node of the cluster. */
  | { readonly is: 'node'; readonly name: string | undefined }
  | { readonly is: 'secrets'; readonly namespace: string }
  /** Pods, secrets and everything in namespaces that carry the label. */
  | { readonly is: 'crown-jewels' }

/** Pods, secrets and namespaces with this label, whatever its value, are what matters most. */
export const crownJewelLabel = 'bulwark.dev/crown-jewel'

const hasLabel = (labels: readonly (readonly [string, string])[]): boolean =>
  labels.some(([key, value]) => key === crownJewelLabel && value !== 'false')

const isInJewel = ({ objects }: Cluster, namespace: string): boolean => {
  const whole = objects.get('Namespace', '', namespace)
  return whole !== undefined && hasLabel(whole.labels)
}

/** Whether a pod, or its namespace, is one of what matters most. */
export const isJewelPod = (cluster: Cluster, { namespace, labels }: Pod): boolean =>
  hasLabel(labels) || isInJewel(cluster, namespace)

const isJewel = (cluster: Cluster, { kind, namespace, name }: GraphNode): boolean => {
  if (kind !== 'pod' && kind !== 'secret') return false
  const object = cluster.objects.get(kind === 'pod' ? 'Pod' : 'Secret', namespace, name)
  return (object !== undefined && hasLabel(object.labels)) || isInJewel(cluster, namespace)
}

/** Whether a node is what is meant. */
export const isTarget = (cluster: Cluster, target: Target): ((node: GraphNode) => boolean) => {
  switch (target.is) {
    case 'cluster-admin':
      return ({ kind }) => kind === 'cluster-admin'
    case 'node':
      return ({ kind, name }) =>
        kind === 'node' && (target.name === undefined || name === target.name)
    case 'secrets':
      return ({ kind, namespace }) =>
        (kind === 'secret' || kind === 'secrets') &&
        (namespace === target.namespace || namespace === everywhere)
    case 'crown-jewels':
      return (node) => isJewel(cluster, node)
  }
}

/** A start or an end that is not there, and what to write instead. */
export interface NoSuchNode {
  readonly message: string
  readonly help: string
}

const forms =
  '`internet`, `pod:NAMESPACE/NAME`, `service-account:NAMESPACE/NAME`, `user:NAME`, ' +
  '`group:NAME`, ' +
  '`rolebinding:NAMESPACE/NAME`, `clusterrolebinding:NAME`'

const bindingNode = (
  { objects }: Cluster,
  namespace: string,
  name: string,
): GraphNode | undefined => {
  const kind = namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'
  const binding = objects.get(kind, namespace, name)
  const scope = namespace === '' ? everywhere : namespace
  return binding && roleNode(scope, binding.roleKind, binding.roleName)
}

/** The node that an attacker starts from, or that is asked about. */
export const readStart = (cluster: Cluster, text: string): GraphNode | NoSuchNode => {
  if (text === 'internet') return internet
  const [kind = '', rest = ''] = text.split(/:(.*)/s)
  const [namespace = '', name = ''] = rest.split(/\/(.*)/s)
  const there = (node: GraphNode | undefined): GraphNode | NoSuchNode =>
    node ?? { message: `no ${kind} \`${rest}\``, help: 'write its name as the cluster has it' }
  const { objects } = cluster
  switch (kind) {
    case 'pod':
      return there(objects.get('Pod', namespace, name) && podNode(namespace, name))
    case 'service-account':
      return there(
        objects.get('ServiceAccount', namespace, name) && serviceAccountNode(namespace, name),
      )
    case 'user':
      return userNode(rest)
    case 'group':
      return groupNode(rest)
    case 'rolebinding':
      return there(bindingNode(cluster, namespace, name))
    case 'clusterrolebinding':
      return there(bindingNode(cluster, '', rest))
    default:
      return { message: `\`${text}\` is no start`, help: `one of ${forms}` }
  }
}

/** A target as people write it. */
export const readTarget = (text: string): Target | NoSuchNode => {
  const [kind = '', rest = ''] = text.split(/:(.*)/s)
  if (text === 'cluster-admin') return { is: 'cluster-admin' }
  if (text === 'crown-jewels') return { is: 'crown-jewels' }
  if (kind === 'node') return { is: 'node', name: rest === '' ? undefined : rest }
  if (kind === 'secrets' && rest !== '') return { is: 'secrets', namespace: rest }
  return {
    message: `\`${text}\` is no target`,
    help: 'one of `cluster-admin`, `node`, `node:NAME`, `secrets:NAMESPACE`, `crown-jewels`',
  }
}

/** From hubs to what they stand for, and from all rights to what they are about. */
import type { Cluster } from '../cluster.ts'
import type { EdgeKind } from '../edges.ts'
import type { GraphNode, NodeKind } from '../nodes.ts'
import {
  groupNode,
  hostNode,
  hubNode,
  podNode,
  secretNode,
  serviceAccountNode,
  singleNode,
  userNode,
} from '../nodes.ts'
import { accountsByNamespace, podsByNamespace, secretsByNamespace } from '../objects/indices.ts'
import type { Kind } from '../objects/kinds.ts'
import type { Index } from '../objects/table.ts'
import {
  accountGroups,
  accountOfUser,
  bindingsBySubject,
  clusterBindingsBySubject,
  everywhere,
  groupsOfUser,
  masters,
} from './grants.ts'

interface Hub {
  readonly index: Index<Kind>
  readonly node: (namespace: string, name: string) => GraphNode
}

const hubs: Partial<Record<NodeKind, Hub>> = {
  pods: { index: podsByNamespace as unknown as Index<Kind>, node: podNode },
  secrets: { index: secretsByNamespace as unknown as Index<Kind>, node: secretNode },
  'service-accounts': {
    index: accountsByNamespace as unknown as Index<Kind>,
    node: serviceAccountNode,
  },
}

/** Users or groups, one after another: a search may have no room for all of them. */
function* identitiesOf({ objects }: Cluster, kind: 'user' | 'group'): Iterable<GraphNode> {
  const seen = new Set([`group ${masters}`])
  for (const index of [bindingsBySubject, clusterBindingsBySubject]) {
    for (const key of objects.keys(index)) {
      if (!key.startsWith(`${kind} `) || seen.has(key)) continue
      seen.add(key)
      const name = key.slice(kind.length + 1)
      if (kind === 'group') yield groupNode(name)
      else if (!accountOfUser(name)) yield userNode(name)
    }
  }
}

const lists: Partial<Record<NodeKind, (cluster: Cluster) => Iterable<GraphNode>>> = {
  nodes: (cluster) => nodesOf(cluster),
  users: (cluster) => identitiesOf(cluster, 'user'),
  groups: (cluster) => identitiesOf(cluster, 'group'),
}

function* nodesOf({ objects }: Cluster): Iterable<GraphNode> {
  for (const { name } of objects.all('Node')) yield hostNode(name)
}

const nothing = (): readonly never[] => []

export const members: EdgeKind = {
  id: 'MEMBER',
  from: ['pods', 'secrets', 'service-accounts', 'nodes', 'users', 'groups', 'pod-creation'],
  to: [
    'pods',
    'pod',
    'secrets',
    'secret',
    'service-accounts',
    'service-account',
    'node',
    'user',
    'group',
    'pod-creation',
  ],
  title: 'a hub stands for each of its members',
  preconditions: ['the object is there, in the namespace'],
  observable: undefined,
  attack: [],
  cost: 0,
  derive: (cluster, { kind, namespace }, emit) => {
    const { objects } = cluster
    const list = lists[kind]
    if (list) {
      for (const node of list(cluster)) emit(node, 'certain', nothing)
      return
    }
    const hub = hubs[kind]
    if (namespace === everywhere) {
      const all = hub
        ? objects.keys(hub.index)
        : Array.from(objects.all('Namespace'), ({ name }) => name)
      for (const each of all) emit(hubNode(kind, each), 'certain', nothing)
      return
    }
    if (!hub) return
    for (const { name } of objects.find(hub.index, namespace)) {
      emit(hub.node(namespace, name), 'certain', nothing)
    }
  },
}

const groups: EdgeKind = {
  id: 'SA_GROUPS',
  from: ['service-account', 'user'],
  to: ['group'],
  title: 'a service account, and a user, is a member of groups by its name alone',
  preconditions: [
    'every service account: `system:serviceaccounts`, `system:serviceaccounts:NAMESPACE`, ' +
      '`system:authenticated`; a node: `system:nodes`; everybody who is known: ' +
      '`system:authenticated`',
    'only groups that a binding is for are shown',
  ],
  observable: undefined,
  attack: [],
  cost: 0,
  derive: ({ objects }, { kind, namespace, name }, emit) => {
    const all = kind === 'service-account' ? accountGroups(namespace) : groupsOfUser(name)
    for (const group of all) {
      const key = `group ${group}`
      const isBound =
        objects.find(bindingsBySubject, key).size > 0 ||
        objects.find(clusterBindingsBySubject, key).size > 0
      if (isBound) emit(groupNode(group), 'certain', nothing)
    }
  },
}

const all: EdgeKind = {
  id: 'ADMIN_OF',
  from: ['cluster-admin', 'namespace-admin'],
  to: ['pods', 'secrets', 'service-accounts', 'pod-creation', 'nodes'],
  title: 'who has every right has all pods, secrets and service accounts',
  preconditions: [
    'the namespace of those rights, or the cluster',
    'nodes: by all rights in the cluster; by those in a namespace through its label for ' +
      'admission, ' +
      'which is one of the things that may be changed',
  ],
  observable: undefined,
  attack: [],
  cost: 1,
  derive: (_cluster, { kind, namespace }, emit) => {
    const scope = kind === 'cluster-admin' ? everywhere : namespace
    for (const hub of ['pods', 'secrets', 'service-accounts', 'pod-creation'] as const) {
      emit(hubNode(hub, scope), 'certain', nothing)
    }
    emit(singleNode('nodes'), 'certain', nothing)
  },
}

export const hubEdges: readonly EdgeKind[] = [members, groups, all]

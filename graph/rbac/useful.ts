/**
 * Service accounts that hold a right which an attacker has a use for, found from the roles that
 * give one: few roles do, and most service accounts hold nothing.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Binding, Role, Subject } from '../objects/rbac.ts'
import type { Index } from '../objects/table.ts'
import { allowsEverything } from './cover.ts'
import { accountOfUser, authenticated } from './grants.ts'
import { minorRights, rightsOfRole } from './rights.ts'

const isUseful = (role: Role): boolean =>
  [...rightsOfRole(role).keys()].some((right) => !minorRights.has(right)) ||
  allowsEverything(role) !== -1

const ifUseful = (role: Role): readonly string[] => (isUseful(role) ? ['useful'] : [])
const usefulRoles: Index<'Role'> = { kind: 'Role', keys: ifUseful }
const usefulClusterRoles: Index<'ClusterRole'> = { kind: 'ClusterRole', keys: ifUseful }

const roleKey = (kind: string, namespace: string, name: string): string =>
  `${kind} ${kind === 'Role' ? namespace : ''}/${name}`
const byRole = ({ namespace, roleKind, roleName }: Binding): readonly string[] => [
  roleKey(roleKind, namespace, roleName),
]
const bindingsByRole: Index<'RoleBinding'> = { kind: 'RoleBinding', keys: byRole }
const clusterBindingsByRole: Index<'ClusterRoleBinding'> = {
  kind: 'ClusterRoleBinding',
  keys: byRole,
}

export const usefulIndices = [
  bindingsByRole,
  clusterBindingsByRole,
  usefulClusterRoles,
  usefulRoles,
] as const

/** Service accounts with rights of use; also some whose right their binding does not reach. */
export interface UsefulAccounts {
  /** Names in a namespace as one text, sorted; `*`: all of them. Equal texts: nothing changed. */
  readonly textOf: (namespace: string) => string
  readonly has: (namespace: string, name: string) => boolean
  /** Whether the user of a node has rights of use; those that have, as one text. */
  readonly hasNode: (name: string) => boolean
  readonly nodesText: string
}

const userOfNode = 'system:node:'
const groupOfSpace = 'system:serviceaccounts:'

const find = ({ objects }: Cluster): UsefulAccounts => {
  /** `undefined`: all of the namespace, by a group. */
  const byNamespace = new Map<string, Set<string> | undefined>()
  let isAll = false
  const nodes = new Set<string>()
  const take = ({ kind, namespace, name }: Subject): void => {
    if (kind === 'Group') {
      if (name === 'system:nodes' || name === authenticated) nodes.add('*')
      if (name === 'system:serviceaccounts' || name === authenticated) isAll = true
      else if (name.startsWith(groupOfSpace)) {
        byNamespace.set(name.slice(groupOfSpace.length), undefined)
      }
      return
    }
    if (kind === 'User' && name.startsWith(userOfNode)) nodes.add(name.slice(userOfNode.length))
    const account = kind === 'ServiceAccount' ? { namespace, name } : accountOfUser(name)
    if (!account) return
    const names = byNamespace.get(account.namespace)
    if (names) names.add(account.name)
    else if (!byNamespace.has(account.namespace)) {
      byNamespace.set(account.namespace, new Set([account.name]))
    }
  }
  const roles = [
    ...objects.find(usefulRoles, 'useful'),
    ...objects.find(usefulClusterRoles, 'useful'),
  ]
  for (const { namespace, name } of roles) {
    const key = roleKey(namespace === '' ? 'ClusterRole' : 'Role', namespace, name)
    for (const bindings of [
      objects.find(bindingsByRole, key),
      objects.find(clusterBindingsByRole, key),
    ]) {
      for (const { subjects } of bindings) for (const subject of subjects) take(subject)
    }
  }
  const isWhole = (namespace: string): boolean =>
    isAll || (byNamespace.has(namespace) && byNamespace.get(namespace) === undefined)
  return {
    textOf: (namespace) =>
      isWhole(namespace) ? '*' : [...(byNamespace.get(namespace) ?? [])].toSorted().join(' '),
    has: (namespace, name) => isWhole(namespace) || byNamespace.get(namespace)?.has(name) === true,
    hasNode: (name) => nodes.has('*') || nodes.has(name),
    nodesText: [...nodes].toSorted().join(' '),
  }
}

const rbacKinds = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'] as const

const kept: StateSpec<{ changes: number; found: UsefulAccounts | undefined }> = {
  create: () => ({ changes: -1, found: undefined }),
}

/** The same object, until a role or a binding changes. */
export const usefulAccounts = (cluster: Cluster): UsefulAccounts => {
  const state = cluster.state(kept)
  // Each of them only grows.
  let changes = 0
  for (const kind of rbacKinds) changes += cluster.objects.version(kind)
  if (!state.found || state.changes !== changes) {
    state.found = find(cluster)
    state.changes = changes
  }
  return state.found
}

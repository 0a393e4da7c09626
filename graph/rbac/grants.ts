/**
 * Which roles somebody holds, where. The names are those of authentication: a service account is
 * also the user `system:serviceaccount:NAMESPACE:NAME`, and member of groups that nobody lists.
 */
import type { Cluster } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import type { Binding, Role, Subject } from '../objects/rbac.ts'
import type { Index, ObjectTable } from '../objects/table.ts'
import type { Request, ResourceRequest } from './match.ts'
import { allows, isPathRequest, isUnnamed } from './match.ts'

/** Everywhere: the scope of a ClusterRoleBinding. */
export const everywhere = '*'

/** A role that somebody holds. */
export interface Grant {
  /** `undefined`: it is only asked what holding the role would give. */
  readonly binding: Binding | undefined
  readonly subject: Subject | undefined
  readonly role: Role
  readonly roleKind: 'Role' | 'ClusterRole'
  /** `*`, or the one namespace in which it holds. */
  readonly scope: string
}

/** Who asks, as the API server knows them. */
export interface Identity {
  /** Empty: only what members of the groups have. */
  readonly user: string
  readonly groups: readonly string[]
}

/** Members may do everything, without any role. */
export const masters = 'system:masters'
export const authenticated = 'system:authenticated'

/** A service account, as it is authenticated. */
export const accountUser = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`

/** The groups that every token of a service account is a member of. */
export const accountGroups = (namespace: string): readonly string[] => [
  'system:serviceaccounts',
  `system:serviceaccounts:${namespace}`,
  authenticated,
]

export const accountIdentity = (namespace: string, name: string): Identity => ({
  user: accountUser(namespace, name),
  groups: accountGroups(namespace),
})

/** Service account of a user's name; `undefined`: it is none. */
export const accountOfUser = (
  user: string,
): { readonly namespace: string; readonly name: string } | undefined => {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? []
  return namespace === undefined || name === undefined ? undefined : { namespace, name }
}

/** Groups of a user that follow from the name alone; others are known to the authenticator. */
export const groupsOfUser = (user: string): readonly string[] => {
  const account = accountOfUser(user)
  if (account) return accountGroups(account.namespace)
  if (user === 'system:anonymous') return ['system:unauthenticated']
  return user.startsWith('system:node:') ? ['system:nodes', authenticated] : [authenticated]
}

const subjectKey = ({ kind, namespace, name }: Subject): string => {
  if (kind === 'Group') return `group ${name}`
  return `user ${kind === 'User' ? name : accountUser(namespace, name)}`
}

const subjectKeys = ({ subjects }: Binding): readonly string[] => [
  ...new Set(subjects.map(subjectKey)),
]
export const bindingsBySubject: Index<'RoleBinding'> = { kind: 'RoleBinding', keys: subjectKeys }
export const clusterBindingsBySubject: Index<'ClusterRoleBinding'> = {
  kind: 'ClusterRoleBinding',
  keys: subjectKeys,
}

/** The role that a binding gives; `undefined`: there is none of that name, and it gives nothing. */
export const roleOf = (objects: ObjectTable, binding: Binding): Role | undefined =>
  binding.roleKind === 'Role'
    ? objects.get('Role', binding.namespace, binding.roleName)
    : objects.get('ClusterRole', '', binding.roleName)

const bindingName = ({ binding }: Grant): string => `${binding?.namespace}/${binding?.name}`
const byBinding = (a: Grant, b: Grant): number => (bindingName(a) < bindingName(b) ? -1 : 1)

const grantsByKey = (objects: ObjectTable, key: string): readonly Grant[] => {
  const grants: Grant[] = []
  const take = (bindings: Iterable<Binding>): void => {
    for (const binding of bindings) {
      const role = roleOf(objects, binding)
      if (!role) continue
      const subject = binding.subjects.find((each) => subjectKey(each) === key)
      const scope = binding.namespace === '' ? everywhere : binding.namespace
      grants.push({ binding, subject, role, roleKind: binding.roleKind, scope })
    }
  }
  take(objects.find(clusterBindingsBySubject, key))
  take(objects.find(bindingsBySubject, key))
  // What asks for one of several must get the same one, in whatever order they came.
  return grants.length < 2 ? grants : grants.toSorted(byBinding)
}

/** What a user's own name is bound to, without groups. */
export const grantsOfUser = (objects: ObjectTable, user: string): readonly Grant[] =>
  grantsByKey(objects, `user ${user}`)

export const grantsOfGroup = (objects: ObjectTable, group: string): readonly Grant[] =>
  grantsByKey(objects, `group ${group}`)

/** All that somebody holds. */
export const grantsOf = (objects: ObjectTable, { user, groups }: Identity): readonly Grant[] => [
  ...(user === '' ? [] : grantsOfUser(objects, user)),
  ...groups.flatMap((group) => grantsOfGroup(objects, group)),
]

/** A grant reaches what is in its namespace only; `namespaces` are each in itself. */
export const reaches = ({ scope }: Grant, request: Request): boolean => {
  if (scope === everywhere) return true
  if (isPathRequest(request)) return false
  return namespaceOf(request) === scope
}

/** The API server takes a request about a namespace by name for one in that namespace. */
const namespaceOf = ({ verb, group, resource, ...request }: ResourceRequest): string =>
  group === '' && resource === 'namespaces' && !isUnnamed(verb, request.subresource)
    ? request.name
    : request.namespace

/** A grant with the rule by which it allows something. */
export interface Allowed {
  readonly grant: Grant
  /** Place of the rule in the role. */
  readonly rule: number
}

/** Each grant that allows a request, with the first of its rules that does. */
export const allowedBy = (grants: readonly Grant[], request: Request): readonly Allowed[] =>
  grants.flatMap((grant): readonly Allowed[] => {
    if (!reaches(grant, request)) return []
    const rule = grant.role.rules.findIndex((each) => allows(each, request))
    return rule === -1 ? [] : [{ grant, rule }]
  })

/** Whether somebody may do something. RBAC only adds: nothing of it denies. */
export const can = (cluster: Cluster, identity: Identity, request: Request): boolean =>
  identity.groups.includes(masters) ||
  allowedBy(grantsOf(cluster.objects, identity), request).length > 0

const subjectText = ({ kind, namespace, name }: Subject): string => {
  if (kind === 'ServiceAccount') return `service account ${namespace}/${name}`
  return `${kind.toLowerCase()} ${name}`
}

/** Why somebody holds a role: the binding, in words. */
export const grantFacts = ({ binding, subject, role, roleKind, scope }: Grant): readonly Fact[] => {
  if (!binding || !subject) return []
  const kind = binding.namespace === '' ? 'ClusterRoleBinding' : 'RoleBinding'
  const where = scope === everywhere ? 'in the whole cluster' : `in namespace ${scope}`
  return [
    {
      text: `${subjectText(subject)} holds ${roleKind} ${role.name} ${where}`,
      object: { kind, namespace: binding.namespace, name: binding.name },
      path: `subjects[${subject.at}]`,
      fix: `take ${subjectText(subject)} out of ${kind} ${binding.name}`,
    },
  ]
}

/** Roles that every cluster has; what one takes from them comes back. */
const isBuiltIn = ({ namespace, name, labels }: Role): boolean =>
  (namespace === '' && /^(?:cluster-admin|admin|edit|view)$|^system:/.test(name)) ||
  labels.some(([key]) => key === 'kubernetes.io/bootstrapping')

/** What a rule allows, in words. */
export const ruleFact = ({ role, roleKind }: Grant, rule: number, allowed: string): Fact => ({
  text: `${roleKind} ${role.name} allows ${allowed}`,
  object: { kind: roleKind, namespace: role.namespace, name: role.name },
  path: `rules[${rule}]`,
  fix: isBuiltIn(role) ? undefined : `take ${allowed} from ${roleKind} ${role.name}`,
})

/** How principals become others, or give themselves more. */
import type { Cluster } from '../cluster.ts'
import type { EdgeKind, Emit, Fact } from '../edges.ts'
import type { GraphNode } from '../nodes.ts'
import {
  clusterAdmin,
  groupNode,
  hubNode,
  roleNode,
  serviceAccountNode,
  singleNode,
  userNode,
} from '../nodes.ts'
import type { Role } from '../objects/rbac.ts'
import { allowsEverything } from './cover.ts'
import { accountTargets, emitHolding, factsOf, principals, rightEdge, together } from './emit.ts'
import type { Grant } from './grants.ts'
import { accountOfUser, everywhere, grantFacts, masters, ruleFact } from './grants.ts'
import type { Holding, Power } from './rights.ts'
import { held, powerOf, rightsOfRole } from './rights.ts'

/** All rights where a scope is. */
const adminOf = (scope: string): GraphNode =>
  scope === everywhere ? clusterAdmin : hubNode('namespace-admin', scope)

const isAdmin: EdgeKind = {
  id: 'IS_ADMIN',
  from: principals,
  to: ['cluster-admin', 'namespace-admin'],
  title: 'a role that allows everything gives every right',
  preconditions: [
    'a rule allows `*` on `*` of `*`, and its role is bound in the cluster or in the ' +
      'namespace; or the ' +
      'group is `system:masters`, which needs no role',
  ],
  observable: undefined,
  attack: ['T1078'],
  cost: 0,
  derive: (cluster, from, emit) => {
    if (from.kind === 'group' && from.name === masters) {
      emit(clusterAdmin, 'certain', () => [])
    }
    for (const grant of powerOf(cluster, from).grants) {
      const rule = allowsEverything(grant.role)
      if (rule === -1) continue
      emit(adminOf(grant.scope), 'certain', () => [
        ...grantFacts(grant),
        ruleFact(grant, rule, 'everything'),
      ])
    }
  },
}

const anonymousUser = 'system:anonymous'

/** What every cluster binds to it gives nothing of use, and is no way. */
const anonymous: EdgeKind = {
  id: 'ANONYMOUS',
  from: ['internet'],
  to: ['user'],
  title: 'requests without credentials have the rights that somebody has given to everybody',
  preconditions: [
    `a binding names \`${anonymousUser}\` or \`system:unauthenticated\`, and its role gives ` +
      'something of use to an attacker',
    'whether the API server is reached from outside, and takes such requests, is not in the ' +
      'objects: possible',
  ],
  observable: `audit of requests of \`${anonymousUser}\``,
  attack: ['T1190', 'T1078'],
  cost: 1,
  derive: (cluster, _from, emit) => {
    const user = userNode(anonymousUser)
    const useful = powerOf(cluster, user).grants.filter(({ role }) => rightsOfRole(role).size > 0)
    if (useful.length > 0) emit(user, 'possible', () => useful.flatMap(grantFacts))
  },
}

/** Emits the identities that names of an `impersonate` rule stand for; `all`: those of no names. */
const emitNames = (
  { names, facts }: Holding,
  all: GraphNode,
  node: (name: string) => GraphNode,
  emit: Emit,
): void => {
  if (names === undefined) emit(all, 'certain', facts)
  else for (const name of names) emit(node(name), 'certain', facts)
}

/** The API server asks for `serviceaccounts` where the name of a user is one's. */
const withoutAccounts = ({ names, ...holding }: Holding): Holding => ({
  ...holding,
  names: names?.filter((name) => !accountOfUser(name)),
})

const impersonate = rightEdge(
  {
    id: 'IMPERSONATE',
    to: [
      'user',
      'group',
      'users',
      'groups',
      'service-account',
      'service-accounts',
      'cluster-admin',
    ],
    title: 'who may impersonate has the rights of who is impersonated',
    preconditions: [
      '`impersonate` of users or of service accounts, by name or of all; the names of service ' +
        'accounts are not among those of users, and who is a user is in none of its groups',
      'groups: `impersonate` of groups, and of some user or service account, as nobody is a ' +
        'group ' +
        'alone; `system:masters` has every right',
    ],
    observable: 'audit with `impersonatedUser`',
    attack: ['T1134.003', 'T1078'],
  },
  (power, emit, cluster) => {
    const accounts = held(power, 'impersonateAccounts')
    const users = held(power, 'impersonateUsers')
      .map(withoutAccounts)
      .filter(({ names }) => names?.length !== 0)
    for (const holding of accounts) emitHolding(cluster, accountTargets, holding, emit)
    for (const holding of users) emitNames(holding, singleNode('users'), userNode, emit)
    const somebody = users[0] ?? accounts[0]
    if (!somebody) return
    for (const holding of held(power, 'impersonateGroups')) {
      const facts = factsOf(holding, somebody)
      emitNames({ ...holding, facts }, singleNode('groups'), groupNode, emit)
      if (holding.names?.includes(masters) !== false) emit(clusterAdmin, 'certain', facts)
    }
  },
)

/** Emits what binding gives: all of its scope, or the roles that may be bound. */
const emitBindable = (
  cluster: Cluster,
  kind: 'Role' | 'ClusterRole',
  bind: Holding,
  scope: string,
  facts: () => readonly Fact[],
  emit: Emit,
): void => {
  if (bind.names === undefined && kind === 'ClusterRole') {
    emit(adminOf(scope), 'certain', facts)
    return
  }
  const names = bind.names ?? rolesOf(cluster, scope)
  for (const name of names) {
    const role = cluster.objects.get(kind, kind === 'Role' ? scope : '', name)
    if (role) emit(roleNode(scope, kind, name), 'certain', facts)
  }
}

const rolesOf = ({ objects }: Cluster, namespace: string): readonly string[] =>
  [...objects.all('Role')].filter((role) => role.namespace === namespace).map(({ name }) => name)

/** Roles that bindings of a scope give: their subjects may be changed, the roles may not. */
const boundRoles = (
  { objects }: Cluster,
  { scope, names }: Holding,
  isCluster: boolean,
): readonly {
  readonly kind: 'Role' | 'ClusterRole'
  readonly name: string
  readonly at: string
}[] => {
  const bindings = isCluster ? objects.all('ClusterRoleBinding') : objects.all('RoleBinding')
  return [...bindings]
    .filter((each) => isCluster || scope === everywhere || each.namespace === scope)
    .filter(({ name }) => names?.includes(name) !== false)
    .map((each) => ({
      kind: each.roleKind,
      name: each.roleName,
      at: isCluster ? everywhere : each.namespace,
    }))
}

const emitRebound = (
  cluster: Cluster,
  power: Power,
  patch: Holding,
  isCluster: boolean,
  emit: Emit,
): void => {
  for (const { kind, name, at } of boundRoles(cluster, patch, isCluster)) {
    const right = kind === 'Role' ? 'bindRoles' : 'bindClusterRoles'
    const bind = held(power, right).find(
      ({ scope, names }) =>
        (scope === everywhere || scope === at) && names?.includes(name) !== false,
    )
    if (bind && cluster.objects.get(kind, kind === 'Role' ? at : '', name)) {
      emit(roleNode(at, kind, name), 'certain', factsOf(patch, bind))
    }
  }
}

const bind = rightEdge(
  {
    id: 'BIND',
    to: ['cluster-admin', 'namespace-admin', 'role'],
    title: 'who may bind a role to itself holds it',
    preconditions: [
      '`create` of clusterrolebindings, and `bind` on the clusterrole, or on all; or the same of ' +
        'rolebindings and of roles or clusterroles, for their namespace',
      'or `patch` or `update` of a binding that is there, and `bind` on its role, which ' +
        'cannot be ' +
        'changed',
      'who has all rights of a role may bind it without `bind`, and gains nothing by it',
    ],
    observable: 'audit of the binding',
    attack: ['T1098.006'],
  },
  (power, emit, cluster) => {
    for (const { a, b } of together(power, 'createClusterBindings', 'bindClusterRoles')) {
      if (b.scope !== everywhere) continue
      emitBindable(cluster, 'ClusterRole', b, everywhere, factsOf(a, b), emit)
    }
    for (const [right, kind] of [
      ['bindClusterRoles', 'ClusterRole'],
      ['bindRoles', 'Role'],
    ] as const) {
      for (const { a, b, scope } of together(power, 'createBindings', right)) {
        const namespaces = scope === everywhere ? namespacesOf(cluster) : [scope]
        for (const each of namespaces) emitBindable(cluster, kind, b, each, factsOf(a, b), emit)
      }
    }
    for (const patch of held(power, 'patchClusterBindings')) {
      emitRebound(cluster, power, patch, true, emit)
    }
    for (const patch of held(power, 'patchBindings')) {
      emitRebound(cluster, power, patch, false, emit)
    }
  },
)

const namespacesOf = ({ objects }: Cluster): readonly string[] =>
  Array.from(objects.all('Namespace'), ({ name }) => name)

/** Grants of roles that a holding lets one change. */
const changeableGrants = (
  power: Power,
  kind: Grant['roleKind'],
  { scope, names }: Holding,
): readonly Grant[] =>
  power.grants.filter(
    ({ role, roleKind }) =>
      roleKind === kind &&
      (kind === 'ClusterRole' || scope === everywhere || role.namespace === scope) &&
      names?.includes(role.name) !== false,
  )

const escalate = rightEdge(
  {
    id: 'ESCALATE',
    to: ['cluster-admin', 'namespace-admin'],
    title: 'who may write more into a role that it holds has every right where it holds it',
    preconditions: [
      '`patch` or `update` of roles or clusterroles, and `escalate` on them, by name or of all',
      'it holds one of those roles; its rights reach as far as that binding',
    ],
    observable: 'audit of the change of the role',
    attack: ['T1098.006'],
  },
  (power, emit) => {
    for (const [patch, right, kind] of [
      ['patchClusterRoles', 'escalateClusterRoles', 'ClusterRole'],
      ['patchRoles', 'escalateRoles', 'Role'],
    ] as const) {
      for (const { a, b } of together(power, patch, right)) {
        const may = new Set(changeableGrants(power, kind, b))
        for (const grant of changeableGrants(power, kind, a)) {
          if (!may.has(grant)) continue
          const facts = factsOf(a, b)
          emit(adminOf(grant.scope), 'certain', () => [...facts(), ...grantFacts(grant)])
        }
      }
    }
  },
)

/** Roles that take their rules from those with some labels. */
const isAggregated = ({ aggregates }: Role): boolean =>
  aggregates !== undefined && aggregates.length > 0

const aggregate = rightEdge(
  {
    id: 'AGGREGATE',
    to: ['cluster-admin', 'namespace-admin'],
    title: 'who may make roles that another one is made of has every right where it holds that one',
    preconditions: [
      '`create` of clusterroles for all names, and `escalate` on them',
      'it holds a clusterrole that is made of others by their labels; its rights reach as ' +
        'far as that ' +
        'binding',
    ],
    observable: 'audit of a new clusterrole with such a label',
    attack: ['T1098.006'],
  },
  (power, emit) => {
    for (const { a, b } of together(power, 'createClusterRoles', 'escalateClusterRoles')) {
      for (const grant of power.grants) {
        if (grant.roleKind !== 'ClusterRole' || !isAggregated(grant.role)) continue
        const facts = factsOf(a, b)
        const fact: Fact = {
          text: `ClusterRole ${grant.role.name} is made of others by their labels`,
          object: { kind: 'ClusterRole', namespace: '', name: grant.role.name },
          path: 'aggregationRule',
        }
        emit(adminOf(grant.scope), 'certain', () => [...facts(), ...grantFacts(grant), fact])
      }
    }
  },
)

const clientSigner = 'kubernetes.io/kube-apiserver-client'
const isOfSigner = (name: string): boolean => name === clientSigner || name === 'kubernetes.io/*'

const certificate = rightEdge(
  {
    id: 'CSR',
    to: ['users', 'groups', 'service-accounts'],
    title: 'who may ask for certificates and approve them is whoever it likes',
    preconditions: [
      '`create` of certificatesigningrequests, `patch` or `update` of their `approval`, and ' +
        '`approve` ' +
        `on the signer \`${clientSigner}\`, on all of its domain, or on all`,
      'not `system:masters`: the signer refuses it',
    ],
    observable: 'audit of the approval',
    attack: ['T1649', 'T1098.001'],
  },
  (power, emit) => {
    for (const { a, b } of together(power, 'createRequests', 'approveRequests')) {
      for (const signer of held(power, 'approveSigners')) {
        if (signer.names?.some(isOfSigner) === false) continue
        const facts = factsOf(a, b, signer)
        emit(singleNode('users'), 'certain', facts)
        emit(singleNode('groups'), 'certain', facts)
        // Their names are names of users to whoever reads a certificate.
        emit(hubNode('service-accounts', everywhere), 'certain', facts)
      }
    }
  },
)

/** Service accounts that deploy what they are told, by their usual names. */
const deployers = /^(?:argocd-application-controller|kustomize-controller|helm-controller)$/

const deploy = rightEdge(
  {
    id: 'GITOPS',
    to: ['service-account'],
    title: 'who may say what is deployed has the rights of what deploys it',
    preconditions: [
      '`create`, `patch` or `update` of Applications of Argo CD, or of Kustomizations or ' +
        'HelmReleases ' +
        'of Flux',
      'the controller has its usual service account; whether its project or the object ' +
        'itself takes ' +
        'another one is not in the objects that are read: possible',
    ],
    observable: 'audit of the change; a change by the controller that no repository has',
    attack: ['T1072', 'T1610'],
  },
  (power, emit, { objects }) => {
    for (const { resources, facts } of held(power, 'deploy')) {
      for (const { namespace, name } of objects.all('ServiceAccount')) {
        if (!deployers.test(name)) continue
        const isArgo = name.startsWith('argocd')
        const isMeant = resources.some((each) => (each === 'applications') === isArgo)
        if (isMeant) emit(serviceAccountNode(namespace, name), 'possible', facts)
      }
    }
  },
)

export const identityEdges: readonly EdgeKind[] = [
  isAdmin,
  anonymous,
  impersonate,
  bind,
  escalate,
  aggregate,
  certificate,
  deploy,
]

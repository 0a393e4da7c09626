/**
 * The rights that an attacker has a use for, and who holds them. A role is looked through once; the
 * answer is kept with it for as long as the role is as it is.
 */
import type { Cluster, StateSpec } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import { limits } from '../limits.ts'
import type { GraphNode } from '../nodes.ts'
import type { Role, Rule } from '../objects/rbac.ts'
import type { ObjectTable } from '../objects/table.ts'
import { allowsEverything } from './cover.ts'
import type { Grant } from './grants.ts'
import {
  accountGroups,
  accountUser,
  everywhere,
  grantFacts,
  grantsOfGroup,
  grantsOfUser,
  groupsOfUser,
  ruleFact,
} from './grants.ts'
import { isUnnamed, matchesResource } from './match.ts'

interface RightResource {
  readonly group: string
  readonly resource: string
  readonly subresource: string
  /** `pods/exec` */
  readonly what: string
}

/**
 * Any of the verbs on any of the resources: `GROUP/RESOURCE[/SUBRESOURCE]`, the core is
 * `/pods`.
 */
export interface Right {
  readonly verbs: readonly string[]
  readonly resources: readonly RightResource[]
  /** `false`: what it is about is in no namespace, and no RoleBinding gives it. */
  readonly isNamespaced: boolean
}

const namespaced = (verbs: string, ...resources: readonly string[]): Right => ({
  verbs: verbs.split(' '),
  resources: resources.map((each) => {
    const [group = '', resource = '', subresource = ''] = each.split('/')
    const what = subresource === '' ? resource : `${resource}/${subresource}`
    return { group, resource, subresource, what }
  }),
  isNamespaced: true,
})
const clusterWide = (verbs: string, ...resources: readonly string[]): Right => ({
  ...namespaced(verbs, ...resources),
  isNamespaced: false,
})

/** Whatever makes pods of a template that its writer gives. */
const workloads = [
  'apps/deployments',
  'apps/daemonsets',
  'apps/statefulsets',
  'apps/replicasets',
  'batch/jobs',
  'batch/cronjobs',
  '/replicationcontrollers',
]
const customWorkloads = [
  'argoproj.io/workflows',
  'argoproj.io/cronworkflows',
  'argoproj.io/rollouts',
  'tekton.dev/taskruns',
  'tekton.dev/pipelineruns',
  'serving.knative.dev/services',
]
const rbac = 'rbac.authorization.k8s.io'
const admission = 'admissionregistration.k8s.io'
const certificates = 'certificates.k8s.io'

export const rights = {
  exec: namespaced('create', '/pods/exec', '/pods/attach'),
  execByGet: namespaced('get', '/pods/exec', '/pods/attach'),
  ephemeral: namespaced('patch update', '/pods/ephemeralcontainers'),
  nodeProxy: clusterWide('get create', '/nodes/proxy'),
  podProxy: namespaced('get create', '/pods/proxy', '/services/proxy'),
  portForward: namespaced('create', '/pods/portforward'),
  podLogs: namespaced('get', '/pods/log'),
  nodeLogs: clusterWide('get', '/nodes/log', '/nodes/proxy'),
  createPods: namespaced('create', '/pods', ...workloads),
  createCustom: namespaced('create', ...customWorkloads),
  patchPods: namespaced('patch update', '/pods'),
  patchWorkloads: namespaced('patch update', ...workloads),
  patchNamespaces: namespaced('patch update', '/namespaces'),
  createVolumes: clusterWide('create', '/persistentvolumes'),
  createClaims: namespaced('create', '/persistentvolumeclaims'),
  readSecrets: namespaced('get list watch', '/secrets'),
  createSecrets: namespaced('create', '/secrets'),
  requestTokens: namespaced('create', '/serviceaccounts/token'),
  impersonateUsers: clusterWide('impersonate', '/users'),
  impersonateGroups: clusterWide('impersonate', '/groups'),
  impersonateAccounts: namespaced('impersonate', '/serviceaccounts'),
  createBindings: namespaced('create', `${rbac}/rolebindings`),
  createClusterBindings: clusterWide('create', `${rbac}/clusterrolebindings`),
  patchBindings: namespaced('patch update', `${rbac}/rolebindings`),
  patchClusterBindings: clusterWide('patch update', `${rbac}/clusterrolebindings`),
  bindRoles: namespaced('bind', `${rbac}/roles`),
  bindClusterRoles: namespaced('bind', `${rbac}/clusterroles`),
  createRoles: namespaced('create', `${rbac}/roles`),
  createClusterRoles: clusterWide('create', `${rbac}/clusterroles`),
  patchRoles: namespaced('patch update', `${rbac}/roles`),
  patchClusterRoles: clusterWide('patch update', `${rbac}/clusterroles`),
  escalateRoles: namespaced('escalate', `${rbac}/roles`),
  escalateClusterRoles: clusterWide('escalate', `${rbac}/clusterroles`),
  createRequests: clusterWide('create', `${certificates}/certificatesigningrequests`),
  approveRequests: clusterWide(
    'patch update',
    `${certificates}/certificatesigningrequests/approval`,
  ),
  approveSigners: clusterWide('approve', `${certificates}/signers`),
  mutateObjects: clusterWide('create patch update', `${admission}/mutatingwebhookconfigurations`),
  unguard: clusterWide(
    'delete patch update',
    `${admission}/validatingwebhookconfigurations`,
    `${admission}/validatingadmissionpolicies`,
    `${admission}/validatingadmissionpolicybindings`,
    'kyverno.io/clusterpolicies',
    'templates.gatekeeper.sh/constrainttemplates',
  ),
  patchNodes: clusterWide('patch update', '/nodes'),
  deletePods: namespaced('delete deletecollection', '/pods'),
  evictPods: namespaced('create', '/pods/eviction'),
  writeConfigMaps: namespaced('patch update', '/configmaps'),
  deploy: namespaced(
    'create patch update',
    'argoproj.io/applications',
    'kustomize.toolkit.fluxcd.io/kustomizations',
    'helm.toolkit.fluxcd.io/helmreleases',
  ),
} as const satisfies Readonly<Record<string, Right>>

export type RightName = keyof typeof rights

/** Rights that many hold, and that give nothing to who holds no more than them. */
export const minorRights: ReadonlySet<RightName> = new Set(['deletePods', 'evictPods'])

/** A rule of a role that gives a right. */
interface Given {
  readonly rule: number
  /** Of those that the right is about, which: `deployments`, `pods/exec`. */
  readonly resources: readonly string[]
  /** Names of the objects that it is about; `undefined`: all. */
  readonly names: readonly string[] | undefined
  /** `create of pods/exec` */
  readonly text: string
}

/** Of the resources that a right is about, those that a rule is about. */
const matched = (rule: Rule, right: Right): readonly RightResource[] =>
  right.resources.filter(
    ({ group, resource, subresource }) =>
      (rule.groups.includes(group) || rule.groups.includes('*')) &&
      matchesResource(rule.resources, resource, subresource),
  )

const givenBy = (rule: Rule, index: number, right: Right): Given | undefined => {
  const found = matched(rule, right)
  const [first] = found
  if (!first) return undefined
  const isSaid = (verb: string): boolean => rule.verbs.includes(verb) || rule.verbs.includes('*')
  // An empty name is that of requests about no object by name: to list them, or to make one.
  const isOfAll = (verb: string): boolean =>
    rule.names.length === 0 ||
    (rule.names.includes('') &&
      (isUnnamed(verb, first.subresource) || verb === 'list' || verb === 'watch'))
  const named = rule.names.filter((name) => name !== '')
  const isOfNamed = (verb: string): boolean =>
    named.length > 0 && !isUnnamed(verb, first.subresource)
  const said = right.verbs.filter(isSaid)
  const ofAll = said.find(isOfAll)
  const verb = ofAll ?? said.find(isOfNamed)
  if (verb === undefined) return undefined
  const names = ofAll === undefined ? named : undefined
  return {
    rule: index,
    resources: found.map(({ what }) => what),
    names,
    text: `${verb} of ${first.what}${names ? ` ${names.join(', ')}` : ''}`,
  }
}

type GivenRights = ReadonlyMap<RightName, readonly Given[]>
/** By the rules, which roles that have the same ones share. */
const givenByRules = new WeakMap<readonly Rule[], GivenRights>()
const rightNames = Object.keys(rights) as readonly RightName[]

/** Rights that a role gives, by name. */
export const rightsOfRole = ({ rules }: Role): GivenRights => {
  const known = givenByRules.get(rules)
  if (known) return known
  const found = new Map<RightName, Given[]>()
  rules.forEach((rule, index) => {
    for (const name of rightNames) {
      const given = givenBy(rule, index, rights[name])
      if (given) found.set(name, [...(found.get(name) ?? []), given])
    }
  })
  givenByRules.set(rules, found)
  return found
}

/** A right that somebody holds. */
export interface Holding {
  /** `*`, or the namespace in which it holds. */
  readonly scope: string
  /** Of the resources that the right is about, which. */
  readonly resources: readonly string[]
  /** Names of the objects that it is about; `undefined`: all. */
  readonly names: readonly string[] | undefined
  readonly grant: Grant
  readonly facts: () => readonly Fact[]
}

export type Holdings = ReadonlyMap<RightName, readonly Holding[]>

/** What some grants give, by right. */
export const holdingsOf = (grants: readonly Grant[]): Holdings => {
  const holdings = new Map<RightName, Holding[]>()
  for (const grant of grants) {
    for (const [name, givens] of rightsOfRole(grant.role)) {
      if (grant.scope !== everywhere && !rights[name].isNamespaced) continue
      const list = holdings.get(name) ?? []
      for (const { rule, resources, names, text } of givens) {
        const facts = (): readonly Fact[] => [...grantFacts(grant), ruleFact(grant, rule, text)]
        list.push({ scope: grant.scope, resources, names, grant, facts })
      }
      holdings.set(name, list)
    }
  }
  return holdings
}

/** What a principal holds, by itself and by the groups that it is in. */
export interface Power {
  readonly grants: readonly Grant[]
  readonly holdings: Holdings
  /** It may do everything in the cluster, so that nothing else matters. */
  readonly isAll: boolean
}

/** Roles by the name of their node: `ClusterRole/NAME`, `Role/NAME`. */
const grantOfRoleNode = (
  objects: ObjectTable,
  { namespace, name }: GraphNode,
): readonly Grant[] => {
  const [roleKind, roleName = ''] = name.split(/\/(.*)/s)
  const role =
    roleKind === 'Role'
      ? objects.get('Role', namespace, roleName)
      : objects.get('ClusterRole', '', roleName)
  if (!role) return []
  const kind = roleKind === 'Role' ? 'Role' : 'ClusterRole'
  return [{ binding: undefined, subject: undefined, role, roleKind: kind, scope: namespace }]
}

/** Grants of what a node stands for; a group's are those of its members by it. */
const grantsOfNode = (objects: ObjectTable, node: GraphNode): readonly Grant[] => {
  const ofGroups = (groups: readonly string[]): readonly Grant[] =>
    groups.flatMap((group) => grantsOfGroup(objects, group))
  switch (node.kind) {
    case 'service-account':
      return [
        ...grantsOfUser(objects, accountUser(node.namespace, node.name)),
        ...ofGroups(accountGroups(node.namespace)),
      ]
    case 'user':
      return [...grantsOfUser(objects, node.name), ...ofGroups(groupsOfUser(node.name))]
    case 'group':
      return grantsOfGroup(objects, node.name)
    case 'role':
      return grantOfRoleNode(objects, node)
    default:
      return []
  }
}

/** Powers that were asked, until a role or a binding changes. */
interface Powers {
  readonly byNode: Map<string, Power>
  /** Asked last: each kind of edge that leaves a principal asks for the same one. */
  last: { readonly node: GraphNode; readonly power: Power } | undefined
}

const rbacKinds: ReadonlySet<string> = new Set([
  'Role',
  'ClusterRole',
  'RoleBinding',
  'ClusterRoleBinding',
])

const powers: StateSpec<Powers> = {
  create: () => ({ byNode: new Map(), last: undefined }),
  change: (state) => (kind) => {
    if (!rbacKinds.has(kind)) return
    state.byNode.clear()
    state.last = undefined
  },
}

/** What a principal may do that is of use to an attacker. */
export const powerOf = (cluster: Cluster, node: GraphNode): Power => {
  const state = cluster.state(powers)
  if (state.last?.node === node) return state.last.power
  const { byNode } = state
  let power = byNode.get(node.id)
  if (!power) {
    if (byNode.size >= limits.powersMax) byNode.clear()
    const grants = grantsOfNode(cluster.objects, node)
    const isAll = grants.some(
      ({ scope, role }) => scope === everywhere && allowsEverything(role) !== -1,
    )
    power = { grants, holdings: holdingsOf(grants), isAll }
    byNode.set(node.id, power)
  }
  state.last = { node, power }
  return power
}

const nothing: readonly Holding[] = []

/** Holdings of a right; none is the usual answer. */
export const held = ({ holdings }: Power, right: RightName): readonly Holding[] =>
  holdings.get(right) ?? nothing

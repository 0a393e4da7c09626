/** Roles and their bindings. */
import type { Selector } from '@bulwark/schema'
import type { Named, Reading } from './metadata.ts'
import type { Json } from './reader.ts'

/** What one rule allows: each of the verbs on each of the resources, or on each of the paths. */
export interface Rule {
  readonly verbs: readonly string[]
  /** API groups; empty text: the core. */
  readonly groups: readonly string[]
  /** `pods`, `pods/exec`, `*`, `*` with a subresource. */
  readonly resources: readonly string[]
  /** Names of objects; empty: all. */
  readonly names: readonly string[]
  readonly urls: readonly string[]
}

/** A Role or a ClusterRole. */
export interface Role extends Named {
  readonly rules: readonly Rule[]
  /** Of a ClusterRole whose rules are those of others: which. `undefined`: it has its own. */
  readonly aggregates: readonly Selector[] | undefined
}

export interface Subject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount'
  /** Of a service account; else empty. */
  readonly namespace: string
  readonly name: string
  /** Place in the binding's list. */
  readonly at: number
}

/** A RoleBinding, or a ClusterRoleBinding: one without a namespace. */
export interface Binding extends Named {
  readonly roleKind: 'Role' | 'ClusterRole'
  readonly roleName: string
  readonly subjects: readonly Subject[]
}

const readRules = (json: Json, { reader, sharing }: Reading): readonly Rule[] =>
  sharing.part(
    reader.maps(json, 'rules', '', (item, at): Rule => {
      return {
        verbs: reader.texts(item, 'verbs', at),
        groups: reader.texts(item, 'apiGroups', at),
        resources: reader.texts(item, 'resources', at),
        names: reader.texts(item, 'resourceNames', at),
        urls: reader.texts(item, 'nonResourceURLs', at),
      }
    }),
  )

export const readRole = (json: Json, reading: Reading): Role => ({
  ...reading.names,
  rules: readRules(json, reading),
  aggregates: undefined,
})

/** The controller has merged the rules of those that it aggregates into its own. */
export const readClusterRole = (json: Json, reading: Reading): Role => {
  const { reader } = reading
  const aggregation = reader.map(json, 'aggregationRule', '')
  const path = 'aggregationRule'
  const selectors = reader.maps(aggregation, 'clusterRoleSelectors', path, (item, at) => {
    const selector = reader.selector({ selector: item }, 'selector', at)
    return selector === 'broken' ? undefined : selector
  })
  return { ...readRole(json, reading), aggregates: aggregation && selectors }
}

const subjectKinds = ['User', 'Group', 'ServiceAccount'] as const

const readSubjects = (json: Json, { reader }: Reading): readonly Subject[] => {
  let index = -1
  return reader.maps(json, 'subjects', '', (item, at): Subject | undefined => {
    index = Number(/\[(\d+)\]$/.exec(at)?.[1] ?? index + 1)
    const kind = subjectKinds.find((each) => each === item['kind'])
    const name = reader.name(item, 'name', at)
    if (kind === undefined || name === undefined || name === '') {
      reader.fault(at, 'is no user, group or service account: it is nobody')
      return undefined
    }
    if (kind !== 'ServiceAccount') return { kind, namespace: '', name, at: index }
    // A RoleBinding's own namespace stands for one that is not said; elsewhere there is none.
    const said = reader.name(item, 'namespace', at) ?? ''
    const namespace = said === '' ? reader.object.namespace : said
    if (namespace !== '') return { kind, namespace, name, at: index }
    reader.fault(at, 'is a service account without a namespace: it is nobody')
    return undefined
  })
}

export const readBinding = (json: Json, reading: Reading): Binding | undefined => {
  const { reader, names } = reading
  const role = reader.map(json, 'roleRef', '')
  const roleKind = (['Role', 'ClusterRole'] as const).find((each) => each === role?.['kind'])
  const roleName = reader.name(role, 'name', 'roleRef')
  const isNowhere = names.namespace === '' && roleKind === 'Role'
  if (roleKind === undefined || roleName === undefined || isNowhere) {
    reader.fault('roleRef', 'names no role that can be bound here: the binding gives nothing')
    return undefined
  }
  return { ...names, roleKind, roleName, subjects: readSubjects(json, reading) }
}

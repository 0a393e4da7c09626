/** Who may do what on the lab's API server: ClusterRoles and their bindings, as RBAC has them. */
import type { Json } from './store.ts'

/** What somebody wants to do. */
export interface Action {
  readonly verb: string
  readonly group: string
  /** With its part, where one is meant: `runtimepolicies/status`. */
  readonly resource: string
}

/** Whoever may do everything. */
export const admin = 'admin'

const textsIn = (rule: Json, key: string): readonly string[] =>
  (rule[key] as readonly string[] | undefined) ?? []

const covers = (rule: Json, { verb, group, resource }: Action): boolean =>
  textsIn(rule, 'apiGroups').includes(group) &&
  textsIn(rule, 'resources').includes(resource) &&
  textsIn(rule, 'verbs').includes(verb)

interface Subject {
  readonly namespace: string
  readonly name: string
}

const userOf = ({ namespace, name }: Subject): string =>
  `system:serviceaccount:${namespace}:${name}`

export class Authorizer {
  /** Rules by users. */
  readonly #rules = new Map<string, Json[]>()

  /** @param objects  ClusterRoles and ClusterRoleBindings among whatever else a manifest has */
  constructor(objects: readonly Json[]) {
    const nameOf = (each: Json): unknown => (each['metadata'] as Json)['name']
    const roles = new Map(
      objects.filter(({ kind }) => kind === 'ClusterRole').map((each) => [nameOf(each), each]),
    )
    for (const binding of objects.filter(({ kind }) => kind === 'ClusterRoleBinding')) {
      const role = roles.get((binding['roleRef'] as Json)['name'])
      for (const subject of binding['subjects'] as readonly Subject[]) {
        const user = userOf(subject)
        const rules = this.#rules.get(user) ?? []
        this.#rules.set(user, [...rules, ...((role?.['rules'] ?? []) as readonly Json[])])
      }
    }
  }

  allows(user: string, action: Action): boolean {
    if (user === admin) return true
    return this.#rules.get(user)?.some((rule) => covers(rule, action)) === true
  }
}

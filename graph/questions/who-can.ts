/** Who may do something: every subject of a binding that allows it. */
import type { Cluster } from '../cluster.ts'
import type { Fact } from '../edges.ts'
import type { Binding, Subject } from '../objects/rbac.ts'
import type { Grant } from '../rbac/grants.ts'
import { allowedBy, everywhere, grantFacts, masters, roleOf, ruleFact } from '../rbac/grants.ts'
import type { Request } from '../rbac/match.ts'
import { isPathRequest } from '../rbac/match.ts'

/** Somebody who may, and by which binding and rule. Each binding that allows it is one of these. */
export interface MayDo {
  readonly kind: Subject['kind']
  readonly namespace: string
  readonly name: string
  readonly facts: readonly Fact[]
}

const textOf = (request: Request): string => {
  if (isPathRequest(request)) return `${request.verb} of ${request.path}`
  const { verb, resource, subresource, name } = request
  const what = subresource === '' ? resource : `${resource}/${subresource}`
  return `${verb} of ${what}${name === '' ? '' : ` ${name}`}`
}

const allBindings = function* ({ objects }: Cluster): Generator<Binding> {
  yield* objects.all('ClusterRoleBinding')
  yield* objects.all('RoleBinding')
}

/**
 * Everybody who may do something, in order of kind and name. Groups stand for their members, whom
 * the objects do not tell; `system:masters` is always among them.
 */
export const whoCan = (cluster: Cluster, request: Request): readonly MayDo[] => {
  const text = textOf(request)
  const found: MayDo[] = [{ kind: 'Group', namespace: '', name: masters, facts: [] }]
  for (const binding of allBindings(cluster)) {
    const role = roleOf(cluster.objects, binding)
    if (!role) continue
    const scope = binding.namespace === '' ? everywhere : binding.namespace
    const { roleKind } = binding
    for (const subject of binding.subjects) {
      const grant: Grant = { binding, subject, role, roleKind, scope }
      const [allowed] = allowedBy([grant], request)
      if (!allowed) break
      const { kind, namespace, name } = subject
      // They are there already: no role adds to what they may do.
      if (kind === 'Group' && name === masters) continue
      const facts = [...grantFacts(grant), ruleFact(grant, allowed.rule, text)]
      found.push({ kind, namespace, name, facts })
    }
  }
  const key = (each: MayDo): string =>
    JSON.stringify([each.kind, each.namespace, each.name, each.facts])
  return found
    .map((each) => [key(each), each] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, each]) => each)
}

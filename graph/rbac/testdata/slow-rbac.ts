/**
 * RBAC as its documentation tells it, slowly: over the objects as they are written, every binding
 * for every request, every combination written out. It shares no code with what it checks.
 */
import type { Identity } from '../grants.ts'
import type { Request } from '../match.ts'

interface RawRule {
  verbs?: string[]
  apiGroups?: string[]
  resources?: string[]
  resourceNames?: string[]
  nonResourceURLs?: string[]
}

export interface RawObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string }
  rules?: RawRule[]
  roleRef?: { kind: string; name: string }
  subjects?: { kind: string; name: string; namespace?: string }[]
}

const isMember = (identity: Identity, binding: RawObject): boolean => {
  for (const subject of binding.subjects ?? []) {
    if (subject.kind === 'User' && subject.name === identity.user) return true
    if (subject.kind === 'Group') {
      for (const group of identity.groups) if (group === subject.name) return true
    }
    if (subject.kind === 'ServiceAccount') {
      const namespace = subject.namespace ?? binding.metadata.namespace
      if (namespace === undefined) continue
      if (identity.user === ['system', 'serviceaccount', namespace, subject.name].join(':')) {
        return true
      }
    }
  }
  return false
}

/** Everything that a rule could say of a resource so that it means this one. */
const namesOfResource = (resource: string, subresource: string): string[] =>
  subresource === ''
    ? ['*', resource]
    : ['*', [resource, subresource].join('/'), ['*', subresource].join('/')]

const overlaps = (a: string[] | undefined, b: string[]): boolean => {
  for (const each of a ?? []) for (const other of b) if (each === other) return true
  return false
}

const ruleAllows = (rule: RawRule, request: Request): boolean => {
  if (!overlaps(rule.verbs, ['*', request.verb])) return false
  if ('path' in request) {
    const lengths = Array.from({ length: request.path.length + 1 }, (_, at) => at)
    const prefixes = lengths.map((length) => `${request.path.slice(0, length)}*`)
    return overlaps(rule.nonResourceURLs, ['*', request.path, ...prefixes])
  }
  if (!overlaps(rule.apiGroups, ['*', request.group])) return false
  if (!overlaps(rule.resources, namesOfResource(request.resource, request.subresource))) {
    return false
  }
  if ((rule.resourceNames ?? []).length === 0) return true
  const wholeCollection =
    request.subresource === '' && ['create', 'deletecollection'].includes(request.verb)
  return overlaps(rule.resourceNames, [wholeCollection ? '' : request.name])
}

export const slowCan = (objects: RawObject[], identity: Identity, request: Request): boolean => {
  if (identity.groups.includes('system:masters')) return true
  for (const binding of objects) {
    if (!binding.kind.endsWith('Binding') || !isMember(identity, binding)) continue
    if (binding.kind === 'RoleBinding') {
      if ('path' in request) continue
      let where = request.namespace
      if (request.resource === 'namespaces' && request.group === '') where = request.name
      const makesOne =
        request.subresource === '' && /^(create|deletecollection)$/.test(request.verb)
      if (request.resource === 'namespaces' && request.group === '' && makesOne) {
        where = request.namespace
      }
      if (where !== binding.metadata.namespace) continue
    }
    for (const role of objects) {
      if (role.kind !== binding.roleRef?.kind || role.metadata.name !== binding.roleRef.name)
        continue
      if (role.kind === 'Role' && binding.kind === 'ClusterRoleBinding') continue
      if (role.kind === 'Role' && role.metadata.namespace !== binding.metadata.namespace) continue
      for (const rule of role.rules ?? []) if (ruleAllows(rule, request)) return true
    }
  }
  return false
}

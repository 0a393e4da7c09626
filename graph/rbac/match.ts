/** Whether a rule allows a request, as the API server's RBAC decides it. */
import type { Rule } from '../objects/rbac.ts'

/** What is asked of the API server about objects. */
export interface ResourceRequest {
  readonly verb: string
  /** API group; empty: the core. */
  readonly group: string
  /** `pods` */
  readonly resource: string
  /** `exec`; empty: the object itself. */
  readonly subresource: string
  /** Empty: what is in no namespace, or everything in all of them. */
  readonly namespace: string
  /** Empty: no object is named, as when listing all. */
  readonly name: string
}

/** What is asked of it about something else, by path. */
export interface PathRequest {
  readonly verb: string
  /** `/metrics` */
  readonly path: string
}

export type Request = ResourceRequest | PathRequest

export const isPathRequest = (request: Request): request is PathRequest => 'path' in request

const hasOrAll = (list: readonly string[], value: string): boolean =>
  list.includes(value) || list.includes('*')

/** `pods/*` is no pattern: only `*` and `*` with a subresource are. */
export const matchesResource = (
  resources: readonly string[],
  resource: string,
  subresource: string,
): boolean => {
  if (subresource === '') return hasOrAll(resources, resource)
  return hasOrAll(resources, `${resource}/${subresource}`) || resources.includes(`*/${subresource}`)
}

/**
 * What creates an object and what deletes all of them is about no name, whatever its body says; so
 * rules for names do not allow it, but for a name that is empty. A subresource is of an object that
 * has a name.
 */
export const isUnnamed = (verb: string, subresource: string): boolean =>
  subresource === '' && (verb === 'create' || verb === 'deletecollection')

const matchesPath = (patterns: readonly string[], path: string): boolean =>
  patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === path ||
      (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, ''))),
  )

/** The role that a rule is of is bound where the request is. */
export const allows = (rule: Rule, request: Request): boolean => {
  if (!hasOrAll(rule.verbs, request.verb)) return false
  if (isPathRequest(request)) return matchesPath(rule.urls, request.path)
  const { verb, group, resource, subresource } = request
  if (!hasOrAll(rule.groups, group)) return false
  if (!matchesResource(rule.resources, resource, subresource)) return false
  if (rule.names.length === 0) return true
  // A name of nothing is that of what has none.
  return rule.names.includes(isUnnamed(verb, subresource) ? '' : request.name)
}

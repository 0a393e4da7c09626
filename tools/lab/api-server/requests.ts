/** One request to the lab's API server, taken apart; and what may be wrong with it. */
import type { IncomingMessage } from 'node:http'
import type { Action } from './authorizer.ts'
import { status } from './discovery.ts'
import { BadSelector, fieldSelector, labelSelector } from './selectors.ts'
import type { Selects } from './selectors.ts'
import type { Json, Resource } from './store.ts'

/** An answer that is no success. */
export class Refusal extends Error {
  readonly body: Json

  constructor(code: number, reason: string, message: string, more: Json = {}) {
    super(message)
    this.body = status(code, reason, message, more)
  }

  get code(): number {
    return Number(this.body['code'])
  }
}

/** What an object is called in faults: as kubectl names resources. */
const fullName = ({ name, group }: Resource): string => (group === '' ? name : `${name}.${group}`)

/** A fault that is about one object. */
export const refusalOf = (
  { resource, name = '' }: Pick<Target, 'resource' | 'name'>,
  code: number,
  reason: string,
  words: (named: string) => string,
): Refusal => {
  const { group, name: kind } = resource
  const details = { name, ...(group === '' ? {} : { group }), kind }
  const message = words(`${fullName(resource)} ${JSON.stringify(name)}`)
  return new Refusal(code, reason, message, { details })
}

/** What a request is about. */
export interface Target {
  readonly resource: Resource
  /** `undefined`: all. */
  readonly namespace: string | undefined
  /** `undefined`: the collection. */
  readonly name: string | undefined
  /** What is meant of the object; `undefined`: all of it. */
  readonly part: 'status' | undefined
}

const objectsPath = /^\/api\/v1(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/
const customPath = /^\/apis\/([^/]+\/[^/]+)\/([a-z0-9]+)(?:\/([^/]+)(\/status)?)?$/

/** The objects that a path means; `undefined` when it means none. */
export const targetOf = (path: string, resources: readonly Resource[]): Target | undefined => {
  const [, version, customs, custom, end] = customPath.exec(path) ?? []
  const own = resources.find((each) => each.name === customs && each.apiVersion === version)
  if (own) {
    const part = end === undefined ? undefined : 'status'
    return { resource: own, namespace: undefined, name: custom, part }
  }
  const [, namespace, word, name] = objectsPath.exec(path) ?? []
  const resource = resources.find((each) => each.name === word && each.apiVersion === 'v1')
  if (resource && (resource.namespaced || namespace === undefined)) {
    return { resource, namespace, name, part: undefined }
  }
  const [, single] = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(path) ?? []
  const namespaces = resources.find((each) => each.name === 'namespaces')
  if (single === undefined || !namespaces) return undefined
  return { resource: namespaces, namespace: undefined, name: single, part: undefined }
}

/** Whether a query is for a watch. */
export const isWatch = (query: URLSearchParams): boolean =>
  /^(?:true|1)$/.test(query.get('watch') ?? '')

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}

/** What a request does, as roles name it. */
export const actionOf = (method: string, target: Target, query: URLSearchParams): Action => {
  const { resource, part, name } = target
  const read = name !== undefined ? 'get' : isWatch(query) ? 'watch' : 'list'
  const what = part === undefined ? resource.name : `${resource.name}/${part}`
  return { verb: verbs[method] ?? read, group: resource.group, resource: what }
}

/** Which objects a query selects. */
export const selectorOf = (query: URLSearchParams, resource: Resource): Selects => {
  try {
    const byLabel = labelSelector(query.get('labelSelector') ?? '')
    const byField = fieldSelector(query.get('fieldSelector') ?? '', resource.name)
    return (object) => byLabel(object) && byField(object)
  } catch (error) {
    if (error instanceof BadSelector) throw new Refusal(400, 'BadRequest', error.message)
    throw error
  }
}

/** A resource version of a query; 0 when none is given. */
export const versionOf = (query: URLSearchParams): number => {
  const text = query.get('resourceVersion') ?? ''
  if (!/^\d*$/.test(text)) {
    throw new Refusal(400, 'BadRequest', `resourceVersion: Invalid value: ${JSON.stringify(text)}`)
  }
  return Number(text)
}

/** The body of a request, which must be JSON. */
export const bodyOf = async (request: IncomingMessage): Promise<Json> => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  try {
    return JSON.parse(Buffer.concat(parts).toString()) as Json
  } catch {
    throw new Refusal(400, 'BadRequest', 'the body of the request is no JSON')
  }
}

/** RFC 7386: what is null goes, objects are joined, all else takes the place of what was. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target)
  const merged: Record<string, unknown> = isObject ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergePatch(merged[name], value)
  }
  return merged
}

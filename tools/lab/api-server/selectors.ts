/** Label and field selectors as they stand in a query, for the lab's API server. */
import type { Json, KubeObject } from './store.ts'

/** Whether an object is selected. */
export type Selects = (object: KubeObject) => boolean

/** A selector that the API server refuses. */
export class BadSelector extends Error {}

const key = '[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?'
const setForm = new RegExp(`^(${key})\\s+(in|notin)\\s+\\(([^()]*)\\)$`)
const equalForm = new RegExp(`^(${key})\\s*(=|==|!=)\\s*([A-Za-z0-9._-]*)$`)
const existsForm = new RegExp(`^(!?)\\s*(${key})$`)

type Labels = Readonly<Record<string, string | undefined>>

const requirement = (text: string): ((labels: Labels) => boolean) => {
  const set = setForm.exec(text)
  if (set) {
    const [, name = '', , operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    const isIn = operator === 'in'
    return (labels) => {
      const value = labels[name]
      return value === undefined ? !isIn : values.has(value) === isIn
    }
  }
  const equal = equalForm.exec(text)
  if (equal) {
    const [, name = '', , operator, wanted] = equal
    return (labels) => (labels[name] === wanted) === (operator !== '!=')
  }
  const exists = existsForm.exec(text)
  if (!exists) throw new BadSelector(`unable to parse requirement: ${text}`)
  const [, not, name = ''] = exists
  return (labels) => (labels[name] !== undefined) === (not === '')
}

/** `a=b,c!=d,e in (x, y),!f`. */
export const labelSelector = (text: string): Selects => {
  if (text.trim() === '') return () => true
  // Commas in brackets do not separate.
  const parts = text.split(/,(?![^()]*\))/).map((part) => requirement(part.trim()))
  return ({ metadata }) => parts.every((part) => part(metadata.labels ?? {}))
}

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  pods: (
    'metadata.name metadata.namespace spec.nodeName spec.restartPolicy spec.serviceAccountName ' +
    'spec.hostNetwork status.phase status.podIP'
  ).split(' '),
  namespaces: ['metadata.name', 'status.phase'],
  runtimepolicies: ['metadata.name'],
  severitypolicies: ['metadata.name'],
}

const valueAt = (object: KubeObject, path: string): string => {
  let value: unknown = object
  for (const name of path.split('.')) value = (value as Json | undefined)?.[name]
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : ''
}

/** `spec.nodeName=a,status.phase!=Running`, over the fields that the resource has. */
export const fieldSelector = (text: string, resource: string): Selects => {
  if (text.trim() === '') return () => true
  const parts = text.split(',').map((part) => {
    const [, name = '', operator, wanted = ''] = /^([^=!]+)(==?|!=)(.*)$/.exec(part) ?? []
    if (fieldsOf[resource]?.includes(name) !== true) {
      throw new BadSelector(`field label not supported: ${name || part}`)
    }
    return (object: KubeObject): boolean =>
      (valueAt(object, name) === wanted) === (operator !== '!=')
  })
  return (object) => parts.every((part) => part(object))
}

/**
 * What decides on admission, as far as the graph asks: whether it is about pods, whether it denies,
 * and whether its text is about what makes a pod dangerous. Expressions are not evaluated.
 */
import type { Selector } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Named, Reading } from './metadata.ts'
import type { Json, Reader } from './reader.ts'
import { isJson } from './reader.ts'

/** Something that may deny pods. */
export interface Guard extends Named {
  /** Its resource in the API: `validatingadmissionpolicies`. */
  readonly resource: string
  /** What it denies, of pods that would have the node. */
  readonly denies: 'privileged' | 'perhaps' | 'nothing'
  /** Namespaces that it is for; `undefined`: all. `broken`: not known which. */
  readonly namespaces: Selector | undefined | 'broken'
  /** Namespaces that it is not for, by name. */
  readonly except: readonly string[]
  /** Of a binding: the policy that it puts in force. */
  readonly policy: string
}

/** Words of what takes a pod to its node. */
const dangers = /privileged|hostPath|hostPID|hostNetwork|capabilities|securityContext|podSecurity/i

/** Text of an object, of bounded length, to look for words in. */
const textOf = (value: unknown): string => {
  const text = JSON.stringify(value) ?? ''
  return text.length > limits.guardCharsMax ? text.slice(0, limits.guardCharsMax) : text
}

const isAboutPods = (reader: Reader, from: Json | undefined, key: string, at: string): boolean =>
  reader.maps(from, key, at, (rule, ruleAt) => {
    const list = (name: string): readonly string[] => reader.texts(rule, name, ruleAt)
    const any = (values: readonly string[], ...wanted: readonly string[]): boolean =>
      values.some((each) => each === '*' || wanted.includes(each))
    return any(list('operations'), 'CREATE') &&
      any(list('apiGroups'), '') &&
      any(list('resources'), 'pods', '*/*')
      ? true
      : undefined
  }).length > 0

const guard = (
  { reader, names }: Reading,
  resource: string,
  denies: Guard['denies'],
  scope: Json | undefined,
  at: string,
): Guard => ({
  ...names,
  resource,
  denies,
  namespaces: reader.selector(scope, 'namespaceSelector', at),
  except: [],
  policy: '',
})

/** A policy of the API server; it is in force where a binding says so. */
export const readPolicy = (json: Json, reading: Reading): Guard => {
  const { reader } = reading
  const spec = reader.map(json, 'spec', '')
  const match = reader.map(spec, 'matchConstraints', 'spec')
  const at = 'spec.matchConstraints'
  const isOfPods = isAboutPods(reader, match, 'resourceRules', at)
  const isOfDanger = dangers.test(textOf([spec?.['validations'], spec?.['variables']]))
  const denies = isOfPods && isOfDanger ? 'perhaps' : 'nothing'
  return guard(reading, 'validatingadmissionpolicies', denies, match, at)
}

export const readPolicyBinding = (json: Json, reading: Reading): Guard => {
  const { reader } = reading
  const spec = reader.map(json, 'spec', '')
  const actions = reader.texts(spec, 'validationActions', 'spec')
  const denies = actions.some((each) => each === 'Deny') ? 'perhaps' : 'nothing'
  const match = reader.map(spec, 'matchResources', 'spec')
  return {
    ...guard(reading, 'validatingadmissionpolicybindings', denies, match, 'spec.matchResources'),
    policy: reader.name(spec, 'policyName', 'spec') ?? '',
  }
}

/** A webhook may deny whatever it likes. */
export const readWebhooks = (json: Json, reading: Reading): Guard => {
  const { reader } = reading
  const found = reader.maps(json, 'webhooks', '', (hook, at) =>
    isAboutPods(reader, hook, 'rules', at) ? { hook, at } : undefined,
  )
  const [first] = found
  const only = found.length === 1 ? first : undefined
  const denies = first ? 'perhaps' : 'nothing'
  return guard(
    reading,
    'validatingwebhookconfigurations',
    denies,
    only?.hook,
    only?.at ?? 'webhooks',
  )
}

const enforces = (value: unknown): boolean =>
  typeof value === 'string' && value.toLowerCase() === 'enforce'

/** Whether an object says nothing of some of its keys. */
const leaves = (json: Json | undefined, keys: readonly string[]): boolean =>
  keys.every((key) => json?.[key] === undefined)

const isListOf = (value: unknown, wanted: string): boolean =>
  Array.isArray(value) && value.includes(wanted)

/** Whether a filter of Kyverno is about all pods: it names kinds, and nothing that narrows them. */
const isOfPods = (filter: unknown): boolean => {
  if (!isJson(filter) || Object.keys(filter).some((key) => key !== 'resources')) return false
  const { resources } = filter
  if (!isJson(resources)) return false
  const { kinds, operations, ...narrower } = resources
  const isMade = operations === undefined || isListOf(operations, 'CREATE')
  return (
    (isListOf(kinds, 'Pod') || isListOf(kinds, '*')) && isMade && Object.keys(narrower).length === 0
  )
}

/** Whether what a rule of Kyverno matches is all pods that somebody makes. */
const isOfAllPods = (match: unknown): boolean => {
  if (!isJson(match)) return false
  const { any, all, ...own } = match
  if (any === undefined && all === undefined) return isOfPods(own)
  if (Object.keys(own).length > 0) return false
  if (any !== undefined) return all === undefined && Array.isArray(any) && any.some(isOfPods)
  return Array.isArray(all) && all.length > 0 && all.every(isOfPods)
}

/**
 * A Kyverno policy for pods. One that asks for a level of the pod security standards, of all pods
 * and without exceptions, denies privileged pods; of what others ask it is only known that it is
 * about such things.
 */
export const readKyvernoPolicy = (json: Json, reading: Reading): Guard => {
  const { reader } = reading
  const spec = reader.map(json, 'spec', '')
  const isOn = enforces(spec?.['validationFailureAction'])
  let denies: Guard['denies'] = 'nothing'
  reader.maps(spec, 'rules', 'spec', (rule, at) => {
    const validate = reader.map(rule, 'validate', at)
    if (!validate || !(isOn || enforces(validate['failureAction']))) return undefined
    if (!/"Pod"|"\*"/.test(textOf(rule['match']))) return undefined
    const security = reader.map(validate, 'podSecurity', at)
    const level = security?.['level']
    const isWhole =
      leaves(rule, ['exclude', 'preconditions', 'celPreconditions']) &&
      leaves(security, ['exclude']) &&
      leaves(spec, ['validationFailureActionOverrides', 'admission', 'matchConditions']) &&
      leaves(validate, ['failureActionOverrides']) &&
      isOfAllPods(rule['match'])
    if ((level === 'baseline' || level === 'restricted') && isWhole) denies = 'privileged'
    else if (denies === 'nothing' && dangers.test(textOf(validate))) denies = 'perhaps'
    return undefined
  })
  const resource = reading.names.namespace === '' ? 'clusterpolicies' : 'policies'
  return guard(reading, resource, denies, undefined, 'spec')
}

/** A constraint of Gatekeeper, of a kind that is about what takes a pod to its node. */
export const readConstraint = (json: Json, reading: Reading): Guard => {
  const { reader } = reading
  const spec = reader.map(json, 'spec', '')
  const match = reader.map(spec, 'match', 'spec')
  const action = reader.text(spec, 'enforcementAction', 'spec') ?? 'deny'
  const result = guard(
    reading,
    'constrainttemplates',
    action === 'deny' ? 'perhaps' : 'nothing',
    match,
    'spec.match',
  )
  return { ...result, except: reader.texts(match, 'excludedNamespaces', 'spec.match') }
}

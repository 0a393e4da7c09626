/**
 * Reads RuntimePolicies out of YAML or JSON: several documents a file, and `List`s of them. Strict:
 * what is wrong with a policy disables that policy, and no other one. Conditions and exceptions are
 * read here and understood in `load.ts`.
 */
import type { Requirement, Selector } from '@bulwark/schema'
import {
  contextEffects,
  labelPrefixMax,
  policyApiVersion,
  policyKind,
  policyModes,
  policyObject,
  severityPolicyKind,
} from '@bulwark/schema'
import type { Diagnostic } from '../diagnostics.ts'
import { readExceptions } from '../falco/exceptions.ts'
import type { Exception } from '../falco/exceptions.ts'
import { Context, LoadFault, Report } from '../falco/report.ts'
import type { Yaml, YamlMap } from '../falco/yaml.ts'
import { parseDocuments } from '../falco/yaml.ts'
import type { PolicyMode, PriorityName } from '../rule.ts'
import { priorityNames } from '../rule.ts'
import type { ContextItem } from './context.ts'
import { contradictionOf } from './contradiction.ts'
import type { Scope, ScopeParts } from './scope.ts'
import { makeScope } from './scope.ts'
import { StructureCheck, shown } from './structure.ts'

/** A rule as a policy has it. */
export interface PolicyRule {
  readonly name: string
  readonly description: string
  readonly condition: string
  readonly output: string
  readonly severity: PriorityName | undefined
  readonly tags: readonly string[]
  readonly exceptions: readonly Exception[]
  readonly context: Context
  readonly conditionContext: Context
  readonly outputContext: Context
}

/** The rules of rule files that a policy is for. */
export interface AppliedTo {
  /** By their names, with where each stands. */
  readonly rules: readonly { readonly name: string; readonly context: Context }[]
  readonly tags: readonly { readonly name: string; readonly context: Context }[]
}

/** A policy whose structure is right. */
export interface PolicyDefinition {
  readonly name: string
  readonly description: string
  readonly mode: PolicyMode
  readonly severity: PriorityName | undefined
  readonly tags: readonly string[]
  readonly scope: Scope | undefined
  readonly exceptions: readonly Exception[]
  readonly rules: readonly PolicyRule[]
  readonly applyTo: AppliedTo | undefined
  /** What changes the severity of its alerts, those of single rules last. */
  readonly judged: readonly ContextItem[]
  readonly context: Context
}

/** A policy as it was read, with all that was found. */
export interface ReadPolicy {
  /** Empty where it has none. */
  readonly name: string
  readonly context: Context
  /** `undefined` when it has a fault. */
  readonly definition: PolicyDefinition | undefined
  readonly found: readonly Diagnostic[]
}

// --- Values whose structure was checked ---------------------------------------------------------

const textAt = (map: YamlMap, key: string): string | undefined => {
  const value = map.entries.get(key)
  return value?.is === 'scalar' ? value.text : undefined
}

const mapAt = (map: YamlMap, key: string): YamlMap | undefined => {
  const value = map.entries.get(key)
  return value?.is === 'map' ? value : undefined
}

const itemsAt = (map: YamlMap, key: string): readonly Yaml[] | undefined => {
  const value = map.entries.get(key)
  return value?.is === 'sequence' ? value.items : undefined
}

const mapsAt = (map: YamlMap, key: string): readonly YamlMap[] | undefined =>
  itemsAt(map, key)?.filter((item) => item.is === 'map')

const textsAt = (map: YamlMap, key: string): readonly string[] | undefined =>
  itemsAt(map, key)?.flatMap((item) => (item.is === 'scalar' ? [item.text] : []))

/** One of some names, which the shape has checked. */
const nameAt = <Name extends string>(
  map: YamlMap,
  key: string,
  names: readonly Name[],
): Name | undefined => names.find((name) => name === textAt(map, key))

// --- Parts --------------------------------------------------------------------------------------

const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const

/** A selector, whose keys have no prefix that is too long. */
const readSelector = (map: YamlMap | undefined): Selector | undefined => {
  if (!map) return undefined
  const labels = [...(mapAt(map, 'matchLabels')?.entries ?? [])].map(
    ([key, value]): Requirement => {
      return { key, operator: 'In', values: [value.is === 'scalar' ? value.text : ''] }
    },
  )
  const expressions = (mapsAt(map, 'matchExpressions') ?? []).map((each): Requirement => {
    const values = new Set(textsAt(each, 'values'))
    return {
      key: textAt(each, 'key') ?? '',
      operator: nameAt(each, 'operator', operators) ?? 'In',
      values: [...values].toSorted(),
    }
  })
  return [...labels, ...expressions]
}

const readScope = (map: YamlMap | undefined): Scope | undefined => {
  if (!map) return undefined
  const pairs = <A extends string, B extends string>(
    key: string,
    a: A,
    b: B,
  ): readonly Record<A | B, string | undefined>[] | undefined =>
    mapsAt(map, key)?.map(
      (each) =>
        ({ [a]: textAt(each, a), [b]: textAt(each, b) }) as Record<A | B, string | undefined>,
    )
  return makeScope({
    namespaceSelector: readSelector(mapAt(map, 'namespaceSelector')),
    podSelector: readSelector(mapAt(map, 'podSelector')),
    workloads: pairs('workloads', 'kind', 'name'),
    serviceAccounts: textsAt(map, 'serviceAccounts'),
    images: pairs('images', 'name', 'digest'),
    containers: textsAt(map, 'containers'),
  })
}

/** Selectors of Kubernetes bound the part before the slash, which no pattern of the schema says. */
const checkPrefixes = (scope: YamlMap | undefined, context: Context, report: Report): void => {
  for (const name of ['namespaceSelector', 'podSelector']) {
    const selector = scope && mapAt(scope, name)
    if (!selector) continue
    const labels = mapAt(selector, 'matchLabels')
    const keys = [
      ...[...(labels?.keys ?? [])].map(([text, place]) => ({ text, place })),
      ...(mapsAt(selector, 'matchExpressions') ?? []).flatMap(({ entries }) => {
        const key = entries.get('key')
        return key?.is === 'scalar' ? [key] : []
      }),
    ]
    for (const { text, place } of keys) {
      if (text.indexOf('/') <= labelPrefixMax) continue
      const message = `the prefix of ${shown(text)} has more than ${labelPrefixMax} characters`
      report.error(new LoadFault('policy-value', message, context.at('value for', name, place)))
    }
  }
}

/** Warns of selectors that select nothing, whatever there is. */
const remarkOnScope = (
  map: YamlMap | undefined,
  { namespaceSelector, podSelector }: ScopeParts,
  context: Context,
  report: Report,
): void => {
  for (const [name, selector] of Object.entries({ namespaceSelector, podSelector })) {
    const key = selector && contradictionOf(selector)
    const place = map?.entries.get(name)?.place
    if (key === undefined || !place) continue
    const message = `no labels are such: more is asked of ${shown(key)} than one label can be`
    report.warn('policy-selects-nothing', message, context.at('value for', name, place))
  }
}

const readRule = (map: YamlMap, policy: Context, report: Report): PolicyRule => {
  const name = textAt(map, 'name') ?? ''
  const context = policy.at('rule', name, map.place)
  const partAt = (key: string): Context =>
    context.at(`rule ${key}`, '', map.entries.get(key)?.place ?? map.place)
  return {
    name,
    description: textAt(map, 'description') ?? '',
    condition: textAt(map, 'condition') ?? '',
    output: (textAt(map, 'output') ?? '').trim(),
    severity: nameAt(map, 'severity', priorityNames),
    tags: textsAt(map, 'tags') ?? [],
    exceptions: readExceptions(map, context, false, report),
    context,
    conditionContext: partAt('condition'),
    outputContext: partAt('output'),
  }
}

/** `context` of a policy, or of one of its rules. */
const readContext = (
  map: YamlMap,
  of: Pick<ContextItem, 'policy' | 'rule'>,
  path: string,
  context: Context,
  report: Report,
): readonly ContextItem[] =>
  (mapsAt(map, 'context') ?? []).map((item, index) => {
    const at = `${path}.context[${index}]`
    const place = item.entries.get('when')?.place ?? item.place
    const effect = nameAt(item, 'effect', contextEffects) ?? 'raise'
    const by = item.entries.get('by')
    if (by && effect === 'suppress') {
      const message = '`by` means nothing here: what is suppressed is not weighed'
      report.warn('policy-no-weight', message, context.at('value for', 'by', by.place))
    }
    return {
      policy: of.policy,
      rule: of.rule,
      path: at,
      when: textAt(item, 'when') ?? '',
      effect,
      weight: by?.is === 'scalar' && effect !== 'suppress' ? Number(by.text) : undefined,
      reason: (textAt(item, 'reason') ?? '').trim(),
      context: context.at('value for', `${at}.when`, place),
    }
  })

const readApplyTo = (spec: YamlMap, policy: Context): AppliedTo | undefined => {
  const map = mapAt(spec, 'applyTo')
  if (!map) return undefined
  const namesAt = (key: 'rules' | 'tags'): AppliedTo['rules'] =>
    (itemsAt(map, key) ?? []).flatMap((item) =>
      item.is === 'scalar'
        ? [{ name: item.text, context: policy.at(`item of applyTo.${key}`, '', item.place) }]
        : [],
    )
  return { rules: namesAt('rules'), tags: namesAt('tags') }
}

/** What is allowed, and does not do all that it says. */
const remarkOn = (spec: YamlMap, mode: PolicyMode, context: Context, report: Report): void => {
  const at = (key: string): Context =>
    context.at('value for', key, spec.entries.get(key)?.place ?? spec.place)
  if (mode === 'enforce') {
    const message = 'acts as audit: nothing is enforced yet'
    report.warn('policy-not-enforced', message, at('mode'))
  }
}

/** @throws LoadFault  an exception of it is none */
const readDefinition = (
  name: string,
  object: YamlMap,
  context: Context,
  report: Report,
): PolicyDefinition | undefined => {
  const spec = mapAt(object, 'spec')
  if (!spec) return undefined
  const mode = nameAt(spec, 'mode', policyModes) ?? 'audit'
  const scope = mapAt(spec, 'scope')
  checkPrefixes(scope, context, report)
  remarkOn(spec, mode, context, report)
  const where = readScope(scope)
  if (where) remarkOnScope(scope, where, context, report)
  const ruleMaps = mapsAt(spec, 'rules') ?? []
  const rules = ruleMaps.map((rule) => readRule(rule, context, report))
  const judged = [
    ...readContext(spec, { policy: name, rule: undefined }, 'spec', context, report),
    ...ruleMaps.flatMap((map, index) => {
      const rule = textAt(map, 'name') ?? ''
      return readContext(map, { policy: name, rule }, `spec.rules[${index}]`, context, report)
    }),
  ]
  const names = new Set<string>()
  for (const rule of rules) {
    if (names.has(rule.name)) {
      const message = 'this policy has two rules of this name'
      report.error(new LoadFault('policy-repeated-rule', message, rule.context))
    }
    names.add(rule.name)
  }
  return {
    name,
    description: textAt(spec, 'description') ?? '',
    mode,
    severity: nameAt(spec, 'severity', priorityNames),
    tags: textsAt(spec, 'tags') ?? [],
    scope: where,
    exceptions: readExceptions(spec, context, false, report),
    rules,
    applyTo: readApplyTo(spec, context),
    judged,
    context,
  }
}

// --- Objects ------------------------------------------------------------------------------------

const hasErrors = ({ found }: Report): boolean => found.some((each) => each.severity === 'error')

/** What a name is made of; no name at all, too. */
const plainName = /^[-a-z0-9.]{0,253}$/

const readObject = (object: YamlMap, file: Context): ReadPolicy => {
  const metadata = mapAt(object, 'metadata')
  const given = (metadata && textAt(metadata, 'name')) ?? ''
  // One that is none may hold what a terminal obeys.
  const name = plainName.test(given) ? given : shown(given)
  const context = file.at('policy', name, object.place)
  const report = new Report()
  const check = new StructureCheck(report)
  const only = (key: 'apiVersion' | 'kind'): void => {
    const shape = policyObject.members[key]?.shape
    const value = object.entries.get(key)
    if (shape && value) check.check(value, shape, context, key)
  }
  // Of another form, or of another version, nothing else is known to be wrong.
  only('kind')
  if (!hasErrors(report)) only('apiVersion')
  if (!hasErrors(report)) check.check(object, policyObject, context, 'policy')
  let definition: PolicyDefinition | undefined
  try {
    if (!hasErrors(report)) definition = readDefinition(name, object, context, report)
  } catch (fault) {
    if (!(fault instanceof LoadFault)) throw fault
    report.error(fault)
  }
  const isSound = definition !== undefined && !hasErrors(report)
  return { name, context, definition: isSound ? definition : undefined, found: report.found }
}

const faulty = (code: string, message: string, context: Context, help?: string): ReadPolicy => {
  const report = new Report()
  report.error(new LoadFault(code, message, context, help))
  return { name: '', context, definition: undefined, found: report.found }
}

/** What a `List` of objects is called: kubectl's own, and an API server's. */
const listKinds: ReadonlyMap<string, string> = new Map([
  ['List', 'v1'],
  [`${policyKind}List`, policyApiVersion],
])

const readValue = (value: Yaml, file: Context, isItem: boolean): readonly ReadPolicy[] => {
  if (value.is === 'null' && !isItem) return []
  if (value.is !== 'map') {
    const help = `write \`apiVersion: ${policyApiVersion}\` and \`kind: ${policyKind}\``
    const at = file.at('policy', '', value.place)
    return [faulty('policy-structure', 'a policy must be a map', at, help)]
  }
  const kind = textAt(value, 'kind') ?? ''
  // Of judgements, not of rules: it may lie in the same folder, and has a reader of its own.
  if (kind === severityPolicyKind) return []
  const version = listKinds.get(kind)
  if (version === undefined || isItem) return [readObject(value, file)]
  const at = file.at('policy list', '', value.place)
  if (textAt(value, 'apiVersion') !== version) {
    const message = `a ${kind} must have \`apiVersion: ${version}\``
    return [faulty('policy-value', message, at)]
  }
  const items = value.entries.get('items')
  if (items?.is !== 'sequence') {
    return [faulty('policy-structure', `a ${kind} must have a list of \`items\``, at)]
  }
  return items.items.flatMap((item) => readValue(item, file, true))
}

/**
 * Reads the policies of a file, in order. Never throws.
 *
 * @param name  of the file, for messages
 */
export const readPolicies = (name: string, text: string): readonly ReadPolicy[] => {
  const file = Context.ofFile(name, 'policies')
  return parseDocuments(name, text).flatMap((document) =>
    document.ok
      ? readValue(document.value, file, false)
      : [faulty('policy-yaml', document.message, file.at('value for', '', document.place))],
  )
}

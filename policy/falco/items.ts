/**
 * From YAML to definitions: reads one item of a rule file and gives it to the collector. Keys are
 * looked at in the order in which Falco's loader does, so that of several faults the same one is
 * found first.
 */
import { priorityNamed, priorityNames } from '../rule.ts'
import type { PriorityName } from '../rule.ts'
import type { Collector, RuleParts } from './collector.ts'
import {
  asCount,
  optionalCount,
  optionalEmptyText,
  optionalFlag,
  optionalText,
  optionalTexts,
  requiredText,
} from './decode.ts'
import { readExceptions } from './exceptions.ts'
import { suggestionOf } from './fields.ts'
import type { Context, Report } from './report.ts'
import { LoadFault, invalid } from './report.ts'
import { checkEngineVersion, readPluginVersions } from './requirements.ts'
import type { Yaml, YamlMap } from './yaml.ts'

/** What an item is read into. */
export interface Reading {
  readonly collector: Collector
  readonly report: Report
  /** The file. */
  readonly context: Context
}

const appendHint = "Add an 'append' entry (e.g. 'condition: append') under 'override' instead."

/** The deprecated `append: true`. */
const readAppend = (map: YamlMap, context: Context, report: Report): boolean => {
  const appends = optionalFlag(map, 'append', context) === true
  if (appends) {
    const message = `'append' key is deprecated. ${appendHint}`
    report.warn('LOAD_DEPRECATED_ITEM', message, context)
  }
  return appends
}

/** Keys that an item appends to, or replaces, in an earlier definition. */
interface Overrides {
  readonly append: ReadonlySet<string>
  readonly replace: ReadonlySet<string>
}

const isAny = ({ append, replace }: Overrides): boolean => append.size + replace.size > 0

const readOverrides = (
  map: YamlMap,
  appendable: readonly string[],
  replaceable: readonly string[],
  context: Context,
): Overrides => {
  const append = new Set<string>()
  const replace = new Set<string>()
  const value = map.entries.get('override')
  const inner = context.at('overrides', '', map.place)
  if (value?.is === 'sequence') {
    const message =
      'invalid node; this may result from using a map iterator as a sequence iterator, or ' +
      'vice-versa'
    throw new LoadFault('LOAD_ERR_VALIDATE', message, context.ofFile(), 'write "key: append"')
  }
  for (const [key, operation] of value?.is === 'map' ? value.entries : []) {
    const at = inner.at('overrides', key, operation.place)
    if (operation.is === 'sequence' || operation.is === 'map') {
      const { line, column } = operation.place
      const message = `yaml-cpp: error at line ${line}, column ${column}: bad conversion`
      throw new LoadFault('LOAD_ERR_VALIDATE', message, context.ofFile(), 'append or replace')
    }
    const name = operation.is === 'scalar' ? operation.text : 'null'
    if (name === 'append') {
      if (!appendable.includes(key)) {
        const message = `Key '${key}' cannot be appended to, use 'replace' instead`
        invalid(message, at, replaceable.includes(key) ? undefined : suggestionOf(key, appendable))
      }
      append.add(key)
    } else if (name === 'replace') {
      if (!replaceable.includes(key)) {
        invalid(`Key '${key}' cannot be replaced`, at, suggestionOf(key, replaceable))
      }
      replace.add(key)
    } else {
      const can = [
        ...(appendable.includes(key) ? ['append '] : []),
        ...(replaceable.includes(key) ? ['replace '] : []),
      ]
      invalid(
        `Invalid override operation for key '${key}': '${name}'. Allowed values are: ` +
          can.join(''),
        inner.at('value for', key, operation.place),
      )
    }
  }
  return { append, replace }
}

const refuseBoth = (appends: boolean, overrides: Overrides, context: Context): void => {
  if (!appends || !isAny(overrides)) return
  invalid(`Keys 'override' and 'append: true' cannot be used together. ${appendHint}`, context)
}

const warnUnknownKeys = (
  map: YamlMap,
  known: readonly string[],
  context: Context,
  report: Report,
): void => {
  for (const key of map.entries.keys()) {
    if (known.includes(key)) continue
    report.warn('LOAD_UNKNOWN_KEY', `Unknown key '${key}'. The key will be ignored.`, context)
  }
}

/** Of two definitions in one file the first is lost: in files of their own that is a choice. */
const warnTwice = (
  what: string,
  key: string,
  first: { readonly context: Context } | undefined,
  context: Context,
  report: Report,
): void => {
  if (first?.context.place.file !== context.place.file) return
  const help =
    `the first is in line ${first.context.place.line}: rename one of them, or add to it with ` +
    `"override: {${key}: append}"`
  report.warn('defined-twice', `This ${what} takes the place of the one before it`, context, help)
}

const listName = /^[^()"' \t\n\v\f\r=,]+$/
const macroName = /^[a-zA-Z]+[a-zA-Z0-9_]*$/

const readList = (map: YamlMap, { collector, report, context: file }: Reading): void => {
  const name = requiredText(map, 'list', file.at('list', '', map.place))
  const context = file.at('list', name, map.place)
  if (!listName.test(name)) {
    report.warn(
      'LOAD_INVALID_LIST_NAME',
      'List has an invalid name. List names should match a regular expression: ' +
        `([^()"'[:space:]=,]+)`,
      context,
    )
  }
  const items =
    optionalTexts(map, 'items', context) ?? invalid("Item has no mapping for key 'items'", context)
  const appends = readAppend(map, context, report)
  const overrides = readOverrides(map, ['items'], ['items'], context)
  refuseBoth(appends, overrides, context)
  if (appends || overrides.append.has('items')) collector.appendList(name, items, context)
  else {
    warnTwice('list', 'items', collector.lists.get(name), context, report)
    collector.defineList({ name, items, context })
  }
  warnUnknownKeys(map, ['list', 'items', 'append', 'override'], context, report)
}

const placeAt = (map: YamlMap, key: string): Yaml['place'] =>
  map.entries.get(key)?.place ?? map.place

const readMacro = (map: YamlMap, { collector, report, context: file }: Reading): void => {
  const name = requiredText(map, 'macro', file.at('macro', '', map.place))
  const context = file.at('macro', name, map.place)
  if (!macroName.test(name)) {
    report.warn(
      'LOAD_INVALID_MACRO_NAME',
      'Macro has an invalid name. Macro names should match a regular expression: ' +
        '([a-zA-Z]+[a-zA-Z0-9_]*)',
      context,
    )
  }
  const condition = requiredText(map, 'condition', context)
  const conditionContext = context.at('macro condition', '', placeAt(map, 'condition'))
  const appends = readAppend(map, context, report)
  const overrides = readOverrides(map, ['condition'], ['condition'], context)
  refuseBoth(appends, overrides, context)
  if (appends || overrides.append.has('condition')) {
    collector.appendMacro(name, condition, context)
  } else {
    warnTwice('macro', 'condition', collector.macros.get(name), context, report)
    collector.defineMacro({ name, condition, conditionContext, context })
  }
  warnUnknownKeys(map, ['macro', 'condition', 'append', 'override'], context, report)
}

const appendable = ['condition', 'exceptions', 'output', 'desc', 'tags'] as const
const replaceable = [
  ...appendable,
  'priority',
  'capture',
  'capture_duration',
  'enabled',
  'warn_evttypes',
  'skip-if-unknown-filter',
  'fold',
] as const
type RuleKey = (typeof replaceable)[number]

const ruleKeys = ['rule', 'source', 'append', 'override', ...replaceable] as const

const readPriority = (map: YamlMap, context: Context): PriorityName => {
  const text = requiredText(map, 'priority', context)
  const at = context.at('rule priority', '', placeAt(map, 'priority'))
  return (
    priorityNamed(text) ?? invalid('Invalid priority', at, `one of ${priorityNames.join(', ')}`)
  )
}

/** The value of one key of a rule. */
const readPart = (
  map: YamlMap,
  key: RuleKey,
  context: Context,
  appends: boolean,
  report: Report,
): Partial<RuleParts> => {
  switch (key) {
    case 'condition':
    case 'output':
      return { [key]: requiredText(map, key, context) }
    case 'desc':
      return { description: requiredText(map, key, context) }
    case 'tags':
      return { tags: optionalTexts(map, key, context) ?? [] }
    case 'exceptions':
      return { exceptions: readExceptions(map, context, appends, report) }
    case 'priority':
      return { priority: readPriority(map, context) }
    case 'capture':
      return { capture: optionalFlag(map, key, context) === true }
    case 'capture_duration':
      return { captureDurationMs: optionalCount(map, key, context) ?? 0 }
    case 'enabled':
      return { enabled: optionalFlag(map, key, context) !== false }
    case 'warn_evttypes':
      return { warnEventTypes: optionalFlag(map, key, context) !== false }
    case 'skip-if-unknown-filter':
      return { skipIfUnknownFilter: optionalFlag(map, key, context) === true }
    case 'fold':
      return { folds: optionalFlag(map, key, context) }
  }
}

/** A rule that says under `override` what it changes. */
const readOverridden = (
  map: YamlMap,
  name: string,
  source: string,
  overrides: Overrides,
  context: Context,
  { collector, report }: Reading,
): void => {
  const left = new Set<string>(replaceable.filter((key) => map.entries.has(key)))
  const partsOf = (keys: readonly RuleKey[], how: 'append' | 'replace'): Partial<RuleParts> => {
    const found = keys.filter((key) => overrides[how].has(key))
    const parts = found.map((key) => {
      if (!left.delete(key)) {
        const missing = `An ${how} override for '${key}' was specified but '${key}' is not defined`
        invalid(missing, context)
      }
      return readPart(map, key, context, how === 'append', report)
    })
    return Object.assign({}, ...parts) as Partial<RuleParts>
  }
  const update = (parts: Partial<RuleParts>) => {
    // The source is compared only where the condition changes with it.
    return { name, context, parts, source: 'condition' in parts ? source : '' }
  }
  if (overrides.append.size > 0) collector.appendToRule(update(partsOf(appendable, 'append')))
  if (overrides.replace.size > 0) collector.replaceInRule(update(partsOf(replaceable, 'replace')))
  const [extra] = [...left].sort()
  if (extra === undefined) return
  const message = `Unexpected key '${extra}': no corresponding entry under 'override' is defined.`
  invalid(message, context.at('overrides', extra, placeAt(map, extra)))
}

/** A rule as a whole. */
const readDefinition = (
  map: YamlMap,
  name: string,
  context: Context,
  { collector, report }: Reading,
): void => {
  const condition = requiredText(map, 'condition', context)
  const output = requiredText(map, 'output', context)
  const description = requiredText(map, 'desc', context)
  const priority = readPriority(map, context)
  const source = optionalText(map, 'source', context) ?? 'syscall'
  const enabled = optionalFlag(map, 'enabled', context) ?? true
  const capture = optionalFlag(map, 'capture', context) ?? false
  const captureDurationMs = optionalCount(map, 'capture_duration', context) ?? 0
  const warnEventTypes = optionalFlag(map, 'warn_evttypes', context) ?? true
  const skipIfUnknownFilter = optionalFlag(map, 'skip-if-unknown-filter', context) ?? false
  const folds = optionalFlag(map, 'fold', context)
  const tags = optionalTexts(map, 'tags', context) ?? []
  const exceptions = readExceptions(map, context, false, report)
  const rule = {
    name,
    condition,
    output: output.trim(),
    description,
    priority,
    source,
    enabled,
    capture,
    captureDurationMs,
    warnEventTypes,
    skipIfUnknownFilter,
    folds,
    tags,
    exceptions,
    context,
    conditionContext: context.at('rule condition', '', placeAt(map, 'condition')),
    outputContext: context.at('rule output', '', placeAt(map, 'output')),
  }
  warnTwice('rule', 'condition', collector.rules.get(name), context, report)
  collector.defineRule(rule, report)
}

/** A rule with the deprecated `append: true`. */
const readAppended = (
  map: YamlMap,
  name: string,
  source: string,
  context: Context,
  { collector, report }: Reading,
): void => {
  const keys = (['condition', 'exceptions'] as const).filter((key) => map.entries.has(key))
  const read = keys.map((key) => readPart(map, key, context, true, report))
  const parts = Object.assign({}, ...read) as Partial<RuleParts>
  collector.appendToRule({ name, source, context, parts })
}

const readRule = (map: YamlMap, reading: Reading): void => {
  const { collector, report, context: file } = reading
  const name = requiredText(map, 'rule', file.at('rule', '', map.place))
  const context = file.at('rule', name, map.place)
  const source = optionalEmptyText(map, 'source', context)
  const appends = readAppend(map, context, report)
  const overrides = readOverrides(map, appendable, replaceable, context)
  refuseBoth(appends, overrides, context)
  if (isAny(overrides)) {
    readOverridden(map, name, source, overrides, context, reading)
  } else if (appends) {
    readAppended(map, name, source, context, reading)
  } else if (['condition', 'output', 'desc', 'priority'].some((key) => map.entries.has(key))) {
    readDefinition(map, name, context, reading)
  } else {
    const enabled =
      optionalFlag(map, 'enabled', context) ??
      invalid("Item has no mapping for key 'enabled'", context)
    report.warn(
      'LOAD_DEPRECATED_ITEM',
      "The standalone 'enabled' key usage is deprecated. The correct approach requires also a " +
        "'replace' entry under the 'override' key (i.e. 'enabled: replace').",
      context,
    )
    collector.enableRule(name, enabled, context)
  }
  warnUnknownKeys(map, ruleKeys, context, report)
}

const readEngineVersion = (map: YamlMap, { report, context: file, collector }: Reading): void => {
  const context = file.at('required_engine_version', '', map.place)
  const text = requiredText(map, 'required_engine_version', context)
  const number = asCount(text)
  checkEngineVersion(number === undefined ? text : `0.${number}.0`, context, collector)
  warnUnknownKeys(map, ['required_engine_version'], context, report)
}

/**
 * Reads one item of a rule file.
 *
 * @throws LoadFault  its structure is wrong, or it does not fit what was read before
 */
export const readItem = (item: Yaml, reading: Reading): void => {
  const { context: file, report } = reading
  const context = file.at('rules content item', '', item.place)
  if (item.is !== 'map') {
    invalid(
      'Unexpected element type. Each element should be a yaml associative array.',
      context,
      'write "- rule: ...", "- macro: ..." or "- list: ..."',
    )
    return
  }
  if (item.entries.has('required_engine_version')) readEngineVersion(item, reading)
  else if (item.entries.has('required_plugin_versions')) {
    readPluginVersions(item, file, reading.collector)
    const at = file.at('required plugin versions', '', item.place)
    warnUnknownKeys(item, ['required_plugin_versions'], at, report)
  } else if (item.entries.has('list')) readList(item, reading)
  else if (item.entries.has('macro')) readMacro(item, reading)
  else if (item.entries.has('rule')) readRule(item, reading)
  else report.warn('LOAD_UNKNOWN_ITEM', 'Unknown top level item', context)
}

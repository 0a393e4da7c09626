/**
 * Exceptions of rules: read from YAML, checked, and written behind the condition as text, with
 * the engine's way of quoting. Values that need more quoting than that break the condition there
 * and here alike.
 */
import { closest } from '@bulwark/schema'
import type { Catalog } from './fields.ts'
import { suggestionOf } from './fields.ts'
import { checkValue } from './check.ts'
import { requiredText } from './decode.ts'
import { parseOperand } from './parse.ts'
import type { Context, Report } from './report.ts'
import { LoadFault, invalid, reject } from './report.ts'
import { listOperators, modifiers, numericOperators, stringOperators } from './syntax.ts'
import type { Yaml, YamlMap } from './yaml.ts'

/** One text or a list of them, as deep as the file has it. Empty where the file has neither. */
export type Entry = string | readonly Entry[]

export interface Exception {
  readonly name: string
  readonly fields: Entry | undefined
  readonly comps: Entry | undefined
  readonly values: readonly Entry[]
  readonly context: Context
}

/** Lists inside lists that a value may have; the engine's rules use two. */
const depthMax = 8

const entryOf = (value: Yaml, context: Context, depth = 0): Entry => {
  if (value.is === 'scalar') {
    return value.text === '' ? invalid('Value must be non-empty', context) : value.text
  }
  if (value.is !== 'sequence') return ''
  if (depth >= depthMax) return invalid(`lists deeper than ${depthMax}`, context)
  return value.items.map((item) => {
    const inner = context.at('exception', '', item.place)
    return entryOf(item, inner.at('value for', '', item.place), depth + 1)
  })
}

const isGiven = (entry: Entry | undefined): entry is Entry =>
  entry !== undefined && entry.length > 0

const entryAt = (map: YamlMap, key: string, context: Context): Entry | undefined => {
  const value = map.entries.get(key)
  return value && entryOf(value, context.at('value for', key, value.place))
}

const valuesOf = (map: YamlMap, context: Context): readonly Entry[] | undefined => {
  const value = map.entries.get('values')
  if (!value) return undefined
  const inner = context.at('exception values', '', value.place)
  if (value.is !== 'sequence') return invalid('Rule exception values must be a sequence', inner)
  return value.items.map((item) => {
    const at = inner.at('exception value', '', item.place)
    return entryOf(item, at.at('value for', '', item.place))
  })
}

/**
 * Reads the exceptions of a rule; none when there are none.
 *
 * @param appends  they are added to a rule, and may leave their fields out
 * @throws LoadFault
 */
export const readExceptions = (
  rule: YamlMap,
  context: Context,
  appends: boolean,
  report: Report,
): readonly Exception[] => {
  const value = rule.entries.get('exceptions')
  if (!value || value.is === 'null') return []
  const all = context.at('exceptions', '', value.place)
  if (value.is !== 'sequence') return invalid('Rule exceptions must be a sequence', all)
  const read: Exception[] = []
  for (const item of value.items) {
    const unnamed = all.at('exception', '', item.place)
    if (item.is !== 'map') return invalid('Rule exception must be a mapping', unnamed)
    const name = requiredText(item, 'name', unnamed)
    const own = context.at('exception', name, item.place)
    if (read.some((other) => other.name === name)) {
      const message = `Multiple definitions of exception '${name}' in the same rule`
      report.warn('LOAD_EXCEPTION_NAME_NOT_UNIQUE', message, own)
    }
    const fields = entryAt(item, 'fields', own)
    if (fields === undefined && !appends) invalid("Item has no mapping for key 'fields'", own)
    const comps = entryAt(item, 'comps', own)
    const values = valuesOf(item, own)
    if (!values && appends) {
      const message = 'Overriding/appending exception with no values'
      report.warn('LOAD_APPEND_NO_VALUES', message, own)
    }
    read.push({ name, fields, comps, values: values ?? [], context: own })
  }
  return read
}

const modified: readonly string[] = stringOperators.flatMap((operator) =>
  modifiers.map((modifier) => `${operator} ${modifier}`),
)
const operators: ReadonlySet<string> = new Set([
  'exists',
  ...numericOperators,
  ...stringOperators,
  ...listOperators,
  ...modified,
])
const onLists: ReadonlySet<string> = new Set([...listOperators, ...modified])

const isField = (text: string, catalog: Catalog, context: Context): boolean => {
  const parsed = parseOperand(text)
  if (!parsed.ok || parsed.end !== text.length) return false
  const checked = checkValue(parsed.node, catalog)
  // A field with a wrong argument is a fault that the engine meets by surprise.
  if (!checked.ok && parsed.node.is === 'field' && checked.fault.code !== 'unknown-field') {
    const { message, help } = checked.fault
    throw new LoadFault('LOAD_ERR_VALIDATE', message, context.ofFile(), help)
  }
  return checked.ok
}

const normal = (comp: Entry): string =>
  (typeof comp === 'string' ? comp : '').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')

/**
 * Checks an exception that stands for itself and fills its operators in.
 *
 * @param catalog  `undefined` where the rule's source is unknown
 * @throws LoadFault
 */
export const checkException = (exception: Exception, catalog: Catalog | undefined): Exception => {
  const { fields, context } = exception
  if (!isGiven(fields)) return exception
  const checkField = (field: Entry): void => {
    const text = typeof field === 'string' ? field : ''
    if (!catalog || isField(text, catalog, context)) return
    const near = closest(text, catalog?.fieldNames ?? [])
    const help = near === undefined ? 'docs/fields.md has all fields' : `did you mean \`${near}\`?`
    reject(`'${text}' is not a supported filter field`, context, help)
  }
  if (typeof fields !== 'string') {
    const given = isGiven(exception.comps) ? exception.comps : fields.map(() => '=')
    const comps = (typeof given === 'string' ? [] : given).map(normal)
    if (fields.length !== comps.length) {
      const help = `${counted(fields.length, 'field')}, and ${counted(comps.length, 'operator')}`
      reject('Fields and comps lists must have equal length', context, help)
    }
    for (const comp of comps) {
      if (operators.has(comp)) continue
      const help = suggestionOf(comp, [...operators])
      reject(`'${comp}' is not a supported comparison operator`, context, help)
    }
    fields.forEach(checkField)
    return { ...exception, comps }
  }
  const given = isGiven(exception.comps) ? exception.comps : 'in'
  if (typeof given !== 'string') reject('Fields and comps must both be strings', context)
  const comps = normal(given)
  if (!onLists.has(comps)) {
    reject(
      'When fields is a single value, comps must be one of (in, pmatch, intersects) or a ' +
        'modifier operator (e.g. startswith oneof)',
      context,
    )
  }
  checkField(fields)
  return { ...exception, comps }
}

/** @throws LoadFault  an exception of a definition has no fields */
export const checkDefined = (exception: Exception, catalog: Catalog | undefined): Exception => {
  if (!isGiven(exception.fields)) {
    const message = 'Rule exception item must have fields property with a list of fields'
    reject(message, exception.context)
  }
  return checkException(exception, catalog)
}

/**
 * An exception that replaces those of a rule: the engine fills nothing in then and checks nothing,
 * so what is wrong with it is found in the condition. Only a list without operators, of which the
 * engine reads what is not there, gets those of a definition.
 */
export const uncheckedException = (exception: Exception): Exception => {
  const { fields = '', comps = '' } = exception
  if (typeof fields === 'string') {
    return { ...exception, fields, comps: typeof comps === 'string' ? comps : '' }
  }
  const given = typeof comps === 'string' ? [] : comps
  return { ...exception, comps: fields.map((_, k) => given[k] ?? '=') }
}

/**
 * The exceptions of a rule with others appended: values to those of one name, or new ones.
 *
 * @throws LoadFault
 */
export const appendExceptions = (
  before: readonly Exception[],
  added: readonly Exception[],
  catalog: Catalog | undefined,
): readonly Exception[] => {
  const merged = [...before]
  for (const each of added) {
    const at = merged.findIndex((other) => other.name === each.name)
    const known = merged[at]
    if (known) {
      const only = 'to existing exception, only values'
      if (isGiven(each.fields)) reject(`Can not append exception fields ${only}`, each.context)
      if (isGiven(each.comps)) reject(`Can not append exception comps ${only}`, each.context)
      merged[at] = { ...known, values: [...known.values, ...each.values] }
      continue
    }
    const must = 'Rule exception must have'
    if (!isGiven(each.fields)) {
      reject(`${must} fields property with a list of fields`, each.context)
    }
    if (each.values.length === 0) {
      reject(`${must} values property with a list of values`, each.context)
    }
    merged.push(checkException(each, catalog))
  }
  return merged
}

/** A value with a blank gets quotes, unless it has its own. */
export const quoteItem = (item: string): string =>
  item.includes(' ') && !/^["']/.test(item) ? `"${item}"` : item

/** The items of a list in a condition; empty ones at its start leave no comma. */
export const joinItems = (items: readonly string[]): string =>
  items.reduce((text, item) => (text === '' ? quoteItem(item) : `${text}, ${quoteItem(item)}`), '')

const cellText = (value: Entry, comp: string): string => {
  if (typeof value !== 'string') {
    return `(${joinItems(value.map((each) => (typeof each === 'string' ? each : '')))})`
  }
  if (!onLists.has(comp)) return quoteItem(value)
  return value.startsWith('(') ? value : `(${value})`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** Which row of values is meant, and what it lacks. */
const helpForRow = (value: Entry, row: number, fields: readonly Entry[]): string => {
  const wanted = `[${fields.map(String).join(', ')}]`
  if (typeof value === 'string') return `values[${row}] is no list: write one for ${wanted}`
  const has = counted(value.length, 'value')
  return `values[${row}] has ${has} for ${counted(fields.length, 'field')}, ${wanted}`
}

const exceptionText = ({ fields, comps, values, context }: Exception): string => {
  if (typeof fields === 'string') {
    if (values.length === 0) return ''
    const texts = values.map((value) =>
      typeof value === 'string'
        ? quoteItem(value)
        : reject('Expected values array to contain a list of strings', context),
    )
    return ` and not (${fields} ${String(comps)} (${texts.join(', ')}))`
  }
  const rows = values.map((value, row) => {
    const cells = typeof value === 'string' ? [] : value
    if (fields?.length !== cells.length) {
      const help = helpForRow(value, row, fields ?? [])
      reject('Fields and values lists must have equal length', context, help)
    }
    const parts = cells.map((cell, k) => {
      const comp = String(comps?.[k])
      return ` ${String(fields?.[k])} ${comp} ${cellText(cell, comp)}`
    })
    return `(${parts.join(' and ')})`
  })
  return rows.length === 0 ? '' : ` and not (${rows.join(' or ')})`
}

/**
 * A condition with its exceptions written behind it.
 *
 * @throws LoadFault
 */
export const withExceptions = (condition: string, exceptions: readonly Exception[]): string =>
  exceptions.length === 0 ? condition : `(${condition})${exceptions.map(exceptionText).join('')}`

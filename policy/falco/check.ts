/**
 * Checks a parsed condition against the field catalogue and turns it into the typed form
 * (`ir.ts`). Faults are data; the first one ends the check, as rules are short. Messages are
 * Falco's where its users' scripts look for them.
 */
import type { FieldType } from '@bulwark/schema'
import { closest, syscallNames } from '@bulwark/schema'
import type { Condition, Constant, FunctionName, Right, Value } from '../ir.ts'
import type { Operator as Comparing } from '../ir.ts'
import { comparisonOf, conjunction, disjunction, makeCompare, negation } from '../ir.ts'
import { parseLiteral } from '../literals.ts'
import { regexMatcher } from '../matchers.ts'
import { callShape, falcoTypeNames, fieldOf, nameOf } from './call-types.ts'
import type { Catalog } from './fields.ts'
import { resolveField, suggestionOf, typeOfField } from './fields.ts'
import type { Remark } from './remark.ts'
import { CheckFault } from './remark.ts'
import { remarksOnConstant } from './remarks.ts'
import type { FieldNode, Modifier, Node, Operand, Operator, TransformerNode } from './syntax.ts'

/** A condition in its typed form with remarks on it, or the first fault. */
export type Checked =
  | { readonly ok: true; readonly condition: Condition; readonly remarks: readonly Remark[] }
  | { readonly ok: false; readonly fault: Remark }

const fail = (code: string, message: string, at: number, help?: string): never => {
  throw new CheckFault({ code, message, at, help })
}

/** Kinds of types, named as Falco's messages name them. */
type Family = 'numeric' | 'bool' | 'string' | 'buffer' | 'ip address and network' | 'list'

const familyOf = (type: FieldType): Family => {
  switch (type) {
    case 'string':
    case 'path':
      return 'string'
    case 'bytes':
      return 'buffer'
    case 'ip':
    case 'net':
      return 'ip address and network'
    case 'bool':
      return 'bool'
    default:
      return 'numeric'
  }
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))
const allowed: Readonly<Record<Family, ReadonlySet<string>>> = {
  numeric: words('= == != < <= > >= in intersects'),
  bool: words('= == != in intersects'),
  string: words(
    '= == != < <= > >= contains icontains in intersects startswith endswith glob iglob regex ' +
      'pmatch',
  ),
  buffer: words('= == != contains in intersects startswith endswith bcontains bstartswith'),
  'ip address and network': words('= == != in intersects'),
  list: words('in intersects'),
}

/** Operators of the language, by what they mean; those on bytes differ in their constants only. */
const meaning: Readonly<Record<Operator, Comparing>> = {
  '==': '=',
  '=': '=',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  glob: 'glob',
  iglob: 'iglob',
  contains: 'contains',
  icontains: 'icontains',
  bcontains: 'contains',
  startswith: 'startswith',
  bstartswith: 'startswith',
  endswith: 'endswith',
  regex: 'regex',
  in: 'in',
  intersects: 'intersects',
  pmatch: 'pmatch',
}

const changing: ReadonlySet<string> = words('tolower toupper basename b64')

const isEqual: ReadonlySet<string> = words('= == != in intersects')

/** Whether a value is a list whose texts went through a transformer. */
const isChangedList = (value: Value): boolean =>
  value.list && value.is === 'call' && changing.has(value.name)

/** What a list is compared with then: to the engine, no changed text is equal to one as it was. */
const nothing: Right = { is: 'constants', values: [], quantifier: 'anyof' }

class Checker {
  readonly #catalog: Catalog
  readonly remarks: Remark[] = []

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  condition(node: Node): Condition {
    switch (node.is) {
      case 'and':
        return conjunction(node.children.map((child) => this.condition(child)))
      case 'or':
        return disjunction(node.children.map((child) => this.condition(child)))
      case 'not':
        return negation(this.condition(node.child))
      case 'macro':
        // Where macros are put in first, none is left.
        return fail('macro', `filter error: unexpected identifier '${node.name}'`, node.at)
      case 'exists':
        return { is: 'exists', left: this.value(node.left) }
      case 'compare':
        return this.#compare(node)
    }
  }

  /** @throws CheckFault */
  value(operand: Operand): Value {
    switch (operand.is) {
      case 'field':
        return this.#field(operand)
      case 'transformer':
        return this.#call(operand)
      case 'value':
        return { is: 'constant', value: operand.value, type: 'string', list: false }
      case 'operands': {
        const values = operand.members.map((each) => this.value(each))
        return { is: 'values', values, type: 'string', list: true }
      }
      case 'list':
        return fail('list', 'a list of strings stands on the right side only', operand.at)
    }
  }

  #field(node: FieldNode): Value {
    const ref = resolveField(node.name, node.argument, this.#catalog)
    if ('message' in ref) return fail(ref.code, ref.message, node.at, ref.help)
    return { is: 'field', ref, type: typeOfField(ref), list: ref.field.list }
  }

  #call(node: TransformerNode): Value {
    const values = node.arguments.map((operand) => this.value(operand))
    const shape = callShape(node, values)
    const name = node.name as FunctionName // `val` has no shape
    return { is: 'call', name, values, option: node.argument, ...shape }
  }

  #compare(node: Node & { readonly is: 'compare' }): Condition {
    const { operator, modifier, right, at } = node
    const left = this.value(node.left)
    this.#requireOperator(left, operator, modifier, at)
    if (right.is === 'field' || right.is === 'transformer') {
      return this.#compareWithValue(left, operator, right)
    }
    const texts = right.is === 'list' ? right.values : right.is === 'value' ? [right.value] : []
    const constants = texts.map((text) => this.#constant(text, left, operator, right.at))
    if (isChangedList(left)) return makeCompare(left, meaning[operator], nothing)
    return makeCompare(left, meaning[operator], {
      is: 'constants',
      values: constants,
      quantifier: modifier ?? 'anyof',
    })
  }

  #requireOperator(
    left: Value,
    operator: Operator,
    modifier: Modifier | undefined,
    at: number,
  ): void {
    const family = left.list ? 'list' : familyOf(left.type)
    if (allowed[family].has(operator)) return
    const shown = operator === '==' ? '=' : operator
    const how =
      modifier !== undefined && family === 'ip address and network' ? ' with modifier' : ''
    const on = family === 'bool' ? 'numeric' : family
    const what =
      family === 'list' ? 'not supported list filters' : `not supported for ${on} filters`
    const message = how === '' ? `'${shown}' operator ${what}` : `'${shown}'${how} ${what}`
    const help = `operators here: ${[...allowed[family]].join(' ')}`
    fail('operator', `filter error: ${message}`, at, help)
  }

  #constant(text: string, left: Value, operator: Operator, at: number): Constant {
    for (const remark of remarksOnConstant(text, operator, at, this.#catalog)) {
      this.remarks.push(remark)
    }
    const type = comparisonOf(left) === 'resolved-name' ? 'string' : left.type
    const literal = parseLiteral(text, type, operator)
    if (!literal.ok) {
      return fail('literal', literal.message, at, `${nameOf(left)} is of type ${type}`)
    }
    const values = left.is === 'field' && isEqual.has(operator) ? left.ref.field.values : undefined
    if (values && !values.includes(text)) {
      const help = suggestionOf(text, values)
      fail('literal', `'${nameOf(left)}' is never ${text}`, at, help)
    }
    if (left.is === 'field' && left.ref.field.name === 'evt.around' && !/^==?$/.test(operator)) {
      fail('operator', "evt.around supports only '=' comparison operator", at)
    }
    const isEventType = left.is === 'field' && left.ref.field.name === 'evt.type'
    if ((isEventType || nameOf(left) === 'evt.type') && !this.#catalog.isEventName(text)) {
      const near = closest(text, [...syscallNames])
      const help = near === undefined ? undefined : `did you mean \`${near}\`?`
      fail('unknown-event', `unknown event type ${text}`, at, help)
    }
    if (operator === 'regex') {
      const matcher = regexMatcher(text)
      if (typeof matcher !== 'function') fail('regex', matcher.message, at)
    }
    return literal.value
  }

  #compareWithValue(left: Value, operator: Operator, node: FieldNode | TransformerNode): Condition {
    const { at } = node
    const value = this.#rightValue(node)
    if (operator === 'regex' || operator === 'pmatch') {
      const name = operator.toUpperCase()
      fail('right-side', `operator '${name}' doesn't support right-hand side fields`, at)
    }
    if (left.type === 'net') {
      fail('right-side', "field type 'IPNET' doesn't support right-hand side fields", at)
    }
    if (fieldOf(left)?.rightSide === false) {
      const message = `field '${nameOf(left)}' doesn't support right-hand side fields`
      fail('right-side', message, at)
    }
    if (fieldOf(value)?.rightSide === false) {
      fail('right-side', `field '${nameOf(value)}' can't be used as a right-hand side field`, at)
    }
    // The engine takes one option for the whole list here, and then finds nothing in it.
    const isOption = left.is === 'call' && left.name === 'getopt' && left.option !== undefined
    if (left.type !== value.type || (left.list !== value.list && !isOption)) {
      const shown = (each: Value): string =>
        `${falcoTypeNames[each.type]}${each.list ? ' (list)' : ''}`
      fail(
        'right-side',
        `field '${nameOf(left)}' has type '${shown(left)}' while the right-hand side field ` +
          `'${nameOf(value)}' has incompatible type '${shown(value)}'`,
        at,
      )
    }
    if (isChangedList(left) !== isChangedList(value)) {
      return makeCompare(left, meaning[operator], nothing)
    }
    return makeCompare(left, meaning[operator], { is: 'value', value })
  }

  /** `val(field)` is the field: it only says that no text is meant. */
  #rightValue(node: FieldNode | TransformerNode): Value {
    const [inner] = node.is === 'transformer' && node.name === 'val' ? node.arguments : []
    if (!inner || node.is === 'field') return this.value(node)
    if (node.argument !== undefined) {
      fail('call', "filter error: transformer 'val' does not support field arguments", node.at)
    }
    return this.value(inner)
  }
}

const guarded = <T>(check: () => T): T | { readonly ok: false; readonly fault: Remark } => {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof CheckFault)) throw error
    return { ok: false, fault: error.remark }
  }
}

/** Checks a condition. */
export const checkCondition = (node: Node, catalog: Catalog): Checked =>
  guarded((): Checked => {
    const checker = new Checker(catalog)
    return { ok: true, condition: checker.condition(node), remarks: checker.remarks }
  })

/** A value in its typed form, or the first fault. */
export type CheckedValue =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly fault: Remark }

/** Checks a field or a transformer that stands alone, as in an output. */
export const checkValue = (operand: Operand, catalog: Catalog): CheckedValue =>
  guarded((): CheckedValue => ({ ok: true, value: new Checker(catalog).value(operand) }))

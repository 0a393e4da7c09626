/**
 * Which kinds of event a condition can hold on, and what is left of it once the kind is known.
 * Comparisons of `evt.type` with names restrict, and fields that only some types have; everything
 * else can hold on any event.
 */
import type { FieldSpec } from '@bulwark/schema'
import type { Compare, Condition } from './ir.ts'
import { conjunction, disjunction, fieldsOf, negation } from './ir.ts'

/** Names of events; `all` when nothing restricts them. */
export type EventSet = ReadonlySet<string> | 'all'

const typeFields: ReadonlySet<string> = new Set(['evt.type', 'syscall.type'])

/** The name of the field that a comparison with constants is about. */
const testedField = (node: Compare): string =>
  node.left.is === 'field' ? node.left.ref.field.name : ''

/** Whether a comparison of the event's type holds; `undefined` when it is no such comparison. */
const typeTest = ({ operator, right }: Compare, type: string): boolean | undefined => {
  if (right.is !== 'constants') return undefined
  const hits = right.values.filter((value) => (value === type) === (operator !== '!=')).length
  if (operator !== '=' && operator !== '!=' && operator !== 'in') return undefined
  switch (right.quantifier) {
    case 'anyof':
      return hits > 0
    case 'oneof':
      return hits === 1
    case 'allof':
      return hits === right.values.length
  }
}

/**
 * Whether a comparison of the event's number is decided by events being numbered from 1: rule
 * files write `evt.num = 0` for "never".
 */
const numberTest = ({ operator, right }: Compare): boolean | undefined => {
  const [only] = right.is === 'constants' ? right.values : []
  if (right.is !== 'constants' || typeof only !== 'number') return undefined
  if (right.values.length > 1) return undefined
  switch (operator) {
    case '=':
    case '<=':
      return only === 0 ? false : undefined
    case '<':
      return only <= 1 ? false : undefined
    case '!=':
    case '>':
      return only === 0 ? true : undefined
    case '>=':
      return only <= 1 ? true : undefined
    default:
      return undefined
  }
}

type Test = Extract<Condition, { readonly is: 'compare' | 'exists' }>

/** Whether a test is decided by the event's type alone. */
const decided = (node: Test, type: string): boolean | undefined => {
  const isAbsent = ({ onlyOn }: FieldSpec): boolean => onlyOn?.includes(type) === false
  if (fieldsOf(node).some(({ field }) => isAbsent(field))) return false
  if (node.is === 'exists') {
    // Every event has a type.
    return node.left.is === 'field' && typeFields.has(node.left.ref.field.name) ? true : undefined
  }
  const name = testedField(node)
  if (typeFields.has(name)) return typeTest(node, type)
  return name === 'evt.num' ? numberTest(node) : undefined
}

/** What is left of a condition where some tests are decided: constants are folded away. */
const fold = (condition: Condition, decide: (node: Test) => boolean | undefined): Condition => {
  switch (condition.is) {
    case 'constant':
      return condition
    case 'exists':
    case 'compare': {
      const value = decide(condition)
      return value === undefined ? condition : { is: 'constant', value }
    }
    case 'not':
      return negation(fold(condition.member, decide))
    case 'and':
      return conjunction(condition.members.map((member) => fold(member, decide)))
    case 'or':
      return disjunction(condition.members.map((member) => fold(member, decide)))
  }
}

/** What is left of a condition on events of one type. */
export const specialise = (condition: Condition, type: string): Condition =>
  fold(condition, (node) => decided(node, type))

/** Whether a condition comes down to the same on events of two types. */
export const isAlikeOn = (condition: Condition, one: string, other: string): boolean => {
  switch (condition.is) {
    case 'constant':
      return true
    case 'exists':
    case 'compare':
      return decided(condition, one) === decided(condition, other)
    case 'not':
      return isAlikeOn(condition.member, one, other)
    case 'and':
    case 'or':
      return condition.members.every((member) => isAlikeOn(member, one, other))
  }
}

/** Specialises conditions for one type after another, and gives what is the same once: whoever
 * keeps something with a condition finds it again. */
export class Specialiser {
  readonly #known = new Map<Condition, { readonly type: string; readonly left: Condition }[]>()

  of(condition: Condition, type: string): Condition {
    const known = this.#known.get(condition) ?? []
    const alike = known.find((each) => isAlikeOn(condition, each.type, type))
    if (alike) return alike.left
    const left = specialise(condition, type)
    known.push({ type, left })
    this.#known.set(condition, known)
    return left
  }
}

/** Whether a condition holds on no event that lacks the fields of which `isOne` is true. */
export const needsOneOf = (condition: Condition, isOne: (field: FieldSpec) => boolean): boolean =>
  isFalse(
    fold(condition, (node) =>
      fieldsOf(node).some(({ field }) => isOne(field)) ? false : undefined,
    ),
  )

/** Whether a test of the result is decided by the call having failed. */
const failureTest = (node: Test): boolean | undefined => {
  if (node.is === 'exists' || node.right.is !== 'constants') return undefined
  const { operator, right } = node
  const isEqual = operator === '=' || operator === 'in'
  switch (testedField(node)) {
    case 'evt.failed':
      return isEqual && right.values.length === 1 ? right.values[0] === true : undefined
    case 'evt.res': {
      const isDone = right.values.every((value) => value === 'SUCCESS')
      return isDone && (isEqual || operator === '!=') ? !isEqual : undefined
    }
    case 'evt.rawres': {
      const isUpward = isEqual || operator === '>' || operator === '>='
      const isDone = right.values.every((value) => typeof value === 'number' && value >= 0)
      return isUpward && isDone ? false : undefined
    }
    default:
      return undefined
  }
}

/** Whether a condition can hold on a call of a type that has failed. */
export const holdsOnFailure = (condition: Condition, type: string): boolean =>
  !isFalse(fold(specialise(condition, type), failureTest))

const typesOfFields = (node: Test): readonly string[] =>
  fieldsOf(node).flatMap(({ field }) => field.onlyOn ?? [])

/** Names of events that a condition tells apart: those it compares the type with, and those that
 * have a field which others lack. */
const namesIn = (condition: Condition): readonly string[] => {
  switch (condition.is) {
    case 'constant':
      return []
    case 'exists':
      return typesOfFields(condition)
    case 'compare': {
      const { right } = condition
      const isOfType = typeFields.has(testedField(condition)) && right.is === 'constants'
      const compared = isOfType ? right.values.filter((value) => typeof value === 'string') : []
      return [...compared, ...typesOfFields(condition)]
    }
    case 'not':
      return namesIn(condition.member)
    case 'and':
    case 'or':
      return condition.members.flatMap(namesIn)
  }
}

const isFalse = (condition: Condition): boolean => condition.is === 'constant' && !condition.value

/**
 * The events that a condition can hold on: those on which it does not come down to false. Events
 * that it does not name are all alike to it.
 *
 * @param names  all event names there are
 */
export const eventSetOf = (condition: Condition, names: Iterable<string>): EventSet => {
  const named = new Set(namesIn(condition))
  const impossible = new Set([...named].filter((name) => isFalse(specialise(condition, name))))
  const isOnlyNamed = isFalse(specialise(condition, ''))
  const possible = new Set<string>()
  let isRestricted = false
  for (const name of names) {
    if (named.has(name) ? impossible.has(name) : isOnlyNamed) isRestricted = true
    else possible.add(name)
  }
  // Names that are accepted and that no event has stay, so that the rule says what it waits for.
  for (const name of named) if (!impossible.has(name)) possible.add(name)
  return isRestricted ? possible : 'all'
}

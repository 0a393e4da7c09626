/**
 * Which kinds of event a condition can hold on, and what is left of it once the kind is known.
 * Only comparisons of `evt.type` with names restrict; everything else can hold on any event.
 */
import type { Compare, Condition } from './ir.ts'
import { conjunction, disjunction, negation } from './ir.ts'

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

/** Whether a comparison is decided by the event's type alone. */
const decided = (node: Compare, type: string): boolean | undefined => {
  const name = testedField(node)
  if (typeFields.has(name)) return typeTest(node, type)
  return name === 'evt.num' ? numberTest(node) : undefined
}

/** What is left of a condition on events of one type: constants are folded away. */
export const specialise = (condition: Condition, type: string): Condition => {
  switch (condition.is) {
    case 'constant':
    case 'exists':
      return condition
    case 'compare': {
      const value = decided(condition, type)
      return value === undefined ? condition : { is: 'constant', value }
    }
    case 'not':
      return negation(specialise(condition.member, type))
    case 'and':
      return conjunction(condition.members.map((member) => specialise(member, type)))
    case 'or':
      return disjunction(condition.members.map((member) => specialise(member, type)))
  }
}

/** Names of events that a condition compares the event's type with. */
const namesIn = (condition: Condition): readonly string[] => {
  switch (condition.is) {
    case 'constant':
    case 'exists':
      return []
    case 'compare': {
      const { right } = condition
      if (!typeFields.has(testedField(condition)) || right.is !== 'constants') return []
      return right.values.filter((value) => typeof value === 'string')
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

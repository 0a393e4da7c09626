/**
 * What a condition means: the reference. Slow and plain; the compiled form is held equal to it by
 * a property test. Undefined values make a comparison false, `!=` too.
 */
import type { FieldRef, FieldValue, IpAddress, Scalar } from '@bulwark/schema'
import { inNetwork } from '@bulwark/schema'
import { callFunction } from './functions.ts'
import type { Compare, Condition, Constant, Operator, Quantifier, Value } from './ir.ts'
import { comparisonOf, isNetwork, textOf } from './ir.ts'
import { globMatcher } from './glob.ts'
import { lowerCase } from './letters.ts'
import { pathPrefixMatcher, regexMatcher } from './matchers.ts'

/** Where values come from. */
export interface Reader {
  field(ref: FieldRef): FieldValue
  /** Addresses that a host name stands for now. */
  resolve(hostname: string): ReadonlySet<IpAddress>
}

const equal = (value: Scalar, constant: Constant): boolean =>
  isNetwork(constant) ? inNetwork(value as IpAddress, constant) : value === constant

const matches = (pattern: string, value: string): boolean => {
  const matcher = regexMatcher(pattern)
  return typeof matcher === 'function' && matcher(value)
}

/** One value against one constant. */
export const compareOne = (value: Scalar, operator: Operator, constant: Constant): boolean => {
  const text = String(value)
  const pattern = textOf(constant)
  switch (operator) {
    case '=':
    case 'in':
    case 'intersects':
      return equal(value, constant)
    case '!=':
      return !equal(value, constant)
    case '<':
      return value < (constant as Scalar)
    case '<=':
      return value <= (constant as Scalar)
    case '>':
      return value > (constant as Scalar)
    case '>=':
      return value >= (constant as Scalar)
    case 'contains':
      return text.includes(pattern)
    case 'icontains':
      return lowerCase(text).includes(lowerCase(pattern))
    case 'startswith':
      return text.startsWith(pattern)
    case 'endswith':
      return text.endsWith(pattern)
    case 'glob':
      return globMatcher(pattern)(text)
    case 'iglob':
      return globMatcher(pattern, true)(text)
    case 'regex':
      return matches(pattern, text)
    case 'pmatch':
      return pathPrefixMatcher([pattern])(text)
  }
}

/** One value against the right side's constants. */
export const compareScalar = (
  value: Scalar,
  operator: Operator,
  constants: readonly Constant[],
  quantifier: Quantifier,
): boolean => {
  const hits = constants.filter((constant) => compareOne(value, operator, constant)).length
  switch (quantifier) {
    case 'anyof':
      return hits > 0
    case 'oneof':
      return hits === 1
    case 'allof':
      return hits === constants.length
  }
}

/** The value of an expression. */
export const valueOf = (value: Value, reader: Reader): FieldValue => {
  switch (value.is) {
    case 'field':
      return reader.field(value.ref)
    case 'constant':
      return value.value
    case 'values': {
      const members = value.values.map((each) => valueOf(each, reader))
      return members.includes(undefined)
        ? undefined
        : members.flatMap((each) => each as Scalar | readonly Scalar[])
    }
    case 'call':
      return callFunction(
        value.name,
        value.values.map((each) => valueOf(each, reader)),
        value.option,
      )
  }
}

const asList = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T]

/** Whether a comparison of several values needs all of them to compare. */
export const needsEvery = (left: Value, operator: Operator): boolean =>
  left.list ? operator === 'in' : comparisonOf(left) === 'either-end' && operator === '!='

const compare = ({ left, operator, right }: Compare, reader: Reader): boolean => {
  const value = valueOf(left, reader)
  if (value === undefined) return false
  const other = right.is === 'value' ? valueOf(right.value, reader) : right.values
  if (other === undefined) return false
  const constants = asList<Constant>(other)
  if (comparisonOf(left) === 'resolved-name') {
    const known = constants.some((name) => reader.resolve(textOf(name)).has(value as IpAddress))
    return operator === '!=' ? !known : known
  }
  const quantifier = right.is === 'value' ? 'anyof' : right.quantifier
  const one = (each: Scalar): boolean => compareScalar(each, operator, constants, quantifier)
  const isOne = !left.list && comparisonOf(left) === 'plain'
  if (isOne) return one(value as Scalar)
  const values = asList<Scalar>(value)
  // No end of a connection, or no ancestor: nothing to compare. An empty list is `in` anything.
  if (!left.list && values.length === 0) return false
  return needsEvery(left, operator) ? values.every(one) : values.some(one)
}

/** An ancestor or an end of a connection exists when there is one; any other value when it is. */
const exists = (left: Value, reader: Reader): boolean => {
  const value = valueOf(left, reader)
  const isSeveral = !left.list && comparisonOf(left) !== 'plain'
  return value !== undefined && !(isSeveral && asList(value).length === 0)
}

/** Whether a condition holds. */
export const evaluate = (condition: Condition, reader: Reader): boolean => {
  switch (condition.is) {
    case 'constant':
      return condition.value
    case 'and':
      return condition.members.every((member) => evaluate(member, reader))
    case 'or':
      return condition.members.some((member) => evaluate(member, reader))
    case 'not':
      return !evaluate(condition.member, reader)
    case 'exists':
      return exists(condition.left, reader)
    case 'compare':
      return compare(condition, reader)
  }
}

/**
 * Prepared tests of one value: sets built, patterns compiled, once a rule and not once an event.
 * They give what `compareScalar` in `evaluate.ts` gives, faster.
 */
import type { FieldValue, IpAddress, Network, Scalar } from '@bulwark/schema'
import { compareScalar, needsEvery } from './evaluate.ts'
import type { Compare, Constant, Operator, Right } from './ir.ts'
import { comparisonOf, isNetwork, textOf } from './ir.ts'
import { globMatcher } from './glob.ts'
import { lowerCase } from './letters.ts'
import { pathPrefixMatcher, regexMatcher } from './matchers.ts'

export type Test = (value: Scalar) => boolean

/** A network as the range of its addresses. */
const networkTest = ({ version, base, prefix }: Network): Test => {
  const last = base + (1n << BigInt((version === 4 ? 32 : 128) - prefix)) - 1n
  // IPv4 addresses are numbers and IPv6 ones are not: a number is cheaper to compare.
  const [low, high] = version === 4 ? [Number(base), Number(last)] : [base, last]
  return (value) =>
    typeof value === (version === 4 ? 'number' : 'bigint') &&
    (value as IpAddress) >= low &&
    (value as IpAddress) <= high
}

const setTest = (values: readonly Constant[]): Test => {
  const networks = values.filter(isNetwork).map(networkTest)
  const set = new Set(values)
  if (networks.length === 0) return (value) => set.has(value)
  return (value) => networks.some((test) => test(value))
}

/** A test against one constant. */
const oneTest = (operator: Operator, constant: Constant): Test => {
  if (isNetwork(constant)) {
    const test = networkTest(constant)
    return operator === '!=' ? (value) => !test(value) : test
  }
  const pattern = String(constant)
  switch (operator) {
    case '=':
    case 'in':
    case 'intersects':
      return (value) => value === constant
    case '!=':
      return (value) => value !== constant
    case 'contains':
      return (value) => String(value).includes(pattern)
    case 'startswith':
      return (value) => String(value).startsWith(pattern)
    case 'endswith':
      return (value) => String(value).endsWith(pattern)
    case 'icontains': {
      const wanted = lowerCase(pattern)
      return (value) => lowerCase(String(value)).includes(wanted)
    }
    case 'glob': {
      const match = globMatcher(pattern)
      return (value) => match(String(value))
    }
    case 'iglob': {
      const match = globMatcher(pattern, true)
      return (value) => match(String(value))
    }
    case 'regex': {
      const match = regexMatcher(pattern)
      return typeof match === 'function' ? (value) => match(String(value)) : () => false
    }
    default:
      return (value) => compareScalar(value, operator, [constant], 'anyof')
  }
}

/** A test against all constants of a comparison. */
export const constantTest = (
  operator: Operator,
  right: Right & { readonly is: 'constants' },
): Test => {
  const { values, quantifier } = right
  if (operator === 'in' || operator === 'intersects') return setTest(values)
  if (operator === 'pmatch') {
    const match = pathPrefixMatcher(values.map(textOf))
    return (value) => match(String(value))
  }
  const tests = values.map((constant) => oneTest(operator, constant))
  const [only] = tests
  if (only && tests.length === 1) return only
  switch (quantifier) {
    case 'anyof':
      return (value) => tests.some((test) => test(value))
    case 'allof':
      return (value) => tests.every((test) => test(value))
    case 'oneof':
      return (value) => tests.filter((test) => test(value)).length === 1
  }
}

/** A test against a value that is known with the event only. */
export const valueTest = (node: Compare): ((value: FieldValue, other: FieldValue) => boolean) => {
  const { operator, left } = node
  return (value, other) => {
    if (value === undefined || other === undefined) return false
    const constants = (Array.isArray(other) ? other : [other]) as readonly Scalar[]
    const one = (each: Scalar): boolean => compareScalar(each, operator, constants, 'anyof')
    if (!left.list && comparisonOf(left) === 'plain') return one(value as Scalar)
    const values = (Array.isArray(value) ? value : [value]) as readonly Scalar[]
    if (!left.list && values.length === 0) return false
    return needsEvery(left, operator) ? values.every(one) : values.some(one)
  }
}

/**
 * The meaning of a condition, whichever language it was written in: typed, resolved, without
 * names of macros or lists. The reference evaluator, the compiler and the kernel split all start
 * from it. Values are those of `@bulwark/schema`.
 *
 * Invariants, kept by the makers below:
 * - every operator is allowed for the type on its left, and constants have that type;
 * - `and` and `or` have at least two members, none of their own kind and none constant;
 * - no `not` stands around a `not` or a constant;
 * - constants of a comparison are different from each other unless they are counted (`oneof`),
 *   and there is at least one, but for lists on the left;
 * - `in` stands only where there are several constants, or where the left side is a list;
 *   `intersects` only where it is one;
 * - one constant has the quantifier `anyof`;
 * - nothing is changed after it was made.
 */
import type { Comparison, FieldRef, FieldType, Network, Scalar } from '@bulwark/schema'

/** How a value is compared; what each means is in `compareOne`. */
export type Operator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'contains'
  | 'icontains'
  | 'startswith'
  | 'endswith'
  | 'glob'
  | 'iglob'
  | 'regex'
  | 'in'
  | 'intersects'
  | 'pmatch'

/** A constant on the right side. */
export type Constant = Scalar | Network

/** Functions of values; what each gives is in `callFunction`. */
export type FunctionName =
  'tolower' | 'toupper' | 'b64' | 'basename' | 'len' | 'join' | 'concat' | 'getopt'

/** Something that has a value on an event. */
export type Value =
  | {
      readonly is: 'field'
      readonly ref: FieldRef
      readonly type: FieldType
      readonly list: boolean
    }
  | {
      readonly is: 'constant'
      readonly value: Scalar
      readonly type: FieldType
      readonly list: false
    }
  | {
      readonly is: 'values'
      readonly values: readonly Value[]
      readonly type: FieldType
      readonly list: true
    }
  | {
      readonly is: 'call'
      readonly name: FunctionName
      readonly values: readonly Value[]
      /** `[c]` of getopt. */
      readonly option: string | undefined
      readonly type: FieldType
      readonly list: boolean
    }

/** How many of the constants must compare: at least one, exactly one, or all of them. */
export type Quantifier = 'anyof' | 'oneof' | 'allof'

/** The right side: constants of the left side's type, or another value of it. */
export type Right =
  | {
      readonly is: 'constants'
      readonly values: readonly Constant[]
      readonly quantifier: Quantifier
    }
  | { readonly is: 'value'; readonly value: Value }

/** A comparison; false where a value is absent, whatever the operator. */
export interface Compare {
  readonly is: 'compare'
  readonly left: Value
  readonly operator: Operator
  readonly right: Right
}

/** A condition. Members stand in the order in which they are tried. */
export type Condition =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly members: readonly Condition[] }
  | { readonly is: 'not'; readonly member: Condition }
  | { readonly is: 'exists'; readonly left: Value }
  | Compare

const constant = (value: boolean): Condition => ({ is: 'constant', value })

/** `and` or `or` of some conditions; `absorbing` is what decides it at once. */
const joined = (
  is: 'and' | 'or',
  conditions: readonly Condition[],
  absorbing: boolean,
): Condition => {
  const members: Condition[] = []
  for (const condition of conditions) {
    if (condition.is === is) members.push(...condition.members)
    else if (condition.is !== 'constant') members.push(condition)
    else if (condition.value === absorbing) return condition
  }
  const [only] = members
  if (!only) return constant(!absorbing)
  return members.length === 1 ? only : { is, members }
}

/** All of some conditions, in order; true when there is none. */
export const conjunction = (conditions: readonly Condition[]): Condition =>
  joined('and', conditions, false)

/** Any of some conditions, in order; false when there is none. */
export const disjunction = (conditions: readonly Condition[]): Condition =>
  joined('or', conditions, true)

/** The opposite of a condition. Not of its operator: an absent value makes both sides false. */
export const negation = (condition: Condition): Condition => {
  if (condition.is === 'not') return condition.member
  if (condition.is === 'constant') return constant(!condition.value)
  return { is: 'not', member: condition }
}

/** Whether a constant is a network. */
export const isNetwork = (value: Constant): value is Network => typeof value === 'object'

/** The text that a constant is: a pattern, a host name. A network is none. */
export const textOf = (value: Constant): string => (isNetwork(value) ? '' : String(value))

/** A constant as a key: equal for equal constants. */
const keyOf = (value: Constant): string =>
  isNetwork(value)
    ? `${value.version}/${value.base}/${value.prefix}`
    : `${typeof value}:${String(value)}`

const different = (values: readonly Constant[]): readonly Constant[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
]

const withConstants = (
  left: Value,
  operator: Operator,
  right: Right & { readonly is: 'constants' },
): Condition => {
  const isCounted = right.quantifier === 'oneof'
  const values = isCounted ? right.values : different(right.values)
  const quantifier = values.length === 1 ? 'anyof' : right.quantifier
  const make = (name: Operator): Condition => ({
    is: 'compare',
    left,
    operator: name,
    right: { is: 'constants', values, quantifier },
  })
  if (left.list) return make(operator)
  if (values.length === 0) return constant(false)
  if (operator === 'in' || operator === 'intersects' || operator === '=') {
    if (values.length === 1) return make('=')
    return make(quantifier === 'anyof' ? 'in' : '=')
  }
  return make(operator)
}

/** A comparison in its normal form. */
export const makeCompare = (left: Value, operator: Operator, right: Right): Condition => {
  if (right.is === 'constants') return withConstants(left, operator, right)
  const isMembership = operator === 'in' || operator === 'intersects'
  return { is: 'compare', left, operator: isMembership && !left.list ? '=' : operator, right }
}

/** All fields that a value reads. */
export const fieldsOfValue = (value: Value): readonly FieldRef[] => {
  if (value.is === 'field') return [value.ref]
  return value.is === 'constant' ? [] : value.values.flatMap(fieldsOfValue)
}

/** All fields that a condition reads, in order, with repeats. */
export const fieldsOf = (condition: Condition): readonly FieldRef[] => {
  switch (condition.is) {
    case 'constant':
      return []
    case 'and':
    case 'or':
      return condition.members.flatMap(fieldsOf)
    case 'not':
      return fieldsOf(condition.member)
    case 'exists':
      return fieldsOfValue(condition.left)
    case 'compare': {
      const right = condition.right.is === 'value' ? fieldsOfValue(condition.right.value) : []
      return [...fieldsOfValue(condition.left), ...right]
    }
  }
}

/** How a value is compared. An ancestor that is named by its number is one value like any other. */
export const comparisonOf = (value: Value): Comparison => {
  if (value.is !== 'field') return 'plain'
  const { field, argument } = value.ref
  return field.comparison === 'ancestors' && argument !== undefined ? 'plain' : field.comparison
}

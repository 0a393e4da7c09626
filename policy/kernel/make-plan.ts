/**
 * Makers of plans: each gives the simplest plan it can see, so that plans that say the same mostly
 * look the same. Factoring and the order of tests are the generator's.
 */
import type { CgroupState, NumberAt, Plan, Test, TextAt, TextOperator } from './plan.ts'
import { everything, nothing } from './plan.ts'

const keys = new WeakMap<Plan, string>()

const placeKey = ({ offset, bytes, signed }: NumberAt): string =>
  `${offset}${signed ? 'i' : 'u'}${bytes * 8}`

const testKey = (test: Test): string => {
  switch (test.is) {
    case 'number':
      return `${placeKey(test.at)}${test.operator}${test.values.join(',')}`
    case 'bits':
      return `${placeKey(test.at)}&${test.mask}`
    case 'text':
      return `${test.at.offset} ${test.operator} ${JSON.stringify(test.values)}`
    case 'network':
      return `${test.offset}/${test.prefix}:${test.base.join('.')}`
    case 'cgroup':
      return `cgroup ${test.states.join(' ')}`
  }
}

const newKey = (plan: Plan): string => {
  switch (plan.is) {
    case 'constant':
      return String(plan.value)
    case 'and':
    case 'or':
      return `(${plan.members
        .map(planKey)
        .toSorted()
        .join(plan.is === 'and' ? '&&' : '||')})`
    case 'not':
      return `!${planKey(plan.member)}`
    default:
      return testKey(plan)
  }
}

/** A text that is the same for plans that are, whatever the order of their members. */
export const planKey = (plan: Plan): string => {
  const known = keys.get(plan)
  if (known !== undefined) return known
  const key = newKey(plan)
  keys.set(plan, key)
  return key
}

/** Whether a plan lets nothing through, and says so. */
export const isNothing = (plan: Plan): boolean => plan.is === 'constant' && !plan.value
/** Whether a plan lets everything through, and says so. */
export const isEverything = (plan: Plan): boolean => plan.is === 'constant' && plan.value

/** What single tests are known to be, by key. */
type Facts = ReadonlyMap<string, boolean>

/** What a plan comes down to where some tests are known. */
const under = (plan: Plan, facts: Facts): Plan => {
  switch (plan.is) {
    case 'constant':
      return plan
    case 'not': {
      const known = facts.get(planKey(plan.member))
      return known === undefined ? plan : known ? nothing : everything
    }
    case 'and':
    case 'or': {
      const members = plan.members.map((member) => under(member, facts))
      const isSame = members.every((member, i) => member === plan.members[i])
      return isSame ? plan : joined(plan.is, members)
    }
    default: {
      const known = facts.get(planKey(plan))
      return known === undefined ? plan : known ? everything : nothing
    }
  }
}

/** Tests that decide a junction alone: in `and` all of them are true, in `or` none is. */
const factsOf = (is: 'and' | 'or', members: readonly Plan[]): Map<string, boolean> => {
  const facts = new Map<string, boolean>()
  for (const member of members) {
    if (member.is === 'and' || member.is === 'or' || member.is === 'constant') continue
    const isTest = member.is !== 'not'
    facts.set(planKey(isTest ? member : member.member), isTest === (is === 'and'))
  }
  return facts
}

/** Members of the other kind of junction, as a set of keys; of anything else, itself. */
const partsOf = (is: 'and' | 'or', plan: Plan): ReadonlySet<string> =>
  new Set(
    plan.is !== is && (plan.is === 'and' || plan.is === 'or')
      ? plan.members.map(planKey)
      : [planKey(plan)],
  )

/** Beyond this many members it costs more to look for those that others contain than it saves. */
const comparedMax = 64

/** Leaves members out that say less than another one: `a or (a and b)`. */
const withoutWeaker = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] => {
  if (members.length > comparedMax) return members
  const parts = members.map((member) => partsOf(is, member))
  const isWeaker = (part: ReadonlySet<string>, i: number): boolean =>
    parts.some((other, j) => {
      if (i === j || other.size > part.size) return false
      if (![...other].every((key) => part.has(key))) return false
      return other.size < part.size || j < i
    })
  return members.filter((_, i) => !isWeaker(parts[i] ?? new Set(), i))
}

const flat = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] =>
  members.flatMap((member) => (member.is === is ? member.members : [member]))

const joined = (is: 'and' | 'or', given: readonly Plan[]): Plan => {
  const absorbing = is === 'and' ? nothing : everything
  const neutral = is === 'and' ? everything : nothing
  let members = flat(is, given)
  // What is known from one round may decide members that were not tests before it.
  for (let isNew = true; isNew;) {
    const facts = factsOf(is, members)
    const byKey = new Map<string, Plan>()
    let isSame = true
    for (const member of members) {
      const isJunction = member.is === 'and' || member.is === 'or'
      const left = isJunction ? under(member, facts) : member
      isSame &&= left === member
      if (left.is !== 'constant') byKey.set(planKey(left), left)
      else if (left.value === (is === 'or')) return absorbing
      // A test and its opposite: only the last of the two is among the facts.
      if (!isJunction && left.is !== 'constant') {
        const known = facts.get(planKey(left.is === 'not' ? left.member : left))
        if (known !== ((left.is !== 'not') === (is === 'and'))) return absorbing
      }
    }
    members = flat(is, [...byKey.values()])
    isNew = !isSame
  }
  const kept = withoutWeaker(is, members)
  const [only] = kept
  if (!only) return neutral
  return kept.length === 1 ? only : { is, members: kept }
}

/** What all of some plans let through; everything where there is none. */
export const allOf = (plans: readonly Plan[]): Plan => joined('and', plans)

/** What any of some plans lets through; nothing where there is none. */
export const anyOf = (plans: readonly Plan[]): Plan => joined('or', plans)

/** What a plan does not let through. */
export const inverse = (plan: Plan): Plan => {
  switch (plan.is) {
    case 'constant':
      return plan.value ? nothing : everything
    case 'and':
      return anyOf(plan.members.map(inverse))
    case 'or':
      return allOf(plan.members.map(inverse))
    case 'not':
      return plan.member
    default:
      return { is: 'not', member: plan }
  }
}

/** The least and the largest number that a place can hold. */
const rangeOf = ({ bytes, signed }: NumberAt): readonly [bigint, bigint] => {
  const bits = BigInt(8 * bytes)
  return signed ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** A number is one of these, which need not lie in its range. */
export const numberIn = (at: NumberAt, values: Iterable<bigint>): Plan => {
  const [least, most] = rangeOf(at)
  const possible = [...new Set(values)].filter((value) => value >= least && value <= most)
  if (possible.length === 0) return nothing
  return { is: 'number', at, operator: 'in', values: possible.toSorted(ascending) }
}

/** A number is smaller than another, which need not lie in its range. */
export const numberBelow = (at: NumberAt, value: bigint): Plan => {
  const [least, most] = rangeOf(at)
  if (value <= least) return nothing
  return value > most ? everything : { is: 'number', at, operator: '<', values: [value] }
}

/** Some bit of a mask is set. */
export const someBit = (at: NumberAt, mask: number | bigint): Plan =>
  BigInt(mask) === 0n ? nothing : { is: 'bits', at, mask: BigInt(mask) }

/** The bits of a mask are those of a value, which has no others. */
export const bitsAre = (at: NumberAt, mask: number, value: number): Plan => {
  const set: Plan[] = []
  for (let bit = 1; bit <= mask && bit <= 0x4000_0000; bit *= 2) {
    if ((value & bit) !== 0) set.push(someBit(at, bit))
  }
  return allOf([...set, inverse(someBit(at, (mask & ~value) >>> 0))])
}

/** A text compares with any of these. */
export const textIs = (at: TextAt, operator: TextOperator, texts: Iterable<string>): Plan => {
  const isPossible = (text: string): boolean =>
    at.is === 'slot' || (text.length <= at.bytes && !text.includes('\0'))
  const values = [...new Set(texts)].filter(isPossible)
  if (values.length === 0) return nothing
  // Every text begins and ends with the empty one.
  if ((operator === 'starts' || operator === 'ends') && values.includes('')) return everything
  return { is: 'text', at, operator, values: values.toSorted() }
}

/** The first `prefix` bits of an address are those of `base`. */
export const inNetworkAt = (offset: number, base: Uint8Array, prefix: number): Plan =>
  prefix === 0 ? everything : { is: 'network', offset, base, prefix }

/** The record's cgroup is in one of these states. */
export const cgroupIs = (...states: readonly CgroupState[]): Plan => ({ is: 'cgroup', states })

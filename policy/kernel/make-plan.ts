/**
 * Makers of plans: each gives the simplest plan it can see, so that plans that say the same mostly
 * look the same. Factoring and the order of tests are the generator's.
 */
import { keyOf, textPlaceKey } from './plan-key.ts'
import type { CgroupState, NumberAt, Plan, TextAt, TextOperator } from './plan.ts'
import { everything, nothing } from './plan.ts'

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
      const known = facts.get(keyOf(plan.member))
      return known === undefined ? plan : known ? nothing : everything
    }
    case 'and':
    case 'or': {
      const members = plan.members.map((member) => under(member, facts))
      const isSame = members.every((member, i) => member === plan.members[i])
      return isSame ? plan : joined(plan.is, members)
    }
    default: {
      const known = facts.get(keyOf(plan))
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
    facts.set(keyOf(isTest ? member : member.member), isTest === (is === 'and'))
  }
  return facts
}

/** Members of the other kind of junction; of anything else, itself. */
const partsOf = (is: 'and' | 'or', plan: Plan): readonly Plan[] =>
  plan.is !== is && (plan.is === 'and' || plan.is === 'or') ? plan.members : [plan]

/** Keys of some plans. */
const keysOf = (plans: readonly Plan[]): ReadonlySet<string> => new Set(plans.map(keyOf))

/** Beyond this many members it costs more to look for those that others contain than it saves. */
const comparedMax = 64

/** Leaves members out that say less than another one: `a or (a and b)`. */
const withoutWeaker = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] => {
  if (members.length > comparedMax || !members.some(isJunction)) return members
  const parts = members.map((member) => partsOf(is, member))
  // Members differ, so one that has a single part contains no other.
  return members.filter((_, i) => {
    const own = parts[i] ?? []
    if (own.length < 2) return true
    const keys = keysOf(own)
    return !parts.some(
      (other, j) =>
        i !== j &&
        (other.length < own.length || (other.length === own.length && j < i)) &&
        other.every((part) => keys.has(keyOf(part))),
    )
  })
}

/** The members that are left: `undefined` when one of them decides all. */
const openMembers = (is: 'and' | 'or', given: readonly Plan[]): Plan[] | undefined => {
  const members: Plan[] = []
  for (const member of given) {
    if (member.is === is) members.push(...member.members)
    else if (member.is !== 'constant') members.push(member)
    else if (member.value === (is === 'or')) return undefined
  }
  return members
}

const isJunction = ({ is }: Plan): boolean => is === 'and' || is === 'or'

/** Each once; `undefined` where one is the opposite of another. */
const once = (members: readonly Plan[]): readonly Plan[] | undefined => {
  const byKey = new Map<string, Plan>()
  for (const member of members) byKey.set(keyOf(member), member)
  for (const member of members) {
    if (member.is === 'not' && byKey.has(keyOf(member.member))) return undefined
  }
  return [...byKey.values()]
}

/** More members than this are not looked through for two that differ in one test. */
const resolvedMax = 12

const isOpposite = (a: string, b: string): boolean => a === `!${b}` || b === `!${a}`

/** The key of the only one of some plans that is not among others; `undefined`: there is none, or
 * another. */
const onlyOf = (some: readonly Plan[], others: ReadonlySet<string>): string | undefined => {
  const [only, ...more] = some.filter((each) => !others.has(keyOf(each)))
  return only && more.length === 0 ? keyOf(only) : undefined
}

/** `(a and b) or (a and not b)` is `a`: two members as one; `undefined`: there is no such pair. */
const resolved = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] | undefined => {
  if (members.length > resolvedMax) return undefined
  const other = is === 'and' ? 'or' : 'and'
  const parts = members.flatMap((member) => (member.is === other ? [member] : []))
  for (const a of parts) {
    for (const b of parts) {
      if (b === a) break
      if (b.members.length !== a.members.length) continue
      const own = onlyOf(a.members, keysOf(b.members))
      const theirs = own === undefined ? undefined : onlyOf(b.members, keysOf(a.members))
      if (own === undefined || theirs === undefined || !isOpposite(own, theirs)) continue
      const shared = a.members.filter((each) => keyOf(each) !== own)
      return [...members.filter((each) => each !== a && each !== b), joined(other, shared)]
    }
  }
  return undefined
}

/** One round of what is known for certain: members decided by tests beside them. */
const decided = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] => {
  const facts = factsOf(is, members)
  if (facts.size === 0) return members
  return members.map((member) => (isJunction(member) ? under(member, facts) : member))
}

/** The place of a text that a test says to have letters; `undefined`: it says something else. */
const placeWithText = (plan: Plan): string | undefined =>
  plan.is === 'text' && !plan.values.includes('') ? textPlaceKey(plan.at) : undefined

/** The place of a text that a test says to have none. */
const placeWithout = (plan: Plan): string | undefined => {
  const isEmpty = plan.is === 'text' && plan.operator === 'equals' && plan.values.join('/') === ''
  return isEmpty && plan.values.length === 1 ? textPlaceKey(plan.at) : undefined
}

/** Leaves out that a text has letters, or none, where a test beside it says so too. */
const withoutEmptiness = (is: 'and' | 'or', members: readonly Plan[]): readonly Plan[] => {
  /** The place of a text of which a member says no more than that. */
  const placeOf = (member: Plan): string | undefined => {
    if (is === 'or') return placeWithout(member)
    return member.is === 'not' ? placeWithout(member.member) : undefined
  }
  if (members.every((member) => placeOf(member) === undefined)) return members
  const told = new Set<string>()
  for (const member of members) {
    const test = is === 'and' ? member : member.is === 'not' ? member.member : undefined
    const place = test && placeWithText(test)
    if (place !== undefined) told.add(place)
  }
  return members.filter((member) => {
    const place = placeOf(member)
    return place === undefined || !told.has(place)
  })
}

const joined = (is: 'and' | 'or', given: readonly Plan[]): Plan => {
  let members: readonly Plan[] | undefined = openMembers(is, given)
  while (members && members.length > 1) {
    members = once(members)
    if (!members?.some(isJunction)) break
    const before: readonly Plan[] = members
    let after = decided(is, before)
    if (after.every((member, i) => member === before[i])) {
      const merged = resolved(is, before)
      if (!merged) break
      after = merged
    }
    // Members that are tests by now may decide others.
    members = openMembers(is, after)
  }
  if (!members) return is === 'and' ? nothing : everything
  const kept = members.length > 1 ? withoutWeaker(is, withoutEmptiness(is, members)) : members
  const [only] = kept
  if (!only) return is === 'and' ? everything : nothing
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

/** Sets of consecutive numbers: first and last of each, in order. */
const runsOf = (values: readonly bigint[]): readonly (readonly [first: bigint, last: bigint])[] => {
  const runs: (readonly [bigint, bigint])[] = []
  for (const value of values.toSorted(ascending)) {
    const [first, last] = runs.at(-1) ?? [value, value - 2n]
    if (last === value - 1n) runs[runs.length - 1] = [first, value]
    else runs.push([value, value])
  }
  return runs
}

/** Runs of so many numbers are two comparisons rather than members of a set. */
const runMin = 5n

/** A number is one of these, which need not lie in its range. */
export const numberIn = (at: NumberAt, values: Iterable<bigint>): Plan => {
  const [least, most] = rangeOf(at)
  const possible = [...new Set(values)].filter((value) => value >= least && value <= most)
  const runs = runsOf(possible).filter(([first, last]) => last - first + 1n >= runMin)
  const isInRun = (value: bigint): boolean =>
    runs.some(([first, last]) => value >= first && value <= last)
  const single = possible.filter((value) => !isInRun(value)).toSorted(ascending)
  const ranges = runs.map(([first, last]) =>
    allOf([inverse(numberBelow(at, first)), numberBelow(at, last + 1n)]),
  )
  const [one] = single
  const set: Plan = { is: 'number', at, operator: 'in', values: single }
  return anyOf([...ranges, one === undefined ? nothing : set])
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
  const set = Array.from({ length: 32 }, (_, bit) => (value & (1 << bit)) >>> 0)
  return allOf([...set.filter(Boolean).map((bit) => someBit(at, bit)), noBit(at, mask & ~value)])
}

const noBit = (at: NumberAt, mask: number): Plan => inverse(someBit(at, mask >>> 0))

/** A text compares with any of these. */
export const textIs = (at: TextAt, operator: TextOperator, texts: Iterable<string>): Plan => {
  const isPossible = (text: string): boolean =>
    at.is === 'slot' || (text.length <= at.bytes && !text.includes('\0'))
  const values = [...new Set(texts)].filter(isPossible)
  if (values.length === 0) return nothing
  // Every text begins and ends with the empty one, and contains it.
  const isOfAll = operator === 'starts' || operator === 'ends' || operator === 'contains'
  if (isOfAll && values.includes('')) return everything
  return { is: 'text', at, operator, values: values.toSorted() }
}

/** The first `prefix` bits of an address are those of `base`. */
export const inNetworkAt = (offset: number, base: Uint8Array, prefix: number): Plan =>
  prefix === 0 ? everything : { is: 'network', offset, base, prefix }

/** What the kernel was told of the record's cgroup is one of these numbers. */
export const scopeIn = (numbers: Iterable<number>): Plan => {
  const each = [...new Set(numbers)].toSorted((a, b) => a - b)
  return each.length === 0 ? nothing : { is: 'scope', numbers: each }
}

/** The record's cgroup is in one of these states. */
export const cgroupIs = (...states: readonly CgroupState[]): Plan => ({ is: 'cgroup', states })

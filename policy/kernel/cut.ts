/**
 * Cuts a plan that would be too large a program into parts, of which each becomes a program of its
 * own: together, by *or*, they mean the same.
 */
import { anyOf, allOf } from './make-plan.ts'
import { asTest } from './plan-key.ts'
import type { Plan } from './plan.ts'
import { visitsOfAlike } from './scan-alike.ts'
import { handlesOf, nameOf } from './search.ts'

const sizes = new WeakMap<Plan, number>()
/** A loop counts by what the verifier goes through, of which there may be more than of code. */
const visitsOfSize = 100
/** Above this, values are looked up. */
const comparedValues = 32

/** About how much code a plan makes, in tests on a number. */
export const sizeOf = (plan: Plan): number => {
  const known = sizes.get(plan)
  if (known !== undefined) return known
  let size = 1
  if (plan.is === 'and' || plan.is === 'or') {
    for (const member of plan.members) size += sizeOf(member)
  } else {
    const test = asTest(plan)?.test
    if (test !== undefined && 'values' in test) {
      size += Math.min(test.values.length, comparedValues) / 4
      if (test.is === 'text' && test.operator === 'resembles') {
        size += visitsOfAlike(test.values) / visitsOfSize
      }
    }
  }
  sizes.set(plan, size)
  return size
}

/** Members that look at one place stand together, so that they are looked up together. */
const byPlace = (members: readonly Plan[]): readonly Plan[] => {
  const names = new Map(
    members.map((member) => [member, handlesOf(member).map(({ key }) => nameOf(key))]),
  )
  const counts = new Map<string, number>()
  for (const name of [...names.values()].flat()) counts.set(name, (counts.get(name) ?? 0) + 1)
  const most = (member: Plan): string =>
    (names.get(member) ?? []).reduce(
      (best, name) => ((counts.get(name) ?? 0) > (counts.get(best) ?? 0) ? name : best),
      '',
    )
  return [...Map.groupBy(members, most).values()].flat()
}

/** The heaviest `or` of an `and`, and the other members. */
const largestOr = (members: readonly Plan[]): readonly [Plan, readonly Plan[]] | undefined => {
  const [largest] = members
    .filter(({ is }) => is === 'or')
    .toSorted((a, b) => sizeOf(b) - sizeOf(a))
  return largest && [largest, members.filter((member) => member !== largest)]
}

/**
 * Parts of at most `size`, but for what no *or* is in that could be cut: that stays whole.
 *
 * @param plan  as an `Optimiser` gives it
 * @param size  as `sizeOf` has it
 */
export const cut = (plan: Plan, size: number): readonly Plan[] => {
  if (sizeOf(plan) <= size) return [plan]
  if (plan.is === 'and') {
    const [largest, others] = largestOr(plan.members) ?? []
    if (largest === undefined || others === undefined) return [plan]
    const rest = others.reduce((sum, other) => sum + sizeOf(other), 1)
    if (rest >= size) return [plan]
    return cut(largest, size - rest).map((part) => allOf([...others, part]))
  }
  if (plan.is !== 'or') return [plan]
  const parts: Plan[][] = []
  let room = 0
  for (const piece of byPlace(plan.members).flatMap((member) => cut(member, size - 1))) {
    if (sizeOf(piece) > room) {
      parts.push([])
      room = size - 1
    }
    parts.at(-1)?.push(piece)
    room -= sizeOf(piece)
  }
  return parts.map(anyOf)
}

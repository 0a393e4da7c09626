/**
 * Makes a plan smaller that would be too large a program: it lets more through then, never less.
 */
import { membersOf } from './optimise.ts'
import { costOf } from './plan-cost.ts'
import { asTest } from './plan-key.ts'
import type { Plan } from './plan.ts'
import { everything } from './plan.ts'
import { handleOf } from './search.ts'
import { describePlan } from './words.ts'

/** An `or` of fewer members is not what makes a program large. */
const manyMembers = 64
const shownMax = 50

export interface Weakened {
  readonly plan: Plan
  /** What is not asked any more, in words. */
  readonly givenUp: readonly string[]
}

/** Keeps what can be looked up, and then what is cheap. */
const keptOf = (parts: readonly Plan[], tests: number): readonly Plan[] => {
  const rank = (part: Plan): number => {
    if (handleOf(part) !== undefined) return 0
    return asTest(part) === undefined ? 2 : 1
  }
  return parts.toSorted((a, b) => rank(a) - rank(b) || costOf(a) - costOf(b)).slice(0, tests)
}

/**
 * Keeps `tests` parts of each member of a large `or`; of 0 it is everything.
 *
 * @param plan  as an `Optimiser` gives it
 */
export const weaken = (plan: Plan, tests: number): Weakened => {
  if (tests === 0) return { plan: everything, givenUp: ['the whole plan: all is let through'] }
  const lost: Plan[] = []
  const go = (of: Plan): Plan => {
    if (of.is !== 'and' && of.is !== 'or') return of
    const members = of.members.map(go)
    if (of.is === 'and' || members.length < manyMembers) return { is: of.is, members }
    return {
      is: 'or',
      members: members.map((member) => {
        const parts = membersOf('and', member)
        const kept = keptOf(parts, tests)
        lost.push(...parts.filter((part) => !kept.includes(part)))
        return { is: 'and', members: kept }
      }),
    }
  }
  const weaker = go(plan)
  const givenUp = lost.slice(0, shownMax).map(describePlan)
  if (lost.length > shownMax) givenUp.push(`and ${lost.length - shownMax} more`)
  return { plan: weaker, givenUp }
}

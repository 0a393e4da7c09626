/**
 * Brings a plan into a form that is good to generate code from: flat, without what is said twice,
 * values of one place together, what many members of an `or` share said once, cheap tests first.
 * The plan that comes out means the same as the one that went in, on every record.
 */
import type { Steps } from '../steps.ts'
import type { Plan, Test } from './plan.ts'
import { everything, nothing } from './plan.ts'
import { costOf } from './plan-cost.ts'
import { asTest, PlanKeys } from './plan-key.ts'
import { intersect, simplifyTest, unite } from './plan-tests.ts'

/** In an `or` of more members than this, only what most of them share is said once. */
const smallMembersMax = 8
/** More members than this are not held against each other one by one. */
const comparedMembersMax = 64

type Junction = 'and' | 'or'

const join = (is: Junction, members: readonly Plan[]): Plan => {
  const [only] = members
  if (only === undefined) return is === 'and' ? everything : nothing
  return members.length === 1 ? only : { is, members }
}

/** The members of `plan` where it is a junction of this kind, else itself. */
export const membersOf = (is: Junction, plan: Plan): readonly Plan[] =>
  plan.is === is ? plan.members : [plan]

const negate = (plan: Plan): Plan => {
  if (plan.is === 'constant') return plan.value ? nothing : everything
  const found = asTest(plan)
  if (found === undefined) throw new Error('only tests are negated')
  return found.negated ? found.test : { is: 'not', member: found.test }
}

const newTest = (test: Test | boolean, negated: boolean): Plan => {
  if (typeof test === 'boolean') return test === negated ? nothing : everything
  return negated ? { is: 'not', member: test } : test
}

/** Puts tests of one place together: `or` unites what is tested for, `and` what is negated. */
const mergeTests = (is: Junction, members: readonly Plan[]): readonly Plan[] => {
  const kept: Plan[] = []
  const groups = new Map<string, { tests: Test[]; negated: boolean; at: number }>()
  for (const member of members) {
    const found = asTest(member)
    if (found === undefined) {
      kept.push(member)
      continue
    }
    const unites = (is === 'or') !== found.negated
    const place = (unites ? unite : intersect).placeOf(found.test)
    if (place === undefined) {
      kept.push(member)
      continue
    }
    const key = `${found.negated ? '!' : ''}${place}`
    const group = groups.get(key)
    if (group === undefined) {
      groups.set(key, { tests: [found.test], negated: found.negated, at: kept.length })
      kept.push(member)
    } else {
      group.tests.push(found.test)
    }
  }
  for (const { tests, negated, at } of groups.values()) {
    if (tests.length === 1) continue
    const unites = (is === 'or') !== negated
    kept[at] = newTest((unites ? unite : intersect).merge(tests), negated)
  }
  return kept
}

const isSubset = (some: ReadonlySet<number>, all: ReadonlySet<number>): boolean => {
  for (const each of some) if (!all.has(each)) return false
  return true
}

/** Junctions that are looked at in one step. */
const junctionsAtOnce = 200

/** Remembers what it has seen: one for the plans of one program. */
export class Optimiser {
  readonly keys = new PlanKeys()
  readonly #known = new WeakMap<Plan, Plan>()
  #count = 0

  /** The same plan, in the form that this file is about. */
  optimise(plan: Plan): Plan {
    const known = this.#known.get(plan)
    if (known !== undefined) return known
    const result = this.#anew(plan)
    this.#known.set(plan, result)
    this.#known.set(result, result)
    return result
  }

  /** The same in steps: what is inside comes first. */
  *optimiseInSteps(plan: Plan): Steps<Plan> {
    if (!this.#known.has(plan) && (plan.is === 'and' || plan.is === 'or')) {
      for (const member of plan.members) yield* this.optimiseInSteps(member)
      if (++this.#count % junctionsAtOnce === 0) yield
    }
    return this.optimise(plan)
  }

  #anew(plan: Plan): Plan {
    switch (plan.is) {
      case 'constant':
        return plan
      case 'and':
      case 'or':
        return this.#junction(
          plan.is,
          plan.members.map((member) => this.optimise(member)),
        )
      case 'not':
        return negate(newTest(simplifyTest(plan.member), false))
      default:
        return newTest(simplifyTest(plan), false)
    }
  }

  /** Members are in this form already. */
  #junction(is: Junction, given: readonly Plan[]): Plan {
    const neutral = is === 'and'
    const flat = given.flatMap((member) => membersOf(is, member))
    if (flat.some((member) => member.is === 'constant' && member.value !== neutral)) {
      return neutral ? nothing : everything
    }
    const open = flat.filter((member) => member.is !== 'constant')
    const once = [...new Map(open.map((member) => [this.keys.of(member), member])).values()]
    if (this.#hasContrary(once)) return neutral ? nothing : everything
    const merged = mergeTests(is, once)
    if (merged.length < once.length) return this.#junction(is, merged)
    const absorbed = this.#absorb(is, once)
    const factored = is === 'or' && absorbed.length > 1 ? this.#factor(absorbed) : absorbed
    if (factored !== absorbed) return this.#junction(is, factored)
    const sorted = absorbed.toSorted((a, b) => costOf(a) - costOf(b))
    return join(is, sorted)
  }

  /** Whether a member and its contrary are there. */
  #hasContrary(members: readonly Plan[]): boolean {
    if (!members.some(({ is }) => is === 'not')) return false
    const keys = new Set(members.map((member) => this.keys.of(member)))
    return members.some((member) => member.is === 'not' && keys.has(this.keys.of(member.member)))
  }

  /** In `a or (a and b)`, and in `a and (a or b)`, leaves `a` alone. */
  #absorb(is: Junction, members: readonly Plan[]): readonly Plan[] {
    const other = is === 'and' ? 'or' : 'and'
    const parts = new Map<Plan, readonly number[]>()
    const single = new Set<number>()
    for (const member of members) {
      if (member.is !== other) single.add(this.keys.of(member))
      else
        parts.set(
          member,
          member.members.map((part) => this.keys.of(part)),
        )
    }
    const compared = members.length <= comparedMembersMax
    const sets = compared ? Array.from(parts.values(), (some) => new Set(some)) : []
    return members.filter((member) => {
      const own = parts.get(member)
      if (!own) return true
      if (own.some((part) => single.has(part))) return false
      const all = new Set(compared ? own : [])
      return !sets.some((set) => set.size < all.size && isSubset(set, all))
    })
  }

  /** The conjunct that most members share, and how many do. */
  #mostShared(members: readonly Plan[]): { key: number; count: number } {
    const counts = new Map<number, number>()
    for (const member of members) {
      for (const part of membersOf('and', member)) {
        const key = this.keys.of(part)
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
    }
    let best = { key: 0, count: 0 }
    for (const [key, count] of counts) if (count > best.count) best = { key, count }
    return best
  }

  /**
   * `(a and b) or (a and c)` becomes `a and (b or c)`. In large ones only for what half of them
   * share: smaller groups would have to be asked one after the other, where generated code looks up
   * which members there are to ask.
   */
  #factor(members: readonly Plan[]): readonly Plan[] {
    const { key, count } = this.#mostShared(members)
    const least = members.length > smallMembersMax ? Math.ceil(members.length / 2) : 2
    if (count < least) return members
    const having: Plan[] = []
    const others: Plan[] = []
    let shared: Plan = everything
    for (const member of members) {
      const parts = membersOf('and', member)
      const found = parts.find((part) => this.keys.of(part) === key)
      if (found === undefined) {
        others.push(member)
        continue
      }
      shared = found
      const rest = parts.filter((part) => part !== found)
      having.push(join('and', rest))
    }
    const factored = this.#junction('and', [shared, this.#junction('or', having)])
    return others.length === 0 ? [factored] : [factored, ...this.#factor(others)]
  }
}

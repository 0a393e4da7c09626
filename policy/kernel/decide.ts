/** Brings a plan into the form that code is made of: see decision.ts. */
import type { Block, Choice, Decision, Entry, Key } from './decision.ts'
import { membersOf, Optimiser } from './optimise.ts'
import { costOf } from './plan-cost.ts'
import { isScan } from './plan-key.ts'
import type { Plan, Test } from './plan.ts'
import { everything } from './plan.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
import type { FoundEntry, Handle } from './search.ts'
import { handleOf, handlesOf, nameOf, searchOf } from './search.ts'

/** Members of a junction that are looked at in one step. */
const membersAtOnce = 100

/** Of so few members, each stays whole. */
const fewMembersMax = 8

/** A member of an `or`: where the entries are found, `rest` decides. */
interface Case {
  readonly entries: readonly FoundEntry[]
  readonly rest: Plan
}

const bit = (value: string, at: number): number =>
  ((value.charCodeAt(at >> 3) || 0) >> (7 - (at & 7))) & 1

/** The first `bits` bits, as a text of their own. */
const headOf = (value: string, bits: number): string => {
  const whole = value.slice(0, bits >> 3)
  let partial = ''
  for (let at = bits & ~7; at < bits; at++) partial += bit(value, at)
  return `${bits}:${whole}${partial}`
}

/** Plans that are asked for one entry, each once. */
type Rests = Map<number, Plan>

/** Entries that are decided in one step. */
const entriesAtOnce = 200

/** Collects what each entry leads to. */
class ChoiceBuilder {
  readonly #decider: Decider
  readonly #exact = new Map<string, Rests>()
  readonly #prefixes = new Map<string, { value: string; bits: number; rests: Rests }>()
  readonly #lengths = new Set<number>()
  readonly #blocks: Block[] = []
  readonly #known = new Map<string, number>()
  #count = 0

  constructor(decider: Decider) {
    this.#decider = decider
  }

  add({ entries, rest }: Case): void {
    for (const { value, bits } of entries) {
      if (bits === 'all') {
        const rests = this.#exact.get(value) ?? new Map<number, Plan>()
        this.#exact.set(value, rests.set(this.#decider.keyOf(rest), rest))
        continue
      }
      const head = headOf(value, bits)
      const found = this.#prefixes.get(head) ?? { value, bits, rests: new Map<number, Plan>() }
      found.rests.set(this.#decider.keyOf(rest), rest)
      this.#prefixes.set(head, found)
      this.#lengths.add(bits)
    }
  }

  *finish(key: Key): Steps<Choice> {
    const lengths = [...this.#lengths].toSorted((a, b) => b - a)
    const blockOf = new Map<string, number>()
    const longest = (value: string, below: number): number | undefined => {
      for (const bits of lengths) {
        if (bits >= below) continue
        const block = blockOf.get(headOf(value, bits))
        if (block !== undefined) return block
      }
      return undefined
    }
    const entries: Entry[] = []
    const prefixes = [...this.#prefixes].toSorted(([, a], [, b]) => a.bits - b.bits)
    for (const [head, { value, bits, rests }] of prefixes) {
      if (this.#isStep()) yield
      const block = this.#newBlock(rests, longest(value, bits))
      blockOf.set(head, block)
      entries.push({ value, bits, block })
    }
    for (const [value, rests] of this.#exact) {
      if (this.#isStep()) yield
      const block = this.#newBlock(rests, longest(value, 8 * value.length + 1))
      entries.push({ value, bits: 'all', block })
    }
    return { is: 'choice', key, entries, blocks: this.#blocks }
  }

  #isStep(): boolean {
    return ++this.#count % entriesAtOnce === 0
  }

  #newBlock(rests: Rests, otherwise: number | undefined): number {
    const name = `${otherwise}|${[...rests.keys()].toSorted((a, b) => a - b).join()}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const decision = this.#decider.decide({ is: 'or', members: [...rests.values()] })
    const block = this.#blocks.push({ decision, otherwise }) - 1
    this.#known.set(name, block)
    return block
  }
}

const single = (is: 'and' | 'or', members: readonly Decision[]): Decision => {
  const [only] = members
  if (only === undefined) return { is: 'constant', value: is === 'and' }
  return members.length === 1 ? only : { is, members }
}

/** Negated tests with the same text of these become one choice. */
const exceptionPlace = (member: Plan): string => {
  const search = member.is === 'not' ? searchOf(member.member) : undefined
  return search === undefined || search.key.is === 'number' ? '' : nameOf(search.key)
}

/** Decides the plans of one program. */
export class Decider {
  readonly #optimiser = new Optimiser()
  readonly #known = new Map<number, Decision>()

  /** The same for plans that mean the same. */
  keyOf(plan: Plan): number {
    return this.#optimiser.keys.of(plan)
  }

  optimised(plan: Plan): Steps<Plan> {
    return this.#optimiser.optimiseInSteps(plan)
  }

  decide(plan: Plan): Decision {
    return atOnce(this.decideInSteps(plan))
  }

  *decideInSteps(given: Plan): Steps<Decision> {
    const plan = this.#optimiser.optimise(given)
    const key = this.keyOf(plan)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const decision = yield* this.#anew(plan)
    this.#known.set(key, decision)
    return decision
  }

  *#anew(plan: Plan): Steps<Decision> {
    switch (plan.is) {
      case 'constant':
        return plan
      case 'and':
        return yield* this.#and(plan.members)
      case 'or':
        return yield* this.#or(plan.members)
      case 'not':
        return this.#test(plan.member, true)
      default:
        return this.#test(plan, false)
    }
  }

  #test(test: Test, negated: boolean): Decision {
    if (test.is === 'bits' || test.is === 'cgroup') return { is: 'test', test, negated }
    if (test.is === 'number' && test.operator !== 'in') return { is: 'test', test, negated }
    if (test.is === 'text' && isScan(test)) return { is: 'test', test, negated }
    const choice = atOnce(this.#choiceOfTests([test]))
    return negated ? { is: 'not', member: choice } : choice
  }

  /** Holds where any of the tests does, which look at one place. */
  *#choiceOfTests(tests: readonly Test[]): Steps<Choice> {
    const searches = tests.map(searchOf)
    const cases: Case[] = []
    for (const search of searches) {
      if (search !== undefined) cases.push({ entries: search.entries, rest: everything })
    }
    const key = searches[0]?.key
    if (key === undefined) throw new Error('no choice can stand for this test')
    return yield* this.#choice(key, cases)
  }

  *#choice(key: Key, cases: readonly Case[]): Steps<Choice> {
    const builder = new ChoiceBuilder(this)
    for (const each of cases) builder.add(each)
    return yield* builder.finish(key)
  }

  *#and(members: readonly Plan[]): Steps<Decision> {
    const decisions: Decision[] = []
    const groups = Map.groupBy(members, exceptionPlace)
    const done = new Set<string>()
    for (const member of members) {
      const place = exceptionPlace(member)
      if (place === '') {
        decisions.push(yield* this.decideInSteps(member))
      } else if (!done.has(place)) {
        done.add(place)
        const those = groups.get(place) ?? []
        const tests = those.flatMap((each) => (each.is === 'not' ? [each.member] : []))
        decisions.push({ is: 'not', member: yield* this.#choiceOfTests(tests) })
      }
    }
    return single('and', decisions)
  }

  /**
   * Members that look for something at the place that most members look at become one choice; and
   * so on with the others, while two members share a place.
   */
  *#or(given: readonly Plan[]): Steps<Decision> {
    const members: Plan[] = []
    for (const member of given) {
      members.push(...(given.length > fewMembersMax ? this.#distribute(member) : [member]))
      if (members.length % membersAtOnce === 0) yield
    }
    const decisions: Decision[] = []
    let open = new Set(members)
    const handles = members.flatMap(handlesOf)
    const byKey = [...Map.groupBy(handles, ({ key }) => nameOf(key)).values()]
    for (;;) {
      let best: readonly Handle[] = []
      for (const group of byKey) {
        const left = group.filter(({ member }) => open.has(member))
        if (left.length > best.length) best = left
      }
      const [first] = best
      if (first === undefined || best.length < 2) break
      const cases: Case[] = []
      for (const { entries, rest } of best) {
        cases.push({ entries, rest: this.#optimiser.optimise({ is: 'and', members: rest }) })
        if (cases.length % membersAtOnce === 0) yield
      }
      yield
      decisions.push(yield* this.#choice(first.key, cases))
      yield
      const done = new Set(best.map(({ member }) => member))
      open = new Set([...open].filter((member) => !done.has(member)))
    }
    const others = [...open].toSorted((a, b) => costOf(a) - costOf(b))
    const first: Decision[] = []
    for (const member of others) first.push(yield* this.decideInSteps(member))
    return single('or', [...first, ...decisions])
  }

  /**
   * In place of a member that cannot be looked up, some that can: `a and (b or c)` as `a and b`,
   * and `a and c`, where b and c name something at different places.
   */
  #distribute(member: Plan): readonly Plan[] {
    if (handlesOf(member).length > 0) return [member]
    const parts = membersOf('and', member)
    const part = parts.find(
      (each) => each.is === 'or' && each.members.every((some) => handlesOf(some).length > 0),
    )
    if (part?.is !== 'or') return [member]
    const rest = parts.filter((other) => other !== part)
    const groups = Map.groupBy(part.members, (some) => {
      const search = handleOf(some)
      return search === undefined ? some : nameOf(search.key)
    })
    return [...groups.values()].map((members) =>
      this.#optimiser.optimise({ is: 'and', members: [{ is: 'or', members }, ...rest] }),
    )
  }
}

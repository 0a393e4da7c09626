/**
 * A plan in the form that code is made of: as a plan, and with places whose bytes choose what is
 * asked next. An `or` of many rules that each name a path is one look-up of the path, and then
 * what is left of the rules that it was found for: so the cost of an event does not grow with the
 * number of rules. Means the same as the plan.
 */
import { optimise, membersOf } from './optimise.ts'
import { costOf } from './plan-cost.ts'
import { asTest, keyOf, textPlaceKey } from './plan-key.ts'
import type { Plan, NumberAt, Test, TextAt } from './plan.ts'
import { everything } from './plan.ts'

/** Of so few members, each stays whole. */
const fewMembersMax = 8

/** What is looked at to choose. */
export type Key =
  | { readonly is: 'text'; readonly at: TextAt }
  /** The text from its last byte to its first. */
  | { readonly is: 'ending'; readonly at: TextAt }
  | { readonly is: 'number'; readonly at: NumberAt }
  | { readonly is: 'network'; readonly offset: number; readonly bytes: number }

/** A value that is looked for. */
export interface Entry {
  /** Bytes, one code unit each; of a number, little-endian, as many as it has. */
  readonly value: string
  /** What stands there is the value, or it begins with its first `bits`. */
  readonly bits: 'all' | number
  /** What is asked when this is the entry that was found: an index. */
  readonly block: number
}

export interface Block {
  readonly decision: Decision
  /** The block to go on with when it does not hold: one with a lower index. */
  readonly otherwise: number | undefined
}

/** An exact entry is found before the others, a longer one before a shorter. None: false. */
export interface Choice {
  readonly is: 'choice'
  readonly key: Key
  readonly entries: readonly Entry[]
  readonly blocks: readonly Block[]
}

export type Decision =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly members: readonly Decision[] }
  | { readonly is: 'not'; readonly member: Choice }
  | { readonly is: 'test'; readonly test: PlainTest; readonly negated: boolean }
  | Choice

/** A test that no choice stands for. */
export type PlainTest = Extract<Test, { is: 'bits' | 'number' | 'cgroup' }>

// --- Entries of tests ---------------------------------------------------------------------------

const bytesOfNumber = (value: bigint, bytes: number): string =>
  String.fromCharCode(
    ...Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
  )

type FoundEntry = Omit<Entry, 'block'>

/** What a test looks for where; `undefined` when no choice can stand for it. */
interface Search {
  readonly key: Key
  readonly entries: readonly FoundEntry[]
}

const exact = (value: string): FoundEntry => ({ value, bits: 'all' })
const beginning = (value: string): FoundEntry => ({ value, bits: 8 * value.length })

/** From the last byte to the first. */
export const reversed = (value: string): string => Array.from(value).toReversed().join('')

const searchOfText = (test: Extract<Test, { is: 'text' }>): Search => {
  const { at, operator, values } = test
  const key: Key = { is: 'text', at }
  switch (operator) {
    case 'equals':
      return { key, entries: values.map(exact) }
    case 'starts':
      return { key, entries: values.map(beginning) }
    case 'below':
      return { key, entries: values.flatMap((value) => [exact(value), beginning(`${value}/`)]) }
    case 'ends':
      return {
        key: { is: 'ending', at },
        entries: values.map((value) => beginning(reversed(value))),
      }
  }
}

const searchOf = (test: Test): Search | undefined => {
  switch (test.is) {
    case 'text':
      return searchOfText(test)
    case 'number': {
      if (test.operator !== 'in') return undefined
      const entries = test.values.map((value) => exact(bytesOfNumber(value, test.at.bytes)))
      return { key: { is: 'number', at: test.at }, entries }
    }
    case 'network': {
      const value = String.fromCharCode(...test.base)
      const key: Key = { is: 'network', offset: test.offset, bytes: test.base.length }
      return { key, entries: [{ value, bits: test.prefix }] }
    }
    case 'bits':
    case 'cgroup':
      return undefined
  }
}

const nameOf = (key: Key): string => {
  switch (key.is) {
    case 'text':
      return `text ${textPlaceKey(key.at)}`
    case 'ending':
      return `ending ${textPlaceKey(key.at)}`
    case 'number':
      return `number ${key.at.offset} ${key.at.bytes}`
    case 'network':
      return `network ${key.offset} ${key.bytes}`
  }
}

// --- Choices ------------------------------------------------------------------------------------

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
type Rests = Map<string, Plan>

/** Collects what each entry leads to. */
class ChoiceBuilder {
  readonly #exact = new Map<string, Rests>()
  readonly #prefixes = new Map<string, { value: string; bits: number; rests: Rests }>()
  readonly #lengths = new Set<number>()
  readonly #blocks: Block[] = []
  readonly #known = new Map<string, number>()

  add({ entries, rest }: Case): void {
    for (const { value, bits } of entries) {
      if (bits === 'all') {
        const rests = this.#exact.get(value) ?? new Map<string, Plan>()
        this.#exact.set(value, rests.set(keyOf(rest), rest))
        continue
      }
      const head = headOf(value, bits)
      const found = this.#prefixes.get(head) ?? { value, bits, rests: new Map<string, Plan>() }
      found.rests.set(keyOf(rest), rest)
      this.#prefixes.set(head, found)
      this.#lengths.add(bits)
    }
  }

  finish(key: Key): Choice {
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
      const block = this.#newBlock(rests, longest(value, bits))
      blockOf.set(head, block)
      entries.push({ value, bits, block })
    }
    for (const [value, rests] of this.#exact) {
      const block = this.#newBlock(rests, longest(value, 8 * value.length + 1))
      entries.push({ value, bits: 'all', block })
    }
    return { is: 'choice', key, entries, blocks: this.#blocks }
  }

  #newBlock(rests: Rests, otherwise: number | undefined): number {
    const name = `${otherwise}|${[...rests.keys()].toSorted().join('|')}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const decision = decide(optimise({ is: 'or', members: [...rests.values()] }))
    const block = this.#blocks.push({ decision, otherwise }) - 1
    this.#known.set(name, block)
    return block
  }
}

const choiceOf = (key: Key, cases: readonly Case[]): Choice => {
  const builder = new ChoiceBuilder()
  for (const each of cases) builder.add(each)
  return builder.finish(key)
}

/** Tests of one place, as choices that hold where any test does. */
const choicesOfTests = (tests: readonly Test[]): readonly Choice[] => {
  const found = new Map<string, { key: Key; cases: Case[] }>()
  for (const test of tests) {
    const search = searchOf(test)
    if (search === undefined) throw new Error('no choice can stand for this test')
    const { key, entries } = search
    const group = found.get(nameOf(key)) ?? { key, cases: [] }
    group.cases.push({ entries, rest: everything })
    found.set(nameOf(key), group)
  }
  return [...found.values()].map(({ key, cases }) => choiceOf(key, cases))
}

// --- Plans --------------------------------------------------------------------------------------

const single = (is: 'and' | 'or', members: readonly Decision[]): Decision => {
  const [only] = members
  if (only === undefined) return { is: 'constant', value: is === 'and' }
  return members.length === 1 ? only : { is, members }
}

const decideTest = (test: Test, negated: boolean): Decision => {
  if (test.is === 'bits' || test.is === 'cgroup') return { is: 'test', test, negated }
  if (test.is === 'number' && test.operator !== 'in') return { is: 'test', test, negated }
  const choices = choicesOfTests([test])
  if (!negated) return single('or', choices)
  return single(
    'and',
    choices.map((member) => ({ is: 'not', member })),
  )
}

/** Negated tests of one text become one choice that must find nothing. */
const decideAnd = (members: readonly Plan[]): Decision => {
  const decisions: Decision[] = []
  const done = new Set<Plan>()
  const groupOf = (member: Plan): string => {
    const search = member.is === 'not' ? searchOf(member.member) : undefined
    return search === undefined || search.key.is === 'number' ? '' : nameOf(search.key)
  }
  const groups = Map.groupBy(members, groupOf)
  for (const member of members) {
    const group = groupOf(member)
    if (done.has(member)) continue
    if (group === '') {
      decisions.push(decide(member))
      continue
    }
    const those = groups.get(group) ?? []
    for (const each of those) done.add(each)
    const tests = those.flatMap((each) => (each.is === 'not' ? [each.member] : []))
    for (const choice of choicesOfTests(tests)) decisions.push({ is: 'not', member: choice })
  }
  return single('and', decisions)
}

/** What a plan looks for, where it can only hold when one of the entries is found. */
const handleOf = (part: Plan): Search | undefined => {
  const found = asTest(part)
  if (found !== undefined) return found.negated ? undefined : searchOf(found.test)
  if (part.is !== 'or') return undefined
  const searches = part.members.map(handleOf)
  const [first] = searches
  if (first === undefined) return undefined
  const entries: FoundEntry[] = []
  for (const search of searches) {
    if (search === undefined || nameOf(search.key) !== nameOf(first.key)) return undefined
    entries.push(...search.entries)
  }
  return { key: first.key, entries }
}

/** One way to look a member of an `or` up, and the rest of the member. */
interface Handle extends Search {
  readonly member: Plan
  readonly rest: readonly Plan[]
}

const handlesOf = (member: Plan): readonly Handle[] => {
  const parts = membersOf('and', member)
  return parts.flatMap((part) => {
    const search = handleOf(part)
    if (search === undefined) return []
    return [{ ...search, member, rest: parts.filter((other) => other !== part) }]
  })
}

/**
 * In place of a member that cannot be looked up, some that can: `a and (b or c)` as `a and b`, and
 * `a and c`, where b and c name something at different places.
 */
const distribute = (member: Plan): readonly Plan[] => {
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
    optimise({ is: 'and', members: [{ is: 'or', members }, ...rest] }),
  )
}

/**
 * Members that look for something at the place that most members look at become one choice; and so
 * on with the others, while two members share a place.
 */
const decideOr = (given: readonly Plan[]): Decision => {
  const members = given.length > fewMembersMax ? given.flatMap(distribute) : given
  const decisions: Decision[] = []
  let open = new Set(members)
  const handles = members.flatMap(handlesOf)
  const byKey = [...Map.groupBy(handles, ({ key }) => nameOf(key)).values()]
  for (;;) {
    let best: readonly Handle[] = []
    for (const group of byKey) {
      const left = [...new Map(group.map((handle) => [handle.member, handle])).values()].filter(
        ({ member }) => open.has(member),
      )
      if (left.length > best.length) best = left
    }
    const [first] = best
    if (first === undefined || best.length < 2) break
    const cases = best.map(({ entries, rest }) => ({
      entries,
      rest: optimise({ is: 'and', members: rest }),
    }))
    decisions.push(choiceOf(first.key, cases))
    const done = new Set(best.map(({ member }) => member))
    open = new Set([...open].filter((member) => !done.has(member)))
  }
  const others = [...open].map((member) => ({ decision: decide(member), cost: costOf(member) }))
  others.sort((a, b) => a.cost - b.cost)
  return single('or', [...others.map(({ decision }) => decision), ...decisions])
}

/** @param plan  as `optimise` gives it */
export const decide = (plan: Plan): Decision => {
  switch (plan.is) {
    case 'constant':
      return plan
    case 'and':
      return decideAnd(plan.members)
    case 'or':
      return decideOr(plan.members)
    case 'not':
      return decideTest(plan.member, true)
    default:
      return decideTest(plan, false)
  }
}

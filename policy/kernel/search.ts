/** What tests look for in a record, and where: how a choice can stand for them. */
import type { Entry, Key } from './decision.ts'
import { membersOf } from './optimise.ts'
import { asTest, textPlaceKey } from './plan-key.ts'
import type { Plan, Test } from './plan.ts'

const bytesOfNumber = (value: bigint, bytes: number): string =>
  String.fromCharCode(
    ...Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
  )

/** An entry, before it is known what it leads to. */
export type FoundEntry = Omit<Entry, 'block'>

/** What a test looks for, and where. */
export interface Search {
  readonly key: Key
  readonly entries: readonly FoundEntry[]
}

const exact = (value: string): FoundEntry => ({ value, bits: 'all' })
const beginning = (value: string): FoundEntry => ({ value, bits: 8 * value.length })

/** From the last byte to the first. */
export const reversed = (value: string): string => Array.from(value).toReversed().join('')

const searchOfText = (test: Extract<Test, { is: 'text' }>): Search | undefined => {
  const { at, operator, values } = test
  const key: Key = { is: 'text', at }
  switch (operator) {
    case 'equals':
      return { key, entries: values.map(exact) }
    case 'starts':
      return { key, entries: values.map(beginning) }
    case 'below':
      return { key, entries: values.flatMap((value) => [exact(value), beginning(`${value}/`)]) }
    case 'contains':
    case 'resembles':
      return undefined
    case 'ends':
      return {
        key: { is: 'ending', at },
        entries: values.map((value) => beginning(reversed(value))),
      }
  }
}

/** `undefined` when no choice can stand for the test. */
export const searchOf = (test: Test): Search | undefined => {
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
    case 'scope': {
      const entries = test.numbers.map((number) => exact(bytesOfNumber(BigInt(number), 4)))
      return { key: { is: 'scope' }, entries }
    }
    case 'bits':
    case 'cgroup':
      return undefined
  }
}

/** The same for the same key. */
export const nameOf = (key: Key): string => {
  switch (key.is) {
    case 'text':
      return `text ${textPlaceKey(key.at)}`
    case 'ending':
      return `ending ${textPlaceKey(key.at)}`
    case 'number':
      return `number ${key.at.offset} ${key.at.bytes}`
    case 'network':
      return `network ${key.offset} ${key.bytes}`
    case 'scope':
      return 'scope'
  }
}

/** What a plan looks for, where it can only hold when one of the entries is found. */
export const handleOf = (part: Plan): Search | undefined => {
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
export interface Handle extends Search {
  readonly member: Plan
  readonly rest: readonly Plan[]
}

/** All ways to look a member of an `or` up, one a key. */
export const handlesOf = (member: Plan): readonly Handle[] => {
  const parts = membersOf('and', member)
  const handles = new Map<string, Handle>()
  for (const part of parts) {
    const search = handleOf(part)
    if (search === undefined) continue
    const rest = parts.filter((other) => other !== part)
    handles.set(nameOf(search.key), { ...search, member, rest })
  }
  return [...handles.values()]
}

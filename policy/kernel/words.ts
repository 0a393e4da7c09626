/** Plans and decisions in words, for listings. */
import type { Choice, Decision, Key, PlainTest } from './decision.ts'
import { asTest } from './plan-key.ts'
import { scopeText } from './print.ts'
import type { NumberAt, Plan, TextAt } from './plan.ts'
import type { FoundEntry } from './search.ts'
import { reversed, searchOf } from './search.ts'

const shownEntriesMax = 6

const numberWords = ({ offset, bytes, signed }: NumberAt): string =>
  `${signed ? 'i' : 'u'}${8 * bytes} at ${offset}`

const textWords = ({ is, offset }: TextAt): string =>
  is === 'slot' ? `text at ${offset}` : `characters at ${offset}`

const keyWords = (key: Key): string => {
  switch (key.is) {
    case 'text':
      return textWords(key.at)
    case 'ending':
      return `end of the ${textWords(key.at)}`
    case 'number':
      return numberWords(key.at)
    case 'network':
      return `address at ${key.offset}`
    case 'scope':
      return 'scope class'
  }
}

const valueWords = (key: Key, { value, bits }: FoundEntry): string => {
  const bytes = Array.from(value, (byte) => byte.charCodeAt(0))
  switch (key.is) {
    case 'text':
      return `${JSON.stringify(value)}${bits === 'all' ? '' : '*'}`
    case 'ending':
      return `*${JSON.stringify(reversed(value))}`
    case 'network':
      return `${bytes.join('.')}/${bits}`
    case 'scope':
      return scopeText(bytes.reduceRight((sum, byte) => sum * 256 + byte, 0))
    case 'number': {
      const number = bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
      return `${key.at.signed ? BigInt.asIntN(8 * key.at.bytes, number) : number}`
    }
  }
}

const searchWords = (key: Key, entries: readonly FoundEntry[]): string => {
  const shown = entries.slice(0, shownEntriesMax).map((entry) => valueWords(key, entry))
  const more = entries.length - shown.length
  const words = `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
  return `${keyWords(key)}: ${entries.length > 1 ? 'one of ' : ''}${words}`
}

const testWords = (test: PlainTest): string => {
  switch (test.is) {
    case 'cgroup':
      return `cgroup of ${test.states.join(' or ')}`
    case 'bits':
      return `${numberWords(test.at)}: some bit of ${test.mask}`
    case 'number':
      return `${numberWords(test.at)} ${test.operator} ${test.values.join()}`
    case 'text':
      return `${textWords(test.at)} ${test.operator} ${JSON.stringify(test.values)}`
  }
}

/** One line: what a plan asks. */
export const describePlan = (plan: Plan): string => {
  if (plan.is === 'constant') return `${plan.value}`
  if (plan.is === 'and' || plan.is === 'or') {
    return `(${plan.members.map(describePlan).join(` ${plan.is} `)})`
  }
  const found = asTest(plan)
  if (found === undefined) throw new Error(`a plan of a new kind: ${plan.is}`)
  const { test, negated } = found
  const search = searchOf(test)
  const not = negated ? 'not: ' : ''
  if (search !== undefined) return `${not}${searchWords(search.key, search.entries)}`
  if (test.is === 'network' || test.is === 'scope') throw new Error(`${test.is}: always searched`)
  return `${not}${testWords(test)}`
}

/** One line: what a test or a choice asks, as a comment of its code. */
export const describeDecision = (
  decision: Extract<Decision, { is: 'test' | 'not' | 'choice' }>,
): string => {
  switch (decision.is) {
    case 'not':
      return `not: ${choiceWords(decision.member)}`
    case 'choice':
      return choiceWords(decision)
    case 'test':
      return `${decision.negated ? 'not: ' : ''}${testWords(decision.test)}`
  }
}

const choiceWords = ({ key, entries }: Choice): string => searchWords(key, entries)

/** Decisions in words, for listings. */
import { reversed, type Choice, type Decision, type Key } from './decision.ts'
import type { NumberAt, TextAt } from './plan.ts'

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
  }
}

const valueWords = (key: Key, value: string): string => {
  if (key.is === 'text' || key.is === 'ending') return JSON.stringify(value)
  const bytes = Array.from(value, (byte) => byte.charCodeAt(0))
  if (key.is === 'network') return bytes.join('.')
  return `${bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)}`
}

const entriesWords = ({ key, entries }: Choice): string => {
  const shown = entries.slice(0, shownEntriesMax).map(({ value, bits }) => {
    const words = valueWords(key, value)
    if (bits === 'all') return words
    if (key.is === 'ending') return valueWords(key, `*${reversed(value)}`)
    return key.is === 'network' ? `${words}/${bits}` : `${words}*`
  })
  const more = entries.length - shown.length
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

/** One line: what a test or a choice asks. */
export const describeDecision = (decision: Decision): string => {
  switch (decision.is) {
    case 'constant':
      return `${decision.value}`
    case 'and':
    case 'or':
      return `${decision.is} of ${decision.members.length}`
    case 'not':
      return `not: ${describeDecision(decision.member)}`
    case 'choice':
      return `${keyWords(decision.key)}: one of ${entriesWords(decision)}`
    case 'test': {
      const { test, negated } = decision
      const not = negated ? 'not: ' : ''
      if (test.is === 'cgroup') return `${not}cgroup of ${test.states.join(' or ')}`
      if (test.is === 'bits') return `${not}${numberWords(test.at)}: some bit of ${test.mask}`
      return `${not}${numberWords(test.at)} ${test.operator} ${test.values.join()}`
    }
  }
}

/** Numbers that rules compare in words: flags, modes, commands, capabilities. */
import type { NamedBits, NamedValue, Names } from '@bulwark/schema'
import { callNames } from '@bulwark/schema'
import { allOf, anyOf, bitsAre, inverse, numberIn, someBit } from './make-plan.ts'
import type { NumberAt, Plan } from './plan.ts'
import type { Possible, WordAt } from './reading.ts'
import { always, unknown } from './reading.ts'
import type { ReadField } from './record-kind.ts'
import { where } from './record-kind.ts'

/** Words of more bits that others share than these would make plans of plans of plans. */
const sharedMax = 2

const bitsOf = (value: number): readonly number[] =>
  Array.from({ length: 32 }, (_, bit) => (value & (1 << bit)) >>> 0).filter((bit) => bit !== 0)

/** When the words of flags are there: each takes its bits before those behind it. */
const flagWords = (
  at: NumberAt,
  mask: number,
  entries: readonly NamedValue[],
): readonly WordAt[] | undefined => {
  const words: WordAt[] = []
  for (const [i, { name, value }] of entries.entries()) {
    if (value === 0) {
      words.push({ word: name, when: inverse(someBit(at, mask)) })
      continue
    }
    const before = entries.slice(0, i).flatMap((other, j) => {
      const isShared = (other.value & value) !== 0
      return isShared && words[j] ? [inverse(words[j].when)] : []
    })
    if (before.length > sharedMax) return undefined
    const isPossible = (value & ~mask) >>> 0 === 0
    const bits = bitsOf(value).map((bit) => someBit(at, bit))
    words.push({ word: name, when: isPossible ? allOf([...before, ...bits]) : anyOf([]) })
  }
  return words
}

/** When the one word for the value of some bits is there. */
const valueWords = (
  at: NumberAt,
  mask: number,
  words: ReadonlyMap<number, string>,
): readonly WordAt[] => {
  const byWord = new Map<string, Plan[]>()
  for (const [value, word] of words) {
    if ((value & ~mask) >>> 0 !== 0) continue
    byWord.set(word, [...(byWord.get(word) ?? []), bitsAre(at, mask, value)])
  }
  return Array.from(byWord, ([word, plans]) => ({ word, when: anyOf(plans) }))
}

const allBits = 0xffff_ffff

/**
 * The words of a number's parts, in order.
 *
 * @param within  the bits that are looked at
 * @returns `undefined` where no plan says which of them are there
 */
export const wordsAt = (
  at: NumberAt,
  parts: readonly NamedBits[],
  within = allBits,
): readonly WordAt[] | undefined => {
  const all: WordAt[] = []
  for (const part of parts) {
    const mask = (part.mask & within) >>> 0
    const words =
      part.is === 'bits' ? flagWords(at, mask, part.entries) : valueWords(at, mask, part.words)
    if (!words) return undefined
    all.push(...words)
  }
  return all
}

const why = 'words for a number'

/** What a number is called; its digits where it has no name. */
export const named = (at: NumberAt, { parts }: Names, within = allBits): Possible => {
  const [only] = parts ?? []
  if (only?.is === 'value' && only.mask === allBits && within === allBits) {
    return { is: 'word', at, words: only.words, else: 'digits' }
  }
  const words = parts && wordsAt(at, parts, within)
  return words ? { is: 'words', words, separator: '|', none: 'digits' } : unknown(why)
}

const capabilitiesAt = (at: NumberAt): Possible => ({
  is: 'words',
  words: callNames.capabilities.map((word, bit) => ({
    word,
    when: someBit(at, 1n << BigInt(bit)),
  })),
  separator: ' ',
  none: 'empty',
})

/** Another user namespace gives every right in it; what counts is what one had before. */
const givesRights: ReadonlySet<string> = new Set(['unshare', 'setns'])

/** `thread.cap_*`. */
export const capabilityReading =
  (name: string): ReadField =>
  ({ places, type }) => {
    const own = always(capabilitiesAt(places.number(name)))
    if (!givesRights.has(type)) return own
    const isDone = numberIn(places.number('result'), [0n])
    return [
      ...where(inverse(isDone), own),
      { when: isDone, value: unknown('rights that a process had before') },
    ]
  }

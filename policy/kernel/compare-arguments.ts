/**
 * Comparisons with the arguments of a program, of which a record has one text with a NUL behind
 * each, and rules see the first alone, or the others with blanks between. Such a text is bounded by
 * the words in it, since a blank may also be part of an argument. No argument has a NUL.
 */
import type { Bounds } from './bounds.ts'
import { exactly } from './bounds.ts'
import { allOf, anyOf, textIs } from './make-plan.ts'
import type { Plan, TextAt } from './plan.ts'
import type { Known } from './reading.ts'

type Joined = Known & { readonly is: 'joined' }

/** Words of one constant that are looked for, the longest ones. */
const wordsMax = 3

const withoutNul = (texts: readonly string[]): readonly string[] =>
  texts.filter((text) => !text.includes('\0'))

/** Nothing but what is compared stands in front of the first NUL. */
export const firstEquals = (at: TextAt, texts: readonly string[]): Bounds => {
  const possible = withoutNul(texts).filter((text) => text !== '')
  const ended = possible.map((text) => `${text}\0`)
  return exactly(anyOf([textIs(at, 'equals', possible), textIs(at, 'starts', ended)]))
}

export const firstStarts = (at: TextAt, texts: readonly string[]): Bounds =>
  exactly(textIs(at, 'starts', withoutNul(texts)))

/** Also where another argument ends so. */
export const firstEnds = (at: TextAt, texts: readonly string[]): Plan => {
  const possible = withoutNul(texts)
  const ended = possible.map((text) => `${text}\0`)
  return anyOf([textIs(at, 'ends', possible), textIs(at, 'contains', ended)])
}

/** Also where another argument does. */
export const firstContains = (at: TextAt, texts: readonly string[]): Plan =>
  textIs(at, 'contains', withoutNul(texts))

/** Where a blank of a constant may be: between arguments, or in one. */
const blanks = ['\0', ' '] as const
const nowhere = [''] as const

/** A word of a constant, and whether a blank stands before and behind it. */
interface Word {
  readonly text: string
  readonly isFirst: boolean
  readonly isLast: boolean
}

const wordsOf = (text: string): readonly Word[] =>
  text.split(' ').map((word, i, all) => {
    return { text: word, isFirst: i === 0, isLast: i === all.length - 1 }
  })

const containsWord = ({ at, name }: Joined, { text, isFirst, isLast }: Word): Plan => {
  const before = isFirst ? nowhere : blanks
  const after = isLast ? nowhere : blanks
  const forms = before.flatMap((begin) => after.map((end) => `${begin}${text}${end}`))
  const isInName = name ? [textIs(name, 'contains', [text])] : []
  return anyOf([textIs(at, 'contains', forms), ...isInName])
}

const containsWords = (value: Joined, words: readonly Word[]): Plan =>
  allOf(
    words
      .filter(({ text }) => text !== '')
      .toSorted((a, b) => b.text.length - a.text.length)
      .slice(0, wordsMax)
      .map((word) => containsWord(value, word)),
  )

/** The first argument that is shown, or the name, begins with a word. */
const startsWithWord = ({ at, name }: Joined, { text, isLast }: Word): Plan => {
  if (name) return textIs(name, 'starts', [text])
  const after = text === '' || isLast ? nowhere : blanks
  return textIs(
    at,
    'contains',
    after.map((end) => `\0${text}${end}`),
  )
}

const endsWithWord = ({ at, name }: Joined, { text, isFirst }: Word): Plan => {
  const before = text === '' || isFirst ? nowhere : blanks
  const ends = before.flatMap((begin) => [`${begin}${text}`, `${begin}${text}\0`])
  return anyOf([textIs(at, 'ends', ends), ...(name ? [textIs(name, 'ends', [text])] : [])])
}

/** Any of some texts, each by its words. */
const anyText = (
  texts: readonly string[],
  planOf: (words: readonly Word[], first: Word, last: Word) => Plan,
): Plan =>
  anyOf(
    withoutNul(texts).map((text) => {
      const words = wordsOf(text)
      const none = { text: '', isFirst: true, isLast: true }
      return planOf(words, words[0] ?? none, words.at(-1) ?? none)
    }),
  )

export const joinedContains = (value: Joined, texts: readonly string[]): Plan =>
  anyText(texts, (words) => containsWords(value, words))

export const joinedStarts = (value: Joined, texts: readonly string[]): Plan =>
  anyText(texts, (words, first) =>
    allOf([startsWithWord(value, first), containsWords(value, words.slice(1))]),
  )

export const joinedEnds = (value: Joined, texts: readonly string[]): Plan =>
  anyText(texts, (words, _, last) =>
    allOf([endsWithWord(value, last), containsWords(value, words.slice(0, -1))]),
  )

export const joinedEquals = (value: Joined, texts: readonly string[]): Plan =>
  anyText(texts, (words, first, last) => {
    // Without any argument there is no NUL in front of one.
    if (words.length === 1 && first.text === '') return allOf([])
    const inner = containsWords(value, words.slice(1, -1))
    return allOf([startsWithWord(value, first), inner, endsWithWord(value, last)])
  })

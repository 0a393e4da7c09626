/**
 * Comparisons of texts that lie in a record, whole or in part, or that are made of such texts: a
 * directory, the name of a file, a path put together from two. Where the tests of a plan cannot
 * tell them exactly, they are bounded by what the texts must begin with, end with or contain.
 */
import { lowerCase } from '../letters.ts'
import { alikeBytesMin } from './alike.ts'
import type { Bounds } from './bounds.ts'
import { always, between, exactly } from './bounds.ts'
import {
  firstContains,
  firstEnds,
  firstEquals,
  firstStarts,
  joinedContains,
  joinedEnds,
  joinedEquals,
  joinedStarts,
} from './compare-arguments.ts'
import { anyOf, textIs } from './make-plan.ts'
import { pathPrefixes } from './patterns.ts'
import type { Plan, TextAt } from './plan.ts'
import { everything, nothing } from './plan.ts'
import type { Known } from './reading.ts'

/** Makes the bounds of what is undecided, given the reason. */
export type Open = (why: string) => Bounds

const givenWhy = 'several slashes in a path as given'
const isSingle = (text: string): boolean => !text.includes('//')

/** A text up to each of its slashes, and one slash more: there another one may begin otherwise. */
const doubled = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) =>
    Array.from(text.matchAll(/\//g), ({ index }) => `${text.slice(0, index + 1)}/`),
  )

/** As `doubled`, from the end. */
const doubledEnds = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => Array.from(text.matchAll(/\//g), ({ index }) => `/${text.slice(index)}`))

const joinedWhy = 'arguments as they are shown: only the words in them are looked for'
const resolvedWhy = 'a path put together from a directory and the path as given'

/** A path ends in something that is no name: what it leads to is another one. */
const oddEnd = (at: TextAt): Plan =>
  anyOf([textIs(at, 'ends', ['/', '/.', '/..']), textIs(at, 'equals', ['', '.', '..'])])

const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** What is no text: numbers, and words for them. */
type NoText = 'constant' | 'number' | 'digits' | 'word' | 'words' | 'address'

/** A text is one of some. */
export const textEqualsAny = (
  value: Exclude<Known, { readonly is: NoText }>,
  texts: readonly string[],
  open: Open,
): Bounds => {
  switch (value.is) {
    case 'text':
      return exactly(textIs(value.at, 'equals', texts))
    case 'start': {
      const whole = texts.filter((text) => text.length < value.bytes)
      const cut = texts.filter((text) => text.length === value.bytes)
      const plans = [textIs(value.at, 'equals', whole), textIs(value.at, 'starts', cut)]
      return exactly(anyOf(plans))
    }
    case 'directory': {
      if (texts.includes('/')) return open('the directory of a path')
      const over = textIs(
        value.at,
        'starts',
        texts.filter(Boolean).map((text) => `${text}/`),
      )
      return between(over, nothing, open('the directory of a path, exactly'))
    }
    case 'name': {
      const names = texts.filter((text) => !text.includes('/'))
      const ends = textIs(
        value.at,
        'ends',
        names.map((text) => `/${text}`),
      )
      return exactly(anyOf([textIs(value.at, 'equals', names), ends]))
    }
    case 'first':
      return firstEquals(value.at, texts)
    case 'joined':
      return between(joinedEquals(value, texts), nothing, open(joinedWhy))
    case 'given': {
      const given = texts.filter(isSingle)
      const plain = textIs(value.at, 'equals', given)
      const over = anyOf([plain, textIs(value.at, 'starts', doubled(given))])
      return between(over, plain, open(givenWhy))
    }
    case 'resolved': {
      const paths = texts.filter((text) => text.startsWith('/'))
      if (paths.length === 0) return always(false)
      const names = paths.map(lastName)
      if (names.includes('')) return open(resolvedWhy)
      const over = anyOf([
        textIs(value.raw, 'equals', names),
        textIs(
          value.raw,
          'ends',
          names.map((name) => `/${name}`),
        ),
        oddEnd(value.raw),
      ])
      return between(over, nothing, open(resolvedWhy))
    }
    case 'listed':
      return open('all of a long text')
  }
}

/** A value begins with any of some texts. */
export const startsWithAny = (value: Known, texts: readonly string[], open: Open): Bounds => {
  if (texts.includes('')) return always(true)
  switch (value.is) {
    case 'text':
      return exactly(textIs(value.at, 'starts', texts))
    case 'start':
      return exactly(
        textIs(
          value.at,
          'starts',
          texts.filter((text) => text.length <= value.bytes),
        ),
      )
    case 'directory': {
      if (texts.includes('/')) return open('the directory of a path')
      const over = textIs(value.at, 'starts', texts)
      const under = textIs(
        value.at,
        'starts',
        texts.map((text) => `${text}/`),
      )
      return between(over, under, open('the directory of a path, exactly'))
    }
    case 'given': {
      const given = texts.filter(isSingle)
      const over = textIs(value.at, 'starts', [...given, ...doubled(given)])
      return between(over, textIs(value.at, 'starts', given), open(givenWhy))
    }
    case 'name': {
      const names = texts.filter((text) => !text.includes('/'))
      const inside = textIs(
        value.at,
        'contains',
        names.map((name) => `/${name}`),
      )
      const over = anyOf([textIs(value.at, 'starts', names), inside])
      return between(over, nothing, open('how the name of a file begins'))
    }
    case 'first':
      return firstStarts(value.at, texts)
    case 'joined':
      return between(joinedStarts(value, texts), nothing, open(joinedWhy))
    case 'resolved':
      return texts.includes('/') ? always(true) : open(resolvedWhy)
    default:
      return open('the begin of such a text')
  }
}

/** A value ends with any of some texts. */
export const endsWithAny = (value: Known, texts: readonly string[], open: Open): Bounds => {
  if (texts.includes('')) return always(true)
  switch (value.is) {
    case 'text':
      return exactly(textIs(value.at, 'ends', texts))
    case 'name':
      return exactly(
        textIs(
          value.at,
          'ends',
          texts.filter((text) => !text.includes('/')),
        ),
      )
    case 'given': {
      const given = texts.filter(isSingle)
      const over = textIs(value.at, 'ends', [...given, ...doubledEnds(given)])
      return between(over, textIs(value.at, 'ends', given), open(givenWhy))
    }
    case 'resolved': {
      if (texts.includes('/')) return open(resolvedWhy)
      const parts = texts.filter((text) => !text.endsWith('/'))
      const names = parts.filter((text) => text.includes('/')).map(lastName)
      const ends = parts.filter((text) => !text.includes('/'))
      const over = anyOf([
        textIs(value.raw, 'equals', names),
        textIs(value.raw, 'ends', [...names.map((name) => `/${name}`), ...ends]),
        oddEnd(value.raw),
      ])
      return between(over, nothing, open(resolvedWhy))
    }
    case 'directory': {
      if (texts.includes('/')) return open('the directory of a path')
      const over = textIs(
        value.at,
        'contains',
        texts.map((text) => `${text}/`),
      )
      return between(over, nothing, open('how the directory of a path ends'))
    }
    case 'first':
      return between(firstEnds(value.at, texts), nothing, open('how an argument ends'))
    case 'joined':
      return between(joinedEnds(value, texts), nothing, open(joinedWhy))
    default:
      return open('the end of such a text')
  }
}

/** A path is one of some, or below one; patterns are those of `pmatch`. */
export const belowAny = (value: Known, patterns: readonly string[], open: Open): Bounds => {
  const prefixes = patterns.map(pathPrefixes)
  if (prefixes.some(({ all }) => all)) return always(true)
  if (value.is !== 'text' && value.is !== 'directory') return open('the directories of such a path')
  const { at } = value
  const all = prefixes.flatMap(({ whole }) => whole)
  const whole = prefixes.flatMap(({ isGlob, whole: texts }) => (isGlob ? [] : texts))
  const isPath = value.is === 'directory' || value.isPath
  const over = isPath
    ? textIs(at, 'below', all)
    : anyOf([
        textIs(
          at,
          'below',
          prefixes.flatMap(({ first }) => first),
        ),
        textIs(at, 'starts', ['//']),
      ])
  const isOpen = prefixes.some(({ isAnywhere }) => isAnywhere)
  const under =
    value.is === 'text'
      ? textIs(at, 'below', whole)
      : textIs(
          at,
          'starts',
          whole.map((text) => `${text}/`),
        )
  return between(isOpen ? everything : over, under, open('a path below a pattern'))
}

/** A component of the path that a part of its text lies in, or is: the longest one. */
const longestComponent = (part: string): string =>
  part.split('/').reduce((longest, each) => (each.length > longest.length ? each : longest), '')

/** A path that is put together has some of these in it: so has the path as given, or its base. */
const resolvedContains = (
  { raw, base }: Known & { readonly is: 'resolved' },
  parts: readonly string[],
): Plan => {
  const components = parts.map(longestComponent)
  if (base === undefined || components.includes('')) return everything
  return anyOf([textIs(raw, 'contains', components), textIs(base, 'contains', components)])
}

/** A value contains any of some parts, which are not empty. */
export const containsAny = (value: Known, parts: readonly string[], open: Open): Bounds => {
  const why = 'a text within a text'
  switch (value.is) {
    case 'text':
      return exactly(textIs(value.at, 'contains', parts))
    case 'start':
      return between(textIs(value.at, 'contains', parts), nothing, open(why))
    case 'name': {
      const names = parts.filter((part) => !part.includes('/'))
      return between(textIs(value.at, 'contains', names), nothing, open(why))
    }
    case 'directory': {
      if (parts.includes('/')) return open(why)
      return between(textIs(value.at, 'contains', parts), nothing, open(why))
    }
    case 'given': {
      const given = parts.filter(isSingle)
      const plain = textIs(value.at, 'contains', given)
      const hasSlash = given.some((part) => part.slice(1, -1).includes('/'))
      const over = hasSlash ? anyOf([plain, textIs(value.at, 'contains', ['//'])]) : plain
      return between(over, plain, open(givenWhy))
    }
    case 'first':
      return between(firstContains(value.at, parts), nothing, open(why))
    case 'joined':
      return between(joinedContains(value, parts), nothing, open(joinedWhy))
    case 'resolved':
      return between(resolvedContains(value, parts), nothing, open(resolvedWhy))
    case 'listed': {
      const isLong = parts.every(({ length }) => length >= alikeBytesMin)
      if (!isLong) return open('a short text within a long one')
      return between(textIs(value.at, 'resembles', parts), nothing, open(why))
    }
    default:
      return open(why)
  }
}

/** A value contains any of some parts; `fold` makes letters alike. */
export const contains = (
  value: Known,
  patterns: readonly string[],
  fold: (text: string) => string,
  open: Open,
): Bounds => {
  if (patterns.includes('')) return always(true)
  if (value.is !== 'words') {
    // What a list resembles is the same in any case.
    return fold === lowerCase && value.is !== 'listed'
      ? open('a text in any case')
      : containsAny(value, patterns, open)
  }
  const isOdd = (pattern: string): boolean =>
    pattern.includes(value.separator) || (value.none === 'digits' && /^-?\d+$/.test(pattern))
  if (patterns.some(isOdd)) return open('several words of a text')
  const hits = value.words.filter(({ word }) =>
    patterns.some((pattern) => fold(word).includes(fold(pattern))),
  )
  return exactly(anyOf(hits.map(({ when }) => when)))
}

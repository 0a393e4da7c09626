/**
 * A comparison of what the kernel can read with constants, as bounds: what is not decided exactly
 * by the tests that a plan has is bounded by those that it has.
 */
import { compareOne } from '../evaluate.ts'
import type { Constant, Network, Operator, Quantifier } from '../ir.ts'
import { isNetwork, textOf } from '../ir.ts'
import { lowerCase } from '../letters.ts'
import type { Bounds } from './bounds.ts'
import { allBounds, anyBounds, exactly, inverseBounds } from './bounds.ts'
import {
  allOf,
  anyOf,
  bitsAre,
  inNetworkAt,
  inverse,
  numberBelow,
  numberIn,
  textIs,
} from './make-plan.ts'
import { globLiterals, pathPrefixes, regexPrefix } from './patterns.ts'
import { keyOf } from './plan-key.ts'
import type { Plan } from './plan.ts'
import { everything, nothing } from './plan.ts'
import type { Known, Possible, Reading } from './reading.ts'

/** The right side of a comparison. */
export interface Comparison {
  readonly operator: Operator
  readonly constants: readonly Constant[]
  readonly quantifier: Quantifier
  /** Of several values, all must compare. */
  readonly needsEvery: boolean
  /** What is undecided; `condition` of its residual. */
  readonly open: (why: string) => Bounds
}

/** No plan holds above what is known, and none below. */
const between = (over: Plan, under: Plan, open: Bounds): Bounds =>
  keyOf(over) === keyOf(under)
    ? exactly(over)
    : {
        over,
        under,
        residual: open.residual.map(({ condition, why }) => ({ condition, why, gap: over })),
      }

const is = (value: boolean): Bounds => exactly(value ? everything : nothing)

// --- Equality -----------------------------------------------------------------------------------

/** The number that prints as a text. */
const numberOf = (text: string, radix: 8 | 10 | 16): bigint | undefined => {
  const digits = radix === 8 ? text.replace(/^0(?=[1-7])/, '') : text
  const isSo = radix === 8 ? /^(?:0|[1-7][0-7]*)$/ : radix === 16 ? /^[0-9A-F]+$/ : /^-?\d+$/
  if (!isSo.test(digits)) return undefined
  const prefix = { 8: '0o', 10: '', 16: '0x' }[radix]
  const sign = digits.startsWith('-') ? -1n : 1n
  const number = sign * BigInt(prefix + digits.replace('-', ''))
  const printed = number.toString(radix).toUpperCase()
  return (radix === 8 ? printed.replace(/^(?=[1-7])/, '0') : printed) === text ? number : undefined
}

const asNumbers = (constants: readonly Constant[]): readonly bigint[] =>
  constants.flatMap((each) =>
    typeof each === 'bigint' || Number.isInteger(each) ? [BigInt(each as number | bigint)] : [],
  )

const wordIn = (
  { at, words }: Known & { readonly is: 'word' },
  matches: (word: string) => boolean,
  restIs: Bounds,
): Bounds => {
  const named = numberIn(at, Array.from(words.keys(), BigInt))
  const hits = [...words].flatMap(([number, word]) => (matches(word) ? [BigInt(number)] : []))
  return anyBounds([exactly(numberIn(at, hits)), allBounds([exactly(inverse(named)), restIs])])
}

const wordsEqual = ({ words, separator, none }: Known & { readonly is: 'words' }, text: string) => {
  if (text === '') return none === 'empty' ? allOf(words.map(({ when }) => inverse(when))) : nothing
  const wanted = text.split(separator)
  let next = 0
  const members = words.map(({ word, when }) => {
    if (word !== wanted[next]) return inverse(when)
    next++
    return when
  })
  return next === wanted.length ? allOf(members) : nothing
}

/** A path ends in something that is no name: what it leads to is another one. */
const oddEnd = (at: Parameters<typeof textIs>[0]): Plan =>
  anyOf([textIs(at, 'ends', ['/', '/.', '/..']), textIs(at, 'equals', ['', '.', '..'])])

const lastName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

/** An address as it lies in a record: in network order. */
export const addressBytes = (value: number | bigint, version: 4 | 6): Uint8Array => {
  const bytes = new Uint8Array(version === 4 ? 4 : 16)
  for (let i = 0; i < bytes.length; i++) {
    bytes[bytes.length - 1 - i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn)
  }
  return bytes
}

const addressIs = (offset: number, version: 4 | 6, constant: Constant): Plan => {
  const network: Network = isNetwork(constant)
    ? constant
    : {
        version: typeof constant === 'number' ? 4 : 6,
        base: BigInt(constant),
        prefix: typeof constant === 'number' ? 32 : 128,
      }
  if (network.version !== version) return nothing
  return inNetworkAt(offset, addressBytes(network.base, version), network.prefix)
}

/** What lies there, shifted or masked, is one of some numbers. */
const storedIn = (
  { at, shift, mask }: Known & { readonly is: 'number' },
  wanted: readonly bigint[],
): Plan => {
  if (shift !== undefined) {
    const ranges = wanted.map((each) =>
      allOf([inverse(numberBelow(at, each << shift)), numberBelow(at, (each + 1n) << shift)]),
    )
    return anyOf(ranges)
  }
  if (mask === undefined) return numberIn(at, wanted)
  const inMask = wanted.filter((each) => each >= 0n && each <= BigInt(mask))
  return anyOf(inMask.map((each) => bitsAre(at, mask, Number(each))))
}

/** A value is one of some constants. */
const equalsAny = (
  value: Known,
  constants: readonly Constant[],
  open: (why: string) => Bounds,
): Bounds => {
  const texts = constants.map(textOf)
  switch (value.is) {
    case 'constant':
      return is(constants.some((each) => compareOne(value.value, '=', each)))
    case 'number': {
      if (value.isRounded === true && constants.some((each) => typeof each === 'bigint')) {
        return open('a number over 53 bits')
      }
      const wanted = asNumbers(constants).map((each) => each - (value.plus ?? 0n))
      return exactly(storedIn(value, wanted))
    }
    case 'digits': {
      const numbers = texts.flatMap((text) => numberOf(text, value.radix) ?? [])
      // Some are read as numbers of 53 bits, and print so.
      if (numbers.some((number) => number > Number.MAX_SAFE_INTEGER)) return open('many digits')
      return exactly(numberIn(value.at, numbers))
    }
    case 'word': {
      const wanted = new Set(texts)
      const digits = texts.flatMap((text) => numberOf(text, 10) ?? [])
      const rest = digits.map((number) => (value.else === 'digits' ? number : -number))
      return wordIn(value, (word) => wanted.has(word), exactly(numberIn(value.at, rest)))
    }
    case 'words': {
      const isDigits = value.none === 'digits' && texts.some((text) => /^-?\d+$/.test(text))
      if (isDigits) return open('digits of flags')
      return exactly(anyOf(texts.map((text) => wordsEqual(value, text))))
    }
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
    case 'given': {
      const given = texts.filter(isSingle)
      const plain = textIs(value.at, 'equals', given)
      const over = anyOf([plain, textIs(value.at, 'starts', doubled(given))])
      return between(over, plain, open(givenWhy))
    }
    case 'resolved': {
      const paths = texts.filter((text) => text.startsWith('/'))
      if (paths.length === 0) return is(false)
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
    case 'address':
      return exactly(anyOf(constants.map((each) => addressIs(value.offset, value.version, each))))
  }
}

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

const resolvedWhy = 'a path put together from a directory and the path as given'

// --- Parts of texts -----------------------------------------------------------------------------

const startsWithAny = (
  value: Known,
  texts: readonly string[],
  open: (why: string) => Bounds,
): Bounds => {
  if (texts.includes('')) return is(true)
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
    case 'resolved':
      return texts.includes('/') ? is(true) : open(resolvedWhy)
    default:
      return open('the begin of such a text')
  }
}

const endsWithAny = (
  value: Known,
  texts: readonly string[],
  open: (why: string) => Bounds,
): Bounds => {
  if (texts.includes('')) return is(true)
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
    default:
      return open('the end of such a text')
  }
}

const belowAny = (
  value: Known,
  patterns: readonly string[],
  open: (why: string) => Bounds,
): Bounds => {
  const prefixes = patterns.map(pathPrefixes)
  if (prefixes.some(({ all }) => all)) return is(true)
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

/** Whether a text that lies in the record contains one of these; of none, nothing is known. */
const containsAny = (
  value: Known,
  patterns: readonly string[],
  open: (why: string) => Bounds,
): Bounds => {
  const why = 'a text within a text'
  if (patterns.length === 0) return open(why)
  switch (value.is) {
    case 'text':
      return exactly(textIs(value.at, 'contains', patterns))
    case 'directory':
    case 'name':
      return between(textIs(value.at, 'contains', patterns), nothing, open(why))
    case 'given': {
      const given = patterns.filter(isSingle)
      const isParted = given.some((text) => text.slice(1, -1).includes('/'))
      const over = textIs(value.at, 'contains', isParted ? [...given, '//'] : given)
      return between(over, textIs(value.at, 'contains', given), open(givenWhy))
    }
    default:
      return open(why)
  }
}

const contains = (
  value: Known,
  patterns: readonly string[],
  fold: (text: string) => string,
  open: (why: string) => Bounds,
): Bounds => {
  if (patterns.includes('')) return is(true)
  if (value.is !== 'words') return containsAny(value, fold === lowerCase ? [] : patterns, open)
  const isOdd = (pattern: string): boolean =>
    pattern.includes(value.separator) || (value.none === 'digits' && /^-?\d+$/.test(pattern))
  if (patterns.some(isOdd)) return open('several words of a text')
  const hits = value.words.filter(({ word }) =>
    patterns.some((pattern) => fold(word).includes(fold(pattern))),
  )
  return exactly(anyOf(hits.map(({ when }) => when)))
}

const matchesGlob = (value: Known, pattern: string, open: (why: string) => Bounds): Bounds => {
  const { prefix, suffix, form } = globLiterals(pattern)
  if (form === 'text') return equalsAny(value, [prefix], open)
  const starts = startsWithAny(value, [prefix], open)
  const ends = endsWithAny(value, [suffix], open)
  if (form === 'start') return starts
  if (form === 'end') return ends
  return between(allOf([starts.over, ends.over]), nothing, open('a pattern within a text'))
}

const matchesRegex = (value: Known, pattern: string, open: (why: string) => Bounds): Bounds => {
  const starts = startsWithAny(value, [regexPrefix(pattern)], open)
  return between(starts.over, nothing, open('a regular expression'))
}

// --- Order --------------------------------------------------------------------------------------

const isOrdered = (
  value: Known,
  operator: '<' | '<=' | '>' | '>=',
  constant: Constant,
  open: (why: string) => Bounds,
): Bounds => {
  if (value.is !== 'number') return open('the order of texts')
  if (value.isRounded === true && typeof constant === 'bigint') return open('a number over 53 bits')
  const [number] = asNumbers([constant])
  if (number === undefined) return open('no whole number')
  if (value.mask !== undefined) return open('the order of some bits')
  const isLess = operator === '<' || operator === '>='
  const bound = (isLess ? number : number + 1n) - (value.plus ?? 0n)
  const plan = numberBelow(value.at, bound << (value.shift ?? 0n))
  return exactly(operator === '<' || operator === '<=' ? plan : inverse(plan))
}

// --- All ----------------------------------------------------------------------------------------

type Open = Comparison['open']

/** A known value against any of some constants. */
const comparesWithAny = (
  value: Known,
  operator: Operator,
  constants: readonly Constant[],
  open: Open,
): Bounds => {
  if (value.is === 'constant') {
    return is(constants.some((each) => compareOne(value.value, operator, each)))
  }
  const texts = constants.map(textOf)
  const isEquality = operator === '=' || operator === 'in' || operator === 'intersects'
  if (value.is === 'word' && !isEquality && operator !== '!=') {
    return finite(value, operator, constants, open)
  }
  switch (operator) {
    case '=':
    case 'in':
    case 'intersects':
      return equalsAny(value, constants, open)
    case '!=':
      return anyBounds(constants.map((each) => inverseBounds(equalsAny(value, [each], open))))
    case '<':
    case '<=':
    case '>':
    case '>=':
      return anyBounds(constants.map((each) => isOrdered(value, operator, each, open)))
    case 'startswith':
      return startsWithAny(value, texts, open)
    case 'endswith':
      return endsWithAny(value, texts, open)
    case 'pmatch':
      return belowAny(value, texts, open)
    case 'contains':
      return contains(value, texts, (text) => text, open)
    case 'icontains':
      return contains(value, texts, lowerCase, open)
    case 'glob':
      return anyBounds(texts.map((text) => matchesGlob(value, text, open)))
    case 'regex':
      return anyBounds(texts.map((text) => matchesRegex(value, text, open)))
    case 'iglob':
      return open('a pattern without case')
  }
}

/** Digits are all that a number without a word may be. */
const isNoDigits = (constant: Constant): boolean => /[^-0-9]/.test(textOf(constant))

const finite = (
  value: Known & { readonly is: 'word' },
  operator: Operator,
  constants: readonly Constant[],
  open: Open,
): Bounds => {
  const isLiteral = ['contains', 'icontains', 'startswith', 'endswith'].includes(operator)
  const isElse = isLiteral && constants.every(isNoDigits)
  const rest = isElse ? is(false) : open('parts of digits')
  return wordIn(value, (word) => constants.some((each) => compareOne(word, operator, each)), rest)
}

/** Exactly one of some bounds. */
const oneBounds = (members: readonly Bounds[]): Bounds =>
  anyBounds(
    members.map((member, i) =>
      allBounds(members.map((other, j) => (i === j ? member : inverseBounds(other)))),
    ),
  )

const compareKnown = (value: Known, comparison: Comparison): Bounds => {
  const { operator, constants, quantifier, open } = comparison
  if (quantifier === 'anyof') return comparesWithAny(value, operator, constants, open)
  const each = constants.map((constant) => comparesWithAny(value, operator, [constant], open))
  return quantifier === 'allof' ? allBounds(each) : oneBounds(each)
}

/** A text that is none of the ones that are told apart. */
const compareUnknown = (
  { why, never }: Possible & { readonly is: 'unknown' },
  { operator, constants, quantifier, open }: Comparison,
): Bounds => {
  const isOther = constants.every((each) => never?.includes(each as string) === true)
  if (never === undefined || !isOther) return open(why)
  const equal = operator === '=' || operator === 'in'
  if (!equal && operator !== '!=') return open(why)
  if (quantifier === 'oneof') return open(why)
  return is(!equal)
}

const comparePossible = (value: Possible, comparison: Comparison): Bounds => {
  switch (value.is) {
    case 'unknown':
      return compareUnknown(value, comparison)
    case 'both': {
      const all = value.values.map((reading) => compareReading(reading, comparison))
      return comparison.needsEvery ? allBounds(all) : anyBounds(all)
    }
    case 'either': {
      const all = value.values.map((reading) => compareReading(reading, comparison))
      const over = anyOf(all.map((each) => each.over))
      const under = allOf(all.map((each) => each.under))
      return between(over, under, comparison.open(value.why))
    }
    default:
      return compareKnown(value, comparison)
  }
}

/** A comparison of what a field may be; false where it is absent. */
export const compareReading = (reading: Reading, comparison: Comparison): Bounds =>
  anyBounds(
    reading.map(({ when, value, isLack }) => {
      const bounds = allBounds([exactly(when), comparePossible(value, comparison)])
      if (isLack === true) return { ...bounds, residual: [] }
      const residual = bounds.residual.map(({ condition, why, gap }) => ({
        condition,
        why,
        gap: allOf([when, gap]),
      }))
      return { ...bounds, residual }
    }),
  )

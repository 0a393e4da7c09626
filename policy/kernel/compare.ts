/**
 * A comparison of what the kernel can read with constants, as bounds: what is not decided exactly
 * by the tests that a plan has is bounded by those that it has.
 */
import { compareOne } from '../evaluate.ts'
import type { Constant, Operator, Quantifier } from '../ir.ts'
import { textOf } from '../ir.ts'
import { lowerCase } from '../letters.ts'
import type { Bounds } from './bounds.ts'
import { allBounds, always, anyBounds, between, exactly, inverseBounds } from './bounds.ts'
import { asNumbers, equalsAny, wordIn } from './compare-equals.ts'
import type { Open } from './compare-texts.ts'
import { belowAny, contains, containsAny, endsWithAny, startsWithAny } from './compare-texts.ts'
import { allOf, inverse, numberBelow } from './make-plan.ts'
import { globLiterals, regexPrefix } from './patterns.ts'
import { nothing } from './plan.ts'
import type { Known, Possible, Reading } from './reading.ts'

/** The right side of a comparison. */
export interface Comparison {
  readonly operator: Operator
  readonly constants: readonly Constant[]
  readonly quantifier: Quantifier
  /** Of several values, all must compare. */
  readonly needsEvery: boolean
  /** What is undecided; `condition` of its residual. */
  readonly open: Open
}

// --- Patterns -----------------------------------------------------------------------------------

const matchesGlob = (value: Known, pattern: string, open: Open): Bounds => {
  const { prefix, suffix, inner, form } = globLiterals(pattern)
  if (form === 'text') return equalsAny(value, [prefix], open)
  const starts = startsWithAny(value, [prefix], open)
  const ends = endsWithAny(value, [suffix], open)
  if (form === 'start') return starts
  if (form === 'end') return ends
  const parts = inner.map((part) => containsAny(value, [part], open).over)
  const over = allOf([starts.over, ends.over, ...parts])
  return between(over, nothing, open('a pattern within a text'))
}

const matchesRegex = (value: Known, pattern: string, open: Open): Bounds => {
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

/** A known value against any of some constants. */
const comparesWithAny = (
  value: Known,
  operator: Operator,
  constants: readonly Constant[],
  open: Open,
): Bounds => {
  if (value.is === 'constant') {
    return always(constants.some((each) => compareOne(value.value, operator, each)))
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
  const rest = isElse ? always(false) : open('parts of digits')
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
  return always(!equal)
}

const comparePossible = (value: Possible, comparison: Comparison): Bounds => {
  switch (value.is) {
    case 'unknown':
      return compareUnknown(value, comparison)
    case 'both': {
      const all = value.values.map((reading) => compareReading(reading, comparison))
      return comparison.needsEvery ? allBounds(all) : anyBounds(all)
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

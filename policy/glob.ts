/**
 * Globs as fnmatch(3) of the C library reads them, without flags or with its `FNM_CASEFOLD`: `*`
 * and `?` match `/` and leading dots too. Texts are byte strings, the locale is C.
 */
import { lowerCase, upperCase } from './letters.ts'

/** One place of a pattern: `*`, or a test of one byte. */
type Piece = 'any' | ((byte: string) => boolean)

type Fold = (text: string) => string

/** What a byte is where case counts. */
const itself: Fold = (text) => text

/** The classes of the C locale, as in `[[:digit:]]`. */
const classes: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  blank: /[ \t]/,
  cntrl: /[\x00-\x1f\x7f]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[ \t\n\v\f\r]/,
  upper: /[A-Z]/,
  xdigit: /[0-9A-Fa-f]/,
}

/**
 * What stands in a set: a test of one byte; `never` ends the matching, which is what the library
 * does where it reads something that is no member.
 */
interface Member {
  readonly test: ((byte: string) => boolean) | 'never'
  readonly end: number
}

const member = (pattern: string, start: number, fold: Fold): Member => {
  const rest = pattern.slice(start)
  // Classes go by the byte itself, whatever the case of letters counts.
  const [named, name = ''] = /^\[:([a-y]{0,2047}):\]/.exec(rest) ?? []
  if (named !== undefined) {
    const known = classes[name]
    return { test: known ? (byte) => known.test(byte) : 'never', end: start + named.length }
  }
  const [equal, same] = /^\[=(.)=\]/s.exec(rest) ?? []
  if (equal !== undefined) return { test: (byte) => byte === same, end: start + equal.length }
  const [symbol, only = ''] = /^\[\.(.*?)\.\]/s.exec(rest) ?? []
  let low = only
  let i = start + (symbol?.length ?? 1)
  if (symbol === undefined) {
    if (rest.startsWith('[.')) return { test: 'never', end: pattern.length }
    if (rest.startsWith('\\')) i++
    low = fold(pattern.charAt(i - 1))
  }
  if (low.length !== 1) return { test: 'never', end: i }
  const after = pattern[i + 1]
  if (pattern[i] !== '-' || after === undefined || after === ']') {
    const test = (byte: string): boolean => (symbol === undefined ? fold(byte) : byte) === low
    return { test, end: i }
  }
  const isEscaped = after === '\\'
  const high = fold(pattern.charAt(i + (isEscaped ? 2 : 1)))
  if (high === '') return { test: 'never', end: pattern.length }
  const test = (byte: string): boolean => low <= fold(byte) && fold(byte) <= high
  return { test, end: i + (isEscaped ? 3 : 2) }
}

/** A set in brackets that starts at `start`; `undefined` when it has no end. */
const bracket = (
  pattern: string,
  start: number,
  fold: Fold,
): { readonly piece: Piece; readonly end: number } | undefined => {
  const isNegated = pattern[start + 1] === '!' || pattern[start + 1] === '^'
  const first = start + (isNegated ? 2 : 1)
  const members: Member[] = []
  let i = first
  while (i < pattern.length && (pattern[i] !== ']' || i === first)) {
    const next = member(pattern, i, fold)
    members.push(next)
    i = next.end
  }
  if (i >= pattern.length && members.every(({ test }) => test !== 'never')) return undefined
  const piece = (byte: string): boolean => {
    for (const { test } of members) {
      if (test === 'never') return false
      if (test(byte)) return !isNegated
    }
    return isNegated
  }
  return { piece, end: i + 1 }
}

const pieces = (pattern: string, fold: Fold): readonly Piece[] => {
  const made: Piece[] = []
  const literal = (letter: string): Piece => {
    const lower = fold(letter)
    const upper = fold === itself ? letter : upperCase(letter)
    return (byte) => byte === lower || byte === upper
  }
  for (let i = 0; i < pattern.length;) {
    const letter = pattern.charAt(i)
    const set = letter === '[' ? bracket(pattern, i, fold) : undefined
    if (set) {
      made.push(set.piece)
      i = set.end
    } else if (letter === '*') {
      if (made.at(-1) !== 'any') made.push('any')
      i++
    } else if (letter === '?') {
      made.push(() => true)
      i++
    } else if (letter === '\\') {
      // One at the end matches nothing.
      const next = pattern[i + 1]
      made.push(next === undefined ? () => false : literal(next))
      i += 2
    } else {
      made.push(literal(letter))
      i++
    }
  }
  return made
}

/**
 * Matches the whole text. Goes back to the newest `*` only, which is enough, so at most pattern
 * times text steps.
 *
 * @param ignoresCase  of ASCII letters, as `iglob` does
 */
export const globMatcher = (pattern: string, ignoresCase = false): ((text: string) => boolean) => {
  const all = pieces(pattern, ignoresCase ? lowerCase : itself)
  return (text) => {
    let p = 0
    let t = 0
    let star = -1
    let mark = 0
    while (t < text.length) {
      const piece = all[p]
      if (piece === 'any') {
        star = p++
        mark = t
      } else if (piece?.(text.charAt(t)) === true) {
        p++
        t++
      } else if (star >= 0) {
        p = star + 1
        t = ++mark
      } else {
        return false
      }
    }
    while (all[p] === 'any') p++
    return p === all.length
  }
}

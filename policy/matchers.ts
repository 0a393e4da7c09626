/**
 * Matching of one text against patterns: glob, path prefixes, regular expressions. Each is
 * prepared once and then matches in time linear in the text. Texts are byte strings.
 */
import { byteString, printableText } from '@bulwark/schema'
import { RE2JS } from 're2js'
import { readPosixRegex } from './posix-regex.ts'

export type Matcher = (text: string) => boolean

const isAscii = (text: string): boolean => !/[\x80-\xff]/.test(text)

/** ASCII letters only: bytes over 127 belong to no letter here. */
export const lowerCase = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
export const upperCase = (text: string): string =>
  text.replace(/[a-z]+/g, (letters) => letters.toUpperCase())

/** One place of a glob pattern: `*`, or a test of one byte. */
type Piece = 'any' | ((byte: string) => boolean)

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

/** A set in brackets that starts at `start`; `undefined` when it has no end. */
const bracket = (pattern: string, start: number): { piece: Piece; end: number } | undefined => {
  const negated = pattern[start + 1] === '!' || pattern[start + 1] === '^'
  const first = start + (negated ? 2 : 1)
  const tests: ((byte: string) => boolean)[] = []
  let i = first
  while (i < pattern.length && (pattern[i] !== ']' || i === first)) {
    const [whole = '', name = ''] = /^\[:([a-z]+):\]/.exec(pattern.slice(i, i + 12)) ?? []
    const known = classes[name]
    if (known) {
      tests.push((byte) => known.test(byte))
      i += whole.length
      continue
    }
    if (pattern[i] === '\\' && i + 1 < pattern.length) i++
    const low = pattern.charAt(i)
    const isRange = pattern[i + 1] === '-' && (pattern[i + 2] ?? ']') !== ']'
    const high = isRange ? pattern.charAt(i + 2) : low
    tests.push((byte) => byte >= low && byte <= high)
    i += isRange ? 3 : 1
  }
  if (i >= pattern.length) return undefined
  return { piece: (byte) => tests.some((test) => test(byte)) !== negated, end: i + 1 }
}

const pieces = (pattern: string): readonly Piece[] => {
  const made: Piece[] = []
  const literal =
    (letter: string): Piece =>
    (byte) =>
      byte === letter
  for (let i = 0; i < pattern.length;) {
    const letter = pattern.charAt(i)
    const set = letter === '[' ? bracket(pattern, i) : undefined
    if (set) {
      made.push(set.piece)
      i = set.end
    } else if (letter === '*') {
      if (made.at(-1) !== 'any') made.push('any')
      i++
    } else if (letter === '?') {
      made.push(() => true)
      i++
    } else if (letter === '\\' && i + 1 < pattern.length) {
      made.push(literal(pattern.charAt(i + 1)))
      i += 2
    } else {
      made.push(literal(letter))
      i++
    }
  }
  return made
}

/**
 * fnmatch(3) without flags on the whole text: `*` and `?` match `/` and leading dots too. Goes
 * back to the newest `*` only, which is enough, so at most pattern times text steps.
 */
export const globMatcher = (pattern: string): Matcher => {
  const all = pieces(pattern)
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

interface PathNode {
  readonly literal: Map<string, PathNode>
  readonly globs: { readonly match: Matcher; readonly node: PathNode }[]
  end: boolean
}

const newNode = (): PathNode => ({ literal: new Map(), globs: [], end: false })
const components = (path: string): readonly string[] =>
  path.split('/').filter((each) => each !== '')

/** Whether a path is one of `paths` or below one, component by component. */
export const pathPrefixMatcher = (paths: readonly string[]): Matcher => {
  const root = newNode()
  for (const path of paths) {
    let node = root
    for (const part of components(path)) {
      let next = node.literal.get(part)
      if (!next) {
        next = newNode()
        if (/[*?[]/.test(part)) node.globs.push({ match: globMatcher(part), node: next })
        else node.literal.set(part, next)
      }
      node = next
    }
    node.end = true
  }
  const matches = (node: PathNode, parts: readonly string[], at: number): boolean => {
    if (node.end) return true
    const part = parts[at]
    if (part === undefined) return false
    const literal = node.literal.get(part)
    if (literal && matches(literal, parts, at + 1)) return true
    return node.globs.some((glob) => glob.match(part) && matches(glob.node, parts, at + 1))
  }
  return (text) => matches(root, components(text), 0)
}

/**
 * A regular expression that must match the whole text, RE2 in POSIX mode: linear time, `^` and `$`
 * stand at lines, `.` is no newline. Works on the text that the bytes are, in UTF-8.
 *
 * @returns a message when the pattern is not one
 */
export const regexMatcher = (pattern: string): Matcher | { readonly message: string } => {
  const text = printableText(pattern)
  // Messages are byte strings, as the pattern is.
  const refuse = (reason: string) => ({ message: `invalid regex pattern: ${byteString(reason)}` })
  if (byteString(text) !== pattern) return refuse('invalid UTF-8')
  const read = readPosixRegex(text)
  if (!read.ok) return refuse(read.message)
  try {
    const compiled = RE2JS.compile(read.source, RE2JS.MULTILINE)
    return (value) => compiled.matches(printableText(value))
  } catch {
    // What is left: repeats of repeats, over what both engines build.
    return refuse(`invalid repetition size: ${text}`)
  }
}

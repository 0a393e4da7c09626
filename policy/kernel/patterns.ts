/** What of a pattern is literal: how each text that it matches begins and ends. */

/** Letters that mean something in a glob, or end what does. */
const special = /[*?[\]\\]/

/** The literal ends of a glob. */
export interface GlobLiterals {
  readonly prefix: string
  readonly suffix: string
  /** Texts that it matches contain each of these, between the two. */
  readonly inner: readonly string[]
  /** It is no more than a text, or than one with a star behind or before it. */
  readonly form: 'text' | 'start' | 'end' | 'other'
}

/** What stands between two stars or question marks, where the pattern has nothing else. */
const starred = (pattern: string): readonly string[] =>
  /[[\]\\]/.test(pattern)
    ? []
    : pattern
        .split(/[*?]/)
        .slice(1, -1)
        .filter((part) => part !== '')

/** How texts that a glob matches begin and end. */
export const globLiterals = (pattern: string): GlobLiterals => {
  const first = pattern.search(special)
  if (first < 0) return { prefix: pattern, suffix: pattern, inner: [], form: 'text' }
  let last = pattern.length - 1
  while (last >= 0 && !special.test(pattern.charAt(last))) last--
  const prefix = pattern.slice(0, first)
  const suffix = pattern.slice(last + 1)
  const isStar = first === last && pattern.charAt(first) === '*'
  const form = !isStar ? 'other' : suffix === '' ? 'start' : prefix === '' ? 'end' : 'other'
  return { prefix, suffix, inner: starred(pattern), form }
}

/** How each text begins that a POSIX expression matches as a whole. */
export const regexPrefix = (pattern: string): string => {
  // Another branch may begin otherwise.
  if (pattern.includes('|')) return ''
  const [literal = ''] = /^[ !"#%&',\-/0-9:;<=>@A-Z_`a-z~]*/.exec(pattern) ?? []
  // A repeat belongs to the letter before it.
  return /^[*+?{]/.test(pattern.slice(literal.length)) ? literal.slice(0, -1) : literal
}

/** A path of `pmatch`, as begins of texts; a path may stand with and without a first slash. */
export interface PathPrefixes {
  /** It has no component: every path lies below. */
  readonly all: boolean
  /** Some component is a glob: `whole` goes up to it. */
  readonly isGlob: boolean
  /** The first component is a glob. */
  readonly isAnywhere: boolean
  readonly whole: readonly string[]
  /** The first component alone. */
  readonly first: readonly string[]
}

/** The literal components that a path pattern begins with. */
export const pathPrefixes = (pattern: string): PathPrefixes => {
  const parts = pattern.split('/').filter((part) => part !== '')
  const glob = parts.findIndex((part) => /[*?[]/.test(part))
  const literal = glob < 0 ? parts : parts.slice(0, glob)
  const both = (components: readonly string[]): readonly string[] =>
    components.length === 0 ? [] : [`/${components.join('/')}`, components.join('/')]
  return {
    all: parts.length === 0,
    isGlob: glob >= 0,
    isAnywhere: glob === 0,
    whole: both(literal),
    first: both(literal.slice(0, 1)),
  }
}

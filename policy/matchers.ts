/**
 * Matching of one text against patterns: path prefixes, regular expressions. Each is prepared once
 * and then matches in time linear in the text. Texts are byte strings.
 */
import { byteString, printableText } from '@bulwark/schema'
import { RE2JS } from 're2js'
import { globMatcher } from './glob.ts'
import { readPosixRegex } from './posix-regex.ts'

export type Matcher = (text: string) => boolean

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

/**
 * The tokens of YAML, as yaml-cpp finds them. Whether something is a key is known at the `:` behind
 * it only, so tokens that depend on it are written with it in doubt, and dropped if there is none.
 */
import type { Steps } from '../steps.ts'
import type { Cursor, Form } from './yaml-scalar.ts'
import { YamlFault, isBlank, isDocumentMark, isGap, readScalar } from './yaml-scalar.ts'

export type TokenKind =
  | 'directive'
  | 'document-start'
  | 'document-end'
  | 'sequence-start'
  | 'sequence-end'
  | 'map-start'
  | 'map-end'
  | 'flow-sequence-start'
  | 'flow-sequence-end'
  | 'flow-map-start'
  | 'flow-map-end'
  | 'block-entry'
  | 'flow-entry'
  | 'key'
  | 'value'
  | 'anchor'
  | 'alias'
  | 'tag'
  | 'plain'
  | 'quoted'

export interface Token {
  readonly kind: TokenKind
  readonly at: number
  readonly text: string
}

/** A token that may be dropped again. */
interface Draft extends Token {
  isDropped: boolean
}

interface Indent {
  readonly column: number
  readonly of: 'none' | 'sequence' | 'map'
  /** Whether it is one: not yet known before the `:`. */
  state: 'sure' | 'in doubt' | 'none'
}

/** Something that is a key if a `:` follows. */
interface PossibleKey {
  readonly at: number
  readonly lineStart: number
  readonly depth: number
  readonly indent: Indent | undefined
  readonly drafts: readonly Draft[]
}

/** Characters that a key without `?` may have before its `:`. */
const keyCharactersMax = 1024

const endsPlain = (text: string, at: number): number => {
  const letter = text.charAt(at)
  if (letter === ':') return isGap(text.charAt(at + 1)) ? 1 : -1
  return (letter === ' ' || letter === '\t' || letter === '\n') && text.charAt(at + 1) === '#'
    ? 2
    : -1
}

const endsPlainInFlow = (text: string, at: number): number => {
  const letter = text.charAt(at)
  if (',?[]{}'.includes(letter)) return 1
  if (letter === ':' && ',]}'.includes(text.charAt(at + 1))) return 1
  return endsPlain(text, at)
}

const endsDouble = (text: string, at: number): number => (text.charAt(at) === '"' ? 1 : -1)
const endsSingle = (text: string, at: number): number =>
  text.charAt(at) === "'" && text.charAt(at + 1) !== "'" ? 1 : -1
const endsNever = (): number => -1

const notPlain: ReadonlySet<string> = new Set(`,[]{}#&*!|>'"%@\``)

/** Tokens that are found in one step. */
const tokensAtOnce = 4_000

class Scanner {
  readonly #cursor: Cursor
  readonly #text: string
  readonly #tokens: Draft[] = []
  #pauseAt = tokensAtOnce
  readonly #indents: Indent[] = [{ column: -1, of: 'none', state: 'sure' }]
  readonly #keys: PossibleKey[] = []
  readonly #flows: ('[' | '{')[] = []
  #mayBeKey = true
  #mayBeScalar = true
  /** What stood before ends in a quote or a bracket: a `:` right behind it makes it a key. */
  #isAfterJson = false

  constructor(text: string) {
    this.#text = text
    this.#cursor = { text, at: 0, lineStart: 0 }
  }

  *scan(): Steps<readonly Token[]> {
    for (;;) {
      if (this.#tokens.length >= this.#pauseAt) {
        this.#pauseAt = this.#tokens.length + tokensAtOnce
        yield
      }
      this.#toNextToken()
      this.#closeIndents()
      if (this.#cursor.at >= this.#text.length) break
      this.#token()
    }
    this.#closeAll()
    return this.#tokens.filter((token) => !token.isDropped)
  }

  get #letter(): string {
    return this.#text.charAt(this.#cursor.at)
  }

  get #next(): string {
    return this.#text.charAt(this.#cursor.at + 1)
  }

  get #column(): number {
    return this.#cursor.at - this.#cursor.lineStart
  }

  get #isInFlow(): boolean {
    return this.#flows.length > 0
  }

  #fail(message: string): never {
    throw new YamlFault(message, this.#cursor.at)
  }

  #push(kind: TokenKind, at = this.#cursor.at, text = ''): Draft {
    const token = { kind, at, text, isDropped: false }
    this.#tokens.push(token)
    return token
  }

  #toNextToken(): void {
    for (;;) {
      while (isBlank(this.#letter)) {
        if (this.#letter === '\t' && !this.#isInFlow) this.#mayBeKey = false
        this.#cursor.at++
      }
      if (this.#letter === '#') {
        const end = this.#text.indexOf('\n', this.#cursor.at)
        this.#cursor.at = end < 0 ? this.#text.length : end
      }
      if (this.#letter !== '\n') return
      this.#cursor.lineStart = ++this.#cursor.at
      this.#dropKey()
      this.#mayBeScalar = true
      if (!this.#isInFlow) this.#mayBeKey = true
    }
  }

  #token(): void {
    const letter = this.#letter
    if (this.#column === 0 && letter === '%') return this.#directive()
    if (isDocumentMark(this.#cursor)) {
      this.#closeAll()
      this.#isAfterJson = false
      this.#push(letter === '-' ? 'document-start' : 'document-end')
      this.#cursor.at += 3
      return
    }
    if (letter === '[' || letter === '{') return this.#flowStart(letter)
    if (letter === ']' || letter === '}') return this.#flowEnd(letter)
    if (letter === ',') return this.#flowEntry()
    if (letter === '-' && isGap(this.#next)) return this.#blockEntry()
    if (letter === '?' && this.#next !== '' && isGap(this.#next)) return this.#key()
    if (letter === ':' && this.#isValue()) return this.#value()
    if (letter === '*' || letter === '&') return this.#anchor(letter)
    if (letter === '!') return this.#tag()
    if (!this.#isInFlow && (letter === '|' || letter === '>')) return this.#block(letter)
    if (!this.#mayBeScalar) this.#fail('unexpected scalar')
    if (letter === "'" || letter === '"') return this.#quoted(letter)
    if (!this.#isPlainStart()) this.#fail('unknown token')
    this.#plain()
  }

  #isValue(): boolean {
    if (isGap(this.#next)) return !this.#isInFlow || this.#next !== '' || this.#isAfterJson
    return this.#isInFlow && (this.#isAfterJson || ',]}'.includes(this.#next))
  }

  #isPlainStart(): boolean {
    const letter = this.#letter
    if (notPlain.has(letter)) return false
    const next = this.#next
    if (!this.#isInFlow) return !('-?:'.includes(letter) && isGap(next))
    if (letter === '?') return false
    return !('-:'.includes(letter) && (isBlank(next) || next === ''))
  }

  // --- Indentation and keys ----------------------------------------------------------------------

  #indentTo(of: 'sequence' | 'map'): { indent: Indent; token: Draft } | undefined {
    if (this.#isInFlow) return undefined
    const column = this.#column
    const last = this.#indents.at(-1)
    if (last) {
      const isSequenceInMap = of === 'sequence' && last.of === 'map'
      if (column < last.column || (column === last.column && !isSequenceInMap)) return undefined
    }
    const token = this.#push(of === 'sequence' ? 'sequence-start' : 'map-start')
    const indent: Indent = { column, of, state: 'sure' }
    this.#indents.push(indent)
    return { indent, token }
  }

  #closeIndents(): void {
    if (this.#isInFlow) return
    const isEntry = this.#letter === '-' && isGap(this.#next)
    for (let last = this.#indents.at(-1); last; last = this.#indents.at(-1)) {
      if (last.column < this.#column) break
      if (last.column === this.#column && !(last.of === 'sequence' && !isEntry)) break
      this.#closeIndent()
    }
    while (this.#indents.at(-1)?.state === 'none') this.#closeIndent()
  }

  #closeAll(): void {
    if (!this.#isInFlow) {
      for (let last = this.#indents.at(-1); last; last = this.#indents.at(-1)) {
        if (last.of === 'none') break
        this.#closeIndent()
      }
    }
    this.#keys.length = 0
    this.#mayBeKey = false
  }

  #closeIndent(): void {
    const indent = this.#indents.pop()
    if (indent?.state !== 'sure') this.#dropKey()
    else if (indent.of !== 'none') {
      this.#push(indent.of === 'sequence' ? 'sequence-end' : 'map-end')
    }
  }

  get #openKey(): PossibleKey | undefined {
    const last = this.#keys.at(-1)
    return last?.depth === this.#flows.length ? last : undefined
  }

  #startKey(): void {
    if (!this.#mayBeKey || this.#openKey) return
    const { at, lineStart } = this.#cursor
    const opened = this.#indentTo('map')
    if (opened) opened.indent.state = 'in doubt'
    const key = this.#push('key')
    const drafts = opened ? [opened.token, key] : [key]
    const depth = this.#flows.length
    this.#keys.push({ at, lineStart, depth, indent: opened?.indent, drafts })
  }

  #settle(key: PossibleKey, isKey: boolean): void {
    this.#keys.pop()
    if (key.indent) key.indent.state = isKey ? 'sure' : 'none'
    for (const draft of key.drafts) draft.isDropped = !isKey
  }

  #dropKey(): void {
    const key = this.#openKey
    if (key) this.#settle(key, false)
  }

  /** Whether what stood before is a key; it is settled by that. */
  #takeKey(): boolean {
    const key = this.#openKey
    if (!key) return false
    const { at, lineStart } = this.#cursor
    const isKey = key.lineStart === lineStart && at - key.at <= keyCharactersMax
    this.#settle(key, isKey)
    return isKey
  }

  // --- Tokens ------------------------------------------------------------------------------------

  #directive(): void {
    this.#closeAll()
    this.#isAfterJson = false
    const end = this.#text.indexOf('\n', this.#cursor.at)
    const line = this.#text.slice(this.#cursor.at, end < 0 ? undefined : end)
    this.#push('directive', this.#cursor.at, line.replace(/[ \t]#.*$/, ''))
    this.#cursor.at += line.length
  }

  #flowStart(letter: '[' | '{'): void {
    this.#startKey()
    this.#mayBeKey = true
    this.#isAfterJson = false
    this.#flows.push(letter)
    this.#push(letter === '[' ? 'flow-sequence-start' : 'flow-map-start')
    this.#cursor.at++
  }

  /** What stands before a comma or a bracket has no value of its own. */
  #endEntry(): void {
    if (this.#flows.at(-1) === '[') this.#dropKey()
    else if (this.#isInFlow && this.#takeKey()) this.#push('value')
  }

  #flowEnd(letter: ']' | '}'): void {
    if (!this.#isInFlow) this.#fail('end of a flow collection that did not begin')
    this.#endEntry()
    this.#mayBeKey = false
    this.#isAfterJson = true
    if (this.#flows.pop() !== (letter === ']' ? '[' : '{')) this.#fail('wrong closing bracket')
    this.#push(letter === ']' ? 'flow-sequence-end' : 'flow-map-end')
    this.#cursor.at++
  }

  #flowEntry(): void {
    if (this.#column === 0) this.#fail('illegal flow end')
    if (!this.#mayBeScalar) this.#fail('unexpected scalar')
    this.#endEntry()
    this.#mayBeKey = true
    this.#isAfterJson = false
    this.#push('flow-entry')
    this.#cursor.at++
  }

  #blockEntry(): void {
    if (this.#isInFlow || !this.#mayBeKey) this.#fail('illegal block entry')
    this.#indentTo('sequence')
    this.#isAfterJson = false
    this.#push('block-entry')
    this.#cursor.at++
  }

  #key(): void {
    if (!this.#isInFlow) {
      if (!this.#mayBeKey) this.#fail('illegal map key')
      this.#indentTo('map')
    }
    this.#mayBeKey = !this.#isInFlow
    this.#push('key')
    this.#cursor.at++
  }

  #value(): void {
    const isKey = this.#takeKey()
    this.#isAfterJson = false
    if (!isKey && !this.#isInFlow) {
      if (!this.#mayBeKey) this.#fail('illegal map value')
      this.#indentTo('map')
    }
    this.#mayBeKey = !isKey && !this.#isInFlow
    this.#mayBeScalar = true
    this.#push('value')
    this.#cursor.at++
  }

  #anchor(letter: '*' | '&'): void {
    this.#startKey()
    this.#mayBeKey = false
    this.#isAfterJson = false
    const { at } = this.#cursor
    const [name = ''] = /^[^[\]{}, \t\n]*/.exec(this.#text.slice(at + 1, at + 1025)) ?? []
    this.#cursor.at += 1 + name.length
    if (name === '') this.#fail(`${letter === '*' ? 'alias' : 'anchor'} without a name`)
    // A name ends at a blank or at one of these; others that it cannot have are faults.
    if (this.#letter !== '' && !'?:,]}%@` \t\n'.includes(this.#letter)) {
      this.#fail('illegal character in the name of an anchor')
    }
    this.#push(letter === '*' ? 'alias' : 'anchor', at, name)
  }

  #tag(): void {
    this.#startKey()
    this.#mayBeKey = false
    this.#isAfterJson = false
    const { at } = this.#cursor
    const rest = this.#text.slice(at, at + 1025)
    const [tag = '!'] = /^!(?:<[^>\n]*>|[\w#;/?:@&=+$.~*'()%!-]*)/.exec(rest) ?? []
    if (rest.startsWith('!<') && !tag.endsWith('>')) this.#fail('end of verbatim tag not found')
    if (/^![\w-]*!$/.test(tag)) this.#fail('tag handle with no suffix')
    this.#cursor.at += tag.length
    this.#push('tag', at, tag)
  }

  #plain(): void {
    const at = this.#cursor.at
    const isInFlow = this.#isInFlow
    // Before the key: the map that this would begin is not around it.
    const form: Form = {
      endAt: isInFlow ? endsPlainInFlow : endsPlain,
      quote: undefined,
      indent: isInFlow ? 0 : (this.#indents.at(-1)?.column ?? 0) + 1,
      detectsIndent: false,
      isBlock: false,
      isFolded: false,
      chomp: 'strip',
    }
    this.#startKey()
    const { text, endedEarly } = readScalar(this.#cursor, form)
    this.#mayBeKey = endedEarly
    this.#isAfterJson = false
    this.#push('plain', at, text)
  }

  #quoted(quote: '"' | "'"): void {
    const at = this.#cursor.at
    this.#startKey()
    this.#cursor.at++
    const { text } = readScalar(this.#cursor, {
      endAt: quote === '"' ? endsDouble : endsSingle,
      quote,
      indent: 0,
      detectsIndent: false,
      isBlock: false,
      isFolded: false,
      chomp: 'clip',
    })
    this.#mayBeKey = false
    this.#mayBeScalar = this.#isInFlow
    this.#isAfterJson = true
    this.#push('quoted', at, text)
  }

  #block(letter: '|' | '>'): void {
    const at = this.#cursor.at++
    const [signs = ''] =
      /^(?:[+-]\d?|\d[+-]?)?/.exec(this.#text.slice(this.#cursor.at, this.#cursor.at + 2)) ?? []
    this.#cursor.at += signs.length
    const [digit] = /\d/.exec(signs) ?? []
    if (digit === '0') this.#fail('cannot set zero indentation for a block scalar')
    while (isBlank(this.#letter)) this.#cursor.at++
    if (this.#letter === '#') {
      const end = this.#text.indexOf('\n', this.#cursor.at)
      this.#cursor.at = end < 0 ? this.#text.length : end
    }
    if (this.#letter !== '' && this.#letter !== '\n') {
      this.#fail('unexpected character in block scalar')
    }
    const outer = Math.max(this.#indents.at(-1)?.column ?? 0, 0)
    const { text } = readScalar(this.#cursor, {
      endAt: endsNever,
      quote: undefined,
      indent: outer + Number(digit ?? 1),
      detectsIndent: digit === undefined,
      isBlock: true,
      isFolded: letter === '>',
      chomp: signs.includes('+') ? 'keep' : signs.includes('-') ? 'strip' : 'clip',
    })
    this.#mayBeKey = true
    this.#isAfterJson = false
    this.#push('quoted', at, text)
  }
}

/**
 * Finds the tokens of a text.
 *
 * @param text  its breaks are `\n`
 * @throws YamlFault
 */
export const scanYaml = (text: string): Steps<readonly Token[]> => new Scanner(text).scan()

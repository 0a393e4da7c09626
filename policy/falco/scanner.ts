/**
 * Reads the tokens of the condition language at a position. It has no token stream: which token
 * can stand somewhere depends on what was parsed, as in the engine whose language this is. Works
 * on byte strings, so that `\xff` is one byte and offsets are those of the engine.
 */

/** A condition that cannot be parsed: what was expected, and where. Caught in `parse.ts`. */
export class SyntaxFault extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    // The engine's messages end at the first NUL.
    super(message.split('\0', 1)[0])
    this.at = at
  }
}

const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  ' ': '\\', // kept by the engine for one old rule
  '\\': '\\',
  '/': '/',
}

/** The value of a quoted string; `fail` does not return. */
const unescape = (raw: string, quote: string, fail: (message: string) => never): string => {
  let value = ''
  for (let i = 0; i < raw.length; i++) {
    if (raw[i] !== '\\') {
      value += raw.charAt(i)
      continue
    }
    const letter = raw.charAt(++i)
    const plain = escapes[letter]
    if (plain !== undefined) {
      value += plain
    } else if (letter === '"' || letter === "'") {
      if (letter !== quote) fail(`invalid \\${letter} escape in ${quote}-quoted string`)
      value += letter
    } else if (letter === 'x') {
      const digits = raw.slice(i + 1, i + 3)
      if (digits.length < 2) fail('truncated hex char escape sequence')
      if (!/^[0-9a-fA-F]{2}$/.test(digits)) fail(`invalid hex char escape sequence: ${digits}`)
      value += String.fromCharCode(Number.parseInt(digits, 16))
      i += 2
    } else if (letter !== '') {
      fail(`unsupported string escape sequence: \\${letter}`)
    }
  }
  return value
}

/** Forms of tokens, for `match`. Classes name ASCII only: other bytes belong to bare strings. */
export const forms = {
  identifier: /[a-zA-Z]+[a-zA-Z0-9_]*/y,
  field: /[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z]+[a-zA-Z0-9_]*)+/y,
  fieldArgument: /[^\]["' \t\n\v\f\r]+/y,
  number: /0[xX][0-9a-fA-F]+|[+-]?[0-9]+[.]?[0-9]*(?:[eE][+-][0-9]+)?/y,
  bare: /[^()"' \t\n\v\f\r=,]+/y,
  not: /not[ \t\n\v\f\r]+/y,
} as const

const blanks: ReadonlySet<string> = new Set([' ', '\t', '\b', '\r', '\n'])

export class Scanner {
  readonly text: string
  at = 0
  /** The newest token, for messages. */
  last = ''

  constructor(text: string) {
    this.text = text
  }

  fail(message: string): never {
    throw new SyntaxFault(message, this.at)
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  /** The text that matches here, passed over; `undefined` and nothing passed over otherwise. */
  match(form: keyof typeof forms): string | undefined {
    const expression = forms[form]
    expression.lastIndex = this.at
    const found = expression.exec(this.text)?.[0]
    if (found === undefined) return undefined
    this.at += found.length
    this.last = found
    return found
  }

  /** Passes blanks over; whether there were any. */
  blanks(): boolean {
    const start = this.at
    while (blanks.has(this.text.charAt(this.at))) this.at++
    return this.at > start
  }

  /** Passes `token` over when it stands here. */
  take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    this.last = token
    return true
  }

  /** Passes a word and the blanks behind it over; it needs at least one. */
  takeWord(word: string): boolean {
    const { at, last } = this
    if (this.take(word) && this.blanks()) return true
    this.at = at
    this.last = last
    return false
  }

  /** A string in quotes; `undefined` when there is none here, or no end to it. */
  quotedString(): string | undefined {
    const quote = this.text[this.at]
    if (quote !== '"' && quote !== "'") return undefined
    // A backslash before the quote keeps it open, however many backslashes there are.
    let end = this.at + 1
    while (end < this.text.length && this.text[end] !== '\0') {
      if (this.text[end] === quote && this.text[end - 1] !== '\\') {
        const raw = this.text.slice(this.at + 1, end)
        this.at = end + 1
        this.last = unescape(raw, quote, (message) => this.fail(message))
        return this.last
      }
      end++
    }
    return undefined
  }
}

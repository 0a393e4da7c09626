/**
 * Regular expressions as RE2 reads them in its POSIX mode, written again in the syntax of re2js,
 * which has no such mode: no classes of letters after a backslash, no `(?`, no lazy repeats, one
 * repeat after another. Faults have the words of RE2. Works on text, and takes one pass.
 */

/** An expression for re2js, or why it is none. */
export type PosixRegex =
  { readonly ok: true; readonly source: string } | { readonly ok: false; readonly message: string }

/** Most repeats that a `{n,m}` may ask for. */
const repeatsMax = 1000

class Fault extends Error {}

const fail = (what: string, about: string): never => {
  throw new Fault(`${what}: ${about}`)
}

type Range = readonly [low: number, high: number]

/** The classes of the C locale, as ranges of letters. */
const classes: Readonly<Record<string, readonly string[]>> = {
  alnum: ['09', 'AZ', 'az'],
  alpha: ['AZ', 'az'],
  ascii: ['\x00\x7f'],
  blank: ['\t\t', '  '],
  cntrl: ['\x00\x1f', '\x7f\x7f'],
  digit: ['09'],
  graph: ['!~'],
  lower: ['az'],
  print: [' ~'],
  punct: ['!/', ':@', '[`', '{~'],
  space: ['\t\r', '  '],
  upper: ['AZ'],
  word: ['09', 'AZ', 'az', '__'],
  xdigit: ['09', 'AF', 'af'],
}

const rangesOf = (pairs: readonly string[]): readonly Range[] =>
  pairs.map((pair) => [pair.charCodeAt(0), pair.charCodeAt(1)])

/** What ranges leave. */
const complement = (ranges: readonly Range[]): readonly Range[] => {
  const left: Range[] = []
  let next = 0
  for (const [low, high] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (low > next) left.push([next, low - 1])
    next = Math.max(next, high + 1)
  }
  return next > 0x10ffff ? left : [...left, [next, 0x10ffff]]
}

const codeText = (code: number): string => `\\x{${code.toString(16)}}`

const named: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, f: 12, v: 11 }

class Reader {
  readonly #text: string
  readonly #letters: readonly string[]
  #at = 0
  /** What was read, a part of it for each open group; the last entry of a part can be repeated. */
  readonly #parts: string[][] = [[]]

  constructor(text: string) {
    this.#text = text
    this.#letters = Array.from(text)
  }

  read(): string {
    while (this.#at < this.#letters.length) this.#one()
    if (this.#parts.length > 1) fail('missing )', this.#text)
    return (this.#parts[0] ?? []).join('')
  }

  #slice(start: number, end = this.#letters.length): string {
    return this.#letters.slice(start, end).join('')
  }

  #push(source: string): void {
    this.#parts.at(-1)?.push(source)
  }

  #one(): void {
    const start = this.#at
    const letter = this.#letters[this.#at++] ?? ''
    switch (letter) {
      case '(':
        this.#parts.push([])
        return
      case ')': {
        if (this.#parts.length === 1) fail('unexpected )', this.#text)
        const inner = (this.#parts.pop() ?? []).join('')
        this.#push(`(?:${inner})`)
        return
      }
      case '|':
      case '^':
      case '$':
      case '.':
        this.#push(letter)
        return
      case '[':
        this.#class(start)
        return
      case '*':
      case '+':
      case '?':
        this.#repeat(letter, letter)
        return
      case '{':
        this.#count(start)
        return
      case '\\':
        this.#push(codeText(this.#escape(start)))
        return
      default:
        this.#push(codeText(letter.codePointAt(0) ?? 0))
    }
  }

  /** @param shown  the repeat as it is written */
  #repeat(source: string, shown: string): void {
    const part = this.#parts.at(-1) ?? []
    const last = part.at(-1)
    if (last === undefined || last === '|') {
      fail('no argument for repetition operator', shown)
      return
    }
    // In a group of its own: re2js refuses one repeat after another.
    part[part.length - 1] = `(?:${last})${source}`
  }

  /** `{n}`, `{n,}`, `{n,m}`; any other brace stands for itself. */
  #count(start: number): void {
    const [shown = '', low = '', comma, high = ''] =
      /^\{(0|[1-9]\d*)(?:(,)(0|[1-9]\d*)?)?\}/.exec(this.#slice(start, start + 24)) ?? []
    if (shown === '') {
      this.#push(codeText(0x7b))
      return
    }
    this.#at = start + shown.length
    const most = comma === undefined ? Number(low) : high === '' ? undefined : Number(high)
    const isWrong = most !== undefined && (most > repeatsMax || most < Number(low))
    if (Number(low) > repeatsMax || isWrong) fail('invalid repetition size', shown)
    this.#repeat(shown, shown)
  }

  /** The character that a backslash and what follows stands for. */
  #escape(start: number): number {
    const letter = this.#letters[this.#at++]
    if (letter === undefined) return fail('trailing \\', '')
    const bad = (): never => fail('invalid escape sequence', this.#slice(start, this.#at))
    if (/[!-/:-@[-`{-~ \x00-\x1f\x7f]/.test(letter)) return letter.codePointAt(0) ?? 0
    const code = named[letter]
    if (code !== undefined) return code
    if (letter === 'x') return this.#hex(bad)
    // One digit alone would be a reference back.
    const isOctal = letter === '0' || (/[1-7]/.test(letter) && this.#isNext(/[0-7]/))
    if (!isOctal) return bad()
    let value = Number(letter)
    for (let digits = 1; digits < 3 && this.#isNext(/[0-7]/); digits++) {
      value = value * 8 + Number(this.#letters[this.#at++])
    }
    return value
  }

  #isNext(form: RegExp): boolean {
    return form.test(this.#letters[this.#at] ?? '')
  }

  /** Two digits, or any number of them in braces. */
  #hex(bad: () => never): number {
    const first = this.#letters[this.#at++]
    if (first === undefined) return bad()
    if (first !== '{') {
      const second = this.#letters[this.#at++] ?? ''
      return /^[0-9a-fA-F]{2}$/.test(first + second) ? Number.parseInt(first + second, 16) : bad()
    }
    let value = 0
    let count = 0
    while (this.#isNext(/[0-9a-fA-F]/)) {
      value = value * 16 + Number.parseInt(this.#letters[this.#at++] ?? '', 16)
      if (value > 0x10ffff) return bad()
      count++
    }
    const end = this.#letters[this.#at++]
    return count > 0 && end === '}' ? value : bad()
  }

  /** A class in brackets whose first one was read. */
  #class(start: number): void {
    const isNegated = this.#letters[this.#at] === '^'
    if (isNegated) this.#at++
    const ranges: Range[] = []
    const first = this.#at
    while (this.#at === first || this.#letters[this.#at] !== ']') {
      if (this.#at >= this.#letters.length) fail('missing ]', this.#slice(start))
      ranges.push(...this.#member(start, first))
    }
    this.#at++
    const kept = isNegated ? complement(ranges) : ranges
    // No character at all: what can't be, without a class that re2js would refuse.
    const text = kept.map(([low, high]) => `${codeText(low)}-${codeText(high)}`).join('')
    this.#push(text === '' ? '[^\\x{0}-\\x{10ffff}]' : `[${text}]`)
  }

  #member(start: number, first: number): readonly Range[] {
    const at = this.#at
    const letter = this.#letters[at]
    // A hyphen stands for itself at either end only.
    if (letter === '-' && at !== first && this.#letters[at + 1] !== ']') {
      const next = this.#letters[at + 1]
      if (next === undefined) throw new Fault('invalid UTF-8')
      return fail('invalid character class range', letter + next)
    }
    if (letter === '[' && this.#letters[at + 1] === ':') {
      const [shown = '', caret, name = ''] =
        /^\[:(\^?)([^:\]]*):\]/.exec(this.#slice(at, at + 32)) ?? []
      if (shown !== '') {
        const ranges = classes[name]
        if (!ranges) return fail('invalid character class range', shown)
        this.#at += shown.length
        return caret === '^' ? complement(rangesOf(ranges)) : rangesOf(ranges)
      }
    }
    const low = this.#classLetter(start)
    const isRange = this.#letters[this.#at] === '-' && this.#letters[this.#at + 1] !== ']'
    if (!isRange || this.#at + 1 >= this.#letters.length) return [[low, low]]
    this.#at++
    const high = this.#classLetter(start)
    if (high < low) fail('invalid character class range', this.#slice(at, this.#at))
    return [[low, high]]
  }

  #classLetter(start: number): number {
    const at = this.#at
    const letter = this.#letters[this.#at++]
    if (letter === undefined) return fail('missing ]', this.#slice(start))
    return letter === '\\' ? this.#escape(at) : (letter.codePointAt(0) ?? 0)
  }
}

/** Reads an expression. */
export const readPosixRegex = (text: string): PosixRegex => {
  try {
    return { ok: true, source: new Reader(text).read() }
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    return { ok: false, message: fault.message }
  }
}

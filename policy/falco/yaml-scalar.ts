/**
 * The text of one YAML scalar, as yaml-cpp reads it: laxer than the standard on how far lines are
 * indented, in quotes and in brackets, where rule files rely on it.
 */

/** Text that is no YAML: why, and the offset. Caught in `yaml.ts`. */
export class YamlFault extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** Where in a text something is read. `lineStart` is the offset of the line that `at` is on. */
export interface Cursor {
  readonly text: string
  at: number
  lineStart: number
}

/** Whether a letter is a blank; at the end there is none. */
export const isBlank = (letter: string): boolean => letter === ' ' || letter === '\t'

/** Whether a token that must stand alone ends here: at a blank, a break, the end of the text. */
export const isGap = (letter: string): boolean =>
  letter === '' || letter === ' ' || letter === '\t' || letter === '\n'

/** Whether `---` or `...` stands here, at the begin of a line. */
export const isDocumentMark = ({ text, at, lineStart }: Cursor): boolean => {
  if (at !== lineStart) return false
  const isMark = text.startsWith('---', at) || text.startsWith('...', at)
  return isMark && isGap(text.charAt(at + 3))
}

/** How a scalar is read. */
export interface Form {
  /** Length of what ends it, where that stands; -1 elsewhere. */
  readonly endAt: (text: string, at: number) => number
  /** The letter in which it is quoted. */
  readonly quote: '"' | "'" | undefined
  /** Columns that its lines have at least; those of a block may say it themselves. */
  readonly indent: number
  readonly detectsIndent: boolean
  readonly isBlock: boolean
  /** Breaks between its lines are blanks. */
  readonly isFolded: boolean
  /** Breaks at its end: one is kept, none, or all. */
  readonly chomp: 'clip' | 'strip' | 'keep'
}

const escapes: Readonly<Record<string, string>> = {
  0: '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Passes the escape at the cursor over, and gives what it stands for. */
const readEscape = (cursor: Cursor): string => {
  const { text } = cursor
  const letter = text.charAt(cursor.at + 1)
  const plain = escapes[letter]
  cursor.at += 2
  if (plain !== undefined) return plain
  const length = hexLengths[letter]
  if (length === undefined) throw new YamlFault(`unknown escape character: ${letter}`, cursor.at)
  const digits = text.slice(cursor.at, cursor.at + length)
  cursor.at += length
  if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length < length) {
    throw new YamlFault('bad character found while scanning hex number', cursor.at)
  }
  const code = Number.parseInt(digits, 16)
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
    throw new YamlFault(`invalid unicode: ${code}`, cursor.at)
  }
  return String.fromCodePoint(code)
}

const ordinary = /[\w./%@$^*+;<>|()-]+/y

/** Reads a scalar, line by line. */
class ScalarReader {
  readonly #cursor: Cursor
  readonly #form: Form
  #indent: number
  #value = ''
  /** Where the newest escape ends in the value: what it gave is never trimmed. */
  #kept = -1
  #isEmpty = true
  #isPastBreak: boolean
  /** Of the lines before: empty; with more blanks than the block has. */
  #wasEmpty = false
  #wasDeeper = false
  #emptyLines = 0
  #emptyAfterDeeper = false
  /** It ended at a line that is not indented enough. */
  endedEarly = false

  constructor(cursor: Cursor, form: Form) {
    this.#cursor = cursor
    this.#form = form
    this.#indent = form.indent
    this.#isPastBreak = !form.isBlock
  }

  read(): string {
    const cursor = this.#cursor
    const { text } = cursor
    while (cursor.at < text.length) {
      const isJoined = this.#line()
      if (cursor.at >= text.length) {
        if (this.#form.quote !== undefined) {
          throw new YamlFault('illegal EOF in scalar', cursor.at)
        }
        break
      }
      if (this.#form.quote === undefined && !this.#form.isBlock && isDocumentMark(cursor)) break
      const end = this.#form.endAt(text, cursor.at)
      if (end >= 0) {
        if (this.#form.quote !== undefined) cursor.at += end
        break
      }
      if (this.#lineBreak(isJoined)) break
    }
    return this.#chomped()
  }

  /**
   * The rest of a line.
   *
   * @returns whether its break was escaped: the next line goes on without a blank
   */
  #line(): boolean {
    const cursor = this.#cursor
    const { text } = cursor
    const { quote, isBlock, endAt } = this.#form
    let solid = this.#value.length
    let start = cursor.at
    const flush = (): void => {
      const piece = text.slice(start, cursor.at)
      if (piece === '') return
      const trimmed = piece.replace(/[ \t]+$/, '').length
      if (trimmed > 0) solid = this.#value.length + trimmed
      this.#value += piece
    }
    let isJoined = false
    for (;;) {
      // Letters that mean nothing to any form are passed over at once.
      ordinary.lastIndex = cursor.at
      if (cursor.at > cursor.lineStart && ordinary.test(text)) {
        cursor.at = ordinary.lastIndex
        this.#isEmpty = false
        this.#isPastBreak = true
      }
      if (cursor.at >= text.length || endAt(text, cursor.at) >= 0) break
      const letter = text.charAt(cursor.at)
      if (letter === '\n') break
      if (cursor.at === cursor.lineStart && !isBlock && isDocumentMark(cursor)) {
        if (quote === undefined) break
        throw new YamlFault('illegal document indicator in scalar', cursor.at)
      }
      this.#isEmpty = false
      this.#isPastBreak = true
      const isEscape = quote === '"' ? letter === '\\' : letter === quote
      if (!isEscape) {
        cursor.at++
        continue
      }
      flush()
      isJoined = quote === '"' && text.charAt(cursor.at + 1) === '\n'
      if (isJoined) cursor.at++
      else if (quote === '"') this.#value += readEscape(cursor)
      else {
        this.#value += "'"
        cursor.at += 2
      }
      solid = this.#value.length
      this.#kept = solid
      start = cursor.at
      if (isJoined) break
    }
    flush()
    if (!isBlock && cursor.at < text.length && endAt(text, cursor.at) < 0) {
      this.#value = this.#value.slice(0, solid)
    }
    return isJoined
  }

  /** A break, and the blanks that the next line begins with; true when the scalar ended. */
  #lineBreak(isJoined: boolean): boolean {
    const cursor = this.#cursor
    const { text } = cursor
    const { isBlock, isFolded, endAt, detectsIndent, quote } = this.#form
    cursor.at++
    cursor.lineStart = cursor.at
    const column = (): number => cursor.at - cursor.lineStart
    const isDetecting = detectsIndent && this.#isEmpty
    while (
      text.charAt(cursor.at) === ' ' &&
      (column() < this.#indent || isDetecting) &&
      endAt(text, cursor.at) < 0
    ) {
      cursor.at++
    }
    if (isDetecting) this.#indent = Math.max(this.#indent, column())
    while (isBlank(text.charAt(cursor.at))) {
      const isTab = text.charAt(cursor.at) === '\t' && column() < this.#indent
      if (isTab && quote === undefined) {
        throw new YamlFault('illegal tab when looking for indentation', cursor.at)
      }
      if (isBlock || endAt(text, cursor.at) >= 0) break
      cursor.at++
    }
    const next = text.charAt(cursor.at)
    const isEmpty = next === '\n'
    const isDeeper = isBlank(next)
    if (isFolded && this.#emptyLines === 0 && isEmpty) this.#emptyAfterDeeper = this.#wasDeeper
    if (this.#isPastBreak) {
      if (!isBlock) this.#value += isEmpty ? '\n' : this.#wasEmpty || isJoined ? '' : ' '
      else if (isFolded) this.#fold(isEmpty, isDeeper, column())
      else this.#value += '\n'
    }
    this.#wasEmpty = isEmpty
    this.#wasDeeper = isDeeper
    this.#isPastBreak = true
    if (isEmpty || column() >= this.#indent) return false
    this.endedEarly = true
    return true
  }

  /** What stands for a break in a folded block. */
  #fold(isEmpty: boolean, isDeeper: boolean, column: number): void {
    const isPlain = !this.#wasEmpty && !isEmpty && !this.#wasDeeper && !isDeeper
    if (isPlain && column >= this.#indent) this.#value += ' '
    else if (isEmpty) this.#emptyLines++
    else this.#value += '\n'
    if (isEmpty || this.#emptyLines === 0) return
    this.#value += '\n'.repeat(this.#emptyLines - 1)
    if (this.#emptyAfterDeeper || isDeeper || this.#isEmpty) this.#value += '\n'
    this.#emptyLines = 0
  }

  /** The index of the last letter that stays, none of `letters` unless an escape gave it. */
  #last(value: string, letters: string): number {
    let last = value.length - 1
    while (last >= 0 && letters.includes(value.charAt(last))) last--
    return this.#kept >= 0 ? Math.max(last, this.#kept) : last
  }

  #chomped(): string {
    const { quote, isBlock, chomp } = this.#form
    let value = this.#value
    if (!isBlock && quote === undefined) {
      const last = this.#last(value, ' \t')
      if (last >= 0) value = value.slice(0, last + 1)
    }
    if (chomp === 'keep') return value
    const last = this.#last(value, '\n')
    if (last < 0) return ''
    return value.slice(0, last + (chomp === 'clip' ? 2 : 1))
  }
}

/**
 * Reads the scalar at the cursor, and passes it over.
 *
 * @returns its text, and whether it ended at a line that was not indented enough
 * @throws YamlFault
 */
export const readScalar = (
  cursor: Cursor,
  form: Form,
): { readonly text: string; readonly endedEarly: boolean } => {
  const reader = new ScalarReader(cursor, form)
  const text = reader.read()
  return { text, endedEarly: reader.endedEarly }
}

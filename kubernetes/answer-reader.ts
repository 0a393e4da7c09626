/**
 * Reads one answer of HTTP/1.1 as its bytes come, and hands on its body piece by piece, uncopied:
 * for an answer that lasts as long as a watch does, of which node:http would make a stream. What
 * is no sound answer is refused, and what stands around the body is bounded. Pure.
 *
 * @source  RFC 9112, sections 4 to 8
 */
import { limits } from './limits.ts'

/** What an answer says before its body. */
export interface AnswerHead {
  readonly status: number
  /** The server's word for it. */
  readonly reason: string
  /** By names in lower case; of several with one name the last. */
  readonly headers: ReadonlyMap<string, string>
}

/** It is no answer of HTTP/1.1, or one that nobody asked for. */
export class BadAnswer extends Error {}

const [newline, carriageReturn] = [0x0a, 0x0d]
const statusLine = /^HTTP\/1\.[01] ([1-5]\d\d)(?: (.*))?$/
const header = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/
const lengthText = /^\d{1,15}$/
/** A size in hexadecimal digits, and what extends it, which nobody reads. */
const sizeLine = /^([0-9a-fA-F]{1,8})[ \t]*(?:;.*)?$/
const switching = 101
const bodiless: ReadonlySet<number> = new Set([204, 304])

/** Called with where a piece of something is: bytes of a buffer, valid during the call. */
export type OnPiece = (bytes: Buffer, from: number, to: number) => void

/** The most digits that a size has. */
const digitsMax = 8

/** Of a digit of a hexadecimal number; below 0: it is none. */
const valueOf = (byte: number): number => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

/** What comes next. All but `body` are lines. */
type Part = 'status' | 'header' | 'size' | 'body' | 'body end' | 'trailer' | 'nothing'

export class AnswerReader {
  readonly #onHead: (head: AnswerHead) => void
  readonly #onBody: OnPiece
  #next: Part = 'status'
  /** What has come of a line. */
  #line = ''
  /** Characters of the head, or of the trailer. */
  #chars = 0
  #status = 0
  #reason = ''
  #headers = new Map<string, string>()
  #isChunked = false
  /** Bytes of the body, or of its chunk, that are to come; infinite: until there is an end. */
  #left = 0

  /**
   * @param onHead  called once, before the body
   * @param onBody  called with pieces of the body, valid during the call
   */
  constructor(onHead: (head: AnswerHead) => void, onBody: OnPiece) {
    this.#onHead = onHead
    this.#onBody = onBody
  }

  /** A chunk of the body begins with the next byte. */
  get isAtChunk(): boolean {
    return this.#next === 'size' && this.#line === ''
  }

  /** The whole answer has come. */
  get isWhole(): boolean {
    return this.#next === 'nothing'
  }

  /**
   * Takes the bytes that come next.
   *
   * @throws BadAnswer, and what the functions above throw
   */
  feed(bytes: Buffer, length = bytes.length): void {
    let at = 0
    while (at < length) {
      if (this.#next === 'body') at = this.#takeBody(bytes, at, length)
      else {
        const before = at
        if (this.#line === '') at = this.#takePlain(bytes, at, length)
        if (at === before) at = this.#takeLine(bytes, at, length)
      }
    }
  }

  /** No more will come. Returns whether the answer is whole. */
  end(): boolean {
    if (this.#next === 'body' && this.#left === Infinity) this.#next = 'nothing'
    return this.isWhole
  }

  #takeBody(bytes: Buffer, at: number, length: number): number {
    const to = Math.min(length, at + this.#left)
    this.#left -= to - at
    if (this.#left === 0) this.#next = this.#isChunked ? 'body end' : 'nothing'
    this.#onBody(bytes, at, to)
    return to
  }

  /**
   * Nearly all lines between two chunks are nothing but digits, or nothing: such a one is read in
   * place, without a text of it. Returns where it began when it is another.
   */
  #takePlain(bytes: Buffer, at: number, length: number): number {
    const isSize = this.#next === 'size'
    if (!isSize && this.#next !== 'body end') return at
    let size = 0
    let to = at
    for (const end = isSize ? Math.min(length, at + digitsMax) : at; to < end; to++) {
      const value = valueOf(bytes[to] ?? 0)
      if (value < 0) break
      size = size * 16 + value
    }
    const isPlain = isSize === to > at && to + 1 < length
    if (!isPlain || bytes[to] !== carriageReturn || bytes[to + 1] !== newline) return at
    if (isSize) this.#beginChunk(size)
    else this.#next = 'size'
    return to + 2
  }

  #takeLine(bytes: Buffer, at: number, length: number): number {
    if (this.#next === 'nothing') throw new BadAnswer('something comes behind the answer')
    const end = bytes.indexOf(newline, at)
    const isWhole = end >= 0 && end < length
    const to = isWhole ? end : length
    this.#chars += to - at
    if (this.#chars > limits.apiHeadCharsMax) {
      throw new BadAnswer(`more than ${limits.apiHeadCharsMax} characters around its body`)
    }
    this.#line += bytes.toString('latin1', at, to)
    if (!isWhole) return to
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    this.#onLine(line)
    return to + 1
  }

  #onLine(line: string): void {
    switch (this.#next) {
      case 'status':
        return this.#onStatus(line)
      case 'header':
        return line === '' ? this.#onHeadEnd() : this.#onHeader(line)
      case 'size':
        return this.#onSize(line)
      case 'body end':
        if (line !== '') throw new BadAnswer('a chunk of its body has no end')
        this.#next = 'size'
        return
      case 'trailer':
        if (line === '') this.#next = 'nothing'
        return
      case 'body':
      case 'nothing':
    }
  }

  #onStatus(line: string): void {
    const [, status, reason = ''] = statusLine.exec(line) ?? []
    if (status === undefined) throw new BadAnswer('it begins as no answer of HTTP/1.1 does')
    this.#status = Number(status)
    this.#reason = reason
    this.#headers = new Map()
    this.#next = 'header'
  }

  #onHeader(line: string): void {
    const [, name, value = ''] = header.exec(line) ?? []
    if (name === undefined) throw new BadAnswer('a line of its head is no header')
    const key = name.toLowerCase()
    const before = this.#headers.get(key)
    if (key === 'content-length' && before !== undefined && before !== value) {
      throw new BadAnswer('it has two lengths')
    }
    this.#headers.set(key, value)
  }

  #onHeadEnd(): void {
    if (this.#status === switching) throw new BadAnswer('it goes on in another protocol')
    if (this.#status < 200) {
      this.#next = 'status'
      return
    }
    this.#chars = 0
    const encoding = this.#headers.get('transfer-encoding')
    const length = this.#headers.get('content-length')
    if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
      throw new BadAnswer('its body is encoded in a way that was not asked for')
    }
    if (length !== undefined && !lengthText.test(length)) throw new BadAnswer('its length is none')
    this.#isChunked = encoding !== undefined
    this.#left = Number(length ?? Infinity)
    if (bodiless.has(this.#status)) this.#next = 'nothing'
    else if (this.#isChunked) this.#next = 'size'
    else this.#next = this.#left === 0 ? 'nothing' : 'body'
    this.#onHead({ status: this.#status, reason: this.#reason, headers: this.#headers })
  }

  #onSize(line: string): void {
    const [, digits] = sizeLine.exec(line) ?? []
    if (digits === undefined) throw new BadAnswer('the size of a chunk is none')
    this.#beginChunk(parseInt(digits, 16))
  }

  #beginChunk(bytes: number): void {
    this.#left = bytes
    this.#chars = 0
    this.#next = this.#left === 0 ? 'trailer' : 'body'
  }
}

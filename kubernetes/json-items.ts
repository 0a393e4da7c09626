/**
 * Cuts a Kubernetes list, as it comes in, into its items: each is parsed alone, so that a list of
 * any length takes the memory of its largest item, and one that is too large, or none, spoils no
 * other. Reads UTF-8 by bytes: all that is looked for is ASCII. Never throws.
 */

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d]
const space = 0x20

/** What stands before the array. */
const itemsKey = /"items"\s*:\s*$/
/** Levels that are open between two items: the list, the array. */
const betweenDepth = 2

/** Called with the text of an item; `undefined`: it was too large, or neither object nor array. */
export type OnItem = (text: string | undefined) => void

export class JsonItems {
  readonly #onItem: OnItem
  readonly #bytesMax: number
  #where: 'around' | 'between' | 'item' = 'around'
  #depth = 0
  #inText = false
  #escaped = false
  /** Something between two items that is none. */
  #stray = false
  /** What has come of the item. */
  #parts: Buffer[] = []
  #bytes = 0
  #around = ''

  /** @param bytesMax  of an item; and of all that stands around the items */
  constructor(bytesMax: number, onItem: OnItem) {
    this.#bytesMax = bytesMax
    this.#onItem = onItem
  }

  /** What stands around the items, with none in it; `undefined` when it is too large. */
  get envelope(): string | undefined {
    return this.#around.length > this.#bytesMax ? undefined : this.#around
  }

  /** Takes the bytes that come next. */
  feed(chunk: Buffer): void {
    /** Where that begins of the item, or around it, which is not taken yet. */
    let from = 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0
      if (this.#inText) this.#passText(byte)
      else if (byte === quote) {
        this.#inText = true
        if (this.#where === 'between') this.#stray = true
      } else if (byte === openBrace || byte === openBracket) from = this.#open(chunk, from, at)
      else if (byte === closeBrace || byte === closeBracket) from = this.#close(chunk, from, at)
      else if (this.#where === 'between' && byte > space && byte !== comma) this.#stray = true
    }
    this.#take(chunk, from, chunk.length)
  }

  #passText(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === backslash) this.#escaped = true
    else if (byte === quote) this.#inText = false
  }

  #open(chunk: Buffer, from: number, at: number): number {
    this.#depth++
    if (this.#where === 'between') {
      this.#tellStray()
      this.#where = 'item'
      return at
    }
    if (this.#where === 'item' || this.#depth !== betweenDepth) return from
    this.#take(chunk, from, at)
    if (chunk[at] === openBracket && itemsKey.test(this.#around.slice(-64))) {
      this.#around += '['
      this.#where = 'between'
      return at + 1
    }
    return at
  }

  #close(chunk: Buffer, from: number, at: number): number {
    this.#depth--
    if (this.#where === 'item' && this.#depth === betweenDepth) {
      this.#take(chunk, from, at + 1)
      this.#emit()
      this.#where = 'between'
    } else if (this.#where === 'between') {
      this.#tellStray()
      this.#where = 'around'
      return at
    }
    return from
  }

  #tellStray(): void {
    if (this.#stray) this.#onItem(undefined)
    this.#stray = false
  }

  #emit(): void {
    const parts = this.#parts
    const fits = this.#bytes <= this.#bytesMax
    this.#parts = []
    this.#bytes = 0
    this.#onItem(fits ? Buffer.concat(parts).toString('utf8') : undefined)
  }

  #take(chunk: Buffer, from: number, to: number): void {
    if (to <= from || this.#where === 'between') return
    if (this.#where === 'around') {
      if (this.envelope !== undefined) this.#around += chunk.toString('latin1', from, to)
      return
    }
    this.#bytes += to - from
    // A copy: the chunk is the connection's.
    if (this.#bytes <= this.#bytesMax) this.#parts.push(Buffer.from(chunk.subarray(from, to)))
    else this.#parts = []
  }
}

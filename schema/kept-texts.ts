/**
 * The texts that records had last, by their bytes: most events are about few paths, and a text that
 * is kept costs a fifth of one that is made, and less again where it is looked up in a set.
 */

/** A power of two. */
const slots = 1024
const bytesMax = 128
const wordsMax = bytesMax / 4

/** One text a slot; another one with the same hash takes its place. */
export class KeptTexts {
  /** Their bytes, the last word filled up with zeros. */
  readonly #words = new Uint32Array(slots * wordsMax)
  readonly #texts: string[] = Array.from({ length: slots }, () => '')

  /**
   * The text of `bytes` bytes at `start` of `data`.
   *
   * @param make  makes it where it is not kept
   */
  of(
    data: DataView,
    start: number,
    bytes: number,
    make: (start: number, end: number) => string,
  ): string {
    if (bytes > bytesMax) return make(start, start + bytes)
    const words = bytes >>> 2
    let hash = bytes
    let at = start
    for (let i = 0; i < words; i++, at += 4) {
      hash = Math.imul(hash ^ data.getUint32(at, true), 0x9e37_79b1)
      hash ^= hash >>> 15
    }
    const rest = tail(data, at, bytes & 3)
    hash = Math.imul(hash ^ rest, 0x85eb_ca6b)
    const slot = (hash ^ (hash >>> 16)) & (slots - 1)
    const known = this.#texts[slot] ?? ''
    if (known.length === bytes && this.#isSame(slot, data, start, words, rest)) return known
    const made = make(start, start + bytes)
    this.#keep(slot, made, data, start, words, rest)
    return made
  }

  #isSame(slot: number, data: DataView, start: number, words: number, rest: number): boolean {
    const kept = this.#words
    const from = slot * wordsMax
    for (let i = 0; i < words; i++) {
      if (kept[from + i] !== data.getUint32(start + 4 * i, true)) return false
    }
    return words === wordsMax || kept[from + words] === rest
  }

  #keep(
    slot: number,
    text: string,
    data: DataView,
    start: number,
    words: number,
    rest: number,
  ): void {
    const from = slot * wordsMax
    for (let i = 0; i < words; i++) this.#words[from + i] = data.getUint32(start + 4 * i, true)
    if (words < wordsMax) this.#words[from + words] = rest
    this.#texts[slot] = text
  }
}

/** The last bytes, fewer than four, as one word. */
const tail = (data: DataView, at: number, bytes: number): number => {
  let word = 0
  for (let i = 0; i < bytes; i++) word |= data.getUint8(at + i) << (8 * i)
  return word
}

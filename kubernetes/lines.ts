/** Cuts what comes in into lines of a bounded size. Never throws. */
import type { OnPiece } from './answer-reader.ts'

const newline = 0x0a
/** What holds the beginning of a line is kept for the next one when it is no larger. */
const heldBytesMax = 64 * 1024

/** Called with where a line is, valid during the call; `undefined`: it was too long, and is left
 * out. */
export type OnLine = (bytes: Buffer | undefined, from: number, to: number) => void

export class Lines {
  readonly #onLine: OnLine
  readonly #bytesMax: number
  /** What has come of a line without its end: so many bytes of it. */
  #held = Buffer.alloc(0)
  #bytes = 0

  constructor(bytesMax: number, onLine: OnLine) {
    this.#bytesMax = bytesMax
    this.#onLine = onLine
  }

  /** A line begins with the next byte. */
  get isAtBegin(): boolean {
    return this.#bytes === 0
  }

  /** Takes the bytes that come next. */
  readonly feed: OnPiece = (bytes, from, to) => {
    let at = from
    while (at < to) {
      const found = bytes.indexOf(newline, at)
      if (found < 0 || found >= to) break
      // Most lines come whole, and are not copied.
      if (this.#bytes === 0 && found - at <= this.#bytesMax) this.#onLine(bytes, at, found)
      else {
        this.#take(bytes, at, found)
        this.#emit()
      }
      at = found + 1
    }
    if (at < to) this.#take(bytes, at, to)
  }

  /** Nothing comes any more: what came last may have no end of line. */
  end(): void {
    if (this.#bytes > 0) this.#emit()
  }

  #take(bytes: Buffer, from: number, to: number): void {
    const before = this.#bytes
    this.#bytes += to - from
    if (this.#bytes > this.#bytesMax) this.#held = Buffer.alloc(0)
    else {
      if (this.#bytes > this.#held.length) {
        const larger = Buffer.allocUnsafeSlow(2 * this.#bytes)
        this.#held.copy(larger, 0, 0, before)
        this.#held = larger
      }
      bytes.copy(this.#held, before, from, to)
    }
  }

  #emit(): void {
    const bytes = this.#bytes
    this.#bytes = 0
    if (bytes > this.#bytesMax) this.#onLine(undefined, 0, 0)
    else this.#onLine(this.#held, 0, bytes)
    if (this.#held.length > heldBytesMax) this.#held = Buffer.alloc(0)
  }
}

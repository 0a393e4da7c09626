/** Cuts what comes in into lines of a bounded size. Never throws. */

const newline = 0x0a

/** Called with a line, valid during the call; `undefined`: it was too long, and is left out. */
export type OnLine = (line: Buffer | undefined) => void

export class Lines {
  readonly #onLine: OnLine
  readonly #bytesMax: number
  #parts: Buffer[] = []
  #bytes = 0

  constructor(bytesMax: number, onLine: OnLine) {
    this.#bytesMax = bytesMax
    this.#onLine = onLine
  }

  /** Takes the bytes that come next. */
  feed(chunk: Buffer): void {
    let from = 0
    for (let end; (end = chunk.indexOf(newline, from)) !== -1; from = end + 1) {
      // Most lines come whole, and are not copied.
      if (this.#bytes === 0 && end - from <= this.#bytesMax) {
        this.#onLine(chunk.subarray(from, end))
        continue
      }
      this.#take(chunk, from, end)
      this.#emit()
    }
    this.#take(chunk, from, chunk.length)
  }

  /** Nothing comes any more: what came last may have no end of line. */
  end(): void {
    if (this.#bytes > 0) this.#emit()
  }

  #take(chunk: Buffer, from: number, to: number): void {
    if (to === from) return
    this.#bytes += to - from
    if (this.#bytes <= this.#bytesMax) this.#parts.push(Buffer.from(chunk.subarray(from, to)))
    else this.#parts = []
  }

  #emit(): void {
    const parts = this.#parts
    const fits = this.#bytes <= this.#bytesMax
    this.#parts = []
    this.#bytes = 0
    this.#onLine(fits ? Buffer.concat(parts) : undefined)
  }
}

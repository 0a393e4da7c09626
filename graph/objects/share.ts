/**
 * Shares what is equal: pods of one workload have the same labels and the same spec, and a cluster
 * has thousands of each. Bounded: when full it starts again, and what was shared stays so.
 */
import { limits } from '../limits.ts'

export class Sharing {
  readonly #texts = new Map<string, string>()
  readonly #parts = new Map<string, unknown>()
  /** How often a table was full and was started again. */
  restarts = 0

  /** The same text, as one text in memory. */
  text(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    if (this.#texts.size >= limits.sharedTextsMax) {
      this.#texts.clear()
      this.restarts++
    }
    this.#texts.set(text, text)
    return text
  }

  /** A value that is equal to this one, by its JSON. Values that are shared must not change. */
  part<Value extends object>(value: Value): Value {
    const key = JSON.stringify(value)
    const known = this.#parts.get(key)
    if (known !== undefined) return known as Value
    if (this.#parts.size >= limits.sharedPartsMax) {
      this.#parts.clear()
      this.restarts++
    }
    this.#parts.set(key, value)
    return value
  }
}

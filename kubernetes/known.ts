/** What the agent last heard of one kind of objects: what seems to have changed, and has not. */
import { isDeepStrictEqual } from 'node:util'

/** How many values there may be; and how long they may be together, characters. */
export interface KnownBounds<Value> {
  readonly valuesMax: number
  readonly charsOf?: (value: Value) => number
  readonly charsMax?: number
}

export class Known<Value> {
  readonly #values = new Map<string, Value>()
  readonly #keyOf: (value: Value) => string
  readonly #bounds: KnownBounds<Value>
  readonly #onOverflow: () => void
  #chars = 0

  /** @param onOverflow  called for each value that finds no room */
  constructor(keyOf: (value: Value) => string, bounds: KnownBounds<Value>, onOverflow: () => void) {
    this.#keyOf = keyOf
    this.#bounds = bounds
    this.#onOverflow = onOverflow
  }

  get size(): number {
    return this.#values.size
  }

  #charsOf(value: Value | undefined): number {
    return value === undefined ? 0 : (this.#bounds.charsOf?.(value) ?? 0)
  }

  #hasRoom(before: Value | undefined, value: Value): boolean {
    const { valuesMax, charsMax = Infinity } = this.#bounds
    const isFull = before === undefined && this.#values.size >= valuesMax
    return !isFull && this.#chars - this.#charsOf(before) + this.#charsOf(value) <= charsMax
  }

  /** Whether it is new, or other than before. One without room leaves what was before. */
  put(value: Value): boolean {
    const key = this.#keyOf(value)
    const before = this.#values.get(key)
    if (before !== undefined && isDeepStrictEqual(before, value)) return false
    if (!this.#hasRoom(before, value)) {
      this.#onOverflow()
      return false
    }
    this.#chars += this.#charsOf(value) - this.#charsOf(before)
    this.#values.set(key, value)
    return true
  }

  has(key: string): boolean {
    return this.#values.has(key)
  }

  /** Whether it was there. */
  remove(key: string): boolean {
    this.#chars -= this.#charsOf(this.#values.get(key))
    return this.#values.delete(key)
  }

  /** Takes these for all there are: what is new or other, and the keys of what is gone. */
  replace(values: readonly Value[]): {
    readonly changed: readonly Value[]
    readonly gone: readonly string[]
  } {
    const keys = new Set(values.map(this.#keyOf))
    const gone = [...this.#values.keys()].filter((key) => !keys.has(key))
    for (const key of gone) this.remove(key)
    return { changed: values.filter((value) => this.put(value)), gone }
  }
}

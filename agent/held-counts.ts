/**
 * Counts that are told at once, and then not again for a while: those that come meanwhile are added
 * up. So what comes in a flood makes no flood of alerts, and no count is hidden. Pure.
 */
import { limits } from './limits.ts'

/** Counts of an interval. Times are nanoseconds since boot. */
export interface Counted<Item> {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly items: readonly Item[]
}

export class HeldCounts<Item extends { readonly count: number }> {
  readonly #keyOf: (item: Item) => string
  readonly #waiting = new Map<string, Item>()
  #startNs = 0n
  #endNs = 0n
  #toldNs: bigint | undefined

  /** @param keyOf  what has the same key is added up */
  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf
  }

  add({ startNs, endNs, items }: Counted<Item>): void {
    if (this.#waiting.size === 0) this.#startNs = startNs
    this.#endNs = endNs
    for (const item of items) {
      const key = this.#keyOf(item)
      const before = this.#waiting.get(key)?.count ?? 0
      this.#waiting.set(key, { ...item, count: before + item.count })
    }
  }

  /** What waits, if it has waited long enough; it waits no more. */
  takeDue(nowNs: bigint): Counted<Item> {
    const isDue = this.#toldNs === undefined || nowNs - this.#toldNs >= limits.lossPauseNs
    if (!isDue) return { startNs: nowNs, endNs: nowNs, items: [] }
    if (this.#waiting.size > 0) this.#toldNs = nowNs
    return this.take()
  }

  /** What waits; it waits no more. */
  take(): Counted<Item> {
    const items = [...this.#waiting.values()]
    this.#waiting.clear()
    return { startNs: this.#startNs, endNs: this.#endNs, items }
  }
}

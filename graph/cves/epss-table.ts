/** The list of EPSS in 12 bytes a row: ids as numbers, sorted, and their probabilities. */
import { cveNumber } from './identifiers.ts'
import type { EpssRow } from './report.ts'

export class EpssTable {
  readonly #ids: Float64Array
  readonly #values: Float32Array

  /** Of two rows of one id the higher counts. */
  constructor(rows: readonly EpssRow[]) {
    const byId = new Map<number, number>()
    for (const { id, epss } of rows) {
      const number = cveNumber(id)
      if (number !== undefined) byId.set(number, Math.max(epss, byId.get(number) ?? 0))
    }
    this.#ids = Float64Array.from(byId.keys()).sort()
    this.#values = Float32Array.from(this.#ids, (id) => byId.get(id) ?? 0)
  }

  get size(): number {
    return this.#ids.length
  }

  /** 0 to 1, to four digits; `undefined`: not in the list, which is not the same as 0. */
  get(id: string): number | undefined {
    const wanted = cveNumber(id)
    if (wanted === undefined) return undefined
    let low = 0
    let high = this.#ids.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ids[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    if (this.#ids[low] !== wanted) return undefined
    // What four bytes have added to the number is not the list's.
    return Math.round((this.#values[low] ?? 0) * 1e5) / 1e5
  }
}

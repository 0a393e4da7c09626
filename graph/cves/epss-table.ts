/**
 * The list of EPSS: ids as numbers, in a hash table of typed arrays that takes rows as they come.
 * It has no step that is long, however many rows there are.
 */
import { cveNumber } from './identifiers.ts'

/** What the list says. */
export interface EpssList {
  /** Vulnerabilities in it. */
  readonly size: number
  /** 0 to 1, to five digits; `undefined`: not in the list, which is not the same as 0. */
  readonly get: (id: string) => number | undefined
}

const slotsAtFirst = 1024
/** Of the slots that are taken at the most: chains stay short. */
const fullness = 0.7
/** 2^32 by the golden ratio: spreads numbers that follow each other. */
const spread = 0x9e3779b1

export class EpssTable implements EpssList {
  /** 0: the slot is free. */
  #ids = new Float64Array(slotsAtFirst)
  #values = new Float32Array(slotsAtFirst)
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Of two rows of one id the higher counts. */
  add(number: number, epss: number): void {
    if (this.#size >= this.#ids.length * fullness) this.#grow()
    const slot = this.#slotOf(number)
    if (this.#ids[slot] === 0) this.#size++
    this.#ids[slot] = number
    this.#values[slot] = Math.max(epss, this.#values[slot] ?? 0)
  }

  get(id: string): number | undefined {
    const wanted = cveNumber(id)
    if (wanted === undefined) return undefined
    const slot = this.#slotOf(wanted)
    if (this.#ids[slot] !== wanted) return undefined
    // What four bytes have added to the number is not the list's.
    return Math.round((this.#values[slot] ?? 0) * 1e5) / 1e5
  }

  /** Where a number is, or belongs. */
  #slotOf(number: number): number {
    const last = this.#ids.length - 1
    let slot = Math.imul(number | 0, spread) >>> Math.clz32(last)
    for (;;) {
      const there = this.#ids[slot]
      if (there === 0 || there === number) return slot
      slot = (slot + 1) & last
    }
  }

  #grow(): void {
    const [ids, values] = [this.#ids, this.#values]
    this.#ids = new Float64Array(ids.length * 2)
    this.#values = new Float32Array(ids.length * 2)
    for (let at = 0; at < ids.length; at++) {
      const number = ids[at] ?? 0
      if (number === 0) continue
      const slot = this.#slotOf(number)
      this.#ids[slot] = number
      this.#values[slot] = values[at] ?? 0
    }
  }
}

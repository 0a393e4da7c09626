/**
 * A map with a bound. The entry that was set first goes first; whoever owns the map counts it.
 */
import { limits } from './limits.ts'

export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #sizeMax: number
  readonly #onEvict: (key: K, value: V) => void
  /**
   * Where the oldest entry is: all before it is gone, and what is set comes behind it. A new one
   * for each eviction would pass over all that was evicted before.
   */
  #oldest: Iterator<[K, V], undefined> | undefined

  /**
   * @param sizeMax  entries, at least 1
   * @param onEvict  called once for each entry dropped, when it is gone
   */
  constructor(sizeMax: number, onEvict: (key: K, value: V) => void) {
    this.#sizeMax = sizeMax
    this.#onEvict = onEvict
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    if (this.#entries.size >= this.#sizeMax && !this.#entries.has(key)) this.#evict()
    this.#entries.set(key, value)
  }

  #evict(): void {
    this.#oldest ??= this.#entries.entries()
    let next = this.#oldest.next()
    if (next.done === true) {
      this.#oldest = this.#entries.entries()
      next = this.#oldest.next()
    }
    if (next.done === true) return
    const [key, value] = next.value
    this.#entries.delete(key)
    this.#onEvict(key, value)
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries()
  }

  values(): IterableIterator<V> {
    return this.#entries.values()
  }
}

/**
 * A pure function of numbers whose answers are kept, up to a bound.
 */
export const keeping = <T>(
  answer: (about: number) => T & {},
  sizeMax = limits.keptAnswersMax,
): ((about: number) => T) => {
  const kept = new BoundedMap<number, T & {}>(sizeMax, () => {})
  return (about) => {
    const known = kept.get(about)
    if (known !== undefined) return known
    const found = answer(about)
    kept.set(about, found)
    return found
  }
}

/**
 * A map with a bound. The entry that was set first goes first; whoever owns the map counts it.
 */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #sizeMax: number
  readonly #onEvict: () => void

  /** @param sizeMax entries, at least 1  @param onEvict called once for each entry dropped */
  constructor(sizeMax: number, onEvict: () => void) {
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
    if (this.#entries.size >= this.#sizeMax && !this.#entries.has(key)) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        this.#onEvict()
        break
      }
    }
    this.#entries.set(key, value)
  }

  delete(key: K): boolean {
    return this.#entries.delete(key)
  }

  values(): IterableIterator<V> {
    return this.#entries.values()
  }
}

/** The maps that a filter looks texts, numbers and addresses up in. */

/** A map to be made and filled before the filter is loaded; its values are u32. */
export interface FilterMap {
  /** `hash`: BPF_MAP_TYPE_HASH. `prefixes`: BPF_MAP_TYPE_LPM_TRIE, which is made with
   * BPF_F_NO_PREALLOC. */
  readonly kind: 'hash' | 'prefixes'
  readonly keyBytes: number
  /** Keys, each once, and values. */
  readonly entries: readonly (readonly [key: Uint8Array, value: Uint8Array])[]
}

/** A text for any bytes, and another one for others. */
const latin1 = new TextDecoder('latin1')

/** What tells maps apart that are made from entries in the same order. */
const contentOf = ({ kind, keyBytes, entries }: FilterMap): string => {
  const bytes = entries.map((each) => each.map((some) => latin1.decode(some)).join(''))
  return `${kind} ${keyBytes} ${bytes.join('')}`
}

/** Maps in the order in which the code asks for them, each once. */
export class MapPool {
  readonly maps: FilterMap[] = []
  readonly #known = new Map<string, number>()
  readonly #entriesMin: number
  readonly #fds: readonly number[] | undefined

  /**
   * @param entriesMin  smaller sets are compared, not looked up
   * @param fds         file descriptors of the maps; their indices when not known yet
   */
  constructor(entriesMin: number, fds: readonly number[] | undefined) {
    this.#entriesMin = entriesMin
    this.#fds = fds
  }

  /** Whether a set of so many is looked up. */
  takes(entries: number): boolean {
    return entries >= this.#entriesMin
  }

  /** Returns the map's index. */
  add(map: FilterMap): number {
    const content = contentOf(map)
    const known = this.#known.get(content)
    if (known !== undefined) return known
    const index = this.maps.push(map) - 1
    this.#known.set(content, index)
    return index
  }

  fdOf(map: number): number {
    const fd = this.#fds === undefined ? map : this.#fds[map]
    if (fd === undefined) throw new Error(`no file descriptor for map ${map}`)
    return fd
  }
}

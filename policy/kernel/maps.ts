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

/** The maps of a program that was made before, for the same program once more. */
export interface MadeMaps {
  /** Which map the code got each time that it asked for one. */
  readonly asked: readonly number[]
  readonly fds: readonly number[]
}

/** Maps in the order in which the code asks for them, each once. */
export class MapPool {
  readonly maps: FilterMap[] = []
  readonly asked: number[] = []
  readonly #known = new Map<string, number>()
  readonly #entriesMin: number
  readonly #made: MadeMaps | undefined

  /**
   * @param entriesMin  smaller sets are compared, not looked up
   * @param made        those that are there already; else indices stand for file descriptors
   */
  constructor(entriesMin: number, made?: MadeMaps) {
    this.#entriesMin = entriesMin
    this.#made = made
  }

  /** Whether a set of so many is looked up. */
  takes(entries: number): boolean {
    return entries >= this.#entriesMin
  }

  /**
   * Returns the map's index.
   *
   * @param entriesOf  asked where the map is not there yet
   */
  add(kind: FilterMap['kind'], keyBytes: number, entriesOf: () => FilterMap['entries']): number {
    const index = this.#made ? this.#made.asked[this.asked.length] : undefined
    const found = index ?? this.#addNew({ kind, keyBytes, entries: entriesOf() })
    this.asked.push(found)
    return found
  }

  #addNew(map: FilterMap): number {
    if (this.#made) throw new Error('the program asks for a map that it did not ask for before')
    const content = contentOf(map)
    const known = this.#known.get(content)
    if (known !== undefined) return known
    const index = this.maps.push(map) - 1
    this.#known.set(content, index)
    return index
  }

  fdOf(map: number): number {
    const fd = this.#made ? this.#made.fds[map] : map
    if (fd === undefined) throw new Error(`no file descriptor for map ${map}`)
    return fd
  }
}

/**
 * Sockets by inode, in arrays of numbers: connections come and go by the ten thousand a second, and
 * an object for each would be 4 MiB, and work for the collector. Bounded; the socket that was
 * added first goes first.
 *
 * Entries lie in a ring in the order in which they were added. `#slots` finds them: open
 * addressing, an entry's number plus one, 0 for none; twice as many slots as entries.
 */

/** One end of a socket: address and port, or a path; -1 when there is none. */
export type End = number | bigint | string

/** Ends by entry. Nearly all are numbers. */
class Ends {
  readonly #numbers: Float64Array
  /** Those that are none: there, `#numbers` has NaN. */
  readonly #others = new Map<number, bigint | string>()

  constructor(count: number) {
    this.#numbers = new Float64Array(count)
  }

  is(entry: number, end: End): boolean {
    if (typeof end === 'number') return this.#numbers[entry] === end
    return this.#others.size > 0 && this.#others.get(entry) === end
  }

  set(entry: number, end: End): void {
    if (this.#others.size > 0) this.#others.delete(entry)
    if (typeof end === 'number') {
      this.#numbers[entry] = end
    } else {
      this.#numbers[entry] = NaN
      this.#others.set(entry, end)
    }
  }
}

export class SocketTable {
  readonly local: Ends
  readonly remote: Ends
  /** A code of their owner's; 0 for a new entry. */
  readonly shown: Uint8Array
  readonly #sizeMax: number
  readonly #onEvict: () => void
  /** Inodes: the lower and the upper half of each. */
  readonly #keys: Uint32Array
  readonly #slots: Uint32Array
  readonly #shift: number
  #size = 0
  /** Where the next entry goes: where the oldest is, when there is no room. */
  #next = 0
  /** The last one that was looked up: an event asks twice. */
  #inode: number | bigint = NaN
  #last = 0

  /** @param sizeMax  entries, a power of two  @param onEvict  called once for each one dropped */
  constructor(sizeMax: number, onEvict: () => void) {
    if (sizeMax < 1 || (sizeMax & (sizeMax - 1)) !== 0) throw new RangeError('no power of two')
    this.#sizeMax = sizeMax
    this.#onEvict = onEvict
    this.#keys = new Uint32Array(2 * sizeMax)
    this.#slots = new Uint32Array(2 * sizeMax)
    this.#shift = Math.clz32(2 * sizeMax) + 1
    this.local = new Ends(sizeMax)
    this.remote = new Ends(sizeMax)
    this.shown = new Uint8Array(sizeMax)
  }

  get size(): number {
    return this.#size
  }

  /** The entry of a socket; a new one, with no ends (-1), when it was not known. */
  entry(inode: number | bigint): number {
    if (inode === this.#inode) return this.#last
    const isBig = typeof inode === 'bigint'
    const low = isBig ? Number(BigInt.asUintN(32, inode)) : inode >>> 0
    const high = isBig
      ? Number(BigInt.asUintN(32, inode >> 32n))
      : Math.floor(inode / 0x1_0000_0000)
    this.#last = this.#find(low, high)
    this.#inode = inode
    return this.#last
  }

  #find(low: number, high: number): number {
    const slots = this.#slots
    const keys = this.#keys
    let slot = this.#home(low, high)
    for (;;) {
      const entry = (slots[slot] ?? 0) - 1
      if (entry < 0) return this.#add(low, high)
      if (keys[2 * entry] === low && keys[2 * entry + 1] === high) return entry
      slot = (slot + 1) & (slots.length - 1)
    }
  }

  /** The slot in which a search begins. */
  #home(low: number, high: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1)
    return mixed >>> this.#shift
  }

  #add(low: number, high: number): number {
    const entry = this.#next
    if (this.#size === this.#sizeMax) this.#evict(entry)
    this.#next = (entry + 1) & (this.#sizeMax - 1)
    this.#size++
    this.#keys[2 * entry] = low
    this.#keys[2 * entry + 1] = high
    this.shown[entry] = 0
    this.local.set(entry, -1)
    this.remote.set(entry, -1)
    let slot = this.#home(low, high)
    while (this.#slots[slot] !== 0) slot = (slot + 1) & (this.#slots.length - 1)
    this.#slots[slot] = entry + 1
    return entry
  }

  /** Takes an entry's slot away, and moves up those behind it that searches would miss now. */
  #evict(entry: number): void {
    const slots = this.#slots
    const mask = slots.length - 1
    let hole = this.#homeOf(entry)
    while (slots[hole] !== entry + 1) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot] ?? 0
      const home = this.#homeOf(other - 1)
      // Stays where the hole is not on its way from home.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue
      slots[hole] = other
      hole = slot
    }
    slots[hole] = 0
    this.#size--
    this.#onEvict()
  }

  #homeOf(entry: number): number {
    return this.#home(this.#keys[2 * entry] ?? 0, this.#keys[2 * entry + 1] ?? 0)
  }
}

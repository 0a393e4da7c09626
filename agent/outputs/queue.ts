/** Alerts that wait for a channel, as lines: bounded in number and in bytes. */

/** One alert in the form that its channel gets. */
export interface Entry {
  /** Without an end of line. */
  readonly line: string
  /** Of the line in UTF-8. */
  readonly bytes: number
  /** 0 for Emergency to 7 for Debug, as syslog has it. */
  readonly priority: number
  readonly form: 'json' | 'text'
}

/** How much may wait. */
export interface QueueBounds {
  readonly alertsMax: number
  readonly bytesMax: number
}

/** Taken heads are cut off when there are so many. */
const cutMin = 1024

export class Queue {
  readonly #bounds: QueueBounds
  #entries: Entry[] = []
  #head = 0
  #bytes = 0

  constructor(bounds: QueueBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.length - this.#head
  }

  /**
   * @param extra  so many alerts more than the bound, whatever their bytes
   * @returns false when there is no room
   */
  push(entry: Entry, extra = 0): boolean {
    const { alertsMax, bytesMax } = this.#bounds
    if (this.size >= alertsMax + extra) return false
    // One that is larger than all the room still gets through alone.
    if (extra === 0 && this.size > 0 && this.#bytes + entry.bytes > bytesMax) return false
    this.#entries.push(entry)
    this.#bytes += entry.bytes
    return true
  }

  /** The first ones, at most so many; they stay. */
  peek(countMax: number): readonly Entry[] {
    return this.#entries.slice(this.#head, this.#head + countMax)
  }

  /** Takes so many of the first ones. */
  take(count: number): readonly Entry[] {
    const taken = this.peek(count)
    this.#head += taken.length
    for (const { bytes } of taken) this.#bytes -= bytes
    if (this.#head >= cutMin || this.size === 0) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
    return taken
  }
}

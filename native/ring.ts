/** A ring buffer, mapped a window at a time: `RingReader` over live memory, and the kernel's
 * wake-ups. */
import type { BpfMap } from './map.ts'
import type { Drained, OnRecord } from './ring-reader.ts'
import { addon } from './addon.ts'
import { closedError } from './native-error.ts'
import { RingReader } from './ring-reader.ts'

/** What of a ring's data is mapped at once: it counts as this process's memory. To map the next
 * part takes some 45 microseconds, as long as the agent needs for 30 records of it. */
export const ringWindowBytes = 512 * 1024

/** One consumer a ring: a second one of the same map would take its records. */
export class Ring {
  readonly #opened: ReturnType<ReturnType<typeof addon>['openRing']>
  readonly #reader: RingReader
  readonly #onClosed: (ring: Ring) => void
  /** Size of the ring, bytes. */
  readonly dataBytes: number
  #closed = false

  constructor(
    map: BpfMap,
    recordBytesMax: number,
    windowBytes: number,
    onClosed: (ring: Ring) => void,
  ) {
    const opened = addon().openRing(map.facts.handle, recordBytesMax, windowBytes)
    this.#opened = opened
    this.#reader = new RingReader({
      ...opened,
      show: (from) => addon().showRing(opened.handle, from),
    })
    this.#onClosed = onClosed
    this.dataBytes = opened.dataBytes
  }

  /**
   * The memory that `drain` gives offsets into; the same view as long as the ring is open, over
   * another part of the ring now and again. Only read it: its setters throw, and a write through
   * its `buffer` ends the process.
   */
  get data(): DataView<ArrayBuffer> {
    return this.#reader.data
  }

  /** Bytes that wait now, headers included. */
  get pendingBytes(): number {
    if (this.#closed) throw closedError('ring')
    return this.#reader.pendingBytes
  }

  /** See `RingReader.drain`. */
  drain(onRecord: OnRecord, recordsMax: number, bytesMax?: number): Drained {
    if (this.#closed) throw closedError('ring')
    try {
      return this.#reader.drain(onRecord, recordsMax, bytesMax)
    } finally {
      if (this.#closed) this.#release()
    }
  }

  /**
   * Calls back once a turn of the event loop, from the kernel's first wake-up on as long as data
   * waits: drain it, or `pause`. Data without a wake-up (BPF_RB_NO_WAKEUP) calls nobody. Once a
   * ring; does not hold the process, unless `ref` is called.
   */
  onReadable(callback: () => void): void {
    addon().watchRing(this.#opened.handle, callback)
  }

  /** No calls back until `resume`, which calls at once if data waits. */
  pause(): void {
    addon().setRingWatch(this.#opened.handle, false)
  }

  resume(): void {
    addon().setRingWatch(this.#opened.handle, true)
  }

  /** Holds the process as long as calls back are wanted; `unref` undoes it. */
  ref(): void {
    addon().setRingRef(this.#opened.handle, true)
  }

  unref(): void {
    addon().setRingRef(this.#opened.handle, false)
  }

  /**
   * Unmaps it: `data` has no bytes from here on. Inside `drain`, the current record stays valid
   * until its callback returns, and is the last one. Harmless when it was done before.
   */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#reader.stop()
    if (!this.#reader.draining) this.#release()
  }

  #release(): void {
    addon().close(this.#opened.handle)
    this.#onClosed(this)
  }
}

/**
 * Reads records out of a BPF ring buffer's memory. Pure: it works on any memory of the ring's
 * form, so that tests can give it garbage. Positions are the kernel's, of which the low 32 bits
 * are enough: a ring is smaller than that.
 *
 * The form is the kernel's (kernel/bpf/ringbuf.c): each record has a header of 8 bytes, its
 * length (u32) with two bits, BUSY while it is being written and DISCARD when it is to be skipped;
 * and takes a multiple of 8 bytes. Behind the end of the data its beginning lies once more, so that
 * no record is split. Of all this a window is in memory, and moves with the records. Law: any bytes
 * at all give records inside the window or an error, after at most `dataBytes / 8` steps.
 */
import { argumentError } from './native-error.ts'

/** The positions or a length of the ring make no sense. Close it and open it again. */
export class RingBrokenError extends Error {
  override readonly name = 'RingBrokenError'
}

/** The parts of a mapped ring. */
export interface RingMemory {
  /** Where the consumer's position is (u64); the only part that is written. */
  readonly consumer: ArrayBuffer
  /**
   * One page with the producer's position (u64), then the window: `windowBytes` of the data, from
   * its beginning, and what follows them: as many bytes as the longest record takes with its
   * header, at the most all of the data. The data's end is followed by its beginning.
   */
  readonly producer: ArrayBuffer
  readonly pageBytes: number
  /** Size of the data, once; a power of two, 8 to 2^30. */
  readonly dataBytes: number
  /** A part of the data, or all. */
  readonly windowBytes: number
  /** Moves the window: it begins at a multiple of `windowBytes`. */
  readonly show: (from: number) => void
}

/** What one call of `drain` did. */
export interface Drained {
  /** Records handed over. */
  readonly records: number
  /** Bytes that wait now, headers and records that are still being written included. */
  readonly pendingBytes: number
}

/**
 * Gets each record: byte offset into `RingReader.data`, a multiple of 8, and length in bytes. The
 * record is valid until it returns; copy what you keep.
 */
export type OnRecord = (offset: number, lengthBytes: number) => void

const headerBytes = 8
const discardBit = 0x4000_0000
const lengthBits = 0x3fff_ffff
const dataBytesMax = 2 ** 30

/** Writing to the ring's data ends the process; so the ways to do that throw instead. */
class ReadOnlyView extends DataView<ArrayBuffer> {}
for (const name of Object.getOwnPropertyNames(DataView.prototype)) {
  if (!name.startsWith('set')) continue
  Object.defineProperty(ReadOnlyView.prototype, name, {
    value: () => {
      throw argumentError(name, 'the data of a ring is read-only')
    },
  })
}

/** One reader of one ring. */
export class RingReader {
  /** The window. Read only: its setters throw, and a write past them ends the process. */
  readonly data: DataView<ArrayBuffer>
  readonly #headers: Int32Array
  readonly #produced: Int32Array
  readonly #consumed: BigInt64Array
  readonly #size: number
  readonly #windowBytes: number
  readonly #show: (from: number) => void
  /** The window and what follows it. */
  readonly #mapped: number
  /** Where the window begins. */
  #shown = 0
  #position: bigint
  #draining = false
  #stopped = false

  /** @throws NativeError  `BAD_ARGUMENT`: the parts have not the sizes that a ring's have */
  constructor({ consumer, producer, pageBytes, dataBytes, windowBytes, show }: RingMemory) {
    const isSize = dataBytes >= headerBytes && dataBytes <= dataBytesMax
    if (!isSize || (dataBytes & (dataBytes - 1)) !== 0) {
      throw argumentError('size of a ring', `${dataBytes} bytes are no power of two up to 2^30`)
    }
    if (!(windowBytes >= headerBytes) || dataBytes % windowBytes !== 0) {
      throw argumentError('window of a ring', `${windowBytes} bytes are no part of ${dataBytes}`)
    }
    const mapped = producer.byteLength - pageBytes
    const mappedMax = windowBytes + dataBytes
    if (mapped < windowBytes || mapped > mappedMax || ((mapped | windowBytes) & 7) !== 0) {
      throw argumentError('memory of a ring', `${mapped} bytes for a window of ${windowBytes}`)
    }
    this.#size = dataBytes
    this.#windowBytes = windowBytes
    this.#show = show
    this.#mapped = mapped
    this.#headers = new Int32Array(producer, pageBytes, mapped / 4)
    this.data = new ReadOnlyView(producer, pageBytes, mapped)
    this.#produced = new Int32Array(producer, 0, 1)
    this.#consumed = new BigInt64Array(consumer, 0, 1)
    this.#position = Atomics.load(this.#consumed, 0)
  }

  /** Bytes that wait now. */
  get pendingBytes(): number {
    return (Atomics.load(this.#produced, 0) - Number(BigInt.asIntN(32, this.#position))) >>> 0
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Lets a `drain` that is under way end after the current record. */
  stop(): void {
    this.#stopped = true
  }

  /**
   * Hands the waiting records over, oldest first: those that were there when it was called. Stops
   * early at a bound, or at a record that is still being written. The producer gets the room back
   * when it returns, in one store; so bound a batch by a part of the ring.
   *
   * @param onRecord    when it throws, its record counts as handed over, and the error goes on
   * @param recordsMax  stops after so many
   * @param bytesMax    starts no record after so many bytes, skipped ones included
   * @throws RingBrokenError  the positions or a length make no sense; records before it were
   *   handed over
   */
  drain(onRecord: OnRecord, recordsMax: number, bytesMax = this.#size): Drained {
    if (this.#draining) throw argumentError('drain', 'the ring is being drained: no nested calls')
    this.#draining = true
    this.#stopped = false
    try {
      return {
        records: this.#handOver(onRecord, recordsMax, bytesMax),
        pendingBytes: this.pendingBytes,
      }
    } finally {
      this.#draining = false
    }
  }

  #handOver(onRecord: OnRecord, recordsMax: number, bytesMax: number): number {
    const headers = this.#headers
    const size = this.#size
    const windowBytes = this.#windowBytes
    const start = Number(BigInt.asUintN(32, this.#position))
    const waiting = this.pendingBytes
    if (waiting > size || ((waiting | start) & 7) !== 0) {
      throw new RingBrokenError(`${waiting} bytes wait at ${start} in a ring of ${size}`)
    }
    const end = Math.min(waiting, bytesMax)
    let records = 0
    let taken = 0
    try {
      while (taken < end && records < recordsMax && !this.#stopped) {
        let offset = ((start + taken) & (size - 1)) - this.#shown
        if (offset < 0 || offset >= windowBytes) offset = this.#move(offset + this.#shown)
        const header = Atomics.load(headers, offset >> 2)
        if (header < 0) break // BUSY, the topmost bit.
        const length = header & lengthBits
        const step = (length + headerBytes + 7) & ~7
        if (step > waiting - taken) {
          throw new RingBrokenError(`a record of ${length} bytes, where ${waiting - taken} wait`)
        }
        if (offset + step > this.#mapped) {
          throw new RingBrokenError(`a record of ${length} bytes, longer than was said`)
        }
        taken += step
        if ((header & discardBit) !== 0) continue
        records++
        onRecord(offset + headerBytes, length)
      }
    } finally {
      if (taken > 0) {
        this.#position += BigInt(taken)
        Atomics.store(this.#consumed, 0, this.#position)
      }
    }
    return records
  }

  /** Moves the window to the data's `offset`; returns where that lies in it. */
  #move(offset: number): number {
    const from = offset - (offset % this.#windowBytes)
    this.#show(from)
    this.#shown = from
    return offset - from
  }
}

/**
 * Writes a capture: collects entries into a block, compresses it, hands it over in one piece. There
 * is no queue: a disk that does not keep up stops the drain, and the ring counts what it loses, as
 * with a reader of alerts that does not keep up (docs/adr/0005).
 */
import { constants, crc32, zstdCompressSync } from 'node:zlib'
import {
  captureLimits,
  encodeBlockHead,
  entryHeadBytes,
  entryNote,
  entryRecord,
  fileHeadBytes,
  fileMagic,
  formatVersion,
  padded,
} from './format.ts'
import type { CaptureHead } from './head.ts'
import { encodeHead } from './head.ts'
import type { Note } from './notes.ts'
import { encodeNote } from './notes.ts'

/** Takes the bytes in order; throws when it cannot. */
export type Sink = (bytes: Uint8Array) => void

/** See docs/adr/0009: a higher one costs three times as much, and gains a tenth. */
const compressionLevel = 3

const compress = (bytes: Uint8Array): Buffer =>
  zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: compressionLevel } })

export class CaptureWriter {
  readonly #sink: Sink
  readonly #block = Buffer.alloc(captureLimits.blockBytesMax)
  #used = 0
  #records = 0
  #number = 0
  #recordsBefore = 0
  #left = 0
  #bytes = 0

  /** Writes the head. */
  constructor(sink: Sink, head: CaptureHead) {
    this.#sink = sink
    const text = encodeHead(head)
    const stored = compress(text)
    const bytes = Buffer.alloc(fileHeadBytes)
    fileMagic.copy(bytes)
    bytes.writeUInt32LE(formatVersion, 8)
    bytes.writeUInt32LE(stored.length, 12)
    bytes.writeUInt32LE(text.length, 16)
    bytes.writeUInt32LE(crc32(stored, crc32(bytes.subarray(0, 20))), 20)
    this.#put(Buffer.concat([bytes, stored]))
  }

  /** Records so far. */
  get records(): number {
    return this.#recordsBefore + this.#records
  }

  /** Bytes handed over so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds a record; one that is longer than any can be is left out, and the gap noted. */
  record(bytes: Uint8Array): void {
    if (bytes.length > captureLimits.recordBytesMax) {
      this.#left++
      this.note({ is: 'gap', entries: this.#left })
      return
    }
    this.#entry(entryRecord, bytes)
    this.#records++
  }

  note(note: Note): void {
    const text = Buffer.from(encodeNote(note), 'utf8')
    if (entryHeadBytes + text.length <= captureLimits.blockBytesMax) {
      this.#entry(entryNote, text)
      return
    }
    this.flush()
    const block = Buffer.alloc(entryHeadBytes + padded(text.length))
    if (block.length > captureLimits.noteBytesMax) {
      this.note({ is: 'gap', entries: 1 })
      return
    }
    writeEntry(block, 0, entryNote, text)
    this.#send(block, false)
  }

  #entry(type: number, bytes: Uint8Array): void {
    const size = entryHeadBytes + padded(bytes.length)
    if (this.#used + size > this.#block.length) this.flush()
    writeEntry(this.#block, this.#used, type, bytes)
    this.#used += size
  }

  /** Hands over what there is: from here on it can be read, whatever happens. */
  flush(): void {
    if (this.#used > 0) this.#send(this.#block.subarray(0, this.#used), false)
  }

  /** Ends the capture. */
  end(): void {
    this.#send(this.#block.subarray(0, this.#used), true)
  }

  #send(raw: Buffer, last: boolean): void {
    const stored = raw.length === 0 ? Buffer.alloc(0) : compress(raw)
    const head = encodeBlockHead({
      number: this.#number,
      storedBytes: stored.length,
      rawBytes: raw.length,
      records: this.#records,
      last,
      recordsBefore: this.#recordsBefore,
      crc: crc32(stored),
    })
    this.#number++
    this.#recordsBefore += this.#records
    this.#records = 0
    this.#used = 0
    this.#put(Buffer.concat([head, stored]))
  }

  #put(bytes: Uint8Array): void {
    this.#sink(bytes)
    this.#bytes += bytes.length
  }
}

const writeEntry = (block: Buffer, at: number, type: number, bytes: Uint8Array): void => {
  block.writeUInt32LE(bytes.length, at)
  block.writeUInt32LE(type, at + 4)
  block.set(bytes, at + entryHeadBytes)
  block.fill(0, at + entryHeadBytes + bytes.length, at + entryHeadBytes + padded(bytes.length))
}

/**
 * Reads a capture from its begin to its end, block by block, in bounded memory. Any bytes at all
 * give blocks and damages, after work that is in proportion to their number: a damaged block is
 * left out, and the next one looked for. Only a damaged head leaves nothing to read.
 */
import { crc32, constants as zlibConstants, zstdDecompressSync } from 'node:zlib'
import type { BlockHead } from './format.ts'
import {
  blockHeadBytes,
  blockMagic,
  captureLimits,
  decodeBlockHead,
  fileHeadBytes,
  fileMagic,
  formatVersion,
} from './format.ts'
import type { CaptureHead } from './head.ts'
import { decodeHead } from './head.ts'

/** Why a capture cannot be read at all, and what to do. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
  readonly help: string

  constructor(message: string, help: string) {
    super(message)
    this.help = help
  }
}

/** The next bytes, at most `bytesMax`; none at the end. */
export type Source = (bytesMax: number) => Uint8Array

/** What there is between the head and the end. */
export type CapturePart =
  /** `raw` is valid until the next part, where it lies in the memory given to `readCapture`. */
  | { readonly is: 'block'; readonly head: BlockHead; readonly raw: Buffer }
  /** Bytes that are no whole block; the records in it where its head could be read. */
  | { readonly is: 'damage'; readonly at: number; readonly bytes: number; readonly why: string }
  | { readonly is: 'end'; readonly whole: boolean }

const readBytes = 256 * 1024

/** A source that can be looked ahead into. */
class Window {
  readonly #source: Source
  #kept: Buffer = Buffer.alloc(0)
  #ended = false
  /** Offset in the file of the first byte that is kept. */
  at = 0

  constructor(source: Source) {
    this.#source = source
  }

  /** The next bytes without taking them: fewer than asked for only at the end. */
  peek(bytes: number): Buffer {
    if (this.#kept.length < bytes && !this.#ended) this.#fill(bytes)
    return this.#kept.subarray(0, bytes)
  }

  #fill(bytes: number): void {
    const parts: Uint8Array[] = [this.#kept]
    let have = this.#kept.length
    while (have < bytes && !this.#ended) {
      const part = this.#source(Math.max(readBytes, bytes - have))
      this.#ended = part.length === 0
      // A copy: the source may use its memory again.
      parts.push(Buffer.from(part))
      have += part.length
    }
    this.#kept = Buffer.concat(parts, have)
  }

  skip(bytes: number): void {
    this.#kept = this.#kept.subarray(bytes)
    this.at += bytes
  }
}

const readHead = (window: Window): CaptureHead => {
  const bytes = window.peek(fileHeadBytes)
  if (bytes.length < fileHeadBytes || !bytes.subarray(0, fileMagic.length).equals(fileMagic)) {
    throw new CaptureError('this is no capture of Bulwark', 'give a file of `bulwark record`')
  }
  const version = bytes.readUInt32LE(8)
  if (version !== formatVersion) {
    throw new CaptureError(
      `the capture has format version ${version}, and this Bulwark reads ${formatVersion}`,
      version > formatVersion ? 'use a newer Bulwark' : 'record it again',
    )
  }
  const damaged = new CaptureError('the head of the capture is damaged', 'record it again')
  const [storedBytes, rawBytes] = [bytes.readUInt32LE(12), bytes.readUInt32LE(16)]
  const { headTextBytesMax } = captureLimits
  if (storedBytes > headTextBytesMax || rawBytes > headTextBytesMax) throw damaged
  const whole = window.peek(fileHeadBytes + storedBytes)
  const stored = whole.subarray(fileHeadBytes)
  const crc = crc32(stored, crc32(bytes.subarray(0, 20)))
  if (stored.length < storedBytes || crc !== bytes.readUInt32LE(20)) throw damaged
  const text = decompress(stored, rawBytes)
  const head = text && decodeHead(text.toString('utf8'))
  if (!head) throw damaged
  window.skip(whole.length)
  return head
}

/**
 * One piece of output, with a byte left over, and not one of 16 KiB after the other, to be joined.
 * A block that lies about its size gets no more memory than one that does not.
 */
const chunkOf = (rawBytes: number): number =>
  Math.min(Math.max(rawBytes, zlibConstants.Z_MIN_CHUNK), captureLimits.blockBytesMax) + 1

/**
 * Copies a block to where it is wanted, and frees what it was unpacked to. Hundreds of megabytes a
 * second would else wait for the collector, which then runs for nothing else.
 */
const moved = (raw: Buffer, memory: Buffer): Buffer => {
  const bytes = raw.length
  raw.copy(memory)
  const { buffer } = raw
  // Small ones are parts of a pool that others have parts of, too.
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize) buffer.transfer(0)
  return memory.subarray(0, bytes)
}

const decompress = (stored: Buffer, rawBytes: number): Buffer | undefined => {
  if (rawBytes === 0) return stored.length === 0 ? stored : undefined
  try {
    const options = { maxOutputLength: rawBytes, chunkSize: chunkOf(rawBytes) }
    const raw = zstdDecompressSync(stored, options)
    return raw.length === rawBytes ? raw : undefined
  } catch {
    return undefined
  }
}

/** Leaves out bytes up to the next block, at least one; returns how many. */
const skipToBlock = (window: Window): number => {
  const { at: begin } = window
  window.skip(1)
  for (;;) {
    const bytes = window.peek(readBytes)
    const at = bytes.indexOf(blockMagic)
    if (at >= 0) {
      window.skip(at)
      if (decodeBlockHead(window.peek(blockHeadBytes))) break
      window.skip(1)
    } else if (bytes.length < readBytes) {
      window.skip(bytes.length)
      break
    } else {
      // The magic may begin in the last bytes looked at.
      window.skip(bytes.length - blockMagic.length + 1)
    }
  }
  return window.at - begin
}

function* readParts(window: Window, memory?: Buffer): Generator<CapturePart> {
  let whole = false
  for (;;) {
    const bytes = window.peek(blockHeadBytes)
    if (bytes.length === 0) break
    const { at } = window
    const head = decodeBlockHead(bytes)
    if (!head) {
      const lost = skipToBlock(window)
      whole = false
      yield { is: 'damage', at, bytes: lost, why: 'no block begins here' }
      continue
    }
    const all = window.peek(blockHeadBytes + head.storedBytes)
    const stored = all.subarray(blockHeadBytes)
    window.skip(all.length)
    if (stored.length < head.storedBytes) {
      yield { is: 'damage', at, bytes: all.length, why: 'the file ends in a block' }
      break
    }
    const raw = crc32(stored) === head.crc ? decompress(stored, head.rawBytes) : undefined
    whole = head.last
    if (raw && memory && head.records > 0) yield { is: 'block', head, raw: moved(raw, memory) }
    else if (raw) yield { is: 'block', head, raw }
    else yield { is: 'damage', at, bytes: all.length, why: 'the bytes of a block are damaged' }
  }
  yield { is: 'end', whole }
}

/**
 * Reads the head; the parts are read as they are asked for.
 *
 * @param memory  where blocks with records are unpacked to; `captureLimits.blockBytesMax` bytes or
 *   more. Each has memory of its own when there is none.
 * @throws CaptureError  it cannot be read, and says why
 */
export const readCapture = (
  source: Source,
  memory?: Buffer,
): { readonly head: CaptureHead; readonly parts: Generator<CapturePart> } => {
  const window = new Window(source)
  return { head: readHead(window), parts: readParts(window, memory) }
}

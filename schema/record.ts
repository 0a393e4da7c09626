/**
 * Reads members of an event record where it lies, in the ring or in a capture, without copying
 * it. The offsets are generated (`layout.gen.ts`). Records are bad input until `checkRecord` has
 * (`check-record.ts`) has passed them; texts check their own bounds.
 */
import type { KeptTexts } from './kept-texts.ts'

/** The true length of a text that the kernel side could not measure. */
export const textLengthUnknown = 0xffff_ffff

/** A record that is not what the schema says: the kernel side and this side differ, or garbage. */
export class RecordError extends Error {
  override readonly name = 'RecordError'
}

/** TASK_COMM_LEN. */
const nameBytes = 16
const nameSlotBits = 8

/** The last name of each slot: its bytes, and its text. Zeros are the empty one. */
interface Names {
  readonly keys: Uint32Array
  readonly texts: string[]
}

/**
 * A cursor over memory that holds records. `at` is the byte offset of the current record, a
 * multiple of 8. What it points to is valid until the callback that was given it returns; copy
 * what you keep.
 */
export class RecordView {
  at = 0
  readonly data: DataView
  /** Byte string of the bytes from `start` up to `end`, offsets into `data`. */
  readonly byteString: (start: number, end: number) => string
  readonly names: Names = { keys: new Uint32Array(4 << nameSlotBits), texts: [] }
  readonly texts: KeptTexts | undefined

  /** @param texts  keeps texts that come again, where there are many records to read */
  constructor(
    data: DataView,
    byteString: (start: number, end: number) => string,
    texts?: KeptTexts,
  ) {
    this.data = data
    this.byteString = byteString
    this.texts = texts
  }
}

/** Whether one text of a record was cut: the bytes stored, and the true length in bytes. */
export interface TextLength {
  readonly storedBytes: number
  /** `undefined` where the kernel side could not tell. */
  readonly trueBytes: number | undefined
}

export const u8 = (r: RecordView, offset: number): number => r.data.getUint8(r.at + offset)
export const u16 = (r: RecordView, offset: number): number => r.data.getUint16(r.at + offset, true)
export const u32 = (r: RecordView, offset: number): number => r.data.getUint32(r.at + offset, true)
export const i32 = (r: RecordView, offset: number): number => r.data.getInt32(r.at + offset, true)

/** A number when it is a safe integer, else a bigint. */
export const u64 = (r: RecordView, offset: number): number | bigint => {
  const high = u32(r, offset + 4)
  return high < 0x20_0000
    ? high * 0x1_0000_0000 + u32(r, offset)
    : r.data.getBigUint64(r.at + offset, true)
}

/** A number when it is a safe integer, else a bigint. */
export const i64 = (r: RecordView, offset: number): number | bigint => {
  const high = i32(r, offset + 4)
  return high < 0x20_0000 && high >= -0x20_0000
    ? high * 0x1_0000_0000 + u32(r, offset)
    : r.data.getBigInt64(r.at + offset, true)
}

/**
 * The text of the slot at `offset`, as a byte string.
 *
 * @throws RecordError  the slot points outside its record
 */
export const text = (r: RecordView, offset: number): string => {
  const from = u16(r, offset)
  const bytes = u16(r, offset + 2)
  if (bytes === 0) return ''
  if (from + bytes > u32(r, 0)) {
    throw new RecordError(`text at ${offset}: ${from}+${bytes} is outside the record`)
  }
  const start = r.at + from
  return r.texts === undefined
    ? r.byteString(start, start + bytes)
    : r.texts.of(r.data, start, bytes, r.byteString)
}

/** How much of the text of the slot at `offset` there is. */
export const textLength = (r: RecordView, offset: number): TextLength => {
  const trueBytes = u32(r, offset + 4)
  return {
    storedBytes: u16(r, offset + 2),
    trueBytes: trueBytes === textLengthUnknown ? undefined : trueBytes,
  }
}

/** Text of fixed size: up to the first NUL. */
export const chars = (r: RecordView, offset: number, count: number): string =>
  count === nameBytes ? nameText(r, offset) : charsText(r, offset, count)

const charsText = (r: RecordView, offset: number, count: number): string => {
  const start = r.at + offset
  let end = start
  while (end < start + count && r.data.getUint8(end) !== 0) end++
  return r.byteString(start, end)
}

/**
 * Names of threads are the same few again and again: one that lies in the cache under its 16 bytes
 * is not made anew.
 */
const nameText = (r: RecordView, offset: number): string => {
  const { data, names } = r
  const at = r.at + offset
  const a = data.getUint32(at, true)
  const b = data.getUint32(at + 4, true)
  const c = data.getUint32(at + 8, true)
  const d = data.getUint32(at + 12, true)
  const mixed =
    Math.imul(a ^ Math.imul(b, 0x85eb_ca6b), 0x9e37_79b1) ^ Math.imul(c ^ d, 0xc2b2_ae35)
  const slot = mixed >>> (32 - nameSlotBits)
  const { keys, texts } = names
  const key = 4 * slot
  if (keys[key] === a && keys[key + 1] === b && keys[key + 2] === c && keys[key + 3] === d) {
    return texts[slot] ?? ''
  }
  const found = charsText(r, offset, nameBytes)
  keys[key] = a
  keys[key + 1] = b
  keys[key + 2] = c
  keys[key + 3] = d
  texts[slot] = found
  return found
}

/** A copy of a fixed run of bytes. */
export const bytes = (r: RecordView, offset: number, count: number): Uint8Array =>
  new Uint8Array(r.data.buffer, r.data.byteOffset + r.at + offset, count).slice()

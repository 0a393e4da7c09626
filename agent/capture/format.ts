/**
 * The bytes of a capture: see docs/capture.md, which says the same in words. A file begins with a
 * head, and is blocks from there on. Each says its length and has a CRC, so that one that is
 * damaged is left out and the next one found. All numbers are little-endian. Pure.
 */
import { crc32 } from 'node:zlib'

/** Goes up when an older reader would misread a file. */
export const formatVersion = 1

/** As in PNG: a byte that is no text, and line ends that a transfer as text would change. */
export const fileMagic = Buffer.from('\x89BWCAP\r\n', 'latin1')

/** Head: magic (8), u32 format version, u32 stored bytes, u32 raw bytes, u32 CRC; the text. */
export const fileHeadBytes = 24

/**
 * Block: u32 magic, u32 number, u32 stored bytes, u32 raw bytes, u32 records, u32 flags, u64 number
 * of records before it, u32 CRC of the stored bytes, u32 CRC of the 36 bytes up to here; then the
 * stored bytes.
 */
export const blockHeadBytes = 40
export const blockMagic = Buffer.from('BLK\n', 'latin1')
/** The last block: nothing is missing at the end. */
export const blockLast = 1

/** Entry in a block: u32 bytes, u32 type; the bytes, padded to 8. */
export const entryHeadBytes = 8
export const entryRecord = 1
export const entryNote = 2
export const padded = (bytes: number): number => (bytes + 7) & ~7

/** Bounds of what is written, and of what is believed when it is read. */
export const captureLimits = {
  /** A block with records: what a damaged one costs. 1 MiB saves a sixth (docs/adr/0009). */
  blockBytesMax: 256 * 1024,
  /** A block that is one large note, such as all cgroups of a node. */
  noteBytesMax: 32 * 1024 * 1024,
  /** The text of the head: the layouts of all kinds are 20 kB. */
  headTextBytesMax: 1024 * 1024,
  /** A record: its texts have 16-bit offsets. */
  recordBytesMax: 65_536,
} as const

export interface BlockHead {
  readonly number: number
  readonly storedBytes: number
  readonly rawBytes: number
  readonly records: number
  readonly last: boolean
  readonly recordsBefore: number
  readonly crc: number
}

export const encodeBlockHead = (head: BlockHead): Buffer => {
  const bytes = Buffer.alloc(blockHeadBytes)
  blockMagic.copy(bytes)
  bytes.writeUInt32LE(head.number >>> 0, 4)
  bytes.writeUInt32LE(head.storedBytes, 8)
  bytes.writeUInt32LE(head.rawBytes, 12)
  bytes.writeUInt32LE(head.records, 16)
  bytes.writeUInt32LE(head.last ? blockLast : 0, 20)
  bytes.writeBigUInt64LE(BigInt(head.recordsBefore), 24)
  bytes.writeUInt32LE(head.crc, 32)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36)
  return bytes
}

/** The head of a block; `undefined` when these bytes are none, or damaged. */
export const decodeBlockHead = (bytes: Buffer): BlockHead | undefined => {
  if (bytes.length < blockHeadBytes || !bytes.subarray(0, 4).equals(blockMagic)) return undefined
  if (crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined
  const rawBytes = bytes.readUInt32LE(12)
  const storedBytes = bytes.readUInt32LE(8)
  const records = bytes.readUInt32LE(16)
  const rawMax = records > 0 ? captureLimits.blockBytesMax : captureLimits.noteBytesMax
  // What does not compress is a little longer than it was.
  if (rawBytes > rawMax || storedBytes > rawBytes + 4096) return undefined
  return {
    number: bytes.readUInt32LE(4),
    storedBytes,
    rawBytes,
    records,
    last: (bytes.readUInt32LE(20) & blockLast) !== 0,
    recordsBefore: Number(bytes.readBigUInt64LE(24)),
    crc: bytes.readUInt32LE(32),
  }
}

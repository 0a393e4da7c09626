/** The entries of a block: records where they lie, and notes. Never reads past the block. Pure. */
import { captureLimits, entryHeadBytes, entryNote, entryRecord, padded } from './format.ts'

export interface OnEntries {
  /** A record, by its place in the block; a multiple of 8. */
  readonly onRecord: (offset: number, lengthBytes: number) => void
  readonly onNote: (text: string) => void
}

/** Hands the entries over in order. Returns how many bytes at the end were no entries. */
export const eachEntry = (raw: Buffer, { onRecord, onNote }: OnEntries): number => {
  // Reads of a DataView are single loads; those of a Buffer are not.
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  let at = 0
  while (at + entryHeadBytes <= raw.length) {
    const bytes = view.getUint32(at, true)
    const type = view.getUint32(at + 4, true)
    const start = at + entryHeadBytes
    if (bytes > raw.length - start) break
    // Entries of other types are of a later minor form: passed over.
    if (type === entryRecord && bytes <= captureLimits.recordBytesMax) onRecord(start, bytes)
    else if (type === entryNote) onNote(raw.toString('utf8', start, start + bytes))
    at = start + padded(bytes)
  }
  return Math.max(0, raw.length - at)
}

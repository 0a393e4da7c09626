/** Checks a record before anything is read from it: from here on it is what the schema says. */
import type { RecordShape } from './layout.gen.ts'
import { headerBytes, recordShapes } from './layout.gen.ts'
import type { RecordView } from './record.ts'
import { RecordError, u16, u32 } from './record.ts'

/**
 * Checks that the current record has a kind, a length and texts that the schema allows.
 *
 * @param lengthBytes  the length that the carrier (ring, capture) gives for it
 * @returns its shape
 * @throws RecordError  in words, what does not fit
 */
export const checkRecord = (r: RecordView, lengthBytes: number): RecordShape => {
  if (lengthBytes < headerBytes) throw new RecordError(`${lengthBytes} bytes hold no header`)
  const bytesUsed = u32(r, 0)
  const kind = u16(r, 4)
  const shape = recordShapes[kind]
  if (shape === undefined) throw new RecordError(`unknown kind ${kind}`)
  if (bytesUsed > lengthBytes || bytesUsed < shape.fixedBytes) {
    throw new RecordError(`${shape.name}: says ${bytesUsed} bytes, carrier says ${lengthBytes}`)
  }
  for (const offset of shape.texts) {
    const from = u16(r, offset)
    const size = u16(r, offset + 2)
    if (size > 0 && (from < shape.fixedBytes || from + size > bytesUsed)) {
      throw new RecordError(`${shape.name}: text at ${offset} is outside the record`)
    }
  }
  return shape
}

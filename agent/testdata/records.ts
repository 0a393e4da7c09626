/** Records as the kernel sends them, for tests: a cursor over one that was just written. */
import type { RecordValues } from '@bulwark/schema'
import { RecordView, encodeRecord } from '@bulwark/schema'

/** @param values  see `encodeRecord` */
export const recordOf = (kind: string, values: RecordValues = {}): RecordView => {
  const { buffer } = encodeRecord(kind, values)
  const memory = Buffer.from(buffer)
  return new RecordView(new DataView(buffer), (start, end) => memory.toString('latin1', start, end))
}

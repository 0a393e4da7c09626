/** Captures in memory, for tests: written as the agent writes them, read in any pieces. */
import { layoutVersion, recordLayouts } from '@bulwark/schema'
import type { CaptureHead } from '../capture/head.ts'
import type { CapturePart, Source } from '../capture/reader.ts'
import { readCapture } from '../capture/reader.ts'
import { CaptureWriter } from '../capture/writer.ts'
import { eachEntry } from '../capture/entries.ts'

export const testHead: CaptureHead = {
  layoutVersion,
  layouts: recordLayouts,
  machine: 'x64',
  kernel: '6.1.0',
  hostname: 'node1',
  types: 'all',
  environment: false,
  payloadBytes: 0,
  hierarchies: [0],
  startNs: 1n,
  wallOffsetNs: 1_795_428_660_000_000_000n,
}

/** The bytes of a capture. */
export const captureOf = (
  write: (writer: CaptureWriter) => void,
  head: CaptureHead = testHead,
): Buffer => {
  const parts: Buffer[] = []
  const writer = new CaptureWriter((bytes) => parts.push(Buffer.from(bytes)), head)
  write(writer)
  return Buffer.concat(parts)
}

/** Gives the bytes in pieces of at most so many. */
export const sourceOf = (bytes: Buffer, piece = 1000): Source => {
  let at = 0
  return (bytesMax) => {
    const part = bytes.subarray(at, at + Math.min(bytesMax, piece))
    at += part.length
    return part
  }
}

/** All that is in a capture. */
export const contentOf = (
  bytes: Buffer,
  piece?: number,
): {
  readonly head: CaptureHead
  readonly records: readonly string[]
  readonly notes: readonly string[]
  readonly parts: readonly CapturePart[]
  readonly whole: boolean
} => {
  const { head, parts } = readCapture(sourceOf(bytes, piece))
  const records: string[] = []
  const notes: string[] = []
  const all = [...parts]
  for (const part of all) {
    if (part.is !== 'block') continue
    eachEntry(part.raw, {
      onRecord: (offset, length) =>
        records.push(part.raw.toString('latin1', offset, offset + length)),
      onNote: (text) => notes.push(text),
    })
  }
  const last = all.at(-1)
  return { head, records, notes, parts: all, whole: last?.is === 'end' && last.whole }
}

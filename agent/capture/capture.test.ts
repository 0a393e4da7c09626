/**
 * Captures: what is written is read again; and whatever becomes of the bytes, what is read was
 * written, what is missing is said, and it ends.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { captureOf, contentOf, sourceOf, testHead } from '../testdata/captures.ts'
import { blockHeadBytes, captureLimits, decodeBlockHead, encodeBlockHead } from './format.ts'
import type { Note } from './notes.ts'
import { decodeNote, encodeNote } from './notes.ts'
import { CaptureError, readCapture } from './reader.ts'

const told = (wallOffsetNs: bigint): Note => ({
  is: 'told',
  told: { told: 'clock', bootNs: 1n, wallOffsetNs },
})
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

test('what is written is read again, in whatever pieces', () => {
  const records = ['', 'a', 'bb'.repeat(40_000).slice(0, 65_536), '\xff\0 c', 'd'.repeat(5)]
  const bytes = captureOf((writer) => {
    records.forEach((record, i) => {
      writer.note(told(BigInt(i)))
      writer.record(bytesOf(record))
    })
    writer.end()
  })
  for (const piece of [1, 7, 4096, 1 << 20]) {
    const read = contentOf(bytes, piece)
    assert.deepEqual(read.head, testHead)
    assert.deepEqual(read.records, records)
    assert.deepEqual(
      read.notes.map(decodeNote),
      records.map((_, i) => told(BigInt(i))),
    )
    assert.equal(read.whole, true)
  }
})

test('a large note has a block of its own; what is too large is a gap', () => {
  const about = 'x'.repeat(captureLimits.blockBytesMax)
  const large: Note = { is: 'answer', question: 'cgroups-of', about, answer: '/' }
  const { records, notes } = contentOf(
    captureOf((writer) => {
      writer.record(bytesOf('1'))
      writer.note(large)
      writer.note({ ...large, about: 'x'.repeat(captureLimits.noteBytesMax) })
      writer.record(Buffer.alloc(captureLimits.recordBytesMax + 1))
      writer.record(bytesOf('2'))
      writer.end()
    }),
  )
  assert.deepEqual(records, ['1', '2'])
  const gap: Note = { is: 'gap', entries: 1 }
  assert.deepEqual(notes.map(decodeNote), [large, gap, gap])
})

test('what is flushed can be read, whatever happens then', () => {
  const bytes = captureOf((writer) => {
    writer.record(bytesOf('1'))
    writer.flush()
    writer.record(bytesOf('2'))
  })
  const { records, whole, parts } = contentOf(bytes)
  assert.deepEqual([records, whole, parts.length], [['1'], false, 2])
})

test('what cannot be read at all is said, with what to do', () => {
  const bytes = captureOf((writer) => writer.end())
  const check = (damage: (copy: Buffer) => Buffer, message: RegExp, help: RegExp): void => {
    assert.throws(
      () => readCapture(sourceOf(damage(Buffer.from(bytes)))),
      (error) =>
        error instanceof CaptureError && message.test(error.message) && help.test(error.help),
    )
  }
  check(() => Buffer.alloc(0), /no capture of Bulwark/, /bulwark record/)
  check(() => bytesOf('---\n- rule: A\n'.repeat(9)), /no capture of Bulwark/, /bulwark record/)
  check((copy) => (copy.writeUInt32LE(2, 8), copy), /version 2, and this Bulwark reads 1/, /newer/)
  check((copy) => (copy.writeUInt32LE(0, 8), copy), /version 0/, /record it again/)
  check((copy) => copy.subarray(0, 30), /head of the capture is damaged/, /again/)
  for (const at of [12, 16, 20, 24, 40]) {
    check((copy) => ((copy[at] = (copy[at] ?? 0) ^ 4), copy), /head of the capture is damaged/, /./)
  }
})

test('a block that lies about its sizes is none', () => {
  const head = {
    number: 0,
    storedBytes: 9,
    rawBytes: 9,
    records: 1,
    last: false,
    recordsBefore: 0,
    crc: 0,
  }
  assert.deepEqual(decodeBlockHead(encodeBlockHead(head)), head)
  const check = (change: Partial<typeof head>): void =>
    assert.equal(decodeBlockHead(encodeBlockHead({ ...head, ...change })), undefined)
  check({ rawBytes: captureLimits.blockBytesMax + 1 })
  check({ rawBytes: captureLimits.noteBytesMax + 1, records: 0 })
  check({ storedBytes: 5000 })
})

/** What may become of a file. */
type Damage =
  | { readonly flip: number; readonly bit: number }
  | { readonly cut: number }
  | { readonly insert: number; readonly bytes: Uint8Array }

const damages = fc.array(
  fc.oneof(
    fc.record({ flip: fc.nat(), bit: fc.nat(7) }),
    fc.record({ cut: fc.nat() }),
    fc.record({ insert: fc.nat(), bytes: fc.uint8Array({ maxLength: 100 }) }),
  ),
  { maxLength: 4 },
)

const applied = (bytes: Buffer, all: readonly Damage[], from: number): Buffer => {
  let copy = Buffer.from(bytes)
  for (const damage of all) {
    const place = (at: number): number => from + (at % Math.max(1, copy.length - from))
    if ('flip' in damage) {
      const at = place(damage.flip)
      copy[at] = (copy[at] ?? 0) ^ (1 << damage.bit)
    } else if ('cut' in damage) copy = copy.subarray(0, place(damage.cut))
    else {
      const at = place(damage.insert)
      copy = Buffer.concat([copy.subarray(0, at), damage.bytes, copy.subarray(at)])
    }
  }
  return copy
}

const seedOf = (t: { diagnostic(text: string): void }): { seed: number; numRuns: number } => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  return { seed, numRuns: Number(process.env['TEST_RUNS'] ?? 300) }
}

test('law: of a damaged capture, what is read was written, in order, and what is not is said', (t) => {
  const options = seedOf(t)
  const counts = { reached: 0, read: 0, written: 0 }
  const law = (lengths: readonly number[], flushEach: number, all: readonly Damage[]): void => {
    const written = lengths.map((length, i) => `${i}:${'r'.repeat(length)}`)
    const bytes = captureOf((writer) => {
      written.forEach((record, i) => {
        writer.record(bytesOf(record))
        if (i % flushEach === 0) writer.flush()
      })
      writer.end()
    })
    const headBytes = captureOf(() => {}).length
    const damaged = applied(bytes, all, headBytes)
    const { records, parts, whole } = contentOf(damaged)
    let from = 0
    for (const record of records) {
      const at = written.indexOf(record, from)
      assert.ok(at >= 0, `a record that was not written there: ${record.slice(0, 40)}`)
      from = at + 1
    }
    const isSaid = !whole || parts.some(({ is }) => is === 'damage')
    if (records.length < written.length) assert.ok(isSaid, 'something is missing in silence')
    const covered = parts.reduce((sum, part) => {
      if (part.is === 'damage') return sum + part.bytes
      return part.is === 'block' ? sum + blockHeadBytes + part.head.storedBytes : sum
    }, headBytes)
    assert.equal(covered, damaged.length, 'every byte is in a block or in a damage')
    counts.reached += all.length > 0 ? 1 : 0
    counts.read += records.length
    counts.written += written.length
  }
  const lengths = fc.array(fc.nat(3000), { minLength: 1, maxLength: 30 })
  fc.assert(fc.property(lengths, fc.integer({ min: 1, max: 9 }), damages, law), options)
  t.diagnostic(`${counts.reached} damaged, ${counts.read} of ${counts.written} records read`)
  assert.ok(counts.reached > options.numRuns / 2 && counts.read > counts.written / 4)
})

test('law: any bytes give parts or a CaptureError, and never more bytes than there are', (t) => {
  const options = seedOf(t)
  const start = captureOf((writer) => {
    writer.record(bytesOf('1'))
    writer.flush()
  })
  const law = (garbage: Uint8Array, keep: number): void => {
    const bytes = Buffer.concat([start.subarray(0, keep % (start.length + 1)), garbage])
    try {
      const { parts } = contentOf(bytes)
      assert.equal(parts.at(-1)?.is, 'end')
    } catch (error) {
      assert.ok(error instanceof CaptureError, String(error))
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(), law), options)
})

test('notes: their values come back, and what is none is refused', () => {
  const back = (note: Note): void => assert.deepEqual(decodeNote(encodeNote(note)), note)
  const loss = { place: 'ring_full', hook: 'openat', count: 3 }
  const users = new Map([[0, 'root\xe9']])
  back(told(-(2n ** 70n)))
  back({ is: 'told', told: { told: 'host-names' } })
  back({ is: 'told', told: { told: 'resolved', name: 'a.b', addresses: [1, 2n ** 100n] } })
  back({ is: 'told', told: { told: 'lost', report: { startNs: 1n, endNs: 2n, losses: [loss] } } })
  const shed = { cgroupId: 2n ** 60n, oldId: 0, hook: 'openat', count: 3 }
  const floods = { startNs: 1n, endNs: 2n, shed: [shed], others: 1 }
  back({ is: 'told', told: { told: 'shed', report: floods } })
  back({ is: 'told', told: { told: 'pids', pids: [1, 2] } })
  const pod = {
    uid: 'u',
    staticUid: undefined,
    name: 'a',
    namespace: 'b',
    labels: [['app', 'web'] as const],
    workload: { kind: 'Pod', name: 'a' },
    serviceAccount: undefined,
    ip: '10.0.0.1',
    hostNetwork: false,
    hostPid: true,
    hostIpc: false,
    containers: [
      { name: 'c', role: 'init', image: 'i', imageId: undefined, imageDigest: 'd', ids: ['e'] },
    ],
  } as const
  const namespace = { name: 'b', uid: 'n', labels: [] }
  const changes = { pods: [pod], podsGone: ['x'], namespaces: [namespace], namespacesGone: ['y'] }
  back({
    is: 'told',
    told: { told: 'pods', changes: JSON.parse(JSON.stringify(changes)) as never },
  })
  back({ is: 'answer', question: 'names', about: '', answer: { users, groups: new Map() } })
  back({ is: 'answer', question: 'pids', about: '', answer: undefined })
  back({ is: 'answer', question: 'metadata', about: 'x', answer: { startedNs: 5n, name: 'a' } })
  back({ is: 'gap', entries: 4 })
  for (const text of [
    '',
    '{',
    'null',
    '[]',
    '{"is":"told"}',
    '{"is":"told","told":{"told":"pods"}}',
    '{"is":"told","told":{"told":"pods","changes":{"pods":[{"uid":7}]}}}',
    '{"is":"told","told":{"told":"constructor"}}',
    '{"is":"told","told":{"told":"clock","wallOffsetNs":1}}',
    '{"is":"answer","question":"process","about":1,"answer":{"process":{"pid":"1"},"ppid":1}}',
    '{"is":"answer","question":"pids","about":"","answer":["1"]}',
    '{"is":"answer","question":"names","about":"","answer":{"users":{"$m":[[1,2]]},"groups":{}}}',
    '{"is":"gap","entries":-1}',
  ]) {
    assert.equal(decodeNote(text), undefined, text)
  }
})

/** Records: what was written is read again, and no bytes at all lead outside of a record. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { EventKind, Member, RecordShape } from './index.ts'
import * as schema from './index.ts'
import {
  RecordError,
  RecordView,
  checkRecord,
  encodeRecord,
  eventKinds,
  groups,
  header,
} from './index.ts'

/** Printed with the test; `TEST_SEED=n` repeats it. */
const seedOf = (t: TestContext): number => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  return seed
}

/** A cursor over a record that lies between other bytes; a read of those fails the test. */
const fenced = (record: Uint8Array): RecordView => {
  const at = 64
  const memory = new Uint8Array(at + record.length + 64).fill(0xee)
  memory.set(record, at)
  const check = (start: number, bytes: number): number => {
    assert.ok(start >= at && start + bytes <= at + record.length, `read ${bytes} at ${start - at}`)
    return start
  }
  class Fenced extends DataView<ArrayBuffer> {
    override getUint8 = (o: number): number => super.getUint8(check(o, 1))
    override getUint16 = (o: number): number => super.getUint16(check(o, 2), true)
    override getUint32 = (o: number): number => super.getUint32(check(o, 4), true)
    override getInt32 = (o: number): number => super.getInt32(check(o, 4), true)
    override getBigUint64 = (o: number): bigint => super.getBigUint64(check(o, 8), true)
    override getBigInt64 = (o: number): bigint => super.getBigInt64(check(o, 8), true)
  }
  const view = new RecordView(new Fenced(memory.buffer), (start, end) => {
    check(start, end - start)
    return String.fromCharCode(...memory.subarray(start, end))
  })
  view.at = at
  return view
}

type Getter = (r: RecordView, from?: number) => unknown
type Getters = Readonly<Record<string, Getter | number>>

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const gettersOf = (name: string): Getters =>
  (schema as unknown as Record<string, Getters>)[name] ?? {}

/** Calls every generated getter of a kind. Values by path, `socket.local_port`. */
const readAll = (r: RecordView, kind: EventKind): Map<string, unknown> => {
  const values = new Map<string, unknown>()
  const read = (members: readonly Member[], getters: Getters, prefix: string, from?: number) => {
    for (const { name, storage } of members) {
      const getter = getters[camel(name)]
      if (storage.as === 'struct') {
        const group = groups.find((each) => each.name === storage.name)
        const start = getters[`${camel(name)}At`] as number
        read(group?.members ?? [], gettersOf(camel(storage.name)), `${name}.`, start)
      } else if (typeof getter === 'function') {
        values.set(prefix + name, getter(r, from))
      }
      const length = getters[`${camel(name)}Length`]
      if (typeof length === 'function') values.set(`${prefix}${name} length`, length(r))
    }
  }
  read(header, gettersOf('headerOf'), '')
  read(kind.members, gettersOf(`${camel(kind.name)}Of`), '')
  return values
}

const kindOf = (shape: RecordShape): EventKind => {
  const kind = eventKinds.find((each) => each.kind === shape.kind)
  assert.ok(kind)
  return kind
}

const bounds = { u8: 8, u16: 16, u32: 32, u64: 64 } as const
const latin = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 1, max: 255 }), { maxLength }).map((b) => String.fromCharCode(...b))

/** Any value of a member. */
const valueOf = ({ storage }: Member): fc.Arbitrary<schema.RecordValues[string]> => {
  switch (storage.as) {
    case 'text':
      return fc.oneof(
        latin(60),
        fc.record({ text: latin(60), trueBytes: fc.option(fc.nat(9000), { nil: undefined }) }),
      )
    case 'chars':
      return latin(storage.count)
    case 'bytes':
      return fc.uint8Array({ minLength: storage.count, maxLength: storage.count })
    case 'struct':
      return valuesOf(groups.find(({ name }) => name === storage.name)?.members ?? [])
    case 'i32':
    case 'i64': {
      const max = 1n << (storage.as === 'i32' ? 31n : 63n)
      return fc.bigInt({ min: -max, max: max - 1n })
    }
    default:
      return fc.bigInt({ min: 0n, max: (1n << BigInt(bounds[storage.as])) - 1n })
  }
}

const isShown = ({ name }: Member): boolean => !['padding', 'reserved'].includes(name)

const valuesOf = (members: readonly Member[]): fc.Arbitrary<schema.RecordValues> =>
  fc.record(
    Object.fromEntries(members.filter(isShown).map((member) => [member.name, valueOf(member)])),
  )

/** Records with some bytes changed, most of them where a text's place or length is, or cut. */
const spoiltRecord = fc
  .constantFrom(...eventKinds)
  .chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      values: valuesOf(kind.members),
      changes: fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.nat(255)), { maxLength: 3 }),
      inSlots: fc.boolean(),
      cutTo: fc.oneof(
        { weight: 4, arbitrary: fc.constant(Infinity) },
        { arbitrary: fc.nat(260), weight: 1 },
      ),
    }),
  )
  .map(({ kind, values, changes, inSlots, cutTo }) => {
    const record = encodeRecord(kind.name, values)
    const texts = schema.recordShapes[kind.kind]?.texts ?? []
    for (const [place, byte, value] of changes) {
      const slot = inSlots ? texts[place % texts.length] : undefined
      record[slot === undefined ? place % record.length : slot + byte] = value
    }
    return record.slice(0, Math.min(record.length, cutTo))
  })

test('any bytes give a shape or a RecordError, and no read is outside of them', (t) => {
  const count = { records: 0, refused: 0 }
  const law = (record: Uint8Array): void => {
    const r = fenced(record)
    let shape: RecordShape
    try {
      shape = checkRecord(r, record.length)
    } catch (error) {
      assert.ok(error instanceof RecordError, String(error))
      count.refused++
      return
    }
    count.records++
    readAll(r, kindOf(shape))
  }
  const bytes = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400, size: 'max' }) },
    { weight: 9, arbitrary: spoiltRecord },
  )
  fc.assert(fc.property(bytes, law), { seed: seedOf(t), numRuns: 4000 })
  t.diagnostic(`${count.records} inputs were records, ${count.refused} were refused`)
  assert.ok(count.records > 1000 && count.refused > 1000, 'one answer hardly ever came')
})

/** What reading must give for what was written. */
const expectedOf = (values: schema.RecordValues): Map<string, unknown> => {
  const expected = new Map<string, unknown>()
  const add = (prefix: string, all: schema.RecordValues): void => {
    for (const [name, value] of Object.entries(all)) {
      if (typeof value === 'bigint') {
        const isSafe = value === BigInt(Number(value)) && Number.isSafeInteger(Number(value))
        expected.set(prefix + name, isSafe ? Number(value) : value)
      } else if (typeof value !== 'object' || value instanceof Uint8Array) {
        expected.set(prefix + name, value)
      } else if ('trueBytes' in value) {
        expected.set(name, value['text'])
      } else {
        add(`${name}.`, value)
      }
    }
  }
  add('', values)
  return expected
}

for (const kind of eventKinds) {
  test(`what is written as ${kind.name} is read again`, (t) => {
    const members = header.filter(({ name }) => name !== 'kind' && name !== 'bytes')
    const law = (values: schema.RecordValues): void => {
      const record = encodeRecord(kind.name, values)
      const r = fenced(record)
      assert.equal(checkRecord(r, record.length).kind, kind.kind)
      const read = readAll(r, kind)
      assert.equal(read.get('bytes'), record.length)
      for (const [name, value] of expectedOf(values)) {
        assert.deepEqual(read.get(name), value, name)
        if (!read.has(`${name} length`)) continue
        const cut = values[name] as schema.CutText | string
        const trueBytes = typeof cut === 'string' ? cut.length : cut.trueBytes
        const storedBytes = String(value).length
        assert.deepEqual(read.get(`${name} length`), { storedBytes, trueBytes }, name)
      }
    }
    const values = valuesOf([...members, ...kind.members])
    fc.assert(fc.property(values, law), { seed: seedOf(t), numRuns: 60 })
  })
}

test('a record must be what its carrier and its kind say', () => {
  const check = (change: (view: DataView) => void, lengthBytes: number, expected: RegExp): void => {
    const record = encodeRecord('chdir', { cwd: '/tmp' })
    change(new DataView(record.buffer))
    const r = fenced(record)
    assert.throws(() => checkRecord(r, lengthBytes), { name: 'RecordError', message: expected })
  }
  const none = (): void => {}
  check(none, 0, /^0 bytes hold no header/)
  check(none, schema.headerBytes - 1, /hold no header/)
  check(none, 139, /says 140 bytes, carrier says 139/)
  check((view) => view.setUint16(4, 0, true), 140, /unknown kind 0/)
  check((view) => view.setUint16(4, 999, true), 140, /unknown kind 999/)
  check((view) => view.setUint32(0, 141, true), 140, /says 141 bytes/)
  check((view) => view.setUint32(0, 135, true), 140, /says 135 bytes/)
  check((view) => view.setUint16(128, 135, true), 140, /text at 128 is outside/)
  check((view) => view.setUint16(128, 137, true), 140, /text at 128 is outside/)
  check((view) => view.setUint16(130, 5, true), 140, /text at 128 is outside/)
  check((view) => view.setUint16(130, 65_535, true), 140, /text at 128 is outside/)
})

test('names of threads are those of their bytes, however many there are', () => {
  const some = Array.from({ length: 2000 }, (_, i) => `n${i}`)
  const names = ['', 'a', ...some, '', 'a', 'x'.repeat(16), ...some]
  const records = names.map((comm) => encodeRecord('exit', { comm }))
  const memory = Buffer.concat(records)
  const r = new RecordView(
    new DataView(memory.buffer, memory.byteOffset, memory.byteLength),
    (start, end) => memory.toString('latin1', start, end),
  )
  const found = records.map(({ length }, i) => {
    r.at = i * length
    return schema.headerOf.comm(r)
  })
  assert.deepEqual(found, names)
})

/** The ring reader over ordinary memory: cases, and laws over random rings and garbage. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { RingBrokenError, RingReader } from './index.ts'
import { seedOf } from './testdata/seed.ts'

const pageBytes = 4096
const busy = 0x8000_0000
const discard = 0x4000_0000

interface Written {
  readonly lengthBytes: number
  readonly bits?: number
}

/** A ring in ordinary memory, and the kernel's side of it. */
class ModelRing {
  readonly consumer = new ArrayBuffer(pageBytes)
  readonly producer: ArrayBuffer
  readonly pageBytes = pageBytes
  readonly dataBytes: number
  readonly windowBytes: number
  readonly #data: Uint8Array
  #shown = 0
  #produced: bigint

  constructor(dataBytes: number, start = 0n, tailBytes = dataBytes, windowBytes = dataBytes) {
    this.dataBytes = dataBytes
    this.windowBytes = windowBytes
    this.producer = new ArrayBuffer(pageBytes + windowBytes + tailBytes)
    this.#data = new Uint8Array(2 * dataBytes)
    this.#produced = start
    new BigUint64Array(this.consumer)[0] = start
    this.#publish()
  }

  get consumed(): bigint {
    return new DataView(this.consumer).getBigUint64(0, true)
  }

  /** False when the ring is full. */
  write({ lengthBytes, bits = 0 }: Written, fill = 0): boolean {
    const step = (lengthBytes + 8 + 7) & ~7
    if (Number(this.#produced - this.consumed) + step > this.dataBytes) return false
    const at = Number(this.#produced % BigInt(this.dataBytes))
    for (let i = 0; i < 8 + lengthBytes; i++) this.#put(at + i, i < 8 ? 0 : fill)
    const header = new DataView(new ArrayBuffer(4))
    header.setUint32(0, (lengthBytes | bits) >>> 0, true)
    for (let i = 0; i < 4; i++) this.#put(at + i, header.getUint8(i))
    this.#produced += BigInt(step)
    this.#publish()
    return true
  }

  /** Sets the producer's position, whatever it says of the data. */
  claim(bytes: number): void {
    this.#produced += BigInt(bytes)
    this.#publish()
  }

  #publish(): void {
    new BigUint64Array(this.producer)[0] = this.#produced
  }

  readonly show = (from: number): void => {
    this.#shown = from
    const window = new Uint8Array(this.producer, pageBytes)
    window.set(this.#data.subarray(from, from + window.length))
  }

  /** As the kernel does: each byte is there twice. */
  #put(at: number, value: number): void {
    const first = at % this.dataBytes
    const window = new Uint8Array(this.producer, pageBytes)
    for (const place of [first, first + this.dataBytes]) {
      this.#data[place] = value
      const shown = place - this.#shown
      if (shown >= 0 && shown < window.length) window[shown] = value
    }
  }
}

const drainAll = (reader: RingReader, recordsMax = Infinity, bytesMax?: number): number[][] => {
  const found: number[][] = []
  reader.drain(
    (offset, length) => {
      found.push(Array.from({ length }, (_, i) => reader.data.getUint8(offset + i)))
    },
    recordsMax,
    bytesMax,
  )
  return found
}

test('hands records over in order, skips discarded ones, stops at a busy one', () => {
  const ring = new ModelRing(256)
  const reader = new RingReader(ring)
  ring.write({ lengthBytes: 1 }, 1)
  ring.write({ lengthBytes: 16, bits: discard }, 2)
  ring.write({ lengthBytes: 0 })
  ring.write({ lengthBytes: 9, bits: busy }, 3)
  ring.write({ lengthBytes: 1 }, 4)
  deepEqual(drainAll(reader), [[1], []])
  equal(ring.consumed, 48n)
  equal(reader.pendingBytes, 40)
  deepEqual(drainAll(reader), [])
})

test('stops at the bounds', () => {
  const ring = new ModelRing(256)
  const reader = new RingReader(ring)
  for (let i = 0; i < 6; i++) ring.write({ lengthBytes: 8 }, i)
  equal(drainAll(reader, 2).length, 2)
  equal(drainAll(reader, Infinity, 17).length, 2)
  equal(drainAll(reader, 0).length, 0)
  deepEqual(
    reader.drain(() => {}, 1),
    { records: 1, pendingBytes: 16 },
  )
})

test('a callback that throws has had its record', () => {
  const ring = new ModelRing(256)
  const reader = new RingReader(ring)
  for (let i = 0; i < 3; i++) ring.write({ lengthBytes: 8 }, i)
  let calls = 0
  const failing = (): void => {
    if (++calls === 2) throw new Error('callback')
  }
  throws(() => reader.drain(failing, 9), { message: 'callback' })
  equal(ring.consumed, 32n)
  deepEqual(drainAll(reader), [Array.from({ length: 8 }, () => 2)])
})

test('a drain inside a drain is refused', () => {
  const ring = new ModelRing(256)
  const reader = new RingReader(ring)
  ring.write({ lengthBytes: 8 })
  throws(() => reader.drain(() => reader.drain(() => {}, 1), 1), { code: 'BAD_ARGUMENT' })
  deepEqual(
    reader.drain(() => {}, 1),
    { records: 0, pendingBytes: 0 },
  )
})

test('`stop` ends a drain after the current record', () => {
  const ring = new ModelRing(256)
  const reader = new RingReader(ring)
  for (let i = 0; i < 3; i++) ring.write({ lengthBytes: 8 })
  equal(reader.drain(() => reader.stop(), 9).records, 1)
  equal(reader.drain(() => {}, 9).records, 2)
})

test('positions that make no sense', () => {
  const cases: readonly [name: string, spoil: (ring: ModelRing) => void][] = [
    ['more waits than the ring has', (ring) => ring.claim(264)],
    ['no multiple of 8', (ring) => ring.claim(12)],
    ['the producer is behind', (ring) => ring.claim(-8)],
    [
      'a record longer than what waits',
      (ring) => {
        ring.write({ lengthBytes: 200 })
        ring.claim(-8)
      },
    ],
  ]
  for (const [name, spoil] of cases) {
    const ring = new ModelRing(256)
    const reader = new RingReader(ring)
    spoil(ring)
    throws(() => drainAll(reader), RingBrokenError, name)
  }
})

test('a record longer than what lies behind the end', () => {
  const ring = new ModelRing(256, 248n, 32)
  const reader = new RingReader(ring)
  ring.write({ lengthBytes: 16 }, 1)
  equal(drainAll(reader).length, 1)
  ring.write({ lengthBytes: 200 }, 2) // From 16: fits before the end.
  ring.write({ lengthBytes: 32 }, 3) // From 224 to 264.
  equal(drainAll(reader).length, 2)
  const other = new ModelRing(256, 240n, 32)
  const broken = new RingReader(other)
  other.write({ lengthBytes: 48 })
  throws(() => drainAll(broken), RingBrokenError)
})

test('memory that is too short or too long for its data', () => {
  for (const tailBytes of [-8, 264]) {
    const ring = new ModelRing(256, 0n, tailBytes)
    throws(() => new RingReader(ring), { code: 'BAD_ARGUMENT' })
  }
  for (const windowBytes of [0, 4, 96, 512, -256, NaN]) {
    const { consumer, producer, show } = new ModelRing(256)
    const memory = { consumer, producer, show, pageBytes, dataBytes: 256, windowBytes }
    throws(() => new RingReader(memory), { code: 'BAD_ARGUMENT' })
  }
})

test('sizes that no ring has', () => {
  for (const dataBytes of [0, 4, 12, 2 ** 31, NaN, -8]) {
    const memory = { consumer: new ArrayBuffer(8), producer: new ArrayBuffer(64), pageBytes: 8 }
    const sizes = { dataBytes, windowBytes: dataBytes, show: (): void => {} }
    throws(() => new RingReader({ ...memory, ...sizes }), { code: 'BAD_ARGUMENT' })
  }
})

test('the view refuses to be written', () => {
  const { data } = new RingReader(new ModelRing(64))
  throws(() => data.setUint8(0, 1), /read-only/)
  throws(() => data.setBigUint64(0, 1n), /read-only/)
  equal(data.getUint8(0), 0)
})

test('law: what is written is read, in order, from any position', (t) => {
  const writes = fc.array(
    fc.record({
      lengthBytes: fc.integer({ min: 0, max: 70 }),
      bits: fc.constantFrom(0, 0, 0, discard),
      fill: fc.integer({ min: 0, max: 255 }),
      drain: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    }),
    { maxLength: 60 },
  )
  const starts = fc.oneof(
    fc.constantFrom(0n, 2n ** 32n - 64n, 2n ** 31n - 8n, 2n ** 53n - 16n),
    fc.bigInt({ min: 0n, max: 2n ** 60n }).map((n) => n * 8n),
  )
  let read = 0
  const check = (
    start: bigint,
    windowBytes: number,
    steps: (Written & { fill: number; drain: number | undefined })[],
  ) => {
    const ring = new ModelRing(128, start, 80, windowBytes)
    const reader = new RingReader(ring)
    const wanted: number[][] = []
    const found: number[][] = []
    for (const step of steps) {
      if (ring.write(step, step.fill) && step.bits === 0) {
        wanted.push(Array.from({ length: step.lengthBytes }, () => step.fill))
      }
      if (step.drain !== undefined) found.push(...drainAll(reader, step.drain))
    }
    found.push(...drainAll(reader))
    deepEqual(found, wanted)
    equal(reader.pendingBytes, 0)
    read += found.length
  }
  const windows = fc.constantFrom(128, 64, 16, 8)
  fc.assert(fc.property(starts, windows, writes, check), { seed: seedOf(t), numRuns: 500 })
  t.diagnostic(`${read} records read`)
  ok(read > 1000)
})

test('law: any bytes give records inside the data, or an error', (t) => {
  const dataBytes = 64
  const runs = 3000
  let reached = 0
  let broken = 0
  const check = (garbage: Uint8Array, produced: number, consumed: bigint): void => {
    const memory = {
      consumer: new ArrayBuffer(8),
      producer: new ArrayBuffer(8 + 2 * dataBytes),
      pageBytes: 8,
      dataBytes,
      windowBytes: dataBytes,
      show: (): void => {},
    }
    new Uint8Array(memory.producer).set(garbage, 8)
    new BigUint64Array(memory.consumer)[0] = consumed
    new BigUint64Array(memory.producer)[0] = BigInt.asUintN(64, consumed + BigInt(produced))
    const reader = new RingReader(memory)
    let calls = 0
    try {
      reader.drain((offset, length) => {
        calls++
        ok(offset % 8 === 0 && offset >= 8 && length >= 0)
        ok(offset + length <= 2 * dataBytes)
      }, Infinity)
    } catch (error) {
      ok(error instanceof RingBrokenError, String(error))
      broken++
    }
    ok(calls <= dataBytes / 8)
    if (calls > 0) reached++
  }
  const words = fc.array(
    fc.oneof(
      { weight: 14, arbitrary: fc.integer({ min: 0, max: 24 }) },
      fc.constantFrom(discard, discard | 8, busy, busy | 8, 0x3fff_ffff, 0xffff_ffff),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    ),
    { minLength: 32, maxLength: 32 },
  )
  const garbage = words.map((list) => new Uint8Array(Uint32Array.from(list).buffer))
  const produced = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 2, max: 8 }).map((n) => n * 8) },
    fc.integer({ min: -70, max: 200 }),
  )
  const consumed = fc.oneof(
    { weight: 9, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 61n - 1n }).map((n) => n * 8n) },
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  )
  const property = fc.property(garbage, produced, consumed, check)
  fc.assert(property, { seed: seedOf(t), numRuns: runs })
  t.diagnostic(`of ${runs} inputs ${reached} gave records, ${broken} an error`)
  ok(reached > runs / 2 && broken > runs / 10)
})

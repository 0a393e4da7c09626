/** The ring with the kernel as its producer, and its wake-ups. A test-run makes the records. */
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import type { BpfObject, Ring } from './index.ts'
import { openHandles, possibleCpus } from './index.ts'
import {
  forceWakeup,
  noHandles,
  openTestObject,
  produce,
  skip,
  u32,
  withObject,
} from './testdata/object.ts'

const numbersIn = (ring: Ring, recordsMax = Infinity): number[] => {
  const found: number[] = []
  ring.drain((offset) => found.push(ring.data.getUint32(offset, true)), recordsMax)
  return found
}

/** Records that did not fit, by the program's own count. */
const lostIn = (object: BpfObject): number => {
  const value = new Uint8Array(8 * possibleCpus())
  object.lookup('lost', u32(1), value)
  return new Uint32Array(value.buffer).reduce((sum, count) => sum + count, 0)
}

const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i)

test('records come in order, discarded ones not at all', { skip }, () => {
  withObject((object) => {
    const ring = object.openRing('ring')
    produce(object, { count: 10, bytes: 41, discardEvery: 3, first: 100 })
    equal(ring.pendingBytes, 10 * 56 + 4 * 32)
    deepEqual(numbersIn(ring, 4), range(100, 4))
    deepEqual(numbersIn(ring), range(104, 6))
    deepEqual(
      ring.drain(() => {}, 1),
      { records: 0, pendingBytes: 0 },
    )
  })
})

test('a small ring goes round: millions of bytes, no record lost or torn', { skip }, () => {
  withObject((object) => {
    const ring = object.openRing('ring')
    equal(ring.dataBytes, 4096)
    let expected = 0
    let bytes = 0
    for (let round = 0; round < 1400; round++) {
      const lengthBytes = 8 + ((round * 37) % 900)
      const count = Math.floor(4096 / (lengthBytes + 16))
      produce(object, { count, bytes: lengthBytes, first: expected })
      const { records } = ring.drain((offset, length) => {
        equal(length, lengthBytes)
        equal(ring.data.getUint32(offset, true), expected++)
        equal(ring.data.getUint8(offset + length - 1), 0)
        bytes += length
      }, Infinity)
      equal(records, count)
    }
    equal(lostIn(object), 0)
    ok(bytes > 4_000_000)
  })
})

const setLarge = (object: BpfObject): void => object.setMaxEntries('ring', 65536)

test('a ring of many windows: a record may lie across two of them', { skip }, () => {
  withObject((object) => {
    const recordBytes = 1500
    const ring = object.openRing('ring', recordBytes, 8192)
    equal(ring.data.byteLength, 8192 + 4096)
    let expected = 0
    for (let round = 0; round < 30; round++) {
      produce(object, { count: 30, bytes: recordBytes, first: expected })
      ring.drain((offset, length) => {
        ok(offset < 8192 + 8)
        equal(length, recordBytes)
        equal(ring.data.getUint32(offset, true), expected++)
        equal(ring.data.getUint8(offset + length - 1), 0)
      }, Infinity)
    }
    equal(expected, 900)
    equal(lostIn(object), 0)
  }, setLarge)
})

test('a window is a part of the ring, in whole pages', { skip }, () => {
  withObject((object) => {
    for (const windowBytes of [0, 64, 6000, 12288]) {
      throws(() => object.openRing('ring', 64, windowBytes), { code: 'BAD_ARGUMENT' })
    }
  }, setLarge)
})

test('a full ring: the program counts what is lost, the rest is whole', { skip }, () => {
  withObject((object) => {
    const ring = object.openRing('ring')
    produce(object, { count: 100, bytes: 56 })
    const found = numbersIn(ring)
    deepEqual(found, range(0, found.length))
    ok(found.length >= 63)
    equal(found.length + lostIn(object), 100)
    produce(object, { count: 1, first: 500 })
    deepEqual(numbersIn(ring), [500])
  })
})

test(
  'the room comes back with the end of the drain, also when the callback throws',
  { skip },
  () => {
    withObject((object) => {
      const ring = object.openRing('ring')
      produce(object, { count: 60 })
      throws(
        () =>
          ring.drain((offset) => {
            if (ring.data.getUint32(offset, true) === 49) throw new Error('callback')
          }, Infinity),
        { message: 'callback' },
      )
      produce(object, { count: 40, first: 60 })
      equal(lostIn(object), 0)
      deepEqual(numbersIn(ring), range(50, 50))
    })
  },
)

test('closing inside a drain: that record is the last, and still there', { skip }, () => {
  withObject((object) => {
    const ring = object.openRing('ring')
    const { data } = ring
    produce(object, { count: 5, first: 7 })
    const found: number[] = []
    ring.drain((offset) => {
      ring.close()
      object.close()
      found.push(data.getUint32(offset, true))
    }, Infinity)
    deepEqual(found, [7])
    throws(() => data.getUint32(8, true), TypeError)
    throws(() => ring.drain(() => {}, 1), { code: 'CLOSED' })
    throws(() => ring.pendingBytes, { code: 'CLOSED' })
    ring.close()
  })
})

test('closing takes the memory from views, moved ones too', { skip }, () => {
  withObject((object) => {
    const ring = object.openRing('ring')
    produce(object, { count: 1, first: 9 })
    const moved = new DataView(ring.data.buffer.transfer())
    equal(moved.getUint32(4096 + 8, true), 9)
    ring.close()
    equal(moved.getUint32(4096 + 8, true), 0)
  })
})

test('a wake-up is heard, a silent record is not', { skip }, async () => {
  const object = openTestObject()
  object.load()
  const ring = object.openRing('ring')
  let wakeups = 0
  let heard = (): void => {}
  ring.onReadable(() => {
    wakeups++
    heard()
  })
  ring.ref()
  throws(() => ring.onReadable(() => {}), { code: 'BAD_ARGUMENT' })
  const woken = new Promise<void>((resolve) => {
    heard = resolve
  })
  await new Promise(setImmediate)
  produce(object, { count: 1 })
  await new Promise(setImmediate)
  equal(wakeups, 0)
  produce(object, { count: 1, flags: forceWakeup, first: 1 })
  await woken
  deepEqual(numbersIn(ring), [0, 1])

  // Data that stays calls again, but not while paused.
  const again = new Promise<void>((resolve) => {
    heard = resolve
  })
  ring.pause()
  produce(object, { count: 1, flags: forceWakeup })
  const before = wakeups
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  equal(wakeups, before)
  ring.resume()
  await again
  object.close()
  deepEqual(openHandles(), noHandles)
})

test('the wake-up may close its ring', { skip }, async () => {
  const object = openTestObject()
  object.load()
  const ring = object.openRing('ring')
  const closed = new Promise<void>((resolve) => {
    ring.onReadable(() => {
      object.close()
      resolve()
    })
  })
  ring.ref()
  produce(object, { count: 1, flags: forceWakeup })
  await closed
  throws(() => ring.pause(), { code: 'CLOSED' })
  deepEqual(openHandles(), noHandles)
})

test('only a ring is opened as one', { skip }, () => {
  withObject((object) => {
    throws(() => object.openRing('table'), { code: 'BAD_ARGUMENT' })
    throws(() => object.openRing('nothing'), { code: 'ENOENT' })
  })
  throws(() => openTestObjectUnloaded().openRing('ring'), { code: 'CLOSED' })
})

function openTestObjectUnloaded(): BpfObject {
  const object = openTestObject()
  throws(() => object.openRing('ring'), { code: 'BAD_ARGUMENT', message: /load the object first/ })
  object.close()
  return object
}

test('a wake-up that throws is an uncaught exception, as any callback is', { skip }, async () => {
  const object = openTestObject()
  object.load()
  const ring = object.openRing('ring')
  ring.onReadable(() => {
    object.close()
    throw new Error('from the wake-up')
  })
  ring.ref()
  produce(object, { count: 1, flags: forceWakeup })
  const error = await new Promise<unknown>((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve)
  })
  process.setUncaughtExceptionCaptureCallback(null)
  equal(String(error), 'Error: from the wake-up')
})

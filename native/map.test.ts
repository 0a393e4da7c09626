/** Maps in the kernel of this machine, per-CPU and mapped ones too. */
import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { createMap, openHandles, possibleCpus } from './index.ts'
import { noHandles, produce, skip, u32, withObject } from './testdata/object.ts'

const u64 = (value: bigint): Uint8Array => new Uint8Array(new BigUint64Array([value]).buffer)

test('values by key', { skip }, () => {
  withObject((object) => {
    const value = new Uint8Array(8)
    equal(object.lookup('table', u32(1), value), false)
    object.update('table', u32(1), u64(10n))
    object.update('table', u32(2), u64(20n))
    equal(object.lookup('table', u32(2), value), true)
    deepEqual(value, u64(20n))
    throws(() => object.update('table', u32(2), u64(1n), 1), { code: 'EEXIST' })
    throws(() => object.update('table', u32(3), u64(1n), 2), { code: 'ENOENT' })
    equal(object.delete('table', u32(2)), true)
    equal(object.delete('table', u32(2)), false)
  })
})

test('keys are listed, each once', { skip }, () => {
  withObject((object) => {
    const table = object.map('table')
    const next = new Uint8Array(4)
    equal(table.nextKey(undefined, next), false)
    for (const key of [5, 6, 7]) table.update(u32(key), u64(0n))
    const keys: number[] = []
    let key: Uint8Array | undefined
    while (table.nextKey(key, next)) {
      key = next.slice()
      keys.push(new DataView(key.buffer).getUint32(0, true))
    }
    deepEqual(
      keys.toSorted((a, b) => a - b),
      [5, 6, 7],
    )
  })
})

test('a full map', { skip }, () => {
  withObject((object) => {
    for (let key = 0; key < 8; key++) object.update('table', u32(key), u64(0n))
    throws(() => object.update('table', u32(8), u64(0n)), {
      code: 'E2BIG',
      message: /update map table/,
    })
  })
})

test('sizes must be those of the map', { skip }, () => {
  withObject((object) => {
    const wrong = { code: 'BAD_ARGUMENT', message: /bytes, the map's has/ }
    throws(() => object.lookup('table', new Uint8Array(3), new Uint8Array(8)), wrong)
    throws(() => object.lookup('table', u32(0), new Uint8Array(7)), wrong)
    throws(() => object.update('table', u32(0), new Uint8Array(9)), wrong)
    throws(() => object.delete('table', new Uint8Array(0)), wrong)
    throws(() => object.map('table').nextKey(new Uint8Array(1), new Uint8Array(4)), wrong)
    throws(() => object.lookup('lost', u32(0), new Uint8Array(4)), wrong)
  })
})

test('a per-CPU map gives each CPU’s value', { skip }, () => {
  withObject((object) => {
    const { transferBytes, valueBytes } = object.map('lost').facts
    equal(valueBytes, 4)
    equal(transferBytes, 8 * possibleCpus())
    produce(object, { count: 1000, bytes: 56 })
    const value = new Uint8Array(transferBytes)
    object.lookup('lost', u32(1), value)
    const sum = new Uint32Array(value.buffer).reduce((total, count) => total + count, 0)
    equal(sum, 1000 - 63) // Of 64 bytes each; the kernel never fills a ring to the last byte.
  })
})

test('live memory is the map itself, both ways', { skip }, () => {
  withObject((object) => {
    const { offsetBytes, bytes } = object.variable('.data', 'wide')
    equal(bytes, 8)
    const memory = new BigUint64Array(object.memory('.data'), offsetBytes, 1)
    equal(memory[0], 5n)
    memory[0] = 6n
    const value = new Uint8Array(8)
    object.lookup('.data', u32(0), value)
    deepEqual(value, u64(6n))
    throws(() => object.memory('table'), { code: 'BAD_ARGUMENT' })
    throws(() => object.memory('.rodata'), { code: 'EPERM' })
  })
})

test('a map of its own', { skip }, () => {
  const spec = { type: 1, name: 'own', keyBytes: 4, valueBytes: 4, maxEntries: 2 }
  const map = createMap(spec)
  map.update(u32(1), u32(2))
  const value = new Uint8Array(4)
  equal(map.lookup(u32(1), value), true)
  deepEqual(value, u32(2))
  equal(openHandles().maps, 1)
  map.close()
  map.close()
  throws(() => map.lookup(u32(1), value), { code: 'CLOSED' })
  throws(() => createMap({ ...spec, type: 9999 }), { code: 'EINVAL', message: /create map own/ })
  deepEqual(openHandles(), noHandles)
})

/** A bounded map against what it promises, on any run of calls. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BoundedMap } from './bounded.ts'

/** Calls as words: `a1` sets a to 1, `-a` deletes a. Entries in order, and what was dropped. */
const check = (calls: string, sizeMax: number, expected: string): void => {
  let evicted = 0
  const map = new BoundedMap<string, string>(sizeMax, () => evicted++)
  for (const call of calls.split(' ')) {
    if (call.startsWith('-')) map.delete(call.slice(1))
    else map.set(call.slice(0, 1), call.slice(1))
  }
  assert.equal(`${[...map.values()].join(' ')}, dropped ${evicted}`, expected, calls)
}

test('the first entry goes first, and is counted', () => {
  check('a1 b2', 2, '1 2, dropped 0')
  check('a1 b2 c3', 2, '2 3, dropped 1')
  check('a1 b2 a3', 2, '3 2, dropped 0')
  check('a1 b2 a3 c4', 2, '2 4, dropped 1')
  check('a1 b2 -a c3', 2, '2 3, dropped 0')
  check('a1 b2 -x c3', 2, '2 3, dropped 1')
  check('a1 b2 c3 d4', 1, '4, dropped 3')
})

test('it never holds more than its bound, and every entry is held, deleted or counted', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const call = fc.record({ key: fc.nat(9), isDelete: fc.boolean() })
  const law = (sizeMax: number, calls: readonly { key: number; isDelete: boolean }[]): void => {
    let evicted = 0
    let added = 0
    let deleted = 0
    const map = new BoundedMap<number, number>(sizeMax, () => evicted++)
    calls.forEach(({ key, isDelete }, i) => {
      if (isDelete) {
        if (map.delete(key)) deleted++
        assert.equal(map.get(key), undefined)
        return
      }
      if (map.get(key) === undefined) added++
      map.set(key, i)
      assert.equal(map.get(key), i)
      assert.ok(map.size <= sizeMax)
    })
    assert.equal(map.size, added - deleted - evicted)
  }
  fc.assert(fc.property(fc.integer({ min: 1, max: 6 }), fc.array(call), law), { seed })
})

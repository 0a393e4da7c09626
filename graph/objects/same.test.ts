/** Which values are the same, and which only look like it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isSame } from './same.ts'

test('plain values by what is in them, all else by itself', () => {
  const check = (a: unknown, b: unknown, expected: boolean): void => {
    assert.equal(isSame(a, b), expected)
    assert.equal(isSame(b, a), expected)
  }
  const set = new Set([1])
  check(
    { a: [1, { b: 'x', c: 5n }], d: undefined },
    { d: undefined, a: [1, { c: 5n, b: 'x' }] },
    true,
  )
  check({ a: [1, 2] }, { a: [2, 1] }, false)
  check({ a: [1] }, { a: [1, undefined] }, false)
  check({ a: undefined }, { b: undefined }, false)
  check({ a: undefined }, {}, false)
  check({ a: 1 }, { a: '1' }, false)
  check([], {}, false)
  check({}, null, false)
  check({ s: set }, { s: set }, true)
  check({ s: set }, { s: new Set([1]) }, false)
  check({ m: new Map() }, { m: {} }, false)
  check({ hasOwnProperty: 1 }, { toString: 1 }, false)
})

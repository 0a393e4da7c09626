/** The arithmetic of figures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nsPerCall, percentile } from './figures.ts'

test('percentiles are values that were measured', () => {
  const check = (values: readonly number[], part: number, expected: number): void => {
    assert.equal(percentile(values, part), expected)
  }
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  check(hundred, 0.5, 50)
  check(hundred, 0.99, 99)
  check(hundred, 1, 100)
  check([3, 1, 2], 0.5, 2)
  check([7], 0.99, 7)
  check([2, 1], 0.5, 1)
  assert.ok(Number.isNaN(percentile([], 0.5)))
})

test('a call takes some time', () => {
  let sum = 0
  const ns = nsPerCall((times) => {
    for (let i = 0; i < times; i++) sum += Math.sqrt(i)
  }, 50)
  assert.ok(sum > 0 && ns > 0 && ns < 1e6, `${ns}`)
})

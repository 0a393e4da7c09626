/** Law: a selector is contradictory when it selects no labels that there can be, and only then. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Labels, Requirement } from '@bulwark/schema'
import { selects } from '@bulwark/schema'
import { contradictionOf } from './contradiction.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 2000)
console.log(`TEST_SEED=${seed}`)

const values = ['x', 'y']
const requirement: fc.Arbitrary<Requirement> = fc.record({
  key: fc.constantFrom('a', 'b'),
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
  values: fc.subarray(values, { minLength: 1 }),
})

const labelled = (key: string): readonly Labels[] => [
  [],
  ...['x', 'y', 'other'].map((value): Labels => [[key, value]]),
]

/** All labels that a selector over these keys and values can tell apart. */
const all = labelled('a').flatMap((a) => labelled('b').map((b): Labels => a.concat(b)))

test('contradictory is what selects nothing', () => {
  let contradictory = 0
  fc.assert(
    fc.property(fc.array(requirement, { maxLength: 5 }), (selector) => {
      const isNever = all.every((labels) => selects(selector, { labels, isWhole: true }) === false)
      if (isNever) contradictory++
      assert.equal(contradictionOf(selector) !== undefined, isNever, JSON.stringify(selector))
    }),
    { seed, numRuns },
  )
  assert.ok(contradictory > numRuns / 10 && contradictory < numRuns * 0.9, `${contradictory}`)
})

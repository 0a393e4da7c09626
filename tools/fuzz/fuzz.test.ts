/** The fuzz run of `make fuzz`, for a while: longer in CI. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from './fuzz.ts'

const seconds = process.env['CI'] === undefined ? 3 : 10

test('no rule file and no condition breaks the readers', (context) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  const end = performance.now() + seconds * 1000
  const { tried, accepted, finds } = fuzz(seed, () => performance.now() >= end)
  context.diagnostic(`TEST_SEED=${seed}: ${tried} inputs, ${accepted} accepted`)
  assert.deepEqual(finds, [])
  assert.ok(accepted > 0 && accepted < tried)
})

/** Random tests that can be repeated: `TEST_SEED=n` gives the same inputs again. */
import type { TestContext } from 'node:test'

/** The seed for fast-check; it is printed with the test. */
export const seedOf = (t: TestContext): number => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  return seed
}

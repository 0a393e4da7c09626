/** How laws are run: with a seed that is printed, and a count of the inputs that reached them. */
import assert from 'node:assert/strict'

export const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
console.log(`TEST_SEED=${seed}`)

/** How many inputs to try. */
export const runs = (usual: number): number => Number(process.env['TEST_RUNS'] ?? usual)

/** Prints how many inputs reached the law, and fails when it is less than a share of them. */
export const reached = (law: string, count: number, of: number, share = 0.5): void => {
  console.log(`${law}: ${count} of ${of}`)
  assert.ok(count >= of * share, `only ${count} of ${of} inputs reached: ${law}`)
}

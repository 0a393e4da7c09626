/** What has a value resembles it, wherever it stands and in any case; what has none seldom does. */
import { equal, ok, throws } from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { alikeBytesMin, piecesOf, resembles } from './alike.ts'

const bytes = (constraints: fc.ArrayConstraints): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 0, max: 255 }), constraints)
    .map((codes) => String.fromCharCode(...codes))

const otherCase = (letter: string): string =>
  letter === ' ' ? '\0' : letter.replace(/[a-z]/, (each) => each.toUpperCase())

test('a text that has a value resembles it', () => {
  const inputs = fc.record({
    before: bytes({ maxLength: 12 }),
    value: bytes({ minLength: alikeBytesMin, maxLength: 20 }),
    behind: bytes({ maxLength: 12 }),
    changed: fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
  })
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  const holds = fc.property(inputs, ({ before, value, behind, changed }) => {
    const own = Array.from(value, (letter, i) => (changed[i] ? otherCase(letter) : letter)).join('')
    ok(resembles(`${before}${own}${behind}`, value), `TEST_SEED=${seed}`)
  })
  fc.assert(holds, { seed, numRuns: 2_000 })
})

for (const [text, expected] of [
  ['PATH=/usr/bin\0GLIBC_TUNABLES=a', true],
  ['xGlibc_Tunables', true],
  ['GLIBC_TUNABLE', true],
  ['GLIBC_TUN', false],
  ['', false],
] as const) {
  test(`${JSON.stringify(text)} ${expected ? 'resembles' : 'does not resemble'} a variable`, () => {
    equal(resembles(text, 'GLIBC_TUNABLES'), expected)
  })
}

test('too short a value is refused', () => {
  throws(() => piecesOf('x'.repeat(alikeBytesMin - 1)), /too short/)
})

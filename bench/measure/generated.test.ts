/** Generated rules are rules, and the same ones for the same seed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generatedRules } from './generated.ts'
import { loadRules } from './official.ts'

test('every generated rule loads, none is about everything', () => {
  for (const seed of [1, 2]) {
    const { rules, files } = loadRules([{ name: 'made.yaml', text: generatedRules(2_000, seed) }])
    assert.deepEqual(
      files.flatMap(({ errors }) => errors),
      [],
    )
    assert.equal(rules.length, 2_000)
    assert.ok(rules.every(({ eventTypes }) => eventTypes !== 'all'))
    const conditions = new Set(
      generatedRules(2_000, seed)
        .split('- rule: ')
        .map((text) => text.slice(20)),
    )
    assert.ok(conditions.size > 1_900, `${conditions.size} different rules`)
  }
})

test('a seed gives the same rules, and a longer file begins with those of a shorter one', () => {
  assert.equal(generatedRules(50, 7), generatedRules(50, 7))
  assert.notEqual(generatedRules(50, 7), generatedRules(50, 8))
  assert.ok(generatedRules(60, 7).startsWith(generatedRules(50, 7)))
})

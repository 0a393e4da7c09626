/** Kept texts: always those that lie there, whatever was there before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KeptTexts } from './kept-texts.ts'

test('law: the text is the one that lies there', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const kept = new KeptTexts()
  let made = 0
  let asked = 0
  const letters = fc.constantFrom('/', 'a', '\xff', '\0')
  const texts = fc.array(fc.string({ unit: letters, maxLength: 140 }), { minLength: 1 })
  const law = (all: readonly string[], before: number): void => {
    for (const text of [...all, ...all]) {
      const memory = Buffer.from(`${'x'.repeat(before)}${text}xyz`, 'latin1')
      const data = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
      const make = (start: number, end: number): string => {
        made++
        return memory.toString('latin1', start, end)
      }
      asked++
      assert.equal(kept.of(data, before, text.length, make), text)
    }
  }
  fc.assert(fc.property(texts, fc.nat(7), law), { seed, numRuns: 300 })
  assert.ok(made < asked * 0.9, `${made} of ${asked} were made`)
})

test('a text that differs in any one byte is another one', () => {
  const kept = new KeptTexts()
  for (const length of [1, 3, 4, 5, 127, 128, 129]) {
    for (let at = -1; at < length; at++) {
      const text = 'a'
        .repeat(length)
        .split('')
        .map((each, i) => (i === at ? 'b' : each))
        .join('')
      const memory = Buffer.from(text, 'latin1')
      const data = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
      const found = kept.of(data, 0, length, (start, end) => memory.toString('latin1', start, end))
      assert.equal(found, text)
    }
  }
})

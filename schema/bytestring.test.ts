/** Byte strings: text in, bytes out, and back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { byteString, printableText } from './bytestring.ts'

test('text becomes its UTF-8 bytes, and they become the text', () => {
  const check = (text: string, bytes: string): void => {
    assert.equal(byteString(text), bytes)
    assert.equal(printableText(bytes), text)
  }
  check('', '')
  check('a\0\x7f', 'a\0\x7f')
  check('é', '\xc3\xa9')
  check('€', '\xe2\x82\xac')
  check('😀', '\xf0\x9f\x98\x80')
  check('\ufeffa', '\xef\xbb\xbfa')
  check('é'.repeat(300_000), '\xc3\xa9'.repeat(300_000))
})

test('bytes that are no UTF-8 become U+FFFD', () => {
  const check = (bytes: string, text: string): void => assert.equal(printableText(bytes), text)
  check('/p\xff', '/p\ufffd')
  check('\xc3', '\ufffd')
  check('\xe2\x82x', '\ufffdx')
  check('\xed\xa0\x80', '\ufffd\ufffd\ufffd') // a surrogate
  check('\xc0\xaf', '\ufffd\ufffd') // "/", longer than it need be
})

test('any text survives, and a byte string has only bytes', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const law = (text: string): void => {
    const bytes = byteString(text)
    assert.ok(/^[\0-\xff]*$/.test(bytes))
    assert.equal(bytes.length, Buffer.byteLength(text))
    assert.equal(printableText(bytes), text)
  }
  fc.assert(fc.property(fc.string({ unit: 'binary' }), law), { seed, numRuns: 500 })
})

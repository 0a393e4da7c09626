/** Lists that come in pieces: the items are those that JSON.parse finds, however they are cut. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { JsonItems } from './json-items.ts'
import { Lines } from './lines.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
console.log(`TEST_SEED=${seed}`)

interface Cut {
  readonly items: readonly (string | undefined)[]
  readonly envelope: string | undefined
}

/** @param piece  bytes that come at once */
const cut = (text: string, piece = 7, bytesMax = 1000): Cut => {
  const items: (string | undefined)[] = []
  const reader = new JsonItems(bytesMax, (item) => items.push(item))
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += piece) reader.feed(bytes.subarray(at, at + piece))
  return { items, envelope: reader.envelope }
}

test('items, and what stands around them', () => {
  const check = (text: string, items: readonly (string | undefined)[], envelope: string): void => {
    for (const piece of [1, 2, 5, 1000]) {
      assert.deepEqual(cut(text, piece), { items, envelope }, `${text} by ${piece}`)
    }
  }
  check('{"items":[]}', [], '{"items":[]}')
  check('{"items":[{}]}', ['{}'], '{"items":[]}')
  check(
    '{"a":[1],"items" : [{"b":[2]} , {"c":"]}"}],"d":{}}',
    ['{"b":[2]}', '{"c":"]}"}'],
    '{"a":[1],"items" : [],"d":{}}',
  )
  check('{"items":[{"a":"\\"}"}]}', ['{"a":"\\"}"}'], '{"items":[]}')
  check('{"items":[[1]]}', ['[1]'], '{"items":[]}')
  check('{"a":{"items":[{}]}}', [], '{"a":{"items":[{}]}}')
  check('{"a":"\\"items\\":[{}","items":null}', [], '{"a":"\\"items\\":[{}","items":null}')
  check('{"items":{"a":1}}', [], '{"items":{"a":1}}')
})

test('what is no item, is too large, or is cut off, spoils nothing else', () => {
  assert.deepEqual(cut('{"items":[7,{"a":1},null]}').items, [undefined, '{"a":1}', undefined])
  assert.deepEqual(cut('{"items":["x",{}]}').items, [undefined, '{}'])
  const large = `{"a":"${'x'.repeat(50)}"}`
  assert.deepEqual(cut(`{"items":[${large},{}]}`, 7, 40).items, [undefined, '{}'])
  assert.deepEqual(cut('{"items":[{"a":1},{"b"').items, ['{"a":1}'])
  assert.equal(cut(`{"a":"${'x'.repeat(50)}"}`, 7, 40).envelope, undefined)
})

test('law: the items are those of JSON.parse, the rest is the list without them', () => {
  const json = fc.json({ maxDepth: 3 })
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }))
  const law = (before: string, items: readonly object[], space: number, piece: number): void => {
    const list = { before: JSON.parse(before) as unknown, items, after: { x: '[{]}"' } }
    const found = cut(JSON.stringify(list, undefined, space), piece, 1e6)
    assert.deepEqual(
      found.items.map((item) => JSON.parse(item ?? '') as unknown),
      JSON.parse(JSON.stringify(items)),
    )
    const around = JSON.parse(found.envelope ?? '') as Record<string, unknown>
    assert.deepEqual(around['items'], [])
    assert.deepEqual(around['after'], list.after)
  }
  const small = fc.integer({ min: 1, max: 40 })
  fc.assert(fc.property(json, fc.array(object, { maxLength: 4 }), fc.nat({ max: 2 }), small, law), {
    seed,
  })
})

test('law: any bytes give items or none, and never an error', () => {
  const bits = ['{', '}', '[', ']', '"', '\\', ',', '"items":', '1', ' ']
  const text = fc.array(fc.constantFrom(...bits), { maxLength: 60 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (t, piece) => void cut(t, piece)),
    { seed },
  )
})

test('lines, however they come; one that is too long is left out', () => {
  const check = (text: string, expected: readonly (string | undefined)[], piece: number): void => {
    const lines: (string | undefined)[] = []
    const reader = new Lines(8, (line, from, to) => lines.push(line?.toString('utf8', from, to)))
    const bytes = Buffer.from(text)
    // What stands behind a piece in its buffer has not come yet.
    for (let at = 0; at < bytes.length; at += piece) {
      reader.feed(bytes, at, Math.min(at + piece, bytes.length))
    }
    reader.end()
    assert.deepEqual(lines, expected, `${text} by ${piece}`)
  }
  for (const piece of [1, 3, 100]) {
    check('a\nbc\nd', ['a', 'bc', 'd'], piece)
    check('é\n\n12345678\n123456789\nx\n', ['é', '', '12345678', undefined, 'x'], piece)
  }
})

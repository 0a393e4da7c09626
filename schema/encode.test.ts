/** What the writer of records refuses; what it writes is tested with reading (`record.test.ts`). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRecord, eventKinds, recordShapes } from './index.ts'

test('an unknown name is an error, not a record without it', () => {
  assert.throws(() => encodeRecord('exce'), /no kind exce to write/)
  assert.throws(() => encodeRecord('exec', { cmdline: '' }), /no member cmdline to write/)
  assert.throws(() => encodeRecord('exec', { exe: { ino: 1 } }), /no member ino to write/)
})

test('without texts a record has the size of its kind', () => {
  const sizes = eventKinds.map(({ kind, name }) => [kind, encodeRecord(name).length])
  const expected = eventKinds.map(({ kind }) => [kind, recordShapes[kind]?.fixedBytes])
  assert.deepEqual(sizes, expected)
})

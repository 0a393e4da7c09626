/** UUIDs have their form, and are all different. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomUuid } from './uuid.ts'

test('version and variant are those of random ones, and none comes twice', () => {
  const many = Array.from({ length: 1_000 }, randomUuid)
  for (const uuid of many) {
    assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  }
  assert.equal(new Set(many).size, many.length)
})

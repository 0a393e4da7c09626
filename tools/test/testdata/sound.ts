/** A test file as `group.test.ts` runs it: one test passes, one is left out. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

let open = 0

before(() => {
  open += 1
})
after(() => {
  open -= 1
})

test('its hook was run', () => assert.equal(open, 1))
test('left out', { skip: 'no such thing here' }, () => {})

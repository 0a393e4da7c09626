/** A test file as `group.test.ts` runs it: all of its tests pass, and a hook of the file fails. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'

after(() => assert.fail('something is left'))

test('passes', () => {})

/** A test file as `group.test.ts` runs it: one test fails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

test('passes', () => {})
test('fails', () => assert.fail('on purpose'))

/** A test file as `group.test.ts` runs it: a test waits for ever, and its process hears nothing. */
import { test } from 'node:test'

test('passes', () => {})
test('hangs as in an endless loop', () => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})

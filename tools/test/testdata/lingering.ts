/** A test file that leaves something behind which keeps its process alive. */
import { test } from 'node:test'

test('passes', () => {
  setInterval(() => {}, 1000)
})

/** Why something failed, with each path in it once. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { reasonOf } from './reason.ts'

const thrownBy = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

test('a path that is named elsewhere is left out, and no other', () => {
  const path = "/nowhere/it's, open '/x'"
  const error = thrownBy(() => readFileSync(path))
  const words = 'ENOENT: no such file or directory'
  assert.equal(reasonOf(error, path), words)
  assert.equal(reasonOf(error), `${words}, open '${path}'`)
  assert.equal(reasonOf(error, '/nowhere'), `${words}, open '${path}'`)
  assert.equal(reasonOf(error, '/x'), `${words}, open '${path}'`)
})

test('what is no fault of the system is said as it is', () => {
  assert.equal(reasonOf(new Error("no, open '/x'"), '/x'), "no, open '/x'")
  assert.equal(reasonOf('words', '/x'), 'words')
})

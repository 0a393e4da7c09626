/**
 * Every program of every object loads, in both forms of reading kernel memory: the verifier of
 * this kernel accepts it, and every member it reads is there. Nothing is attached.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHandles, openObject, probeKernelType } from '@bulwark/native'
import { directReads } from './inner.ts'
import { skip } from './stage.ts'

const dist = join(import.meta.dirname, '../../dist')

/** Loads all of an object; returns how many programs that were. */
const loadAll = (file: string): number => {
  const object = openObject(readFileSync(join(dist, file)), 'load')
  try {
    for (const { name } of object.programs) object.setAutoload(name, true)
    object.load()
    return object.programs.filter(({ name }) => object.programFd(name) > 0).length
  } finally {
    object.close()
    assert.deepEqual(openHandles(), { objects: 0, programs: 0, maps: 0, links: 0, rings: 0 })
  }
}

const skipDirect =
  skip || (probeKernelType(directReads, 'function') === 'yes' ? false : `no kfunc ${directReads}`)

test('with reads by calls', { skip }, () => {
  assert.ok(loadAll('tracepoint.bpf.o') > 0)
})

test('with reads by loads', { skip: skipDirect }, () => {
  assert.ok(loadAll('tracepoint.direct.bpf.o') > 0)
})

/**
 * A thread that writes over a name while another one removes the file: the kernel reads it once,
 * the sensor of the tracepoint backend again afterwards. What LSM hooks tell is what was removed.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { RECORD_USER_MEMORY } from '@bulwark/schema'
import type { Ended } from './program.ts'
import { raceProgram, start } from './program.ts'
import { chosen, treeOf } from './recorder.ts'
import { skip, useStage } from './stage.ts'

const stage = useStage(new Set(['unlinkat']))
const rounds = 2000

test('a name that changes meanwhile is told as removed, or flagged', { skip }, async () => {
  const argv = [raceProgram(), stage.folder, String(rounds)]
  let pid = 0
  let ended: Ended | undefined
  const { all, lost } = await stage.recorder.record(
    async () => {
      const started = start(argv)
      pid = started.pid
      ended = await started.ended
    },
    () => treeOf(pid),
  )
  assert.deepEqual([ended?.code, ended?.stderr], [0, ''])
  const removed = (ended?.stdout.trim() ?? '').split('')
  assert.equal(removed.length, rounds)
  const events = all.filter((event) => event.name === 'unlink')
  assert.equal(events.length, rounds)
  if (!chosen.hearsNames) {
    assert.ok(events.every(({ flags }) => flags === RECORD_USER_MEMORY))
    return
  }
  const told = events.map(({ path, flags }) => ({ path, flags }))
  assert.deepEqual(
    told,
    removed.map((name) => ({ path: join(stage.folder, name), flags: 0 })),
  )
  assert.equal(lost['names_more'], 0)
  // Else nobody was raced with: the name as the process gave it, read afterwards.
  const late = events.filter(({ rawPath }, i) => rawPath !== removed[i]).length
  assert.ok(late > 0, 'no name has changed between the removal and the end of its call')
})

/**
 * What the schema says of the backends, against what they tell: every member that one of them alone
 * has is told by it, of some call here, and by no other, of any call (see recorder.ts).
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventKinds, untoldOn } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { chosen } from './recorder.ts'
import { skip, useStage } from './stage.ts'
import * as api from './values.ts'

const calls = 'unlinkat renameat2 linkat symlinkat mkdirat unshare mount'
const stage = useStage(new Set(calls.split(' ')))
const here = api.AT_FDCWD

test('a member of one backend is told on it, and on no other', { skip }, async () => {
  const at = (name: string): string => join(stage.folder, name)
  mkdirSync(at('folder'))
  writeFileSync(at('file'), 'text')
  const done = new Calls()
  done.call('mkdirat', here, at('made'), 0o700)
  done.call('linkat', here, at('file'), here, at('linked'), 0)
  done.call('symlinkat', 'file', here, at('way'))
  done.call('renameat2', here, at('linked'), here, at('renamed'), 0)
  done.call('unlinkat', here, at('renamed'), 0)
  done.call('unshare', api.CLONE_NEWNS)
  done.call('mount', 0, '/', 0, api.MS_REC | api.MS_PRIVATE)
  done.call('mount', 'memory', at('folder'), 'tmpfs', 0, 0)
  const { events, results } = await stage.recorder.run(done)
  assert.deepEqual(new Set(results), new Set([0]))
  const told = new Set<string>()
  for (const event of events.all) {
    const members = eventKinds.find(({ name }) => name === event.name)?.members ?? []
    const values: Readonly<Record<string, unknown>> = { ...event }
    for (const { name } of members) {
      const decoded = name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
      if (values[decoded] !== '') told.add(`${event.name}.${name}`)
    }
  }
  const other = chosen.backend === 'security' ? 'tracepoint' : 'security'
  assert.deepEqual(
    [...untoldOn(other)].filter((member) => !told.has(member)),
    [],
  )
  assert.deepEqual(
    [...untoldOn(chosen.backend)].filter((member) => told.has(member)),
    [],
  )
})

/**
 * 32-bit system calls, which no hook reads: counted, never taken for the 64-bit call of the number.
 */
import assert from 'node:assert/strict'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Calls } from './calls.ts'
import { missing32, nothingProgram, small32Program } from './program.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage()

const skipCompat = skip || (missing32() ?? false)

/** Numbers of the 32-bit table, and of what the 64-bit one has there. */
const compat = { open: 5, execve: 11, chdir: 12, getpid: 20 }
const like64 = [32, 33, 41, 42, 43, 82, 87, 101, 175, 257, 263, 288, 316]

test('each is counted, and none is an event', { skip: skipCompat }, async () => {
  const calls = new Calls()
  const path = Buffer.from('/etc/hosts\0')
  const opened = calls.compat(compat.open, path, api.O_RDONLY)
  calls.compat(compat.chdir, Buffer.from('/\0'))
  calls.compat(compat.getpid)
  for (const number of like64) calls.compat(number, -1, -1)
  const { events, results } = await stage.recorder.run(calls)
  assert.ok((results[opened.index] ?? -1) >= 0, `the file was not opened: ${results.join(' ')}`)
  assert.deepEqual(
    events.all.map(({ name }) => name),
    ['exit'],
  )
  const count = events.lost['compat_syscall'] ?? 0
  assert.ok(count >= results.length, `${count} of ${results.length} were counted`)
})

test('a 32-bit program is an exec as any other', { skip: skipCompat }, async () => {
  const calls = new Calls()
  calls.exec(small32Program(), ['small'])
  const { events, code } = await stage.recorder.run(calls)
  assert.equal(code, 7)
  expectEvents(events.of('exec'), [
    { exePath: small32Program(), arguments: 'small\0', syscall: -1 },
  ])
  expectEvents(events.of('exit'), [{ exitCode: 7 << 8 }])
})

test('so is what a 32-bit call executes', { skip: skipCompat }, async () => {
  const program = join(stage.folder, 'program')
  copyFileSync(nothingProgram(), program)
  const calls = new Calls()
  calls.compat(compat.execve, Buffer.from(`${program}\0`))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('exec'), [{ exePath: program, syscall: api.numberOf('execve') }])
})

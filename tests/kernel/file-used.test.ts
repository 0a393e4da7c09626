/** Which files run in a real container: each is told once, and nothing of the host's. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { USE_EXECUTED, USE_MAPPED, headerOf } from '@bulwark/schema'
import type { Container, Lab } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { Calls } from './calls.ts'
import { readCgroups } from './inner.ts'
import { callsProgram, nothingProgram, start } from './program.ts'
import type { Recording } from './recorder.ts'
import { Recorder } from './recorder.ts'
import { skip, useSetUp } from './stage.ts'
import * as api from './values.ts'

const [read, exec] = [1, 4]
const [mapPrivate, mapAnonymous] = [2, 0x20]
const burst = 24
/** More than a test lasts. */
const nextNs = 300e9
const { old } = readCgroups()

let recorder: Recorder
let lab: Lab
let container: Container

const outside = (path: string): string => join(`/proc/${container.pid}/root`, path)

useSetUp(async (undo) => {
  const usedFilesShare = [burst, nextNs] as const
  recorder = Recorder.start(new Set(['mmap']), { tellsUsage: true, usedFilesShare, old })
  undo(() => recorder.close())
  lab = await openLab()
  undo(() => lab.close())
  container = await lab.createContainer({})
  for (const name of ['calls', 'nothing', 'other', 'third']) {
    copyFileSync(name === 'calls' ? callsProgram() : nothingProgram(), outside(`/bin/${name}`))
  }
  writeFileSync(outside('/bin/script'), '#!/bin/busybox true\n', { mode: 0o755 })
})

/** The id of a container's cgroup. */
const cgroupOf = ({ pid }: Container): number => {
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? ''
  return statSync(join(readCgroups().unified.mounts[0]?.point ?? '', path)).ino
}

/** Runs a program in a container, and hears what is told of files. */
const run = async (
  argv: readonly string[],
  cwd = '/tmp',
  where: Container = container,
): Promise<Recording> => {
  const cgroup = cgroupOf(where)
  return await recorder.record(
    async () => {
      const { code, stderr } = await where.exec(argv, { user: 'root', cwd })
      assert.equal(code, 0, stderr)
    },
    () => (r) => headerOf.cgroupId(r) === cgroup,
  )
}

type Told = readonly [use: number, path: string]

/** Each once: through perf a program is told by the name that was given, too. */
const told = (recording: Recording): readonly Told[] => {
  const all = recording
    .of('file_used')
    .map(({ use, path, base }) => [use, path.startsWith('/') ? path : `${base}/${path}`] as const)
  return [...new Map(all.map((each) => [each.join(' '), each])).values()]
}

test('a program that is executed, once, and nothing of the runtime', { skip }, async () => {
  assert.deepEqual(told(await run(['/bin/nothing'])), [[USE_EXECUTED, '/bin/nothing']])
  assert.deepEqual(told(await run(['/bin/nothing'])), [])
})

test('a script by its name, beside its interpreter', { skip }, async () => {
  const busybox = told(await run(['/bin/busybox', 'true'])).length
  assert.ok(busybox <= 1, 'the container may have begun with it')
  assert.deepEqual(told(await run(['/bin/script'])), [[USE_EXECUTED, '/bin/script']])
  assert.deepEqual(told(await run(['/bin/script'])), [])
  assert.deepEqual(told(await run(['./script'], '/bin')), [[USE_EXECUTED, '/bin/./script']])
  assert.deepEqual(told(await run(['./script'], '/bin')), [])
})

test('a file that is mapped to be executed, and no other mapping', { skip }, async () => {
  const map = (path: string, protection: number, flags = mapPrivate): readonly string[] => {
    const calls = new Calls()
    const fd = calls.call('openat', api.AT_FDCWD, path, api.O_RDONLY)
    calls.callNumber(api.numberOf('mmap'), 0, 4096, protection, flags, fd, 0)
    return ['/bin/calls', ...calls.words]
  }
  assert.deepEqual(told(await run(map('/bin/other', read))), [[USE_EXECUTED, '/bin/calls']])
  assert.deepEqual(told(await run(map('/bin/other', read | exec, mapPrivate | mapAnonymous))), [])
  const first = await run(map('/bin/other', read | exec))
  assert.deepEqual(told(first), [[USE_MAPPED, '/bin/other']])
  const { comm, result } = first.of('file_used')[0] ?? assert.fail('none')
  assert.deepEqual([comm, result], ['calls', 0])
  // A rule that is about mappings hears of each as before.
  assert.ok(first.of('memory').some(({ path }) => path === '/bin/other'))
  const second = await run(map('/bin/other', read | exec))
  assert.deepEqual(told(second), [])
  assert.ok(second.of('memory').some(({ path }) => path === '/bin/other'))
})

test(
  'a program of the host in the cgroup of a container is none of its own',
  { skip },
  async () => {
    const cgroup = cgroupOf(container)
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${container.pid}/cgroup`, 'utf8'))?.[1] ?? ''
    const procs = join(readCgroups().unified.mounts[0]?.point ?? '', path, 'cgroup.procs')
    const recording = await recorder.record(
      async () => {
        const script = `echo $$ > ${procs} && exec "$@"`
        const { code } = await start(['/bin/sh', '-c', script, 'sh', nothingProgram()]).ended
        assert.equal(code, 0)
      },
      () => (r) => headerOf.cgroupId(r) === cgroup,
    )
    assert.ok(recording.of('exec').some(({ exePath }) => exePath === nothingProgram()))
    assert.deepEqual(told(recording), [])
  },
)

test('a container that runs more and more files is held to its share', { skip }, async () => {
  const names = Array.from({ length: 2 * burst }, (_, i) => `/bin/many${i}`)
  for (const name of names) copyFileSync(nothingProgram(), outside(name))
  const before = recorder.sensor.shedCount
  const recording = await run(['/bin/busybox', 'sh', '-c', names.join('; ')])
  const seen = told(recording).filter(([, path]) => path.startsWith('/bin/many'))
  assert.ok(seen.length > 0 && seen.length < names.length, `${seen.length} were told`)
  const shed = recorder.sensor.shed().filter(({ hook }) => hook === 'file_used')
  assert.ok(shed.some(({ count }) => count > 0))
  assert.ok(recorder.sensor.shedCount - before >= names.length - seen.length)
  // Another one is not hurt by it.
  const other = await lab.createContainer({})
  copyFileSync(nothingProgram(), `/proc/${other.pid}/root/bin/nothing`)
  assert.deepEqual(told(await run(['/bin/nothing'], '/', other)), [[USE_EXECUTED, '/bin/nothing']])
})

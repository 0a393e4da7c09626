/** What is seen of a real container: its paths, its layers, its numbers and its cgroup. */
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FILE_LOWER_LAYER, FILE_UPPER_LAYER, FILE_WRITABLE, headerOf } from '@bulwark/schema'
import type { Container } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { Calls } from './calls.ts'
import { callsProgram, nothingProgram } from './program.ts'
import type { Recording } from './recorder.ts'
import { expectEvents, skip, useSetUp, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['execve', 'execveat', 'openat', 'unlinkat']))
let container: Container
let cgroupId: number

/** A path of the container, as the host sees it. */
const outside = (path: string): string => join(`/proc/${container.pid}/root`, path)

useSetUp(async (undo) => {
  const lab = await openLab()
  undo(() => lab.close())
  container = await lab.createContainer({
    memoryMounts: ['/dev/shm'],
    files: { '/etc/shop.conf': 'from the image' },
  })
  const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${container.pid}/cgroup`, 'utf8'))?.[1] ?? ''
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const mount = mounts.map((line) => line.split(' ')).find((words) => words[2] === 'cgroup2')
  cgroupId = statSync(join(mount?.[1] ?? '', path)).ino
  for (const folder of ['/usr/bin', '/dev/shm']) {
    copyFileSync(callsProgram(), outside(`${folder}/calls`))
    copyFileSync(nothingProgram(), outside(`${folder}/nothing`))
  }
})

/** Runs a program in the container; its cgroup's events from there on. */
const exec = async (argv: readonly string[], user = 'root'): Promise<Recording> =>
  await stage.recorder.record(
    async () => {
      const { code, stderr } = await container.exec(argv, { user, cwd: '/tmp' })
      assert.equal(code, 0, stderr)
    },
    () => (r) => headerOf.cgroupId(r) === cgroupId,
  )

test(
  'a program of the image lies in the lower layer, one that was added in the upper',
  {
    skip,
  },
  async () => {
    const calls = new Calls()
    calls.exec('/usr/bin/nothing', ['nothing'])
    const lower = (await exec(['/bin/busybox', 'true'])).of('exec').at(-1)
    const upper = (await exec(['/usr/bin/calls', ...calls.words])).of('exec')
    const memory = (await exec(['/dev/shm/nothing'])).of('exec').at(-1)
    assert.equal(lower?.exePath, '/bin/busybox')
    assert.equal(lower.exe.fileFlags, FILE_LOWER_LAYER | FILE_WRITABLE)
    assert.deepEqual(
      upper.slice(-2).map(({ exePath, exe }) => [exePath, exe.fileFlags]),
      [
        ['/usr/bin/calls', FILE_UPPER_LAYER | FILE_WRITABLE],
        ['/usr/bin/nothing', FILE_UPPER_LAYER | FILE_WRITABLE],
      ],
    )
    assert.equal(memory?.exePath, '/dev/shm/nothing')
    assert.equal(memory.exe.fileFlags, FILE_WRITABLE)
  },
)

test('so do files, and one that is written moves up', { skip }, async () => {
  const calls = new Calls()
  calls.call('openat', api.AT_FDCWD, '/etc/shop.conf', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, '/etc/shop.conf', api.O_RDWR)
  calls.call('openat', api.AT_FDCWD, '/etc/shop.conf', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, '/proc/self/status', api.O_RDONLY)
  const opened = (await exec(['/usr/bin/calls', ...calls.words])).of('open').slice(-4)
  const path = '/etc/shop.conf'
  const [, , , status] = opened
  assert.match(status?.path ?? '', /^\/proc\/\d+\/status$/)
  expectEvents(opened, [
    { path, file: { fileFlags: FILE_LOWER_LAYER } },
    { path, file: { fileFlags: FILE_UPPER_LAYER } },
    { path, file: { fileFlags: FILE_UPPER_LAYER } },
    { file: { fileFlags: 0 } },
  ])
})

test(
  'paths, numbers and user are those of inside, pid and cgroup of outside',
  {
    skip,
  },
  async () => {
    const calls = new Calls()
    calls.fork()
    calls.call('openat', api.AT_FDCWD, '../tmp/none', api.O_RDONLY)
    calls.call('getpid')
    calls.exec('/usr/bin/nothing', ['nothing'])
    const events = await exec(['/usr/bin/calls', ...calls.words], 'dev')
    const fork = events.of('fork').at(-1)
    assert.ok(fork)
    const who = { pid: fork.childPid, vpid: fork.childVpid, vtid: fork.childVpid, euid: 1000 }
    assert.notEqual(fork.childPid, fork.childVpid)
    const failed = { path: '', rawPath: '../tmp/none', base: '/tmp', result: -api.ENOENT }
    expectEvents(events.of('open').slice(-1), [{ ...who, ...failed, egid: 1000, cgroupId }])
    const last = events.of('exec').at(-1)
    assert.ok(last)
    expectEvents([last], [{ ...who, exePath: '/usr/bin/nothing', cwd: '/tmp', capEffective: 0 }])
    assert.ok(last.vpgid > 0 && last.vpgid < last.vpid, 'the group of an ancestor, as inside')
    assert.notEqual(last.pgid, last.vpgid)
  },
)

test('a mounted secret has the path that the container has for it', { skip }, async () => {
  const calls = new Calls()
  const folder = '/var/run/secrets/kubernetes.io/serviceaccount'
  calls.call('openat', api.AT_FDCWD, `${folder}/token`, api.O_RDONLY)
  const [event] = (await exec(['/usr/bin/calls', ...calls.words])).of('open').slice(-1)
  assert.equal(event?.rawPath, `${folder}/token`)
  assert.match(event.path, /^\/run\/secrets\/kubernetes\.io\/serviceaccount\/\.\.[\d_.]+\/token$/)
})

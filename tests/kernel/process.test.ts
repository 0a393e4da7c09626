/** What is seen of processes that begin, end and move: fork, exit, chdir, cgroups. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { Calls } from './calls.ts'
import { nothingProgram } from './program.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set())
const at = (name: string): string => join(stage.folder, name)

before(() => {
  if (skip === false) mkdirSync(at('sub'))
})

/** Mount point of a hierarchy of cgroups by the type of its file system; the first there is. */
const cgroupMount = (type: 'cgroup' | 'cgroup2'): string | undefined =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .find((words) => words[2] === type)?.[1]

test('a fork tells the child, as the child tells itself', { skip }, async () => {
  const calls = new Calls()
  calls.fork()
  calls.call('chdir', at('sub'))
  const { events, pid } = await stage.recorder.run(calls)
  const [fork] = events.of('fork')
  assert.ok(fork)
  const { childPid, childVpid, childStartNs, childCgroupId } = fork
  // Which call it was is known where the kernel has bpf_task_pt_regs, since 5.15.
  assert.ok([-1, api.numberOf('clone')].includes(fork.syscall), `call ${fork.syscall}`)
  assert.partialDeepStrictEqual(fork, { pid, result: childVpid })
  const start = { startNs: childStartNs, cgroupId: childCgroupId }
  expectEvents(events.of('chdir'), [{ pid: childPid, vpid: childVpid, ppid: pid, ...start }])
  assert.deepEqual(
    events.of('exit').map((event) => event.pid),
    [childPid, pid],
  )
})

test('how a process is made', { skip }, async () => {
  const calls = new Calls()
  // The child goes on with the same list; each of them ends here.
  calls.callNumber(api.numberOf('clone'), api.CLONE_NEWUTS | 17, 0, 0, 0, 0)
  const { events, pid } = await stage.recorder.run(calls)
  expectEvents(events.of('fork'), [{ pid, cloneFlags: api.CLONE_NEWUTS }])
  const other = new Calls()
  other.callNumber(
    api.numberOf('clone3'),
    api.pack([8, api.CLONE_NEWPID], [8, 0], [8, 0], [8, 0], [8, 17], [8, 0], [8, 0], [8, 0]),
    64,
  )
  const { events: more } = await stage.recorder.run(other)
  const [fork] = more.of('fork')
  expectEvents(more.of('fork'), [{ cloneFlags: api.CLONE_NEWPID, childVpid: 1 }])
  assert.equal(fork?.result, fork?.childPid)
  assert.ok([-1, api.numberOf('clone3')].includes(fork?.syscall ?? 0))
})

test('threads are no forks, and end with their process', { skip }, async () => {
  const calls = new Calls()
  calls.threads(9)
  calls.call('exit_group', 3)
  const { events, pid, code } = await stage.recorder.run(calls)
  assert.equal(code, 3)
  expectEvents(events.of('fork'), [])
  expectEvents(events.of('exit'), [{ pid, exitCode: 3 << 8 }])
})

test('a process is there until its last thread ends', { skip }, async () => {
  const calls = new Calls()
  calls.leaderless()
  calls.call('chdir', at('sub'))
  calls.call('exit', 7)
  const { events, pid, code } = await stage.recorder.run(calls)
  // Until Linux 6.0 wait(2) told what the first thread gave (d80f7d7b2c75 "signal: Guarantee that
  // SIGNAL_GROUP_EXIT is set on process exit").
  assert.ok(code === 7 || code === 0, `the process ended with ${code}`)
  const [chdir, exit, ...more] = events.all
  assert.deepEqual(more, [])
  assert.ok(chdir?.name === 'chdir' && exit?.name === 'exit')
  assert.partialDeepStrictEqual(chdir, { pid, vpid: pid, cwd: at('sub') })
  assert.notEqual(chdir.tid, pid)
  const { startNs, tid } = chdir
  assert.partialDeepStrictEqual(exit, { pid, tid, startNs, exitCode: 7 << 8 })
})

test('each of many that end with all their threads is told once', { skip }, async () => {
  const calls = new Calls()
  calls.crowds(300, 7)
  const { events } = await stage.recorder.run(calls)
  const made = events.of('fork').map(({ childPid, childStartNs }) => `${childPid} ${childStartNs}`)
  const ended = events.of('exit').map(({ pid, startNs }) => `${pid} ${startNs}`)
  assert.equal(made.length, 300)
  assert.deepEqual(ended.slice(0, -1).sort(), made.sort())
})

test('an exit tells the signal that made it', { skip }, async () => {
  const calls = new Calls()
  const target = calls.waiter()
  calls.call('kill', target, 9)
  calls.call('wait4', target, 0, 0, 0)
  const { events, results } = await stage.recorder.run(calls)
  const [first] = events.of('exit')
  assert.partialDeepStrictEqual(first, { pid: results[target.index], exitCode: 9 })
})

test('chdir and fchdir tell the new folder; failed ones nothing', { skip }, async () => {
  const calls = new Calls()
  const folder = calls.call('openat', api.AT_FDCWD, stage.folder, api.O_PATH)
  calls.call('chdir', at('none'))
  calls.call('chdir', 'sub')
  calls.call('fchdir', folder)
  calls.call('fchdir', 99)
  calls.call('chdir', '/')
  calls.exec(nothingProgram(), ['nothing'])
  const { events } = await stage.recorder.run(calls, { cwd: stage.folder })
  expectEvents(events.of('chdir'), [
    { cwd: at('sub'), syscall: api.numberOf('chdir'), result: 0 },
    { cwd: stage.folder, syscall: api.numberOf('fchdir'), result: 0 },
    { cwd: '/' },
  ])
  expectEvents(events.of('exec'), [{ cwd: '/' }])
})

test('a folder that was removed is still told', { skip }, async () => {
  const calls = new Calls()
  calls.call('mkdirat', api.AT_FDCWD, at('doomed'), 0o700)
  const folder = calls.call('openat', api.AT_FDCWD, at('doomed'), api.O_PATH)
  calls.call('unlinkat', api.AT_FDCWD, at('doomed'), api.AT_REMOVEDIR)
  calls.call('fchdir', folder)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('chdir'), [{ cwd: at('doomed') }])
})

const unified = cgroupMount('cgroup2')
const skipUnified = skip || (unified === undefined && 'no cgroup v2 hierarchy is mounted here')

test('a cgroup is told before what happens in it', { skip: skipUnified }, async () => {
  const name = `bulwark-test-${process.pid}`
  const path = join(unified ?? '', name)
  const calls = new Calls()
  calls.call('mkdirat', api.AT_FDCWD, path, 0o755)
  const members = calls.call('openat', api.AT_FDCWD, join(path, 'cgroup.procs'), api.O_WRONLY)
  calls.call('write', members, '0', 1)
  calls.call('chdir', '/')
  calls.fork()
  calls.exec(nothingProgram(), ['nothing'])
  const [found, { events }] = await (async () => {
    try {
      const run = await stage.recorder.run(calls)
      return [statSync(path).ino, run] as const
    } finally {
      rmdirSync(path)
    }
  })()
  expectEvents(events.of('cgroup'), [{ hierarchy: 0, madeId: found, path: `/${name}` }])
  expectEvents(events.of('chdir'), [{ cgroupId: found }])
  expectEvents(events.of('fork'), [{ cgroupId: found, childCgroupId: found }])
  expectEvents(events.of('exec'), [{ cgroupId: found }])
  assert.equal(events.all[0]?.name, 'cgroup')
})

const older = cgroupMount('cgroup')
const skipOlder = skip || (older === undefined && 'no cgroup v1 hierarchy is mounted here')

test('a cgroup of an older hierarchy is told as such', { skip: skipOlder }, async () => {
  const name = `bulwark-test-${process.pid}`
  const calls = new Calls()
  calls.call('mkdirat', api.AT_FDCWD, join(older ?? '', name), 0o755)
  calls.call('unlinkat', api.AT_FDCWD, join(older ?? '', name), api.AT_REMOVEDIR)
  const { events, results } = await stage.recorder.run(calls)
  assert.deepEqual(results, [0, 0])
  const { madeId = 0 } = events.of('cgroup')[0] ?? {}
  expectEvents(events.of('cgroup'), [
    { path: `/${name}`, removed: 0 },
    { path: '', removed: 1, madeId },
  ])
  assert.notEqual(events.of('cgroup')[0]?.hierarchy, 0)
})

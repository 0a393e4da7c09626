/** What is seen of calls for power over another process or over the kernel: ptrace, modules. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { RECORD_USER_MEMORY } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['ptrace', 'init_module', 'finit_module']))
const file = (): string => join(stage.folder, 'garbage.ko')
const garbage = 'not a kernel module'
/** How a kernel refuses what is no module: by right, lockdown or form, or having no such call. */
const errnos = [api.EPERM, api.ENOEXEC, api.EINVAL, api.ENOSYS, api.EBADMSG]
const refusals: ReadonlySet<number> = new Set(errnos.map((n) => -n))

before(() => {
  if (skip === false) writeFileSync(file(), garbage)
})

test('ptrace tells what is asked of whom', { skip }, async () => {
  const [traceMe, peekData, attach, detach] = [0, 2, 16, 17]
  const calls = new Calls()
  const target = calls.waiter()
  calls.call('ptrace', attach, target, 0, 0)
  calls.call('wait4', target, 0, 0, 0)
  calls.call('ptrace', peekData, target, 64, 0x1234_5678_9abc)
  calls.call('ptrace', detach, target, 0, 0)
  calls.call('kill', target, 9)
  // Whoever is traced itself is stopped by the signal that tells of this.
  calls.call('wait4', target, 0, 0, 0)
  calls.call('ptrace', peekData, 1_000_000_000, 7, 8)
  calls.call('ptrace', traceMe, 0, 0, 0)
  const { events, results } = await stage.recorder.run(calls)
  const targetVpid = results[target.index] ?? -1
  expectEvents(events.of('ptrace'), [
    { request: attach, targetVpid, result: 0, syscall: api.numberOf('ptrace') },
    { request: peekData, targetVpid, address: 64, data: 0x1234_5678_9abc, result: -api.EIO },
    { request: detach, targetVpid, result: 0 },
    { request: peekData, targetVpid: 1_000_000_000, address: 7, data: 8, result: -api.ESRCH },
    { request: traceMe, targetVpid: 0, result: 0 },
  ])
})

test('the target has the number that the caller knows it by', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWPID)
  calls.fork()
  const target = calls.waiter()
  calls.call('ptrace', 16, target, 0, 0)
  const { events, results } = await stage.recorder.run(calls)
  assert.equal(results[target.index], 2)
  expectEvents(events.of('ptrace'), [{ targetVpid: 2, result: 0, vpid: 1 }])
})

test('a module from memory tells its size and parameters', { skip }, async () => {
  const calls = new Calls()
  calls.call('init_module', garbage, garbage.length, 'debug=1 name=x')
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('module'), [
    {
      fd: -1,
      syscall: api.numberOf('init_module'),
      imageBytes: garbage.length,
      parameters: 'debug=1 name=x',
      path: '',
      callFlags: 0,
      flags: RECORD_USER_MEMORY,
    },
  ])
  const [event] = events.of('module')
  assert.ok(refusals.has(Number(event?.result)), `refused with ${event?.result}`)
})

test('a module from a file tells its path', { skip }, async () => {
  const ignoreVersions = 1
  const calls = new Calls()
  const fd = calls.call('openat', api.AT_FDCWD, file(), api.O_RDONLY)
  calls.call('finit_module', fd, 'quiet', ignoreVersions)
  calls.call('memfd_create', 'rootkit', 0)
  calls.call('finit_module', 4, '', 0)
  calls.call('finit_module', 99, '', 0)
  const { events, results } = await stage.recorder.run(calls)
  const syscall = api.numberOf('finit_module')
  expectEvents(events.of('module'), [
    {
      syscall,
      fd: results[fd.index] ?? -1,
      path: file(),
      parameters: 'quiet',
      callFlags: ignoreVersions,
      imageBytes: 0,
    },
    { fd: 4, path: 'memfd:rootkit', parameters: '' },
    { fd: 99, path: '' },
  ])
  for (const { result } of events.of('module').slice(0, 1)) {
    assert.ok(refusals.has(Number(result)), `refused with ${result}`)
  }
})

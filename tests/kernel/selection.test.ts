/** What no rule needs is not attached: it costs nothing, and makes no event. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKinds } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { Recorder, chosen } from './recorder.ts'
import { uringSupport } from './inner.ts'
import { inet } from './sockets.ts'
import { skip, useSetUp } from './stage.ts'
import * as api from './values.ts'

useSetUp(() => {}) // Each test has a sensor of its own; at the end none is left.

const at = chosen.backend === 'security' ? 'fexit:' : 'sys_exit:'
/** Where something wanted can come through io_uring. */
const ringHooks = skip === false ? uringSupport().hooks.map(({ tracepoint }) => tracepoint) : []
const stateHooks = ['cgroup_mkdir', 'cgroup_rmdir', 'sched_process_exec', 'sched_process_exit']
  .concat('task_newtask', 'task_rename', `${at}chdir`, `${at}fchdir`)
  .sort()

/** Some of everything: file, network, descriptor, and what the tables need. */
const anything = (): Calls => {
  const calls = new Calls()
  const address = inet('127.0.0.1', 1)
  calls.call('openat', api.AT_FDCWD, '/etc/hosts', api.O_RDONLY)
  calls.call('unlinkat', api.AT_FDCWD, '/bulwark/none', 0)
  const socket = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('connect', socket, address, address.length)
  calls.call('dup', 0)
  calls.call('chdir', '/')
  calls.fork()
  calls.exec('/proc/self/exe', ['calls'])
  return calls
}

interface Seen {
  readonly hooks: readonly string[]
  /** Kinds of what the calls made, in order. */
  readonly kinds: readonly string[]
}

const withTypes = async (...types: readonly string[]): Promise<Seen> => {
  const recorder = Recorder.start(new Set(types))
  try {
    const { events } = await recorder.run(anything())
    const hooks = recorder.sensor.hooks.map(({ name }) => name).sort()
    return { hooks, kinds: events.all.map(({ name }) => name) }
  } finally {
    recorder.close()
  }
}

const tables = ['chdir', 'fork', 'exec', 'exit', 'exit']

test('without rules, only what the tables live on is seen', { skip }, async () => {
  assert.deepEqual(await withTypes(), { hooks: stateHooks, kinds: tables })
})

test('one type attaches its call, and not its kind', { skip }, async () => {
  const { hooks, kinds } = await withTypes('openat')
  assert.deepEqual(hooks, [...stateHooks, ...ringHooks, `${at}openat`].sort())
  assert.deepEqual(kinds, ['open', ...tables])
})

test('types of several kinds attach those, and no other', { skip }, async () => {
  const { hooks, kinds } = await withTypes('connect', 'dup', 'dup3', 'execve', 'no_such_call')
  // The call itself tells only what failed: what did not is told by the tracepoint of exec.
  const added = ['connect', 'dup', 'dup3', 'execve'].map((name) => at + name)
  if (chosen.hearsNames) added.push('lsm:socket_connect')
  assert.deepEqual(hooks, [...stateHooks, ...ringHooks, ...added].sort())
  assert.deepEqual(kinds, ['connect', 'dup', ...tables])
})

test('all types attach every call that this machine has', { skip }, async () => {
  const recorder = Recorder.start()
  try {
    const calls = eventKinds.flatMap(({ hooks }) =>
      hooks.flatMap((hook) =>
        'syscalls' in hook && hook.only !== 'messages' ? hook.syscalls : [],
      ),
    )
    const expected = calls.filter((name) => api.numberOf(name) >= 0).map((n) => at + n)
    const found = recorder.sensor.hooks.map(({ name }) => name)
    assert.deepEqual(found.filter((name) => name.startsWith(at)).sort(), expected.sort())
    const { events } = await recorder.run(anything())
    const kinds = ['open', 'unlink', 'socket', 'connect', 'dup', ...tables]
    assert.deepEqual(
      events.all.map(({ name }) => name),
      kinds,
    )
  } finally {
    recorder.close()
  }
})

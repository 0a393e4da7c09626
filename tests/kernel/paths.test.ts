/** Paths as the process sees them: across mounts, below another root, long and deep. */
import assert from 'node:assert/strict'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { recordLimits } from '@bulwark/schema'
import type { Operand } from './calls.ts'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import type { Run } from './recorder.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['openat', 'chdir']))
const at = (...names: readonly string[]): string => join(stage.folder, ...names)

before(() => {
  if (skip !== false) return
  for (const name of ['source/sub', 'target', 'empty', 'jail/inside']) {
    mkdirSync(at(name), { recursive: true })
  }
  writeFileSync(at('source/sub/file'), 'text')
  writeFileSync(at('jail/inside/file'), 'text')
})

/** A list of calls that begins with a mount namespace of its own: what it mounts ends with it. */
const withOwnMounts = (): Calls => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWNS)
  calls.call('mount', 0, '/', 0, api.MS_REC | api.MS_PRIVATE)
  return calls
}

const open = (calls: Calls, path: string, from: Operand = api.AT_FDCWD): Operand =>
  calls.call('openat', from, path, api.O_RDONLY)

/** Results of calls that all succeeded; the message shows the first that did not. */
const checkResults = (results: readonly number[]): void => {
  assert.deepEqual(
    results.filter((result) => result < 0),
    [],
    `results: ${results.join(' ')}`,
  )
}

test('a path goes across mounts, as the process sees them', { skip }, async () => {
  const calls = withOwnMounts()
  calls.call('mount', at('source'), at('target'), 0, api.MS_BIND)
  open(calls, at('target/sub/file'))
  open(calls, at('target'))
  calls.call('mount', 'memory', at('target/sub'), 'tmpfs', 0, 0)
  calls.call('mount', 'memory', at('target/sub'), 'tmpfs', 0, 0)
  calls.call('openat', api.AT_FDCWD, at('target/sub/new'), api.O_CREAT | api.O_RDWR, 0o600)
  calls.call('chdir', at('target/sub'))
  const { results, events } = await stage.recorder.run(calls)
  checkResults(results)
  expectEvents(events.of('open'), [
    { path: at('target/sub/file'), file: { inode: statSync(at('source/sub/file')).ino } },
    { path: at('target') },
    { path: at('target/sub/new') },
  ])
  expectEvents(events.of('chdir'), [{ cwd: at('target/sub') }])
})

test('a file of a mount that was taken away has the rest of its path', { skip }, async () => {
  const calls = withOwnMounts()
  calls.call('mount', at('source'), at('target'), 0, api.MS_BIND)
  const folder = open(calls, at('target'))
  calls.call('umount2', at('target'), api.MNT_DETACH)
  open(calls, 'sub/file', folder)
  const { results, events } = await stage.recorder.run(calls)
  checkResults(results)
  expectEvents(events.of('open'), [{ path: at('target') }, { path: '/sub/file' }])
})

test('below another root, paths start there', { skip }, async () => {
  const calls = new Calls()
  const outside = open(calls, at('source'))
  calls.call('chroot', at('jail'))
  calls.call('chdir', '/inside')
  open(calls, '/inside/file')
  open(calls, 'file')
  open(calls, '../../../inside/file')
  open(calls, 'none')
  open(calls, '/')
  open(calls, 'sub/file', outside)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('chdir'), [{ cwd: '/inside' }])
  expectEvents(events.of('open').slice(1), [
    { path: '/inside/file' },
    { path: '/inside/file', rawPath: 'file' },
    { path: '/inside/file' },
    { path: '', result: -api.ENOENT, rawPath: 'none', base: '/inside' },
    { path: '/' },
    // Not reachable from that root: the path from the first one, as /proc shows it.
    { path: at('source/sub/file') },
  ])
})

/** Makes folders inside each other and opens a file in the last: `names` one after the other. */
const openBelow = (calls: Calls, names: readonly string[]): void => {
  for (const name of names.slice(0, -1)) {
    calls.call('mkdirat', api.AT_FDCWD, name, 0o700)
    calls.call('chdir', name)
  }
  const flags = api.O_CREAT | api.O_RDWR
  calls.call('openat', api.AT_FDCWD, names.at(-1) ?? '', flags, 0o600)
}

/** Opens a file below `names` in a file system of its own, which is gone with the process. */
const openInMemory = async (names: readonly string[]): Promise<Recorded<'open'>> => {
  const calls = withOwnMounts()
  calls.call('mount', 'memory', at('empty'), 'tmpfs', 0, 0)
  calls.call('chdir', at('empty'))
  openBelow(calls, names)
  const { results, events } = await stage.recorder.run(calls)
  checkResults(results)
  const [event] = events.of('open')
  assert.ok(event)
  return event
}

test('at any depth and with names of any length, a path is whole', { skip }, async () => {
  const lengths = [1, 7, 8, 9, 16, 17, 24, 25, 31, 32, 33, 64, 255]
  const folders = lengths.map((length) => 'd'.repeat(length))
  const calls = new Calls()
  calls.call('chroot', at('jail'))
  calls.call('chdir', '/')
  for (const folder of folders) {
    calls.call('openat', api.AT_FDCWD, `f${folder.slice(1)}`, api.O_CREAT | api.O_RDWR, 0o600)
    calls.call('mkdirat', api.AT_FDCWD, folder, 0o700)
    calls.call('chdir', folder)
  }
  const { results, events } = await stage.recorder.run(calls)
  checkResults(results)
  const paths = folders.map((folder, i) =>
    ['', ...folders.slice(0, i), `f${folder.slice(1)}`].join('/'),
  )
  expectEvents(
    events.of('open'),
    paths.map((path) => ({
      path,
      pathLength: { storedBytes: path.length, trueBytes: path.length },
    })),
  )
})

test('a path that fits is whole, to the last byte', { skip }, async () => {
  const room = recordLimits.pathBytesMax - 1 - at('empty').length
  const names = Array.from({ length: Math.floor(room / 200) - 1 }, () => 'n'.repeat(199))
  const left = room - names.length * 200
  names.push('m'.repeat(Math.floor(left / 2) - 1), 'z'.repeat(Math.ceil(left / 2) - 1))
  const { path, pathLength } = await openInMemory(names)
  assert.equal(path, at('empty', ...names))
  assert.deepEqual(pathLength, { storedBytes: 4095, trueBytes: 4095 })
})

test('of a path that is too long the end is there, and the true length', { skip }, async () => {
  const names = Array.from({ length: 25 }, (_, i) => `${i}-`.padEnd(200, 'n'))
  const whole = at('empty', ...names)
  const { path, pathLength } = await openInMemory(names)
  assert.ok(path.length > recordLimits.pathBytesMax - 256, `${path.length} bytes are few`)
  assert.ok(whole.endsWith(path))
  assert.notEqual(path[0], '/', 'what was cut is no path from the root')
  assert.deepEqual(pathLength, { storedBytes: path.length, trueBytes: whole.length })
})

test('a path of so many components is whole, one more is flagged', { skip }, async () => {
  /** Below another root, so that all components are ours. */
  const openAt = async (names: readonly string[]): Promise<Run> => {
    const calls = new Calls()
    calls.call('chroot', at('jail'))
    calls.call('chdir', '/')
    openBelow(calls, names)
    return await stage.recorder.run(calls)
  }
  const names = (letter: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${letter}${i}`)
  const most = names('m', recordLimits.pathComponentsMax)
  const path = `/${most.join('/')}`
  const pathLength = { storedBytes: path.length, trueBytes: path.length }
  expectEvents((await openAt(most)).events.of('open'), [{ path, pathLength }])
  const more = names('n', recordLimits.pathComponentsMax + 1)
  const { events } = await openAt(more)
  const [event] = events.of('open')
  assert.ok(event)
  assert.ok(more.join('/').endsWith(event.path), `expected the end, found ${event.path}`)
  assert.notEqual(event.path[0], '/', 'what was cut is no path from the root')
  assert.equal(event.pathLength.trueBytes, undefined)
  assert.ok((events.lost['path_deep'] ?? 0) >= 1)
})

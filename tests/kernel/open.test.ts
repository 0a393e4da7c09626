/** What is seen of files that are opened, through every call that opens one. */
import assert from 'node:assert/strict'
import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { FILE_CREATED, FILE_DELETED, FILE_MEMFD, RECORD_USER_MEMORY } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['open', 'openat', 'openat2', 'creat']))
const at = (...names: readonly string[]): string => join(stage.folder, ...names)
const hasOldCalls = api.numberOf('open') >= 0
const skipOld = skip || (hasOldCalls ? false : 'this machine has no open(2) of old')

before(() => {
  if (skip !== false) return
  mkdirSync(at('sub/deep'), { recursive: true })
  writeFileSync(at('file'), 'text', { mode: 0o640 })
  writeFileSync(at('sub/deep/file'), 'text')
  symlinkSync('sub/deep/file', at('link'))
  linkSync(at('sub/deep/file'), at('twin'))
})

/** What an event says of a file that stat(2) can see. */
const factsOf = (path: string): object => {
  const { ino, mode, nlink } = statSync(path)
  return { inode: ino, mode, links: nlink, fileFlags: 0 }
}

test('openat tells the file, what was asked for, and the path as given', { skip }, async () => {
  const calls = new Calls()
  calls.call('openat', api.AT_FDCWD, at('file'), api.O_RDWR | api.O_CLOEXEC, 0o600)
  const { results, events, pid } = await stage.recorder.run(calls)
  const path = at('file')
  const length = { storedBytes: path.length, trueBytes: path.length }
  expectEvents(events.of('open'), [
    {
      pid,
      syscall: api.numberOf('openat'),
      result: results[0] ?? -1,
      flags: RECORD_USER_MEMORY,
      file: factsOf(path),
      openFlags: api.O_RDWR | api.O_CLOEXEC,
      openMode: 0o600,
      path,
      pathLength: length,
      rawPath: path,
      rawPathLength: length,
      base: '',
    },
  ])
  assert.ok((results[0] ?? -1) >= 0)
})

test('open makes a new file, and empties an old one', { skip: skipOld }, async () => {
  const calls = new Calls()
  calls.call('open', at('new'), api.O_WRONLY | api.O_CREAT | api.O_EXCL, 0o604)
  calls.call('open', at('new'), api.O_WRONLY | api.O_TRUNC)
  const { events } = await stage.recorder.run(calls)
  const made = { path: at('new'), syscall: api.numberOf('open'), file: factsOf(at('new')) }
  expectEvents(events.of('open'), [
    {
      ...made,
      file: { ...made.file, fileFlags: FILE_CREATED },
      openFlags: api.O_WRONLY | api.O_CREAT | api.O_EXCL,
      openMode: 0o604,
    },
    { ...made, openFlags: api.O_WRONLY | api.O_TRUNC },
  ])
})

test('creat asks for what its manual page says', { skip: skipOld }, async () => {
  const calls = new Calls()
  calls.call('creat', at('created'), 0o611)
  const { events } = await stage.recorder.run(calls)
  const openFlags = api.O_WRONLY | api.O_CREAT | api.O_TRUNC
  const syscall = api.numberOf('creat')
  expectEvents(events.of('open'), [{ path: at('created'), openFlags, openMode: 0o611, syscall }])
})

test('openat2 tells flags and mode from its structure', { skip }, async () => {
  const calls = new Calls()
  const flags = api.O_RDWR | api.O_CREAT
  const how = api.pack([8, flags], [8, 0o623], [8, 0])
  calls.call('openat2', api.AT_FDCWD, at('second'), how, how.length)
  const { events } = await stage.recorder.run(calls)
  const syscall = api.numberOf('openat2')
  expectEvents(events.of('open'), [
    { path: at('second'), openFlags: flags, openMode: 0o623, syscall },
  ])
})

test('a structure of openat2 that cannot be read is counted', { skip }, async () => {
  const calls = new Calls()
  calls.call('openat2', api.AT_FDCWD, at('file'), 16, 24)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('open'), [{ rawPath: at('file'), openFlags: 0, result: -api.EFAULT }])
  assert.ok((events.lost['read_user'] ?? 0) >= 1)
})

test('relative paths start from the descriptor or the working directory', { skip }, async () => {
  const calls = new Calls()
  const folder = calls.call('openat', api.AT_FDCWD, at('sub'), api.O_PATH | api.O_DIRECTORY)
  calls.call('openat', folder, 'deep/file', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, 'deep/file', api.O_RDONLY)
  calls.call('chdir', at('sub/deep'))
  calls.call('openat', api.AT_FDCWD, 'file', api.O_RDONLY)
  const { events } = await stage.recorder.run(calls, { cwd: at('sub') })
  const path = at('sub/deep/file')
  expectEvents(events.of('open'), [
    { path: at('sub'), rawPath: at('sub') },
    { path, rawPath: 'deep/file', base: '' },
    { path, rawPath: 'deep/file', base: '' },
    { path, rawPath: 'file', base: '' },
  ])
})

test('links and dots are resolved; the path as given is kept', { skip }, async () => {
  const calls = new Calls()
  const given = [
    at('link'),
    `${at('sub')}/../sub/./deep//file`,
    '../../sub/deep/../deep/file',
    '/proc/self/cwd/file',
  ]
  for (const path of given) calls.call('openat', api.AT_FDCWD, path, api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, at('twin'), api.O_RDONLY)
  const { events } = await stage.recorder.run(calls, { cwd: at('sub/deep') })
  const path = at('sub/deep/file')
  expectEvents(events.of('open'), [
    ...given.map((rawPath) => ({ path, rawPath, file: { links: 2 } })),
    { path: at('twin'), file: factsOf(path) },
  ])
})

test('a call that failed tells its path, and where that starts', { skip }, async () => {
  const calls = new Calls()
  const folder = calls.call('openat', api.AT_FDCWD, at('sub'), api.O_PATH)
  calls.call('openat', folder, '../no/such', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, 'such', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, at('no'), api.O_RDONLY)
  calls.call('openat', 99, 'such', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, at('file'), api.O_RDONLY | api.O_CREAT | api.O_EXCL)
  calls.call('openat', api.AT_FDCWD, 0, api.O_RDONLY)
  const { events } = await stage.recorder.run(calls, { cwd: at('sub') })
  const missing = { path: '', result: -api.ENOENT, file: { inode: 0, mode: 0, links: 0 } }
  expectEvents(events.of('open').slice(1), [
    { ...missing, rawPath: '../no/such', base: at('sub') },
    { ...missing, rawPath: 'such', base: at('sub') },
    { ...missing, rawPath: at('no'), base: '' },
    { path: '', result: -api.EBADF, rawPath: 'such', base: '' },
    { path: '', result: -api.EEXIST, rawPath: at('file') },
    { path: '', result: -api.EFAULT, rawPath: '', flags: 0 },
  ])
  assert.ok((events.lost['file_gone'] ?? 0) >= 1, 'the closed descriptor is counted')
})

test('a file without a name says so', { skip }, async () => {
  const calls = new Calls()
  calls.call('openat', api.AT_FDCWD, at('doomed'), api.O_RDWR | api.O_CREAT, 0o600)
  calls.call('unlinkat', api.AT_FDCWD, at('doomed'), 0)
  calls.call('openat', api.AT_FDCWD, '/proc/self/fd/3', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, stage.folder, api.O_RDWR | api.O_TMPFILE, 0o600)
  calls.call('memfd_create', 'payload', 0)
  calls.call('openat', api.AT_FDCWD, '/proc/self/fd/6', api.O_RDONLY)
  const { events, results } = await stage.recorder.run(calls)
  assert.deepEqual(results, [3, 0, 4, 5, 6, 7])
  const [made, again, unnamed, memory] = events.of('open')
  assert.partialDeepStrictEqual(made, {
    path: at('doomed'),
    file: { fileFlags: FILE_CREATED, links: 1 },
  })
  const gone = { file: { fileFlags: FILE_DELETED, links: 0 } }
  assert.partialDeepStrictEqual(again, { path: at('doomed'), ...gone })
  assert.match(unnamed?.path ?? '', new RegExp(`^${stage.folder}/#\\d+$`))
  assert.partialDeepStrictEqual(unnamed, gone)
  assert.equal(memory?.path, 'memfd:payload')
  assert.equal(memory.file.fileFlags & FILE_MEMFD, FILE_MEMFD)
})

test('what is no file of a tree is told as it is', { skip }, async () => {
  const calls = new Calls()
  calls.call('pipe2', new Uint8Array(8), 0)
  calls.call('openat', api.AT_FDCWD, '/proc/self/fd/3', api.O_RDONLY)
  calls.call('openat', api.AT_FDCWD, '/dev/null', api.O_WRONLY)
  calls.call('openat', api.AT_FDCWD, '/', api.O_PATH)
  const { events } = await stage.recorder.run(calls)
  const typeOf = (mode: number | undefined): number => (mode ?? 0) & 0o170000
  const [pipe, device, root] = events.of('open')
  assert.equal(pipe?.path, '')
  assert.equal(typeOf(pipe.file.mode), 0o010000)
  assert.equal(device?.path, '/dev/null')
  assert.equal(typeOf(device.file.mode), 0o020000)
  assert.equal(root?.path, '/')
  assert.deepEqual(root.pathLength, { storedBytes: 1, trueBytes: 1 })
})

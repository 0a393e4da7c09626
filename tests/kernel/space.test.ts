/** What is seen of mounts, of memory that can be executed, and of files opened by a handle. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { Calls } from './calls.ts'
import { nothingProgram } from './program.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const types = 'mount pivot_root move_mount umount2 mmap mprotect pkey_mprotect open_by_handle_at'
const stage = useStage(new Set(types.split(' ')))
const at = (name: string): string => join(stage.folder, name)

const [read, write, exec] = [1, 2, 4]
const [mapPrivate, mapAnonymous] = [2, 0x20]

before(() => {
  if (skip !== false) return
  mkdirSync(at('from'))
  mkdirSync(at('to'))
  copyFileSync(nothingProgram(), at('program'))
})

test('mounts: both sides, and where relative ones start', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWNS)
  calls.call('chdir', stage.folder)
  calls.call('mount', 0, '/', 0, api.MS_REC | api.MS_PRIVATE, 0)
  calls.call('mount', 'from', at('to'), 0, api.MS_BIND, 0)
  calls.call('mount', 'none', 'from', 'tmpfs', 6, 'size=4k')
  calls.call('mount', 'none', '/no/such', 'tmpfs', 0, 0)
  calls.callNumber(api.numberOf('umount2'), 'from', 0)
  const { events } = await stage.recorder.run(calls)
  const base = stage.folder
  const [remade, bound, made, failed] = events.of('mount')
  expectEvents(events.of('mount'), [
    { result: 0, source: '', target: '/', type: '', call: { arg3: api.MS_REC | api.MS_PRIVATE } },
    { source: 'from', sourceBase: base, target: at('to'), targetBase: '', type: '' },
    { source: 'none', target: 'from', targetBase: base, type: 'tmpfs', call: { arg3: 6 } },
    { source: 'none', target: '/no/such', targetBase: '', type: 'tmpfs', result: -api.ENOENT },
  ])
  assert.ok(remade && bound && made && failed)
  expectEvents(events.of('path_call'), [{ result: 0, rawPath: 'from', base }])
})

test('a moved mount and a changed root', { skip }, async () => {
  const calls = new Calls()
  calls.call('unshare', api.CLONE_NEWNS)
  calls.call('chdir', stage.folder)
  calls.call('mount', 0, '/', 0, api.MS_REC | api.MS_PRIVATE, 0)
  calls.call('mount', 'from', 'from', 0, api.MS_BIND, 0)
  const fd = calls.call('openat', api.AT_FDCWD, '.', api.O_DIRECTORY)
  const moved = calls.callNumber(api.numberOf('move_mount'), fd, 'from', api.AT_FDCWD, 'to', 0)
  calls.callNumber(api.numberOf('pivot_root'), at('to'), at('from'))
  const { events, results } = await stage.recorder.run(calls)
  const base = stage.folder
  assert.equal(results[moved.index], 0)
  expectEvents(events.of('mount').slice(2), [
    { source: 'from', sourceBase: base, target: 'to', targetBase: base, type: '', result: 0 },
    { source: at('to'), target: at('from'), syscall: api.numberOf('pivot_root') },
  ])
})

test('memory that can be executed, and no other', { skip }, async () => {
  const calls = new Calls()
  const fd = calls.call('openat', api.AT_FDCWD, at('program'), api.O_RDONLY)
  const map = (protection: number, flags: number, of: Parameters<Calls['call']>[1], offset = 0) =>
    calls.callNumber(api.numberOf('mmap'), 0, 4096, protection, flags, of, offset)
  map(read, mapPrivate, fd)
  const file = map(read | exec, mapPrivate, fd, 4096)
  map(read | write, mapPrivate | mapAnonymous, -1)
  const both = map(read | write | exec, mapPrivate | mapAnonymous, -1)
  calls.callNumber(api.numberOf('mprotect'), both, 4096, read)
  calls.callNumber(api.numberOf('mprotect'), both, 4096, read | exec)
  calls.callNumber(api.numberOf('mprotect'), 4096, 4096, exec)
  map(exec, mapPrivate, 99)
  const { events, results } = await stage.recorder.run(calls)
  const { ino } = statSync(at('program'))
  const own = events.of('memory').filter(({ syscall }) => syscall >= 0)
  const noFile = { path: '', file: { inode: 0 } }
  const address = results[both.index] ?? 0
  const facts = { length: 4096, protection: read | exec }
  expectEvents(own, [
    { ...facts, path: at('program'), file: { inode: ino }, offset: 4096, mapFlags: mapPrivate },
    { ...facts, ...noFile, address, result: address, protection: read | write | exec },
    { ...facts, ...noFile, address, result: 0, fd: -1, mapFlags: 0 },
    { ...noFile, address: 4096, protection: exec, result: -12 },
    { ...noFile, protection: exec, result: -api.EBADF, fd: 99 },
  ])
  assert.equal(own[0]?.address, results[file.index])
})

test('a file that is opened by its handle', { skip }, async () => {
  const calls = new Calls()
  const handle = api.pack([4, 128], [4, 0], ...Array.from({ length: 16 }, () => [8, 0] as const))
  // In memory of the program's own, so that the second call finds what the first has written.
  const memory = calls.callNumber(
    api.numberOf('mmap'),
    0x1000_0000,
    4096,
    read | write,
    mapPrivate | mapAnonymous | 0x10,
    -1,
    0,
  )
  const pipe = calls.call('memfd_create', 'handle', 0)
  calls.call('write', pipe, handle, handle.length)
  calls.callNumber(api.numberOf('lseek'), pipe, 0, 0)
  calls.callNumber(api.numberOf('read'), pipe, memory, handle.length)
  const name = 'name_to_handle_at'
  calls.callNumber(api.numberOf(name), api.AT_FDCWD, at('program'), memory, 0x1000_0800, 0)
  const mount = calls.call('openat', api.AT_FDCWD, stage.folder, api.O_DIRECTORY)
  const opened = calls.callNumber(api.numberOf('open_by_handle_at'), mount, memory, api.O_RDONLY)
  calls.callNumber(api.numberOf('open_by_handle_at'), mount, 0, api.O_RDWR)
  const { events, results } = await stage.recorder.run(calls)
  const found = results[opened.index] ?? -1
  expectEvents(events.of('open'), [
    found < 0
      ? { path: '', rawPath: '', result: found } // The file system here has no handles.
      : { path: at('program'), rawPath: '', file: { inode: statSync(at('program')).ino } },
    { path: '', rawPath: '', openFlags: api.O_RDWR, result: -api.EFAULT },
  ])
})

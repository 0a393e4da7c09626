/** What is seen of descriptors that are copied: the file or the socket behind the new one. */
import assert from 'node:assert/strict'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { FILE_MEMFD, PEER_SOCKET } from '@bulwark/schema'
import { Calls } from './calls.ts'
import { addressBytes, inet, unix, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['dup', 'dup2', 'dup3']))
const file = (): string => join(stage.folder, 'file')
const noFile = { inode: 0, device: 0, mode: 0, links: 0, fileFlags: 0 }
const noSocket = { inode: 0, family: 0, type: 0, remotePort: 0 }
const skipOld = skip || (api.numberOf('dup2') >= 0 ? false : 'this machine has no dup2(2)')

before(() => {
  if (skip === false) writeFileSync(file(), 'text')
})

test('dup, dup2 and dup3 of a file', { skip: skipOld }, async () => {
  const calls = new Calls()
  const fd = calls.call('openat', api.AT_FDCWD, file(), api.O_RDONLY)
  const copy = calls.call('dup', fd)
  calls.call('dup2', fd, 20)
  calls.call('dup3', fd, 21, api.O_CLOEXEC)
  calls.call('dup2', fd, fd)
  const { events, results } = await stage.recorder.run(calls)
  const { ino, mode } = statSync(file())
  const oldFd = results[fd.index] ?? -1
  const same = { path: file(), file: { inode: ino, mode, links: 1 }, socket: noSocket, oldFd }
  expectEvents(events.of('dup'), [
    { ...same, newFd: -1, result: results[copy.index] ?? -1, syscall: api.numberOf('dup') },
    { ...same, newFd: 20, result: 20, syscall: api.numberOf('dup2') },
    { ...same, newFd: 21, result: 21, syscall: api.numberOf('dup3') },
    { ...same, newFd: oldFd, result: oldFd, syscall: api.numberOf('dup2') },
  ])
})

test('of a socket: both ends, as of a reverse shell', { skip }, async () => {
  const calls = withLoopback()
  const server = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  const address = inet('127.0.0.4', 6001)
  calls.call('bind', server, address, address.length)
  calls.call('listen', server, 1)
  const client = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('connect', client, address, address.length)
  calls.call('dup3', client, 0, 0)
  const { events } = await stage.recorder.run(calls)
  const socket = {
    family: api.AF_INET,
    type: api.SOCK_STREAM,
    remoteAddress: addressBytes('127.0.0.4'),
    remotePort: 6001,
    remoteSource: PEER_SOCKET,
  }
  const [event] = events.of('dup')
  expectEvents(events.of('dup'), [{ result: 0, newFd: 0, path: '', socket }])
  assert.equal(event?.file.inode, event?.socket.inode)
  assert.equal((event?.file.mode ?? 0) & 0o170000, 0o140000)
})

test('of a unix socket: the path that it is bound to', { skip }, async () => {
  const path = join(stage.folder, 'socket')
  const address = unix(path)
  const calls = new Calls()
  const bound = calls.call('socket', api.AF_UNIX, api.SOCK_STREAM, 0)
  calls.call('bind', bound, address, address.length)
  calls.call('dup', bound)
  calls.call('socketpair', api.AF_UNIX, api.SOCK_STREAM, 0, new Uint8Array(8))
  calls.call('dup', 5)
  const { events } = await stage.recorder.run(calls)
  const socket = { family: api.AF_UNIX, type: api.SOCK_STREAM, remoteSource: 0 }
  expectEvents(events.of('dup'), [
    { path, socket },
    { path: '', socket },
  ])
})

test('of what is in no tree of files', { skip }, async () => {
  const calls = new Calls()
  calls.call('pipe2', new Uint8Array(8), 0)
  calls.call('dup', 3)
  const memory = calls.call('memfd_create', 'payload', 0)
  calls.call('dup', memory)
  const { events } = await stage.recorder.run(calls)
  const [pipe, payload] = events.of('dup')
  expectEvents(events.of('dup'), [
    { path: '', socket: noSocket },
    { path: 'memfd:payload', socket: noSocket },
  ])
  assert.equal((pipe?.file.mode ?? 0) & 0o170000, 0o010000)
  assert.equal((payload?.file.fileFlags ?? 0) & FILE_MEMFD, FILE_MEMFD)
})

test('a call that failed has no file', { skip }, async () => {
  const calls = new Calls()
  calls.call('dup', 99)
  calls.call('dup3', 98, 7, 0)
  const { events } = await stage.recorder.run(calls)
  const failed = { result: -api.EBADF, path: '', file: noFile, socket: noSocket }
  expectEvents(events.of('dup'), [
    { ...failed, oldFd: 99, newFd: -1 },
    { ...failed, oldFd: 98, newFd: 7 },
  ])
})

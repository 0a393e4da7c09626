/** What is done through io_uring is told as the system calls that it stands for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeEach, test } from 'node:test'
import {
  PEER_SOCKET,
  PEER_USER,
  RECORD_IO_URING,
  RECORD_NO_ARGUMENTS,
  RECORD_OPENING,
  RECORD_RESULT_UNKNOWN,
  RECORD_USER_MEMORY,
  ROLE_CLIENT,
  ROLE_SERVER,
} from '@bulwark/schema'
import type { Ended } from './program.ts'
import { start, uringProgram } from './program.ts'
import { Recording, treeOf } from './recorder.ts'
import { addressBytes } from './sockets.ts'
import { uringSupport } from './inner.ts'
import { expectEvents, skip as skipAll, useStage } from './stage.ts'
import * as api from './values.ts'
import type { Seen } from './watcher.ts'
import { Watcher } from './watcher.ts'

const sees = skipAll === false ? uringSupport().sees : 'none'
const skip = skipAll || (sees === 'all' ? false : 'this kernel does not tell requests of io_uring')
const skipCount = skipAll || (sees === 'count' ? false : 'this kernel tells requests of io_uring')
const calls = ['openat', 'unlinkat', 'renameat2', 'linkat', 'symlinkat', 'mkdirat', 'socket']
const more = ['connect', 'bind', 'listen', 'accept4', 'sendto', 'recvfrom', 'io_uring_setup']
/** Told with less than the call itself. */
const shaped = ['fsync', 'shutdown', 'statx', 'setxattr', 'madvise']
const stage = useStage(new Set([...calls, ...more, ...shaped]), { payloadBytes: 80 })
const flags = RECORD_IO_URING

/** A folder of the test's own with a file in it, and the file through a symbolic link. */
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(stage.folder, 'ring-'))
  writeFileSync(join(folder, 'file'), 'x')
  symlinkSync('file', join(folder, 'link'))
})

interface Through {
  readonly events: Recording
  /** Results of the operations. */
  readonly results: readonly number[]
}

const through = async (words: string): Promise<Through> => {
  const program = uringProgram()
  let pid = 0
  let ended: Ended | undefined
  const events = await stage.recorder.record(
    async () => {
      const started = start([program, ...words.split(' ')], folder)
      pid = started.pid
      ended = await started.ended
      assert.equal(ended.stderr, '')
    },
    () => treeOf(pid),
  )
  const results = ended?.stdout.trim().split('\n').map(Number) ?? []
  const rung = events.all.filter((e) => (e.flags & RECORD_IO_URING) !== 0 || e.name === 'io_uring')
  return { events: new Recording(rung, events.lost), results }
}

for (const poll of ['', 'sqpoll ']) {
  const form = poll !== '' ? 'a thread of the kernel submits' : 'the process submits'

  test(`paths, when ${form}`, { skip }, async () => {
    const { events, results } = await through(
      `${poll}open link open nothing open /etc/hosts rename file other link other hard ` +
        'symlink text soft unlink hard unlink nothing mkdir made',
    )
    const [fd = -1, missing, , ...rest] = results
    assert.deepEqual([missing, ...rest], [-api.ENOENT, 0, 0, 0, 0, -api.ENOENT, 0])
    const open = { flags, syscall: api.numberOf('openat') }
    expectEvents(events.of('open'), [
      { ...open, result: fd, path: join(folder, 'file'), rawPath: 'link', base: '' },
      { ...open, result: -api.ENOENT, path: '', rawPath: 'nothing', base: folder },
      { ...open, path: '/etc/hosts', rawPath: '/etc/hosts' },
    ])
    const names = { flags, result: 0, newBase: folder }
    expectEvents(events.of('rename'), [
      { ...names, syscall: api.numberOf('renameat2'), oldPath: 'file', newPath: 'other' },
    ])
    expectEvents(events.of('link'), [{ ...names, oldPath: 'other', newPath: 'hard' }])
    expectEvents(events.of('symlink'), [
      { ...names, oldPath: 'text', oldBase: '', newPath: 'soft' },
    ])
    const unlink = { flags, syscall: api.numberOf('unlinkat'), base: folder }
    expectEvents(events.of('unlink'), [
      { ...unlink, result: 0, rawPath: 'hard' },
      { ...unlink, result: -api.ENOENT, rawPath: 'nothing' },
    ])
    expectEvents(events.of('path_call'), [
      { flags, syscall: api.numberOf('mkdirat'), result: 0, rawPath: 'made', base: folder },
    ])
  })

  test(`sockets, when ${form}`, { skip }, async () => {
    const { events, results } = await through(
      `${poll}socket 1 connect 127.0.0.2 1 socket 2 ` +
        'sendto 127.0.0.3 6053 hello connect 127.0.0.4 6054 send again',
    )
    const [client = -1, refused, datagrams = -1] = results
    assert.equal(refused, -api.ECONNREFUSED)
    const socket = { flags, syscall: api.numberOf('socket'), family: api.AF_INET, protocol: 0 }
    expectEvents(events.of('socket'), [
      { ...socket, result: client, type: api.SOCK_STREAM },
      { ...socket, result: datagrams, type: api.SOCK_DGRAM },
    ])
    const peer = (address: string, remotePort: number) => ({
      remoteAddress: addressBytes(address),
      remotePort,
    })
    expectEvents(events.of('connect'), [
      {
        flags: flags | RECORD_USER_MEMORY,
        result: -api.ECONNREFUSED,
        fd: client,
        socket: { ...peer('127.0.0.2', 1), remoteSource: PEER_USER, role: ROLE_CLIENT },
      },
      {
        flags,
        result: 0,
        fd: datagrams,
        socket: { ...peer('127.0.0.4', 6054), remoteSource: PEER_SOCKET, role: ROLE_CLIENT },
      },
    ])
    const send = { syscall: api.numberOf('sendto'), result: 5, fd: datagrams }
    expectEvents(events.of('send'), [
      { ...send, payload: 'hello', socket: { ...peer('127.0.0.3', 6053), role: ROLE_CLIENT } },
      { ...send, payload: 'again', socket: { ...peer('127.0.0.4', 6054), role: ROLE_CLIENT } },
    ])
  })
}

test('a socket that is bound and listens', { skip }, async (t) => {
  const { events, results } = await through('socket 1 bind 127.0.0.2 0 listen 3')
  const [fd = -1, bound] = results
  if (bound === -api.EINVAL) {
    t.skip('this kernel has no such operations (IORING_OP_BIND, Linux 6.11)')
    return
  }
  const socket = { localAddress: addressBytes('127.0.0.2'), role: ROLE_SERVER }
  expectEvents(events.of('bind'), [{ flags, result: 0, fd, localSource: PEER_SOCKET, socket }])
  expectEvents(events.of('listen'), [{ flags, result: 0, fd, backlog: 3, socket }])
})

test('what asks for no completion is told all the same', { skip }, async () => {
  const { events } = await through('skip open file skip unlink file')
  const each = { flags: flags | RECORD_RESULT_UNKNOWN, result: 0 }
  expectEvents(events.of('open'), [{ ...each, rawPath: 'file', base: folder }])
  expectEvents(events.of('unlink'), [{ ...each, rawPath: 'file' }])
  // What fails is completed after all.
  const onFile = await through('open /etc/hosts use=4 skip sync')
  assert.equal(onFile.results[0], 4)
  expectEvents(onFile.events.of('fd_call'), [
    { flags: each.flags | RECORD_NO_ARGUMENTS, result: 0, path: '/etc/hosts' },
  ])
})

test('and what finds no room for its completion', { skip }, async () => {
  const { events } = await through('small open file unlink file open /etc/hosts')
  const opens = events.of('open')
  assert.deepEqual(
    opens.map(({ rawPath, path }) => [rawPath, path]),
    [
      ['file', join(folder, 'file')],
      ['/etc/hosts', '/etc/hosts'],
    ],
  )
  expectEvents(events.of('unlink'), [{ flags, result: 0, rawPath: 'file' }])
})

test('what is opened without a descriptor is told by its name', { skip }, async () => {
  const { events, results } = await through('direct open link')
  assert.deepEqual(results, [0])
  expectEvents(events.of('open'), [{ flags, result: 0, rawPath: 'link', base: folder, path: '' }])
})

test('a socket without a descriptor is told by what is done with it', { skip }, async () => {
  const words = 'direct socket 2 fixed connect 127.0.0.5 6055 fixed send text'
  const { events } = await through(words)
  const socket = { remoteAddress: addressBytes('127.0.0.5'), remotePort: 6055 }
  expectEvents(events.of('connect'), [{ flags, result: 0, fd: 0, socket }])
  expectEvents(events.of('send'), [{ result: 4, socket, payload: 'text' }])
})

test('what a connection sends first is told as that, with its bytes', { skip }, async () => {
  const server = createServer()
  server.listen(0, '127.0.0.6')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    const { events } = await through(`socket 1 connect 127.0.0.6 ${port} send hello`)
    const opening = flags | RECORD_USER_MEMORY | RECORD_OPENING
    expectEvents(events.of('send'), [{ flags: opening, result: 5, payload: 'hello' }])
  } finally {
    server.close()
  }
})

test('what has no record of its own is told by its file, or by its name', { skip }, async () => {
  const { events, results } = await through(
    'open link use=4 sync socket 2 shutdown 2 status link attribute link user.a b advise',
  )
  const [file, , datagrams = -1, disconnected = 0, status, attribute = 0, advised] = results
  assert.deepEqual([file, status, advised], [4, 0, 0])
  const less = flags | RECORD_NO_ARGUMENTS
  expectEvents(events.of('fd_call'), [
    { flags: less, syscall: api.numberOf('fsync'), result: 0, path: join(folder, 'file') },
    {
      flags: less,
      syscall: api.numberOf('shutdown'),
      result: disconnected,
      call: { arg0: datagrams },
      socket: { family: api.AF_INET, type: api.SOCK_DGRAM },
    },
  ])
  const path = { flags: less, rawPath: 'link', base: folder }
  expectEvents(events.of('path_call'), [
    { ...path, syscall: api.numberOf('statx'), result: 0 },
    { ...path, syscall: api.numberOf('setxattr'), result: attribute },
  ])
  expectEvents(events.of('syscall'), [{ flags: less, syscall: api.numberOf('madvise'), result: 0 }])
})

test('what cannot be told is counted', { skip: skipCount }, async () => {
  const { events, results } = await through('open file unlink file')
  assert.equal(results.length, 2)
  assert.deepEqual([events.of('open'), events.of('unlink')], [[], []])
  assert.equal(events.lost['uring_unseen'], 2)
})

test('the ring itself is told', { skip: skipAll }, async () => {
  const { events } = await through('open file')
  expectEvents(events.of('io_uring'), [
    { syscall: api.numberOf('io_uring_setup'), entries: 8, setupFlags: 0, completionEntries: 16 },
  ])
})

test('a rule over opens sees what is opened through a ring', { skip }, async () => {
  const watcher = await Watcher.start()
  let seen: readonly Seen[]
  try {
    seen = await watcher.observe(() => start([uringProgram(), 'open', '/etc/shadow']).ended)
  } finally {
    watcher.close()
  }
  const opened = seen.filter((fields) => fields.get('fd.name') === '/etc/shadow')
  const wanted = ['evt.type', 'proc.exepath', 'container.id']
  assert.deepEqual(
    opened.map((fields) => wanted.map((name) => fields.get(name))),
    [['openat', uringProgram(), 'host']],
  )
})

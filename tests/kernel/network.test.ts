/** What is seen of IPv4 and IPv6 sockets: made, connected, listening, accepted. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { PEER_NONE, PEER_SOCKET } from '@bulwark/schema'
import type { Calls, Result } from './calls.ts'
import { connectRaceProgram, start } from './program.ts'
import { namedAddress, treeOf } from './recorder.ts'
import { addressBytes, inet, inet6, loopbackCalls, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['socket', 'connect', 'accept', 'accept4', 'listen']))
const skip6 = skip || (existsSync('/proc/net/if_inet6') ? false : 'this kernel has no IPv6')
const tcp = 6
const established = 1
const listening = 10

/** A socket that listens; all in the one process. */
const listen = (calls: Calls, address: Uint8Array, family: number = api.AF_INET): Result => {
  const server = calls.call('socket', family, api.SOCK_STREAM, 0)
  calls.call('bind', server, address, address.length)
  calls.call('listen', server, 5)
  return server
}

const connect = (calls: Calls, socket: Result, address: Uint8Array): void => {
  calls.call('connect', socket, address, address.length)
}

test('socket tells what was asked for, also when it is refused', { skip }, async () => {
  const calls = withLoopback()
  const type = api.SOCK_STREAM | api.SOCK_CLOEXEC | api.SOCK_NONBLOCK
  calls.call('socket', api.AF_INET, type, tcp)
  calls.call('socket', 9999, 1, 2)
  const { events, results } = await stage.recorder.run(calls)
  const syscall = api.numberOf('socket')
  expectEvents(events.of('socket').slice(1), [
    { syscall, family: api.AF_INET, type, protocol: tcp, result: results[loopbackCalls] ?? -1 },
    { syscall, family: 9999, type: 1, protocol: 2, result: -api.EAFNOSUPPORT },
  ])
})

test('a TCP connection is told with both ends, from the socket', { skip }, async () => {
  const calls = withLoopback()
  const server = listen(calls, inet('127.0.0.2', 4001))
  const client = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  const near = inet('127.0.0.3', 4002)
  calls.call('bind', client, near, near.length)
  connect(calls, client, inet('127.0.0.2', 4001))
  calls.call('accept4', server, 0, 0, 0)
  const { events, results } = await stage.recorder.run(calls)
  const fd = (call: Result): number => results[call.index] ?? -1
  const ends = {
    family: api.AF_INET,
    type: api.SOCK_STREAM,
    protocol: tcp,
    state: established,
    remoteSource: PEER_SOCKET,
  }
  const [low, high] = [addressBytes('127.0.0.2'), addressBytes('127.0.0.3')]
  expectEvents(events.of('listen'), [
    {
      fd: fd(server),
      backlog: 5,
      result: 0,
      unixPath: '',
      socket: { localAddress: low, localPort: 4001, state: listening, remoteSource: PEER_NONE },
    },
  ])
  const theirs = { localAddress: high, localPort: 4002, remoteAddress: low, remotePort: 4001 }
  expectEvents(events.of('connect'), [
    { fd: fd(client), result: 0, flags: 0, unixPath: '', socket: { ...ends, ...theirs } },
  ])
  const ours = { localAddress: low, localPort: 4001, remoteAddress: high, remotePort: 4002 }
  const accepted = results.at(-1) ?? -1
  expectEvents(events.of('accept'), [
    {
      fd: accepted,
      result: accepted,
      syscall: api.numberOf('accept4'),
      socket: { ...ends, ...ours },
    },
  ])
  const inodes = [...events.of('connect'), ...events.of('accept')].map((e) => e.socket.inode)
  assert.equal(new Set(inodes).size, 2, 'each socket has an inode of its own')
})

test('IPv6 connections too, and IPv4 ones of IPv6 sockets', { skip: skip6 }, async () => {
  const calls = withLoopback()
  const any = listen(calls, inet6('::', 4003), api.AF_INET6)
  for (const address of ['::1', '::ffff:7f00:1']) {
    const client = calls.call('socket', api.AF_INET6, api.SOCK_STREAM, 0)
    connect(calls, client, inet6(address, 4003))
    calls.call('accept', any, 0, 0)
  }
  const { events } = await stage.recorder.run(calls)
  const peers = ['::1', '::ffff:7f00:1'].map(addressBytes)
  const socket = { family: api.AF_INET6, type: api.SOCK_STREAM, remoteSource: PEER_SOCKET }
  expectEvents(
    events.of('connect'),
    peers.map((peer) => ({
      result: 0,
      socket: { ...socket, localAddress: peer, remoteAddress: peer, remotePort: 4003 },
    })),
  )
  const syscall = api.numberOf('accept')
  expectEvents(
    events.of('accept'),
    peers.map((peer) => ({ syscall, socket: { ...socket, localPort: 4003, remoteAddress: peer } })),
  )
})

test('a refused connection tells the peer that was named', { skip: skip6 }, async () => {
  const calls = withLoopback()
  const four = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  connect(calls, four, inet('127.0.0.9', 4004))
  const six = calls.call('socket', api.AF_INET6, api.SOCK_STREAM, 0)
  connect(calls, six, inet6('::1', 4005))
  connect(calls, six, inet6('2001:db8::7', 4006))
  const { events } = await stage.recorder.run(calls)
  const named = { remoteSource: namedAddress.source }
  const { flags } = namedAddress
  expectEvents(events.of('connect'), [
    {
      flags,
      result: -api.ECONNREFUSED,
      socket: { ...named, remoteAddress: addressBytes('127.0.0.9'), remotePort: 4004 },
    },
    {
      flags,
      result: -api.ECONNREFUSED,
      socket: { ...named, remoteAddress: addressBytes('::1'), remotePort: 4005 },
    },
    {
      flags,
      result: -api.ENETUNREACH,
      socket: { ...named, remoteAddress: addressBytes('2001:db8::7'), remotePort: 4006 },
    },
  ])
})

test('a connection under way is told with its peer', { skip }, async () => {
  const calls = withLoopback()
  listen(calls, inet('127.0.0.1', 4007))
  const type = api.SOCK_STREAM | api.SOCK_NONBLOCK
  for (const port of [4007, 4008]) {
    const client = calls.call('socket', api.AF_INET, type, 0)
    connect(calls, client, inet('127.0.0.1', port))
  }
  const { events } = await stage.recorder.run(calls)
  const remoteAddress = addressBytes('127.0.0.1')
  expectEvents(
    events.of('connect'),
    [4007, 4008].map((remotePort) => ({
      result: -api.EINPROGRESS,
      socket: { remoteAddress, remotePort, remoteSource: PEER_SOCKET },
    })),
  )
})

test('a datagram socket has the peer it was given, until it is taken away', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  connect(calls, socket, inet('127.0.0.1', 53))
  connect(calls, socket, api.pack([2, 0], [2, 0], [4, 0], [8, 0]))
  const { events } = await stage.recorder.run(calls)
  const remoteAddress = addressBytes('127.0.0.1')
  expectEvents(events.of('connect'), [
    {
      result: 0,
      socket: { remoteAddress, remotePort: 53, remoteSource: PEER_SOCKET, protocol: 17 },
    },
    { result: 0, socket: { remotePort: 0 } },
  ])
})

test(
  'a failed accept has the listening socket; what is no socket, no event',
  { skip },
  async () => {
    const calls = withLoopback()
    const server = listen(calls, inet('127.0.0.1', 4009))
    const setFlags = 4
    calls.call('fcntl', server, setFlags, api.SOCK_NONBLOCK)
    calls.call('accept', server, 0, 0)
    calls.call('accept', 0, 0, 0)
    calls.call('listen', 0, 1)
    calls.call('listen', 99, 1)
    calls.call('connect', 0, inet('127.0.0.1', 1), 16)
    const { events } = await stage.recorder.run(calls)
    expectEvents(events.of('accept'), [
      { fd: -api.EAGAIN, result: -api.EAGAIN, socket: { localPort: 4009, state: listening } },
    ])
    expectEvents(events.of('listen'), [{ result: 0 }])
    expectEvents(events.of('connect'), [])
  },
)

test('where a connection went is told, whatever its address is by then', { skip }, async () => {
  const rounds = 300
  let pid = 0
  let stdout = ''
  const events = await stage.recorder.record(
    async () => {
      const started = start(
        ['unshare', '-n', 'sh', '-c', `ip link set lo up; exec "$@"`, 'sh'].concat(
          connectRaceProgram(),
          '4010',
          String(rounds),
        ),
      )
      pid = started.pid
      ;({ stdout } = await started.ended)
    },
    () => treeOf(pid),
  )
  const went = stdout.trim().split('\n').map(Number)
  assert.equal(went.length, rounds)
  expectEvents(
    events.of('connect'),
    went.map((last) => ({
      flags: 0,
      result: 0,
      socket: { remoteAddress: addressBytes(`127.0.0.${last}`), remoteSource: PEER_SOCKET },
    })),
  )
})

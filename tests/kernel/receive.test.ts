/** What is seen of messages that come in, of many at once, and of the bytes in them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEER_NONE, PEER_SOCKET, PEER_USER, RECORD_USER_MEMORY } from '@bulwark/schema'
import type { Calls, Operand, Result } from './calls.ts'
import { namedAddress } from './recorder.ts'
import { addressBytes, inet, unix, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const types = ['sendto', 'sendmsg', 'sendmmsg', 'recvfrom', 'recvmsg', 'recvmmsg', 'bind']
const payloadBytes = 80
const stage = useStage(new Set(types), { payloadBytes })
const near = inet('127.0.0.2', 6001)
const far = inet('127.0.0.3', 6002)
const dontWait = 0x40

interface Pair {
  readonly calls: Calls
  readonly server: Result
  readonly client: Result
}

/** Two datagram sockets that are bound, and not connected. */
const datagrams = (): Pair => {
  const calls = withLoopback()
  const server = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('bind', server, near, near.length)
  const client = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('bind', client, far, far.length)
  return { calls, server, client }
}

const send = (calls: Calls, from: Result, text: string, to: Uint8Array | 0 = near): void => {
  calls.call('sendto', from, text, text.length, 0, to, to === 0 ? 0 : to.length)
}

/** msghdr of parts, each with its length in bytes. */
const header = (to: Operand, ...parts: readonly (readonly [Operand, number])[]): Operand[] => [
  to,
  to === 0 ? 0 : 16,
  parts.flat(),
  parts.length,
  0,
  0,
  0,
]

const space = (): Uint8Array => new Uint8Array(64)
const peer = { remoteAddress: addressBytes('127.0.0.3'), remotePort: 6002 }
const local = { localAddress: addressBytes('127.0.0.2'), localPort: 6001 }

test('recvfrom and recvmsg tell who sent it, and what', { skip }, async () => {
  const { calls, server, client } = datagrams()
  send(calls, client, 'one')
  send(calls, client, 'two words')
  calls.call('recvfrom', server, space(), 64, 0, space(), api.pack([4, 16]))
  calls.call('recvmsg', server, header(space(), [space(), 4], [space(), 60]), 0)
  const { events } = await stage.recorder.run(calls)
  const socket = { ...peer, ...local, remoteSource: PEER_USER, type: api.SOCK_DGRAM }
  const each = { flags: RECORD_USER_MEMORY, socket, message: 0, messages: 1 }
  expectEvents(events.of('receive'), [
    { ...each, syscall: api.numberOf('recvfrom'), result: 3, payload: 'one' },
    { ...each, syscall: api.numberOf('recvmsg'), result: 9, payload: 'two words' },
  ])
  expectEvents(events.of('send'), [{ payload: 'one' }, { payload: 'two words' }])
})

test('without room for the address it is not known', { skip }, async () => {
  const { calls, server, client } = datagrams()
  send(calls, client, 'text')
  calls.call('recvfrom', server, space(), 64, 0, 0, 0)
  calls.call('recvfrom', server, space(), 64, dontWait, space(), api.pack([4, 16]))
  const { events } = await stage.recorder.run(calls)
  const socket = { ...local, remotePort: 0, remoteSource: PEER_NONE }
  expectEvents(events.of('receive'), [
    { result: 4, socket, messages: 1 },
    { result: -api.EAGAIN, socket, messages: 0, payload: '', flags: 0, messageFlags: dontWait },
  ])
})

test('a connected socket has its peer from the socket', { skip }, async () => {
  const { calls, server, client } = datagrams()
  calls.call('connect', server, far, far.length)
  send(calls, client, 'text')
  calls.call('recvfrom', server, space(), 64, 0, space(), api.pack([4, 16]))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('receive'), [
    { result: 4, socket: { ...peer, ...local, remoteSource: PEER_SOCKET } },
  ])
})

test('the sender of a unix datagram is told by its path', { skip }, async () => {
  const calls = withLoopback()
  const [here, there] = [unix(`${stage.folder}/here`), unix(`${stage.folder}/there`)]
  const server = calls.call('socket', api.AF_UNIX, api.SOCK_DGRAM, 0)
  calls.call('bind', server, here, here.length)
  const client = calls.call('socket', api.AF_UNIX, api.SOCK_DGRAM, 0)
  calls.call('bind', client, there, there.length)
  send(calls, client, 'text', here)
  calls.call('recvfrom', server, space(), 64, 0, new Uint8Array(110), api.pack([4, 110]))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('receive'), [{ result: 4, unixPath: `${stage.folder}/there` }])
  const paths = events.of('bind').map(({ unixPath, flags }) => [unixPath, flags])
  assert.deepEqual(paths, [
    [`${stage.folder}/here`, 0],
    [`${stage.folder}/there`, 0],
  ])
})

/** mmsghdr of each message, one after the other. */
const headers = (...messages: readonly Operand[][]): Operand =>
  messages.flatMap((message) => message.concat(0))

test('many messages of one call are told one by one', { skip }, async () => {
  const { calls, server, client } = datagrams()
  const other = inet('127.0.0.9', 6009)
  const messages = headers(header(near, ['first', 5]), header(other, ['and ', 4], ['second', 6]))
  calls.call('sendmmsg', client, messages, 2, 0)
  send(calls, client, 'more')
  calls.call('recvmmsg', server, headers(header(space(), [space(), 64]), header(0)), 2, 0, 0)
  const { events } = await stage.recorder.run(calls)
  const sent = { syscall: api.numberOf('sendmmsg'), messages: 2 }
  expectEvents(events.of('send'), [
    { ...sent, message: 0, result: 5, payload: 'first', socket: { remotePort: 6001 } },
    { ...sent, message: 1, result: 10, payload: 'and second', socket: { remotePort: 6009 } },
    { message: 0, messages: 1, payload: 'more' },
  ])
  const received = { syscall: api.numberOf('recvmmsg'), messages: 2 }
  expectEvents(events.of('receive'), [
    { ...received, message: 0, result: 5, payload: 'first', socket: { ...peer } },
    { ...received, message: 1, result: 0, payload: '' },
  ])
})

test('messages over the bound are counted, and a failed call is told once', { skip }, async () => {
  const { calls, client } = datagrams()
  const many = Array.from({ length: 11 }, () => header(near, ['x', 1]))
  calls.call('sendmmsg', client, headers(...many), 11, 0)
  calls.call('sendmmsg', client, headers(header(0, ['x', 1]), header(0, ['y', 1])), 2, 0)
  const { events } = await stage.recorder.run(calls)
  const results = events.of('send').map(({ result, messages }) => [result, messages])
  const told = Array.from({ length: 8 }, () => [1, 11])
  assert.deepEqual(results, [...told, [-api.EDESTADDRREQ, 0]])
  assert.equal(events.lost['messages_more'], 3)
})

test('only the first bytes are copied; what cannot be read is counted', { skip }, async () => {
  const { calls, client } = datagrams()
  send(calls, client, 'x'.repeat(500))
  calls.call('sendto', client, 16, 4, 0, near, near.length)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [
    { result: 500, payload: 'x'.repeat(payloadBytes) },
    { result: -api.EFAULT, payload: '' },
  ])
  assert.ok((events.lost['read_user'] ?? 0) >= 1)
})

test('bind tells the address, from the socket or as asked for', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('bind', socket, near, near.length)
  const second = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('bind', second, near, near.length)
  const six = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('bind', six, inet('127.0.0.4', 0), 16)
  calls.call('bind', 0, near, near.length)
  const { events } = await stage.recorder.run(calls)
  const [, , anyPort] = events.of('bind')
  expectEvents(events.of('bind'), [
    { result: 0, flags: 0, localSource: PEER_SOCKET, socket: local },
    {
      result: -api.EADDRINUSE,
      flags: namedAddress.flags,
      localSource: namedAddress.source,
      socket: local,
    },
    { result: 0, localSource: PEER_SOCKET, socket: { localAddress: addressBytes('127.0.0.4') } },
  ])
  assert.notEqual(anyPort?.socket.localPort, 0)
})

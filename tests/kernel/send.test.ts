/** What is seen of messages: where each goes, whatever the socket was connected to before. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { PEER_NONE, PEER_SOCKET, RECORD_OPENING } from '@bulwark/schema'
import type { Calls, Operand } from './calls.ts'
import { namedAddress } from './recorder.ts'
import { addressBytes, inet, inet6, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['sendto', 'sendmsg']))
const skip6 = skip || (existsSync('/proc/net/if_inet6') ? false : 'this kernel has no IPv6')
const udp = 17
const confirm = 0x800 // MSG_CONFIRM, harmless: a flag that is seen again in the record

const sendTo = (calls: Calls, socket: Operand, to: Uint8Array | 0, flags = 0): void => {
  calls.call('sendto', socket, 'text', 4, flags, to, to === 0 ? 0 : to.length)
}

/** msghdr with one part. */
const message = (to: Uint8Array | 0): Operand => [to, to === 0 ? 0 : to.length, ['text', 4], 1]

/** What an event says of a peer that is known from the call alone. */
const named = (address: string, remotePort: number): object => ({
  remoteAddress: addressBytes(address),
  remotePort,
  remoteSource: namedAddress.source,
})

test('sendto and sendmsg tell the peer they name', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  sendTo(calls, socket, inet('127.0.0.5', 5001), confirm)
  calls.call('sendmsg', socket, message(inet('127.0.0.6', 5002)), confirm)
  const { events, results } = await stage.recorder.run(calls)
  const facts = { family: api.AF_INET, type: api.SOCK_DGRAM, protocol: udp }
  const each = { flags: namedAddress.flags, result: 4, messageFlags: confirm, unixPath: '' }
  const fd = results[socket.index] ?? -1
  expectEvents(events.of('send'), [
    {
      ...each,
      fd,
      syscall: api.numberOf('sendto'),
      socket: { ...facts, ...named('127.0.0.5', 5001) },
    },
    {
      ...each,
      fd,
      syscall: api.numberOf('sendmsg'),
      socket: { ...facts, ...named('127.0.0.6', 5002) },
    },
  ])
})

test('IPv6 peers too', { skip: skip6 }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET6, api.SOCK_DGRAM, 0)
  sendTo(calls, socket, inet6('::1', 5003))
  calls.call('sendmsg', socket, message(inet6('2001:db8::1', 5004)), 0)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [
    { result: 4, socket: { family: api.AF_INET6, ...named('::1', 5003) } },
    { result: -api.ENETUNREACH, socket: named('2001:db8::1', 5004) },
  ])
})

test('an IPv4 peer of an IPv6 socket is told in the form of IPv6', { skip: skip6 }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET6, api.SOCK_DGRAM, 0)
  sendTo(calls, socket, inet('127.0.0.7', 5005))
  const { events } = await stage.recorder.run(calls)
  const peer = named('::ffff:7f00:7', 5005)
  expectEvents(events.of('send'), [{ result: 4, socket: { family: api.AF_INET6, ...peer } }])
})

test('an address without a family goes where the kernel sends it', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  sendTo(calls, socket, inet('127.0.0.8', 5006, 0))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [{ result: 4, socket: named('127.0.0.8', 5006) }])
})

test(
  'to an IPv6 socket it is no address: the peer is that of the socket',
  { skip: skip6 },
  async () => {
    const calls = withLoopback()
    const socket = calls.call('socket', api.AF_INET6, api.SOCK_DGRAM, 0)
    const peer = inet6('::1', 5013)
    calls.call('connect', socket, peer, peer.length)
    const decoy = inet6('2001:db8::9', 5014)
    decoy.set([0, 0])
    sendTo(calls, socket, decoy)
    const { events } = await stage.recorder.run(calls)
    const remoteAddress = addressBytes('::1')
    expectEvents(events.of('send'), [
      { result: 4, socket: { remoteAddress, remotePort: 5013, remoteSource: PEER_SOCKET } },
    ])
  },
)

test('without an address it is the peer of the socket', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  sendTo(calls, socket, 0)
  const peer = inet('127.0.0.1', 5007)
  calls.call('connect', socket, peer, peer.length)
  sendTo(calls, socket, 0)
  calls.call('sendmsg', socket, message(0), 0)
  const { events } = await stage.recorder.run(calls)
  const remoteAddress = addressBytes('127.0.0.1')
  const connected = { remoteAddress, remotePort: 5007, remoteSource: PEER_SOCKET }
  expectEvents(events.of('send'), [
    { result: -api.EDESTADDRREQ, socket: { remotePort: 0, remoteSource: PEER_NONE } },
    { flags: 0, socket: connected },
    { flags: 0, socket: connected },
  ])
})

test('an address wins over the peer that a datagram socket has', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  const peer = inet('127.0.0.1', 5008)
  calls.call('connect', socket, peer, peer.length)
  sendTo(calls, socket, inet('127.0.0.9', 5009))
  calls.call('sendmsg', socket, message(inet('127.0.0.10', 5010)), 0)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [
    { result: 4, socket: named('127.0.0.9', 5009) },
    { result: 4, socket: named('127.0.0.10', 5010) },
  ])
})

test('of a stream it is the peer of the socket, whatever is named', { skip }, async () => {
  const calls = withLoopback()
  const server = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  const near = inet('127.0.0.1', 5011)
  calls.call('bind', server, near, near.length)
  calls.call('listen', server, 1)
  const client = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('connect', client, near, near.length)
  sendTo(calls, client, inet('127.0.0.12', 5012))
  const { events } = await stage.recorder.run(calls)
  const remoteAddress = addressBytes('127.0.0.1')
  expectEvents(events.of('send'), [
    {
      result: 4,
      flags: RECORD_OPENING,
      socket: { remoteAddress, remotePort: 5011, remoteSource: PEER_SOCKET },
    },
  ])
})

test('a message header that cannot be read is counted', { skip }, async () => {
  const calls = withLoopback()
  const socket = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('sendmsg', socket, 16, 0)
  sendTo(calls, 0, inet('127.0.0.1', 1))
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [{ result: -api.EFAULT, socket: { remoteSource: PEER_NONE } }])
  assert.ok((events.lost['read_user'] ?? 0) >= 1)
})

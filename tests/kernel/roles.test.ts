/** Which end of its connections a socket is: shown by some calls, and remembered for the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROLE_CLIENT, ROLE_SERVER, ROLE_UNKNOWN } from '@bulwark/schema'
import type { Calls, Result } from './calls.ts'
import type { Recording } from './recorder.ts'
import { Recorder } from './recorder.ts'
import { inet, unix, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const shows = ['connect', 'accept4', 'listen', 'bind']
const reads = ['sendto', 'recvfrom', 'dup', 'shutdown']
const stage = useStage(new Set([...shows, ...reads]))
const kinds = ['connect', 'accept', 'listen', 'bind', 'send', 'receive', 'dup', 'fd_call'] as const
const names = new Map([
  [ROLE_UNKNOWN, '-'],
  [ROLE_CLIENT, 'client'],
  [ROLE_SERVER, 'server'],
])

/** The roles that the events of sockets have, by kind and in order. */
const rolesIn = (events: Recording): string => {
  const lines = kinds.map((kind) => {
    const found = events.of(kind).filter(({ socket }) => socket.family !== 0)
    return [kind, ...found.map(({ socket }) => names.get(socket.role) ?? socket.role)].join(' ')
  })
  return lines.filter((line) => line.includes(' ')).join(', ')
}

const socketOf = (calls: Calls, type: number = api.SOCK_STREAM): Result =>
  calls.call('socket', api.AF_INET, type, 0)

const at = (calls: Calls, name: 'bind' | 'connect', socket: Result, address: Uint8Array): void => {
  calls.call(name, socket, address, address.length)
}

/** A message either way, and what copies the descriptor or acts on it. */
const use = (calls: Calls, socket: Result): void => {
  const [noSignal, dontWait] = [0x4000, 0x40]
  calls.call('sendto', socket, 'text', 4, noSignal, 0, 0)
  calls.call('recvfrom', socket, new Uint8Array(4), 4, dontWait, 0, 0)
  calls.call('dup', socket)
  calls.callNumber(api.numberOf('shutdown'), socket, 2)
}

test('both ends keep the role that they were seen in, whatever their ports', { skip }, async () => {
  const calls = withLoopback()
  const server = socketOf(calls)
  at(calls, 'bind', server, inet('127.0.0.2', 50001))
  calls.call('listen', server, 1)
  const client = socketOf(calls)
  at(calls, 'bind', client, inet('127.0.0.3', 401))
  at(calls, 'connect', client, inet('127.0.0.2', 50001))
  const accepted = calls.call('accept4', server, 0, 0, 0)
  use(calls, client)
  use(calls, accepted)
  calls.call('dup', server)
  const { events } = await stage.recorder.run(calls)
  assert.equal(
    rolesIn(events),
    'connect client, accept server, listen server, bind server server, send client server, ' +
      'receive client server, dup client server server, fd_call client server',
  )
})

test('a call that failed shows it too; the last that shows it counts', { skip }, async () => {
  const calls = withLoopback()
  const refused = socketOf(calls)
  at(calls, 'connect', refused, inet('127.0.0.2', 50002))
  use(calls, refused)
  const bound = socketOf(calls)
  at(calls, 'bind', bound, inet('192.0.2.1', 50003))
  calls.call('dup', bound)
  const listening = socketOf(calls)
  calls.call('accept4', listening, 0, 0, 0)
  calls.call('dup', listening)
  at(calls, 'connect', listening, inet('127.0.0.2', 50002))
  calls.call('dup', listening)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('bind'), [{ result: -99 }]) // EADDRNOTAVAIL
  expectEvents(events.of('accept'), [{ result: -api.EINVAL }])
  assert.equal(
    rolesIn(events),
    'connect client client, accept server, bind server, send client, receive client, ' +
      'dup client server server client, fd_call client',
  )
})

test(
  'datagrams and unix sockets; one that no such call was on goes by its ports',
  { skip },
  async () => {
    const calls = withLoopback()
    const fresh = socketOf(calls, api.SOCK_DGRAM)
    use(calls, fresh)
    const to = inet('127.0.0.3', 53)
    calls.call('sendto', fresh, 'text', 4, 0, to, to.length)
    const bound = socketOf(calls, api.SOCK_DGRAM)
    at(calls, 'bind', bound, inet('127.0.0.2', 50004))
    use(calls, bound)
    const path = unix('\0bulwark-roles')
    const local = calls.call('socket', api.AF_UNIX, api.SOCK_STREAM, 0)
    at(calls, 'bind', local, path)
    calls.call('listen', local, 1)
    const peer = calls.call('socket', api.AF_UNIX, api.SOCK_STREAM, 0)
    at(calls, 'connect', peer, path)
    calls.call('dup', local)
    calls.call('dup', peer)
    calls.call('openat', api.AT_FDCWD, '/etc/hosts', api.O_RDONLY)
    const { events } = await stage.recorder.run(calls)
    assert.equal(
      rolesIn(events),
      'connect client, listen server, bind server server, send server client server, ' +
        'receive server server, dup server server server client, fd_call server server',
    )
  },
)

/** Roles of sockets that were bound to the lower and to the higher of two ports and connected to
 * the other one, to a sensor with hooks for `types`. */
const seenWith = async (...types: readonly string[]): Promise<string> => {
  const recorder = Recorder.start(new Set(types))
  try {
    const calls = withLoopback()
    const ports = [50005, 50006] as const
    for (const [local, remote] of [ports, ports.toReversed()]) {
      const client = socketOf(calls, api.SOCK_DGRAM)
      at(calls, 'bind', client, inet('127.0.0.2', local ?? 0))
      at(calls, 'connect', client, inet('127.0.0.3', remote ?? 0))
      calls.call('dup', client)
    }
    return rolesIn((await recorder.run(calls)).events)
  } finally {
    recorder.close()
  }
}

test('what no hook sees shows nothing', { skip }, async () => {
  assert.equal(await seenWith('dup'), 'dup server client')
  assert.equal(await seenWith('dup', 'bind'), 'bind server server, dup server server')
  assert.equal(await seenWith('dup', 'connect'), 'connect client client, dup client client')
})

/** What is seen of unix sockets: paths and abstract names, from the socket or from the call. */
import { join } from 'node:path'
import { test } from 'node:test'
import { Calls } from './calls.ts'
import { namedAddress } from './recorder.ts'
import { unix } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['connect', 'accept', 'accept4', 'listen', 'sendto', 'sendmsg']))
const family = api.AF_UNIX
const names = (): Readonly<Record<'path' | 'abstract', string>> => ({
  path: join(stage.folder, 'socket'),
  abstract: `\0bulwark\0${stage.folder}`,
})

for (const form of ['path', 'abstract'] as const) {
  test(`a stream by ${form}: who listens, who calls`, { skip }, async () => {
    const name = names()[form]
    const address = unix(name)
    const calls = new Calls()
    const server = calls.call('socket', family, api.SOCK_STREAM, 0)
    calls.call('bind', server, address, address.length)
    calls.call('listen', server, 1)
    const client = calls.call('socket', family, api.SOCK_STREAM, 0)
    calls.call('connect', client, address, address.length)
    calls.call('accept', server, 0, 0)
    calls.call('sendto', client, 'text', 4, 0, 0, 0)
    const { events } = await stage.recorder.run(calls)
    const length = { storedBytes: name.length, trueBytes: name.length }
    const seen = { unixPath: name, unixPathLength: length, flags: 0, socket: { family } }
    expectEvents(events.of('listen'), [{ ...seen, result: 0 }])
    expectEvents(events.of('connect'), [{ ...seen, result: 0 }])
    expectEvents(events.of('accept'), [seen])
    expectEvents(events.of('send'), [{ ...seen, result: 4 }])
  })

  test(`a datagram by ${form}, and one that nobody gets`, { skip }, async () => {
    const name = `${names()[form]}.datagram`
    const address = unix(name)
    const nobody = `${name}.nobody`
    const calls = new Calls()
    const server = calls.call('socket', family, api.SOCK_DGRAM, 0)
    calls.call('bind', server, address, address.length)
    const client = calls.call('socket', family, api.SOCK_DGRAM, 0)
    calls.call('sendto', client, 'text', 4, 0, address, address.length)
    const other = unix(nobody)
    calls.call('sendto', client, 'text', 4, 0, other, other.length)
    calls.call('connect', client, other, other.length)
    calls.call('connect', client, address, address.length)
    calls.call('sendto', client, 'text', 4, 0, other, other.length)
    const { events } = await stage.recorder.run(calls)
    const socket = { family, remoteSource: namedAddress.source }
    const refused = form === 'path' ? -api.ENOENT : -api.ECONNREFUSED
    expectEvents(events.of('send'), [
      { result: 4, unixPath: name, socket },
      { result: refused, unixPath: nobody, socket },
      { result: refused, unixPath: nobody, socket },
    ])
    expectEvents(events.of('connect'), [
      { result: refused, unixPath: nobody, socket },
      { result: 0, unixPath: name },
    ])
  })
}

test('what a connected socket of packets is told to name, it does not', { skip }, async () => {
  const name = `${names().path}.packets`
  const address = unix(name)
  const decoy = unix('/run/decoy')
  const packets = 5
  const calls = new Calls()
  const server = calls.call('socket', family, packets, 0)
  calls.call('bind', server, address, address.length)
  calls.call('listen', server, 1)
  const client = calls.call('socket', family, packets, 0)
  calls.call('connect', client, address, address.length)
  calls.call('sendto', client, 'text', 4, 0, decoy, decoy.length)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [{ result: 4, unixPath: name, flags: 0 }])
})

test('a path as long as can be is whole', { skip }, async () => {
  const calls = new Calls()
  const name = '/'.padEnd(108, 'x')
  const client = calls.call('socket', family, api.SOCK_STREAM, 0)
  const address = unix(name).subarray(0, 110)
  calls.call('connect', client, address, address.length)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('connect'), [{ result: -api.ENOENT, unixPath: name }])
})

/** Of what is written, what is told as a message: what a connection sends first, and no more. */
import { join } from 'node:path'
import { test } from 'node:test'
import { OPENING_BYTES, RECORD_OPENING, RECORD_USER_MEMORY } from '@bulwark/schema'
import type { Calls, Operand, Result } from './calls.ts'
import { inet, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['sendto']), { writes: 'openings', payloadBytes: 80 })
const server = inet('127.0.0.7', 7007)
const opening = RECORD_OPENING | RECORD_USER_MEMORY

/** A socket that is connected, to one that listens. */
const connected = (calls: Calls): Result => {
  const listener = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('bind', listener, server, server.length)
  calls.call('listen', listener, 1)
  const socket = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
  calls.call('connect', socket, server, server.length)
  return socket
}

const parts = (...texts: readonly string[]): Operand[] =>
  texts.flatMap((text): Operand[] => [text, text.length])

test('what a connection sends first is told, by whichever call', { skip }, async () => {
  const calls = withLoopback()
  const socket = connected(calls)
  calls.call('write', socket, 'hello', 5)
  calls.call('writev', socket, parts('hel', 'lo'), 2)
  calls.callNumber(api.numberOf('pwritev2'), socket, parts('h', 'ello'), 2, -1, -1, 0)
  calls.call('sendto', socket, 'hello', 5, 0, 0, 0)
  const { events } = await stage.recorder.run(calls)
  expectEvents(
    events.of('send'),
    ['write', 'writev', 'pwritev2', 'sendto'].map((name) => ({
      syscall: api.numberOf(name),
      flags: opening,
      result: 5,
      messages: 1,
      payload: 'hello',
      socket: { remotePort: 7007, protocol: 6 },
    })),
  )
})

test('what it sends later is not, nor what is written elsewhere', { skip }, async () => {
  const calls = withLoopback()
  const socket = connected(calls)
  const first = 'x'.repeat(OPENING_BYTES)
  calls.call('write', socket, first, first.length)
  calls.call('write', socket, 'later', 5)
  calls.call('sendto', socket, 'later', 5, 0, 0, 0)
  const datagrams = calls.call('socket', api.AF_INET, api.SOCK_DGRAM, 0)
  calls.call('connect', datagrams, server, server.length)
  calls.call('write', datagrams, 'hello', 5)
  const path = join(stage.folder, 'file')
  const file = calls.call('openat', api.AT_FDCWD, path, api.O_CREAT | api.O_WRONLY, 0o600)
  calls.call('write', file, 'hello', 5)
  calls.call('write', 99, 'hello', 5)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('send'), [
    { syscall: api.numberOf('write'), flags: opening, result: OPENING_BYTES },
    { syscall: api.numberOf('sendto'), flags: RECORD_USER_MEMORY, payload: 'later' },
  ])
})

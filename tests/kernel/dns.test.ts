/** Questions to name servers, in all calls that can carry one; and nothing else that is written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Calls, Operand, Result } from './calls.ts'
import { callsProgram, start } from './program.ts'
import { inet, withLoopback } from './sockets.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'
import type { Seen } from './watcher.ts'
import { Watcher } from './watcher.ts'

const types = new Set(['sendto', 'sendmsg', 'sendmmsg'])
const stage = useStage(types, { questions: 'writes' })
const server = inet('127.0.0.53', 53)

const label = (text: string): string => String.fromCharCode(text.length) + text

/** A question for the TXT record of a name of four labels. */
const question = (name: string): Uint8Array =>
  Buffer.from(
    `\x12\x34\x01\0\0\x01\0\0\0\0\0\0${name.split('.').map(label).join('')}\0\0\x10\0\x01`,
    'latin1',
  )

const socketTo = (calls: Calls, peer: Uint8Array | undefined, type = api.SOCK_DGRAM): Result => {
  const socket = calls.call('socket', api.AF_INET, type, 0)
  if (peer) calls.call('connect', socket, peer, peer.length)
  return socket
}

/** msghdr of parts. */
const header = (to: Operand, ...parts: readonly Uint8Array[]): Operand[] => [
  to,
  to === 0 ? 0 : 16,
  parts.flatMap((part) => [part, part.length]),
  parts.length,
  0,
  0,
  0,
]

/** Somebody to ask, or a second question finds that the first was refused. */
const serve = (calls: Calls): void => {
  const socket = socketTo(calls, undefined)
  calls.call('bind', socket, server, server.length)
}

/** Asks in every way there is, for a.x to f.x. */
const askInAllWays = (calls: Calls, domain: string): void => {
  const ask = (letter: string): Uint8Array => question(`${letter}.${domain}`)
  const loose = socketTo(calls, undefined)
  const bound = socketTo(calls, server)
  calls.call('sendto', loose, ask('a'), ask('a').length, 0, server, server.length)
  const [head, tail] = [ask('b').subarray(0, 13), ask('b').subarray(13)]
  calls.call('sendmsg', loose, header(server, head, tail), 0)
  const both = [header(0, ask('c')), header(0, ask('d'))].flatMap((one) => one.concat(0))
  calls.call('sendmmsg', bound, both, 2, 0)
  calls.call('write', bound, ask('e'), ask('e').length)
  const parts = [ask('f').subarray(0, 2), ask('f').subarray(2)]
  const vector = parts.flatMap((part): Operand[] => [part, part.length])
  calls.call('writev', bound, vector, parts.length)
}

test('a question is whole in the record, by whichever call', { skip }, async () => {
  const calls = withLoopback()
  const long = `${'x'.repeat(63)}.${'y'.repeat(63)}.test`
  serve(calls)
  askInAllWays(calls, long)
  const { events } = await stage.recorder.run(calls)
  const calling = ['sendto', 'sendmsg', 'sendmmsg', 'sendmmsg', 'write', 'writev']
  expectEvents(
    events.of('send'),
    calling.map((name, i) => ({
      syscall: api.numberOf(name),
      payload: Buffer.from(question(`${'abcdef'[i]}.${long}`)).toString('latin1'),
      socket: { remotePort: 53, protocol: 17 },
    })),
  )
})

test(
  'what is written elsewhere makes no event, and what is sent there no copy',
  { skip },
  async () => {
    const calls = withLoopback()
    const bytes = question('a.test')
    const elsewhere = inet('127.0.0.53', 54)
    const other = socketTo(calls, elsewhere)
    calls.call('write', other, bytes, bytes.length)
    calls.call('sendto', other, bytes, bytes.length, 0, 0, 0)
    const listener = calls.call('socket', api.AF_INET, api.SOCK_STREAM, 0)
    calls.call('bind', listener, server, server.length)
    calls.call('listen', listener, 1)
    calls.call('write', socketTo(calls, server, api.SOCK_STREAM), bytes, bytes.length)
    const path = join(stage.folder, 'file')
    const file = calls.call('openat', api.AT_FDCWD, path, api.O_CREAT | api.O_WRONLY, 0o600)
    calls.call('write', file, bytes, bytes.length)
    const { events } = await stage.recorder.run(calls)
    expectEvents(events.of('send'), [{ payload: '', socket: { remotePort: 54 } }])
  },
)

const rule = `
- rule: question
  desc: asks for a name of the test
  condition: dns.question.name endswith ".bulwark.test"
  output: "%evt.type %dns.question.name %dns.question.type %fd.sip %fd.sport"
  priority: INFO
`

test('a rule over the name sees them all, and needs no type of event', { skip }, async () => {
  const calls = withLoopback()
  serve(calls)
  askInAllWays(calls, 'BULWARK.test')
  askInAllWays(calls, 'other.test')
  const watcher = await Watcher.start(rule)
  let seen: readonly Seen[]
  try {
    seen = await watcher.observe(() => start([callsProgram(), ...calls.words]).ended)
  } finally {
    watcher.close()
  }
  const asked = seen.filter((fields) => fields.has('dns.question.name'))
  const calling = ['sendto', 'sendmsg', 'sendmmsg', 'sendmmsg', 'write', 'writev']
  assert.deepEqual(
    asked.map((fields) => ['evt.type', 'dns.question.name'].map((name) => fields.get(name))),
    calling.map((name, i) => [name, `${'abcdef'[i]}.bulwark.test`]),
  )
  for (const fields of asked) {
    assert.equal(fields.get('dns.question.type'), 'TXT')
    assert.equal(fields.get('fd.sip'), '127.0.0.53')
  }
})

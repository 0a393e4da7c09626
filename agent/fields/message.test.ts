/** Fields of messages and of bound sockets, and when the bytes in messages are copied at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payloadBytesOf } from '../network/payload.ts'
import { eventOf } from '../testdata/events.ts'
import { checkFields } from '../testdata/fields.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'

const addresses = (local: readonly number[], remote: readonly number[]) => ({
  local_address: Uint8Array.from({ length: 16 }, (_, i) => local[i] ?? 0),
  remote_address: Uint8Array.from({ length: 16 }, (_, i) => remote[i] ?? 0),
})
const udp = { inode: 5, family: 2, type: 2, protocol: 17 }

test('a message that came in', () => {
  const socket = {
    ...udp,
    ...addresses([10, 0, 0, 1], [10, 0, 0, 2]),
    local_port: 40_000,
    remote_port: 53,
    remote_source: 2,
  }
  checkFields(
    eventOf('receive', { socket, fd: 4, result: 200, payload: 'a\0b'.repeat(40) }),
    `
    evt.type       "recvfrom"
    evt.buflen     200
    evt.buffer     ${JSON.stringify('a\0b'.repeat(40).slice(0, 80))}
    evt.arg.data   ${JSON.stringify('a.b'.repeat(40).slice(0, 80))}
    evt.arg.size   "200"
    evt.arg.res    "200"
    evt.arg.fd     "<4u>10.0.0.1:40000->10.0.0.2:53"
    evt.arg.tuple  "10.0.0.1:40000->10.0.0.2:53"
    evt.arg[2]     "10.0.0.1:40000->10.0.0.2:53"
    fd.num         4
    fd.typechar    "4"
    fd.l4proto     "udp"
    fd.rip         167772162
    fd.sport       53
    `,
  )
})

test('a message that did not', () => {
  checkFields(
    eventOf('receive', { socket: udp, fd: 4, result: -11 }, { type: 'recvmsg' }),
    `
    evt.res        "EAGAIN"
    evt.buflen     -
    evt.buffer     ""
    evt.arg.size   -
    `,
  )
})

test('a bound socket serves', () => {
  const socket = { ...udp, ...addresses([127, 0, 0, 1], []), local_port: 53 }
  checkFields(
    eventOf('bind', { socket, fd: 3 }),
    `
    evt.arg.addr   "127.0.0.1:53"
    evt.arg[1]     "127.0.0.1:53"
    evt.arg.fd     "<4u>127.0.0.1:53"
    evt.buffer     -
    fd.name        "127.0.0.1:53"
    fd.sport       53
    fd.sip         2130706433
    fd.is_server   true
    `,
  )
})

test('bytes are copied only for rules that read them', () => {
  const bytesOf = (condition: string, output?: string): number =>
    payloadBytesOf(rulesOf(ruleText('r', condition, output)))
  const readers = [
    ['evt.type = recvfrom and evt.buffer bcontains cafebabe'],
    ['evt.type in (open, sendto)', 'sent %evt.arg.data'],
    ['evt.type = sendmsg', '%evt.args'],
    ['evt.type = sendmmsg and evt.arg[1] contains x'],
  ] as const
  for (const [condition, output] of readers) assert.equal(bytesOf(condition, output), 80, condition)
  const others = [
    ['evt.type = recvfrom and fd.sport = 1', '%evt.arg.res %evt.buflen'],
    ['evt.type = openat', '%evt.args'],
  ] as const
  for (const [condition, output] of others) assert.equal(bytesOf(condition, output), 0, condition)
})

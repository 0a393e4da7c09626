/** Events that rules see later ones by: filters let them through, and the same alerts come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Rule } from '@bulwark/policy'
import { accepts, nothing, splitRules } from '@bulwark/policy'
import { EventNumber, encodeRecord, numbersNamed } from '@bulwark/schema'
import { newCounters } from '../counters.ts'
import { Engine } from '../engine.ts'
import { askingRules } from './filter-effects.ts'
import { Sockets } from '../network/sockets.ts'
import { eventOf } from '../testdata/events.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'
import { Users } from '../users.ts'

const asks = 'fd.name_changed = true'
const sets: readonly (readonly string[])[] = [
  [
    `evt.type in (sendto, sendmsg) and fd.l4proto != tcp and fd.connected = false and ${asks} and
    fd.rip = 192.0.2.1`,
  ],
  [
    `evt.type = sendto and (fd.rport = 80 or ${asks}) and fd.rip = 192.0.2.2`,
    `evt.type = sendmsg and fd.l4proto = udp and not ${asks}`,
  ],
  [
    `fd.num > 3 and ${asks} and fd.rport = 53 or fd.l4proto = udp and ${asks} and fd.rip = 192.0.2.1`,
  ],
]

/** A message; few of each, so that one socket has it again and again. */
interface Message {
  readonly inode: number
  readonly last: number
  readonly port: number
  readonly isTcp: boolean
  readonly isConnected: boolean
  readonly fd: number
  readonly type: string
}

const messages = fc.array(
  fc.record<Message>({
    inode: fc.constantFrom(1, 2),
    last: fc.constantFrom(1, 2),
    port: fc.constantFrom(53, 80),
    isTcp: fc.boolean(),
    isConnected: fc.boolean(),
    fd: fc.constantFrom(3, 4),
    type: fc.constantFrom('sendto', 'sendmsg'),
  }),
  { maxLength: 30 },
)

const valuesOf = ({ inode, last, port, isTcp, isConnected, fd, type }: Message) => ({
  syscall: numbersNamed('x64', type)[0] ?? -1,
  fd,
  socket: {
    inode,
    family: 2,
    type: isTcp ? 1 : 2,
    protocol: isTcp ? 6 : 17,
    state: isConnected ? 1 : 7,
    local_port: 40_000,
    remote_port: port,
    remote_source: 1,
    local_address: Uint8Array.of(10, 0, 0, 1),
    remote_address: Uint8Array.of(192, 0, 2, last),
  },
})

/** The messages that are told, by number and rule, of those that come. */
const alertsOf = (
  all: readonly Message[],
  rules: readonly Rule[],
  comes: (message: Message) => boolean,
): readonly string[] => {
  const told: string[] = []
  let number = 0
  const counters = newCounters()
  const sockets = new Sockets(counters)
  const engine = new Engine({
    rules,
    matching: 'all',
    surroundings: { users: new Users(), hostname: 'node1' },
    counters,
    resolve: () => () => new Set(),
    onAlert: ({ rule }) => told.push(`${number} ${rule}`),
    log: (line) => assert.fail(line),
  })
  for (const message of all) {
    number++
    if (!comes(message)) continue
    engine.run(eventOf('send', valuesOf(message), { type: message.type, sockets }))
  }
  return told
}

/** What the kernel lets through for some rules. */
const filterOf = (rules: readonly Rule[]): ((message: Message) => boolean) => {
  const { byKind } = splitRules(rules, { machine: 'x64', tellsCgroups: true })
  const plan = byKind.get(EventNumber.send) ?? nothing
  return (message) => accepts(plan, encodeRecord('send', valuesOf(message)), 'host')
}

for (const [i, set] of sets.entries()) {
  test(`law: the same messages are told with filters, rules ${i}`, (t) => {
    const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
    t.diagnostic(`TEST_SEED=${seed}`)
    const rules = rulesOf(...set.map((condition, k) => ruleText(`R${k}`, condition)))
    const comes = filterOf([...rules, ...askingRules(rules)])
    const found = { all: 0, came: 0, told: 0 }
    const law = (all: readonly Message[]): void => {
      const expected = alertsOf(all, rules, () => true)
      assert.deepEqual(alertsOf(all, rules, comes), expected)
      found.all += all.length
      found.came += all.filter(comes).length
      found.told += expected.length
    }
    fc.assert(fc.property(messages, law), { seed, numRuns: 300 })
    t.diagnostic(JSON.stringify(found))
    assert.ok(found.told > 0)
    assert.ok(found.came < found.all, 'not all of them come')
  })
}

test('what is only asked matters', () => {
  const rules = rulesOf(...(sets[0] ?? []).map((condition) => ruleText('R', condition)))
  const there = { inode: 1, port: 53, isTcp: false, isConnected: false, fd: 3, type: 'sendto' }
  const all = [1, 2, 1].map((last): Message => Object.assign({ last }, there))
  assert.deepEqual(alertsOf(all, rules, filterOf([...rules, ...askingRules(rules)])), [
    '1 R',
    '3 R',
  ])
  assert.deepEqual(alertsOf(all, rules, filterOf(rules)), ['1 R'])
})

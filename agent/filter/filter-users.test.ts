/**
 * Names of users in filters: on the host decided by the names that the agent has read, in a
 * container let through, whatever its users are called; each held to the agent's own accessors.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventNumber, encodeRecord } from '@bulwark/schema'
import type { CgroupState } from '@bulwark/policy'
import { accepts, evaluate, specialise, splitRules } from '@bulwark/policy'
import { newContainer } from '../container/container.ts'
import { accessorOf } from '../fields/index.ts'
import type { Outside } from '../outside.ts'
import { eventOf } from '../testdata/events.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'
import { Users } from '../users.ts'

/** Two have one name, and one has none. */
const hostUsers = new Map([
  [1, 'daemon'],
  [2, ''],
  [33, 'www-data'],
  [34, 'www-data'],
])
const inContainer = new Map([[5, 'daemon']])
const outside: Outside = {
  ask: (_question, about, read) => {
    const users = about === '' ? hostUsers : inContainer
    return { users, groups: new Map() } as ReturnType<typeof read>
  },
}
const surroundings = { users: new Users(outside), hostname: 'node1' }
const container = newContainer({ id: 'ab'.repeat(32), podUid: undefined, runtime: undefined })

const noLogin = 0xffff_ffff
const ids = [0, 1, 2, 5, 33, 34, 1000, noLogin]
const places: readonly (readonly [told: CgroupState, isInContainer: boolean])[] = [
  ['host', false],
  ['container', true],
  ['unknown', false],
  ['unknown', true],
]

const conditions = [
  'user.name = daemon',
  'user.name != daemon',
  'user.name in (root, www-data)',
  'not user.name in (root, www-data)',
  'user.name startswith www',
  'user.name = <NA>',
  'user.name contains oo',
  'user.name exists',
  'user.loginname = daemon',
  'user.loginname = <NA>',
  'user.loginname != root',
  'user.loginname in (www-data) and user.name = root',
].map((text) => text.replaceAll('<NA>', '"<NA>"'))

const kind = 'open'
const type = 'openat'

/** What the plan of a condition does on each user of each place. */
const tryAll = (condition: string, users: ReadonlyMap<number, string> | undefined): number => {
  const [rule] = rulesOf(ruleText('R', `evt.type = ${type} and ${condition}`))
  assert.ok(rule)
  const facts = { machine: 'x64', tellsCgroups: true } as const
  const plan = splitRules([rule], { ...facts, ...(users ? { hostUsers: users } : {}) }).byKind.get(
    EventNumber.open,
  )
  assert.ok(plan)
  let dropped = 0
  for (const euid of ids) {
    for (const loginUid of ids) {
      for (const [told, isInContainer] of places) {
        const values = { syscall: 257, result: 3, euid, login_uid: loginUid, path: '/a' }
        const around = { type, machine: 'x64', ...(isInContainer ? { container } : {}) } as const
        const event = eventOf(kind, values, around)
        const isHeld = evaluate(specialise(rule.condition, type), {
          field: (ref) => accessorOf(ref, surroundings)(event),
          resolve: () => new Set(),
        })
        const isThrough = accepts(plan, encodeRecord(kind, values), told)
        const of = `${condition} on ${JSON.stringify(values)} of ${told}`
        assert.ok(isThrough || !isHeld, `dropped: ${of}`)
        if (told === 'host' && users) assert.equal(isThrough, isHeld, of)
        if (!isThrough) dropped++
      }
    }
  }
  return dropped
}

for (const condition of conditions) {
  test(condition, () => {
    assert.equal(tryAll(condition, undefined), 0, 'names that nobody has read decide nothing')
    const dropped = tryAll(condition, hostUsers)
    if (condition !== 'user.name exists') assert.ok(dropped > 0, 'nothing is dropped')
  })
}

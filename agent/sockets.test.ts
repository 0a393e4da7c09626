/** Roles of sockets, and whether their name changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCounters } from './counters.ts'
import { limits } from './limits.ts'
import type { Role } from './sockets.ts'
import { Sockets } from './sockets.ts'

test('what was seen counts; else the end with the lower port serves', () => {
  const check = (seen: readonly (Role | undefined)[], ports: string, expected: Role): void => {
    const sockets = new Sockets(newCounters())
    const [local = 0, remote = 0] = ports.split(' ').map(Number)
    const roles = seen.map((now) => sockets.roleOf(7, local, remote, now))
    assert.equal(roles.at(-1), expected, `${seen.join(' ')} ${ports}`)
  }
  check([undefined], '40000 443', 'client')
  check([undefined], '443 40000', 'server')
  check([undefined], '500 500', 'client')
  check([undefined], '53 0', 'server')
  check([undefined], '0 53', 'server')
  check(['client'], '443 40000', 'client')
  check(['client', undefined], '443 40000', 'client')
  check(['server', undefined], '40000 443', 'server')
  check(['server', 'client', undefined], '443 40000', 'client')
  check([undefined, 'server', undefined], '40000 443', 'server')
})

test('each socket has a role of its own', () => {
  const sockets = new Sockets(newCounters())
  assert.equal(sockets.roleOf(1, 443, 40000, 'client'), 'client')
  assert.equal(sockets.roleOf(2n ** 60n, 443, 40000, undefined), 'server')
})

test('a name is new when it is not that of the event before', () => {
  const sockets = new Sockets(newCounters())
  const renamed = (remote: number | bigint, role: Role = 'client'): boolean =>
    sockets.renamed(1, role, 7, remote)
  const changes = [1, 1, 2n ** 80n, 2n ** 80n, 1, 1].map((remote) => renamed(remote))
  assert.deepEqual(changes, [true, false, true, false, true, false])
  assert.equal(renamed(1, 'server'), true)
  assert.equal(sockets.renamed(2, 'client', '/run/socket', -1), true)
  sockets.roleOf(1, 1, 2, 'server')
  assert.equal(renamed(1, 'server'), false)
})

test('they are bounded, and what was dropped is counted', () => {
  const counters = newCounters()
  const sockets = new Sockets(counters)
  for (let inode = 0; inode <= limits.socketsMax; inode++) {
    sockets.roleOf(inode, 443, 40000, 'client')
  }
  assert.equal(counters.evictedSockets, 1)
  assert.equal(sockets.roleOf(1, 443, 40000, undefined), 'client')
  assert.equal(sockets.roleOf(0, 443, 40000, undefined), 'server')
})

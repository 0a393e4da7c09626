/** Whether the name of a socket has changed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newCounters } from '../counters.ts'
import { limits } from '../limits.ts'
import type { Role } from './sockets.ts'
import { Sockets } from './sockets.ts'

test('a name is new when it is not that of the time before', () => {
  const sockets = new Sockets(newCounters())
  const renamed = (remote: number | bigint, role: Role = 'client'): boolean =>
    sockets.renamed(1, role, 7, remote)
  const changes = [1, 1, 2n ** 80n, 2n ** 80n, 1, 1].map((remote) => renamed(remote))
  assert.deepEqual(changes, [true, false, true, false, true, false])
  assert.equal(renamed(1, 'server'), true)
  assert.equal(sockets.renamed(2, 'client', '/run/socket', -1), true)
  assert.equal(sockets.renamed(2n ** 60n, 'server', 7, 1), true)
  assert.equal(renamed(1, 'server'), false)
})

test('they are bounded, and what was dropped is counted', () => {
  const counters = newCounters()
  const sockets = new Sockets(counters)
  const renamed = (inode: number): boolean => sockets.renamed(inode, 'client', 40000, 443)
  for (let inode = 0; inode <= limits.socketsMax; inode++) renamed(inode)
  assert.equal(counters.evictedSockets, 1)
  assert.equal(renamed(1), false)
  assert.equal(renamed(0), true)
})

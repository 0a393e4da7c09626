/** Which events count as a container's first connection, and how long it has been watched. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordValues } from '@bulwark/schema'
import type { Container } from '../container/container.ts'
import { newContainer, noMetadata } from '../container/container.ts'
import { noteOutbound, watchedSeconds } from './outbound.ts'
import { eventOf } from '../testdata/events.ts'

const container = (startedNs?: bigint): Container => ({
  ...newContainer({ id: 'a1'.repeat(32), podUid: undefined, runtime: 'containerd' }),
  metadata: startedNs === undefined ? undefined : { ...noMetadata, name: 'web', startedNs },
})

const ip4 = (...bytes: number[]): Uint8Array => {
  const address = new Uint8Array(16)
  address.set(bytes)
  return address
}
const ip6 = (last: number): Uint8Array => {
  const address = new Uint8Array(16)
  address[15] = last
  return address
}
const out = {
  inode: 9,
  family: 2,
  type: 1,
  protocol: 6,
  local_port: 40_000,
  remote_port: 443,
  remote_source: 1,
  local_address: ip4(10, 0, 0, 1),
  remote_address: ip4(192, 0, 2, 1),
}

test('a connection that leaves the container counts, and nothing else', () => {
  const check = (kind: string, socket: RecordValues, expected: boolean): void => {
    const its = container()
    noteOutbound(eventOf(kind, { socket, fd: 3 }, { container: its }))
    assert.equal(its.hasConnected, expected, JSON.stringify(socket))
  }
  check('connect', out, true)
  check('connect', { ...out, family: 10, local_address: ip6(2), remote_address: ip6(3) }, true)
  check('send', { ...out, type: 2, protocol: 17, remote_port: 53 }, true)
  check('connect', { ...out, remote_address: ip4(127, 0, 0, 1) }, false)
  check('connect', { ...out, family: 10, remote_address: ip6(1) }, false)
  check('connect', { ...out, remote_port: 0 }, false)
  check('connect', { family: 1, inode: 3, type: 1 }, false)
  // The answer of a server: the lower port serves.
  check('send', { ...out, local_port: 443, remote_port: 40_000 }, false)
  check('accept', out, false)
})

test('a container is watched since it was made, or since the agent looks on', () => {
  const event = eventOf('connect', { socket: out }, { container: container(0n) })
  const check = (agoS: bigint, watchingAgoS: bigint, expected: number): void => {
    event.container = container(event.timeNs - agoS * 1_000_000_000n)
    event.watchingSinceNs = event.timeNs - watchingAgoS * 1_000_000_000n
    assert.equal(watchedSeconds(event), expected)
  }
  check(300n, 4000n, 300)
  check(4000n, 20n, 20)
  check(-1n, 20n, 0) // made, by the runtime's clock, after it did something
  event.container = container()
  assert.equal(watchedSeconds(event), undefined)
  event.container = undefined
  assert.equal(watchedSeconds(event), undefined)
})

/** What an alert's event did, for those who judge it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertAct, AlertSubject, RecordValues } from '@bulwark/schema'
import { subjectOf } from './alert-subject.ts'
import { newContainer } from './container/container.ts'
import { unknownProcess } from './process.ts'
import { eventOf } from './testdata/events.ts'

const none: AlertAct = { type: '', files: [], isWrite: false, peer: undefined }

const check = (
  kind: string,
  values: RecordValues,
  act: Partial<AlertAct>,
  outcome: AlertSubject['outcome'],
  type?: string,
): void => {
  const found = subjectOf(eventOf(kind, values, type === undefined ? {} : { type }))
  assert.deepEqual(found.act, { ...none, type: type ?? kind, ...act })
  assert.equal(found.outcome, outcome)
}

/** 16 bytes, as records have all addresses. */
const ip4 = (...first: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(16)
  bytes.set(first)
  return bytes
}

const socketTo = (port: number, protocol = 6) => ({
  family: 2,
  type: 1,
  protocol,
  local_port: 40_000,
  remote_port: port,
  remote_address: ip4(10, 0, 0, 5),
})

test('a connection has its other end, if the process has made it', () => {
  const peer = { address: '10.0.0.5', port: 6379, protocol: 'tcp' }
  check('connect', { socket: socketTo(6379) }, { peer }, 'done')
  check('connect', { socket: socketTo(0) }, {}, 'done')
  check('accept', { socket: socketTo(6379) }, {}, 'done')
  check(
    'connect',
    { unix_path: '/run/docker.sock', socket: { family: 1 } },
    { files: ['/run/docker.sock'] },
    'done',
  )
})

test('a connection in progress is neither made nor refused', () => {
  const peer = { address: '10.0.0.5', port: 80, protocol: 'udp' }
  check('connect', { socket: socketTo(80, 17), result: -115 }, { peer }, 'unknown')
  check('connect', { socket: socketTo(80, 17), result: -111 }, { peer }, 'failed')
})

test('files by the name that the kernel has, and by the one that was given', () => {
  const open = (flags: number, more: RecordValues = {}): RecordValues => ({
    path: '/mnt/etc/cron.d/x',
    raw_path: '../etc/cron.d/x',
    open_flags: flags,
    ...more,
  })
  const files = ['/mnt/etc/cron.d/x', '../etc/cron.d/x']
  check('open', open(0), { files }, 'done')
  check('open', open(1), { files, isWrite: true }, 'done')
  check('open', open(2, { result: -13 }), { files, isWrite: true }, 'failed')
  const link = { old_path: '/', new_path: '/var/log/pods/x' }
  check('symlink', link, { files: ['/var/log/pods/x'], isWrite: true }, 'done')
})

test('two processes that are each the parent of the other are told as they are', () => {
  const parent = unknownProcess(11, 5)
  const container = newContainer({ id: 'a1'.repeat(32), podUid: undefined, runtime: 'docker' })
  const event = eventOf('exec', {}, { process: { parent }, container })
  parent.parent = event.process
  assert.deepEqual(subjectOf(event).programs, [])
})

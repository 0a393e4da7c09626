/** Nothing is lost in silence: a full ring is counted, and what comes after is seen again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Calls } from './calls.ts'
import { limits } from './inner.ts'
import { Recorder } from './recorder.ts'
import { expectEvents, skip, useStage } from './stage.ts'
import * as api from './values.ts'

const stage = useStage(new Set(['openat']))

/** More than the ring holds, whatever else a record has: each is as long as its path. */
const floodPath = `/bulwark/${'none/'.repeat(40)}`
const floodCount = Math.ceil(limits.ringBytes / floodPath.length)

test('what a full ring loses is counted, to the last event', { skip }, async () => {
  const calls = new Calls()
  calls.opens(floodCount, floodPath)
  const { events } = await stage.recorder.run(calls)
  const paths = events.of('open').map(({ rawPath }) => rawPath)
  const lost = events.lost['ring_full'] ?? 0
  const expected = paths.map((_, i) => `${floodPath}${String(i).padStart(6, '0')}`)
  assert.deepEqual(paths, expected, 'the first are there, in order; nobody made room for others')
  assert.ok(paths.length > 0 && lost > 0, `${paths.length} events, ${lost} lost`)
  const missing = floodCount - paths.length
  assert.ok(lost >= missing, `${missing} of ${floodCount} are missing, ${lost} are counted`)
  const others = lost - missing
  assert.ok(others < floodCount, `${others} events of others in that time are many`)
})

test('after that, events flow as before', { skip }, async () => {
  const calls = new Calls()
  calls.call('openat', api.AT_FDCWD, '/etc/hosts', api.O_RDONLY)
  const { events } = await stage.recorder.run(calls)
  expectEvents(events.of('open'), [{ path: '/etc/hosts' }])
  assert.equal(events.lost['ring_full'], 0)
})

test('records go through the end of the ring and begin again, unharmed', { skip }, async () => {
  const count = Math.ceil(limits.ringBytes / floodPath.length / 16)
  for (let round = 10; round < 50; round++) {
    const calls = new Calls()
    const prefix = floodPath.replace('bulwark', `round-${round}`)
    calls.opens(count, prefix)
    const { events } = await stage.recorder.run(calls)
    const paths = events.of('open').map(({ rawPath }) => rawPath)
    assert.equal(events.lost['ring_full'], 0)
    assert.deepEqual(
      paths,
      paths.map((_, i) => `${prefix}${String(i).padStart(6, '0')}`),
    )
    assert.equal(paths.length, count)
  }
})

test('a loss is counted by hook: produced is seen and lost', { skip }, async () => {
  const count = 3000
  const small = Recorder.start(new Set(['ptrace']), { ringBytes: 64 * 1024 })
  try {
    const calls = new Calls()
    for (let i = 0; i < count; i++) calls.call('ptrace', 0xffff, i, 0, 0)
    const mark = small.sensor.lossMark
    const { events } = await small.run(calls)
    const losses = small.sensor.losses(small.sensor.counters())
    const lost = losses.find(({ hook, place }) => hook === 'ptrace' && place === 'ring_full')
    const seen = events.of('ptrace').length
    assert.ok(seen > 0 && lost, `${seen} seen, lost: ${JSON.stringify(losses)}`)
    assert.equal(seen + lost.count, count)
    assert.ok(small.sensor.lossMark - mark >= lost.count)
    // The end of the process is lost as well: it is no system call, and has the name of its event.
    assert.ok(losses.some(({ hook }) => hook === 'procexit'))
    const byPlace = small.sensor.counters()['ring_full'] ?? 0
    const byHook = losses.filter(({ place }) => place === 'ring_full')
    assert.ok(byHook.reduce((sum, each) => sum + each.count, 0) <= byPlace)
  } finally {
    small.close()
  }
})

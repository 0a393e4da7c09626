/** Emptying a ring: when it is looked at, when the doorbell is armed, and how it ends. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { startDrain } from './drain.ts'
import { limits } from '../limits.ts'
import type { Sensor } from './sensor.ts'

/** A ring of records of one byte, a clock, and what the drain did with both. */
const start = (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'] })
  const seen: number[] = []
  const faults: unknown[] = []
  const waiting: number[] = []
  const found = { drains: 0, arms: 0 }
  /** Records of each drain that had any. */
  const batches: number[] = []
  let ring = (): void => {}
  const sensor = {
    ring: {
      get pendingBytes(): number {
        return waiting.length
      },
      drain: (onRecord: (offset: number, bytes: number) => void, recordsMax: number) => {
        found.drains++
        const taken = waiting.splice(0, recordsMax)
        if (taken.length > 0) batches.push(taken.length)
        for (const record of taken) onRecord(record, 1)
        return { records: taken.length, pendingBytes: waiting.length }
      },
      onReadable: (callback: () => void) => {
        ring = callback
      },
      pause: () => {
        ring = () => {}
      },
    },
    arm: () => found.arms++,
  }
  const onRecord = (record: number): void => {
    if (record < 0) throw new Error('bad record')
    seen.push(record)
  }
  const drain = startDrain(sensor as unknown as Sensor, onRecord, (fault) => faults.push(fault))
  const wait = (ms: number): void => t.mock.timers.tick(ms)
  return { drain, seen, faults, waiting, found, batches, wait, ring: () => ring() }
}

test('an empty ring has the doorbell armed, and nobody looks', (t) => {
  const { found, wait } = start(t)
  assert.deepEqual(found, { drains: 1, arms: 1 })
  wait(limits.beatMs)
  assert.equal(found.drains, 1)
})

test('a look needs no bell', (t) => {
  const { drain, found, seen, waiting } = start(t)
  waiting.push(5)
  drain.look()
  assert.deepEqual([found, seen], [{ drains: 2, arms: 2 }, [5]])
})

test('so many bells and no more ring in a stretch of time; then it looks often', (t) => {
  const { found, seen, waiting, wait, ring } = start(t)
  for (let i = 0; i < limits.bellsPerWindowMax; i++) {
    waiting.push(i)
    ring()
  }
  const { arms } = found
  assert.equal(arms, limits.bellsPerWindowMax, 'the last look has not armed it')
  for (let passed = limits.pollMs; passed < limits.bellWindowMs; passed += limits.pollMs) {
    waiting.push(passed)
    wait(limits.pollMs)
    assert.equal(waiting.length, 0)
  }
  assert.equal(found.arms, arms)
  wait(limits.pollMs)
  assert.equal(found.arms, arms + 1, 'in the next stretch it is armed again')
  assert.equal(seen.length, limits.bellsPerWindowMax + limits.bellWindowMs / limits.pollMs - 1)
})

test('the doorbell wakes it up', (t) => {
  const { found, seen, waiting, ring } = start(t)
  assert.equal(found.arms, 1)
  waiting.push(7)
  ring()
  assert.deepEqual(seen, [7])
})

test('what came between the last look and the arming is not left', (t) => {
  const { drain, found, seen, waiting, wait } = start(t)
  // The kernel writes it after this look, before it can know that the bell is armed.
  waiting.splice = () => {
    waiting.splice = Array.prototype.splice.bind(waiting)
    waiting.push(9)
    return []
  }
  drain.look()
  assert.deepEqual([found.arms, seen], [2, []])
  wait(0)
  assert.deepEqual([found.arms, seen], [3, [9]])
})

test('more than a batch is handed over in turns of the event loop', (t) => {
  const { drain, batches, waiting, wait } = start(t)
  waiting.push(...Array(limits.drainRecordsMax + 3).keys())
  drain.look()
  assert.deepEqual(batches, [limits.drainRecordsMax])
  wait(0)
  assert.deepEqual(batches, [limits.drainRecordsMax, 3])
})

test('at the end everything is handed over, and no more after it', (t) => {
  const { drain, seen, waiting, wait, ring } = start(t)
  waiting.push(...Array(limits.drainRecordsMax * 2 + 1).keys())
  drain.flush()
  assert.equal(seen.length, limits.drainRecordsMax * 2 + 1)
  drain.stop()
  waiting.push(1)
  drain.flush()
  ring()
  drain.look()
  wait(limits.beatMs)
  assert.equal(waiting.length, 1)
})

test('a fault ends it, and is said once', (t) => {
  const { drain, faults, seen, waiting, wait, ring } = start(t)
  waiting.push(1, -1, 2)
  ring()
  waiting.push(3)
  ring()
  drain.look()
  wait(limits.beatMs)
  assert.deepEqual([faults.map(String), seen], [['Error: bad record'], [1]])
})

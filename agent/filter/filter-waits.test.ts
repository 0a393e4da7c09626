/** When filters are tried again for which there was no room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RoomWait, lacksRoom } from './filter-waits.ts'
import { limits } from '../limits.ts'

const { filterPauseMsMin: least, filterPauseMsMax: most } = limits

test('pauses are twice as long each time, up to the longest; after success the first again', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let tries = 0
  const wait = new RoomWait(() => tries++)
  const pauses = Array.from({ length: 9 }, () => {
    const pauseMs = wait.after(true) ?? NaN
    t.mock.timers.tick(pauseMs - 1)
    const early = tries
    t.mock.timers.tick(1)
    assert.equal(tries, early + 1)
    return pauseMs
  })
  const expected = pauses.map((_, i) => Math.min(least * 2 ** i, most))
  assert.deepEqual(pauses, expected)
  assert.equal(pauses.at(-1), most)
  assert.equal(wait.after(false), undefined)
  assert.equal(wait.after(true), least)
})

test('one try at a time; none once there is room, or it has ended', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let tries = 0
  const wait = new RoomWait(() => tries++)
  wait.after(true)
  wait.after(true)
  t.mock.timers.tick(2 * most)
  assert.equal(tries, 1)
  wait.after(true)
  wait.after(false)
  t.mock.timers.tick(2 * most)
  wait.after(true)
  wait.stop()
  t.mock.timers.tick(2 * most)
  assert.equal(tries, 1)
})

test('what lacks room, and what is refused for good', () => {
  const lacks = ['ENOMEM', 'EMFILE', 'EAGAIN', 'EPERM', 'EINVAL', 'E2BIG', 'EACCES'].map((code) =>
    lacksRoom({ code }),
  )
  assert.deepEqual(lacks, [true, true, true, false, false, false, false])
})

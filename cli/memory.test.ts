/** When memory is given back, and how often. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryKeeper } from './memory.ts'

const mib = 1024 * 1024

/** A process that has so many MiB, of which so many stay when memory is given back. */
const memoryOf = (has: number, keeps: number) => {
  const state = { has, keeps, heap: 10, releases: 0, saves: false, did: '' }
  const keeper = new MemoryKeeper({
    residentBytes: () => state.has * mib,
    heapBytes: () => state.heap * mib,
    release: () => {
      state.releases++
      state.has = state.keeps
      state.did += ' release'
    },
    collect: (all) => {
      state.did += all ? ' collect all' : ' collect'
    },
    saveMemory: (does) => {
      state.saves = does
      state.did += does ? ' save' : ' spend'
    },
  })
  return { state, keeper }
}

test('memory is given back at first, and again when it has grown', () => {
  const { state, keeper } = memoryOf(100, 50)
  assert.equal(state.releases, 1)
  keeper.look()
  state.has = 55
  keeper.look()
  assert.equal(state.releases, 1, 'a little more is left alone')
  state.has = 70
  state.did = ''
  keeper.look()
  assert.equal(state.did, ' release')
  assert.equal(state.has, 50)
})

test('garbage is collected where it is part of what has grown', () => {
  const { state, keeper } = memoryOf(100, 50)
  keeper.look()
  Object.assign(state, { has: 70, heap: 15, did: '' })
  keeper.look()
  assert.equal(state.did, ' collect release')
  for (let looks = 0; looks < 3; looks++) keeper.look()
  Object.assign(state, { has: 70, heap: 18, did: '' })
  keeper.look()
  assert.equal(state.did, ' release', 'what was left then is no garbage')
})

test('what is in use comes back, and is not asked for again', () => {
  const { state, keeper } = memoryOf(100, 50)
  state.has = 64
  for (let looks = 0; looks < 10; looks++) keeper.look()
  assert.equal(state.releases, 1)
  state.has = 70
  keeper.look()
  assert.equal(state.releases, 2, 'what counts is what came back the last time')
})

test('what stays is not asked for again', () => {
  const { state, keeper } = memoryOf(100, 50)
  keeper.look()
  state.keeps = 70
  state.has = 80
  for (let looks = 0; looks < 10; looks++) keeper.look()
  assert.equal(state.releases, 2)
  state.has = 77
  keeper.look()
  assert.equal(state.releases, 3, 'what counts is what was left the last time')
})

test('what comes back each time is asked for less and less often', () => {
  const { state, keeper } = memoryOf(100, 50)
  const at: number[] = []
  for (let look = 0; look < 2000; look++) {
    state.has = 80
    keeper.look()
    if (state.has === 50) at.push(look)
  }
  assert.deepEqual(at, [0, 2, 5, 10, 19, 36, 69, 134, 263, 520, 777, 1034, 1291, 1548, 1805])
})

test('what comes back after a while is asked for as at first', () => {
  const { state, keeper } = memoryOf(100, 50)
  const at: number[] = []
  for (let look = 0; look < 1000; look++) {
    // Often at first, then every two minutes.
    if (look < 40 || look % 64 === 0) state.has = 80
    keeper.look()
    if (state.has === 50 && state.releases > at.length + 1) at.push(look)
  }
  const often = [0, 2, 5, 10, 19, 36]
  assert.deepEqual(at.slice(0, often.length), often)
  const seldom = at.slice(-8)
  assert.deepEqual(
    seldom,
    seldom.map((_, i) => (seldom[0] ?? NaN) + 64 * i),
  )
})

test('work that needs much is done without thrift, and garbage collected after it', async () => {
  const { state, keeper } = memoryOf(100, 50)
  assert.equal(state.did, ' save collect all release')
  state.did = ''
  const { promise: isOver, resolve: endInner } = Promise.withResolvers<string>()
  const outer = keeper.during(async () => {
    const inner = keeper.during(() => isOver)
    state.has = 90
    for (let looks = 0; looks < 10; looks++) keeper.look()
    return await inner
  })
  assert.equal(state.did, ' spend spend')
  endInner('done')
  assert.equal(await outer, 'done')
  assert.deepEqual([state.did, state.saves], [' spend spend save collect all release', true])
  await assert.rejects(
    keeper.during(() => Promise.reject(new Error('failed'))),
    /failed/,
  )
  assert.deepEqual([state.saves, state.releases], [true, 3])
})

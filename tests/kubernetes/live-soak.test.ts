/**
 * A day of a cluster that is watched, by a clock that a test lets run: thousands of watches that
 * end, versions that expire, an API server that restarts, stalls, refuses and forgets. Each hour
 * what is known is what a fresh list gives; and nothing grows: memory, alarms, sockets, listeners.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { NewObject } from '@bulwark/tools'
import { Live, resourceOf, shopObjects } from './live.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const hours = Number(process.env['TEST_SOAK_HOURS'] ?? 24)
console.log(`TEST_SEED=${seed}`)

const [second, minute] = [1_000, 60_000]
const mib = 1024 * 1024

/** Numbers by chance that a seed repeats: a linear congruence of 48 bits, of which 32 are used. */
const chanceOf = (start: number): (() => number) => {
  let state = BigInt(start)
  return () => {
    state = (state * 25_214_903_917n + 11n) & 0xffff_ffff_ffffn
    return Number(state >> 16n) / 2 ** 32
  }
}

const collect = (): void => {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}

/** What must not grow. */
const sizesOf = (live: Live): Readonly<Record<string, number>> => {
  collect()
  const resources = process.getActiveResourcesInfo()
  return {
    alarms: live.clock.waiting,
    watches: live.server.watches.count,
    resources: resources.length,
    heapMib: process.memoryUsage().heapUsed / mib,
  }
}

/** What goes wrong now and again, and is right again after a while. */
const troubles: readonly ((live: Live) => Promise<void>)[] = [
  async (live) => {
    await live.server.stop()
    await live.pass(20 * second)
    await live.server.listen()
  },
  async (live) => {
    await live.server.stop()
    live.server.watches.forget()
    await live.pass(10 * minute)
    await live.server.listen()
  },
  async ({ server }) => Promise.resolve(server.cut()),
  async ({ server }) => Promise.resolve(server.watches.say('{"type":\n')),
  async (live) => {
    live.server.watches.isSilent = true
    await live.pass(4 * minute)
    live.server.watches.isSilent = false
  },
  async (live) => {
    live.server.faults.answer = { code: 503, retryAfter: 5 }
    await live.pass(3 * minute)
    live.server.faults.answer = undefined
  },
  async (live) => {
    live.server.faults.of.set('secrets', 403)
    live.server.watches.end()
    await live.pass(5 * minute)
    live.server.faults.of.clear()
  },
  async (live) => {
    const before = live.server.store.remember()
    change(live, 0.5)
    await live.pass(minute)
    live.server.store.restore(before)
    live.server.watches.end()
    // Versions that are given a second time before anybody notices are another test.
    await live.pass(5 * minute)
  },
]

/** One object of the sample cluster is written, or goes. */
const change = ({ server }: Live, chance: number): void => {
  const n = Math.floor(chance * 1_000_000)
  const object = shopObjects[n % shopObjects.length] as NewObject
  const resource = resourceOf(server, object)
  if (n % 5 === 0) server.remove(resource, object)
  else server.put(resource, { ...object, metadata: { ...object.metadata, labels: { n: `${n}` } } })
}

test(`${hours} hours`, { timeout: 900_000 }, async (t) => {
  const chance = chanceOf(seed)
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const live = await Live.start(t, { random: chance })
  await live.untilSame()
  const sizes: ReturnType<typeof sizesOf>[] = []
  for (let hour = 0; hour < hours; hour++) {
    for (let at = 0; at < 60; at++) {
      for (let i = 0; i < 3; i++) change(live, chance())
      // As etcd does for Kubernetes.
      if (at % 5 === 0) live.server.compact()
      if (at % 20 === 10) await troubles[Math.floor(chance() * troubles.length)]?.(live)
      await live.pass(minute)
    }
    await live.untilSame()
    // Pauses of the last trouble are over, and all is watched again.
    await live.until(
      'all is watched',
      () => live.server.watches.count === live.cluster.kinds.length,
    )
    sizes.push(sizesOf(live))
    live.server.asked.length = 0
    live.server.forms.length = 0
  }
  const { started } = live.server.watches
  const counts = JSON.stringify([...live.cluster.counts])
  const heaps = sizes.map(({ heapMib = 0 }) => heapMib.toFixed(1))
  t.diagnostic(`${started} watches; ${counts}; MiB each hour: ${heaps.join(' ')}`)
  t.diagnostic(`alarms ${sizes.map(({ alarms }) => alarms).join(' ')}`)
  assert.deepEqual(warnings, [])
  // Eight watches an hour and kind, by themselves.
  assert.ok(started > hours * live.cluster.kinds.length * 6, `only ${started} watches`)
  const [first, ...rest] = sizes
  for (const [name, limit] of [
    ['alarms', 8],
    ['resources', 16],
    ['heapMib', 8],
  ] as const) {
    const most = Math.max(...rest.map((each) => each[name] ?? 0))
    assert.ok(most <= (first?.[name] ?? 0) + limit, `${name}: ${first?.[name]}, then ${most}`)
  }
})

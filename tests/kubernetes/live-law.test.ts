/**
 * Law: whatever happens to objects, definitions, connections and the API server, a cluster that is
 * watched comes to be what a fresh list of that server gives, and nothing else.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { policyGroup } from '@bulwark/schema'
import type { ApiServer, NewObject, Resource } from '@bulwark/tools'
import { Live, allResources, shopObjects } from './live.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 25)
console.log(`TEST_SEED=${seed}`)

const second = 1_000

/** An object of the sample cluster by a number, in one of a few versions. */
const objectAt = (n: number): NewObject => {
  const object = shopObjects[n % shopObjects.length] as NewObject
  return { ...object, metadata: { ...object.metadata, labels: { version: String(n % 3) } } }
}

/** `undefined`: the server has no such kind now. */
const find = ({ resources }: ApiServer, object: NewObject): Resource | undefined =>
  resources.find((each) => each.kind === object['kind'] && each.apiVersion === object['apiVersion'])

const put = ({ server }: Live, n: number): void => {
  const object = objectAt(n)
  const resource = find(server, object)
  if (resource) server.put(resource, object)
}

/** As when a definition is deleted: its objects go first. */
const undefine = ({ server }: Live, n: number): void => {
  const custom = server.resources.filter(({ isCustom, group }) => isCustom && group !== policyGroup)
  const resource = custom[n % custom.length]
  if (!resource) return
  for (const object of server.listOf(resource)) server.remove(resource, object)
  server.resources.splice(server.resources.indexOf(resource), 1)
}

/** One thing that happens; a number says to which object, or how. */
const things = {
  put,
  putMany: (live: Live, n: number): void => {
    for (let i = 0; i < 20; i++) put(live, n + i * 7)
  },
  remove: ({ server }: Live, n: number): void => {
    const object = objectAt(n)
    const resource = find(server, object)
    if (resource) server.remove(resource, object)
  },
  undefine,
  define: ({ server }: Live, n: number): void => {
    const missing = allResources.filter((each) => !server.resources.includes(each))
    const resource = missing[n % missing.length]
    if (resource) server.resources.push(resource)
  },
  bookmark: ({ server }: Live): void => server.watches.bookmark(),
  end: ({ server }: Live): void => server.watches.end(),
  cut: ({ server }: Live): void => server.cut(),
  compact: ({ server }: Live): void => server.compact(),
  forget: ({ server }: Live): void => server.watches.forget(),
  expirePages: ({ server }: Live, n: number): void => {
    server.faults.expirePages = n % 2 === 0
  },
  restart: async ({ server }: Live): Promise<void> => {
    await server.stop()
    await server.listen()
  },
  rewind: ({ server }: Live, n: number): void => {
    const before = server.store.remember()
    for (let i = 0; i < 5; i++) server.removePod('shop-prod', `no-${n + i}`)
    server.store.restore(before)
  },
  garble: ({ server }: Live): void => server.watches.say('{"type":\n'),
  silence: ({ server }: Live, n: number): void => {
    server.watches.isSilent = n % 2 === 0
  },
  refuse: ({ server }: Live, n: number): void => {
    server.faults.answer = n % 2 === 0 ? { code: 503 } : undefined
  },
  forbid: ({ server }: Live, n: number): void => {
    const { name } = server.resources[n % server.resources.length] ?? { name: 'pods' }
    server.faults.of.set(name, n % 2 === 0 ? 403 : 500)
  },
  allow: ({ server }: Live): void => server.faults.of.clear(),
} as const

type Step = readonly [keyof typeof things, number, number]

const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom(...(Object.keys(things) as (keyof typeof things)[]), 'put', 'put', 'remove'),
  fc.nat({ max: 1_000 }),
  fc.constantFrom(0, 0, 1, 5, 60, 400),
)

test('what is known is what a fresh list gives', { timeout: 400_000 }, async (t) => {
  let relists = 0
  let faults = 0
  const law = async (steps: readonly Step[]): Promise<void> => {
    const objects = shopObjects.filter((_object, at) => at % 3 === 0)
    const live = await Live.start(undefined, { objects })
    try {
      for (const [name, n, seconds] of steps) {
        await things[name](live, n)
        await live.pass(seconds * second)
      }
      const { server } = live
      server.watches.isSilent = false
      Object.assign(server.faults, { answer: undefined, expirePages: false })
      server.faults.of.clear()
      await live.untilSame()
      relists += live.count('apiRelists')
      faults += live.count('apiFaults') + live.count('apiStalls')
    } finally {
      await live.stop()
    }
  }
  const steps = fc.array(step, { minLength: 1, maxLength: 30 })
  await fc.assert(fc.asyncProperty(steps, law), { seed, numRuns, endOnFailure: true })
  t.diagnostic(`${relists} lists again and ${faults} faults in ${numRuns} runs`)
  assert.ok(relists > numRuns, `only ${relists} lists again`)
})

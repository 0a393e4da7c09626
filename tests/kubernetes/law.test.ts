/**
 * Law: whatever happens to pods, connections and the API server, the agent comes to know what the
 * server has, and nothing else.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { ApiServer } from '@bulwark/tools'
import { Heard, podOf, quickTimes } from './heard.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 40)
console.log(`TEST_SEED=${seed}`)

const names = ['a', 'b', 'c', 'd']

/** One thing that happens; a number says to which pod, or how. */
const things = {
  put: (server: ApiServer, n: number): void => {
    server.putPod(podOf(names[n % 4] ?? '', { n: String(n) }))
  },
  moveAway: (server: ApiServer, n: number): void => {
    server.putPod(podOf(names[n % 4] ?? '', {}, 'node-b'))
  },
  remove: (server: ApiServer, n: number): void => server.removePod('default', names[n % 4] ?? ''),
  namespace: (server: ApiServer, n: number): void => {
    server.putNamespace(`ns-${n % 3}`, { n: String(n) })
  },
  bookmark: (server: ApiServer): void => server.watches.bookmark(),
  end: (server: ApiServer): void => server.watches.end(),
  cut: (server: ApiServer): void => server.cut(),
  compact: (server: ApiServer): void => server.compact(),
  garble: (server: ApiServer): void => server.watches.say('{"type":\n'),
  silence: (server: ApiServer, n: number): void => {
    server.watches.isSilent = n % 2 === 0
  },
  refuse: (server: ApiServer, n: number): void => {
    server.faults.answer = n % 2 === 0 ? { code: 503 } : undefined
  },
} as const

type Step = readonly [keyof typeof things, number, number]

const step = fc.tuple(
  fc.constantFrom(...(Object.keys(things) as (keyof typeof things)[])),
  fc.nat({ max: 40 }),
  fc.nat({ max: 8 }),
)

/** Pods of the node and namespaces, with their labels, each as a text. */
const known = ({ pods, namespaces }: Heard): readonly string[] =>
  [
    ...[...pods.values()].map(({ uid, labels }) => JSON.stringify([uid, labels])),
    ...[...namespaces.values()].map(({ name, labels }) => JSON.stringify([name, labels])),
  ].sort()

const stored = ({ store }: ApiServer): readonly string[] => {
  const sorted = (labels: Readonly<Record<string, string>> = {}): unknown =>
    Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const isHere = ({ spec }: { readonly [more: string]: unknown }): boolean =>
    (spec as { nodeName?: string }).nodeName === 'node-a'
  return [
    ...store
      .list('pods')
      .filter(isHere)
      .map(({ metadata: { uid, labels } }) => JSON.stringify([uid, sorted(labels)])),
    ...store
      .list('namespaces')
      .map(({ metadata: { name, labels } }) => JSON.stringify([name, sorted(labels)])),
  ].sort()
}

test('what the agent knows is what the server has', { timeout: 240_000 }, async (t) => {
  let relists = 0
  const law = async (steps: readonly Step[]): Promise<void> => {
    const server = await ApiServer.start()
    const heard = new Heard(server, { times: { ...quickTimes, watchSilent: 60 } })
    try {
      for (const [name, n, turns] of steps) {
        things[name](server, n)
        for (let i = 0; i < turns; i++) await nextTurn()
      }
      server.watches.isSilent = false
      server.faults.answer = undefined
      const expected = stored(server).join('\n')
      await heard.until(expected, () => known(heard).join('\n') === expected)
      relists += heard.count('apiRelists')
    } finally {
      heard.source.stop()
      await server.stop()
    }
  }
  const steps = fc.array(step, { minLength: 1, maxLength: 40 })
  await fc.assert(fc.asyncProperty(steps, law), { seed, numRuns })
  t.diagnostic(`${relists} lists again in ${numRuns} runs`)
  // Half as many as runs, give or take a quarter of them: chance says how many.
  assert.ok(relists > 0, 'no list again')
})

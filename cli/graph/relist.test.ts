/** A cluster that is listed again and again: what counts, and what a list that fails changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ClusterInput } from '@bulwark/server'
import { LiveError } from './live.ts'
import type { ListOnce } from './relist.ts'
import { RelistedCluster } from './relist.ts'

const timeout = 30_000
const hour = 3_600_000

/** A list that answers as it is told to, one answer a call. */
const lister = (): {
  readonly list: ListOnce
  readonly answer: (pod: string | undefined) => Promise<void>
} => {
  const waiting: ((pod: string | undefined) => void)[] = []
  const asked: (() => void)[] = []
  const list: ListOnce = async () => {
    const pod = await new Promise<string | undefined>((resolve) => {
      waiting.push(resolve)
      asked.shift()?.()
    })
    if (pod === undefined) throw new LiveError('it is away')
    const input = new ClusterInput()
    const object = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace: 'shop', name: pod },
      spec: { containers: [{ name: 'app' }] },
    }
    input.take({ file: 'f', item: '' }, object, undefined)
    return { input, place: 'https://example' }
  }
  const answer = async (pod: string | undefined): Promise<void> => {
    if (waiting.length === 0) await new Promise<void>((resolve) => asked.push(resolve))
    waiting.shift()?.(pod)
  }
  return { list, answer }
}

const names = (cluster: RelistedCluster): readonly string[] =>
  [...(cluster.sources?.cluster.objects.all('Pod') ?? [])].map(({ name }) => name)

test('the newest list counts; one that fails changes nothing', { timeout }, async (t) => {
  const { list, answer } = lister()
  void answer('first')
  const cluster = await RelistedCluster.follow(list, { everyMs: 1, startMsMax: hour })
  t.after(() => cluster.stop())
  assert.deepEqual(names(cluster), ['first'])
  cluster.sources?.used.markUsed('sha256:a', '/bin/x')
  const used = cluster.sources?.used
  await answer(undefined)
  await answer(undefined)
  await answer('second')
  // The fourth list is asked for when the third was taken in.
  await answer(undefined)
  assert.equal(cluster.failures >= 2, true)
  assert.deepEqual(names(cluster), ['second'])
  assert.equal(cluster.sources?.used, used, 'what was seen to run stays known')
})

test(
  'a server that does not answer holds the start up no longer than it may',
  { timeout },
  async (t) => {
    const { list, answer } = lister()
    const cluster = await RelistedCluster.follow(list, { everyMs: hour, startMsMax: 1 })
    t.after(() => cluster.stop())
    assert.equal(cluster.sources, undefined)
    await answer('late')
    while (!cluster.sources) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(names(cluster), ['late'])
  },
)

/**
 * SeverityPolicies of an API server: what holds is what a fresh read of them gives, whatever
 * happened before; a faulty one is told and stays what it was; and rights are those of deploy/.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { OperatorSettings } from '@bulwark/graph'
import type { KeptText, TextKeeper } from '@bulwark/server'
import { SeverityFeed } from '@bulwark/server'
import type { NewObject } from '@bulwark/tools'
import { ApiServer } from '@bulwark/tools'
import { accessTo, quickTimes } from './heard.ts'
import { manifests } from './manifests.ts'

const timeout = 60_000
const user = 'system:serviceaccount:bulwark:bulwark-server'

const policyOf = (name: string, spec: object): NewObject => ({ metadata: { name }, spec })

const fileOf = (name: string, spec: object): { name: string; value: unknown } => ({
  name,
  value: { apiVersion: 'bulwark.dev/v1alpha1', kind: 'SeverityPolicy', spec },
})

interface Started {
  readonly server: ApiServer
  readonly settings: OperatorSettings
  readonly feed: SeverityFeed
  readonly log: string[]
  /** Resolves when a line was said so often. */
  readonly said: (text: string, times?: number) => Promise<void>
}

const start = async (
  t: TestContext,
  files: ConstructorParameters<typeof OperatorSettings>[0] = [],
  rbac = manifests('server-rbac.yaml'),
): Promise<Started> => {
  const server = await ApiServer.start({ rbac, tokens: new Map([['server', user]]) })
  t.after(() => server.stop())
  const log: string[] = []
  const settings = new OperatorSettings(files)
  const access = accessTo(server, { token: { text: 'server' } })
  const tell = (line: string): void => void log.push(line)
  const feed = new SeverityFeed({ access, settings, log: tell, times: quickTimes })
  t.after(() => feed.stop())
  const said = async (text: string, times = 1): Promise<void> => {
    while (log.filter((line) => line.includes(text)).length < times) await nextTurn()
  }
  await feed.untilAnswered(timeout)
  return { server, settings, feed, log, said }
}

test('policies come, change, go wrong and go', { timeout }, async (t) => {
  const { server, settings, log, said } = await start(t, [fileOf('file.yaml', { nearSteps: 9 })])
  const told = (): readonly unknown[] => {
    const { staleDays, nearSteps, overrides } = settings.now
    return [staleDays, nearSteps, overrides.map(({ name }) => name)]
  }
  const override = { name: 'own', effect: 'suppress', reason: 'x', when: { namespaces: ['dev'] } }
  assert.deepEqual(told(), [30, 9, []])
  server.putSeverityPolicy(policyOf('b', { staleDays: 7, nearSteps: 4, overrides: [override] }))
  await said('severity policy b is in force')
  assert.deepEqual(told(), [7, 9, ['own']], 'the file counts')
  // Of those of the cluster the last by name.
  server.putSeverityPolicy(policyOf('a', { staleDays: 5 }))
  await said('severity policy a is in force')
  assert.deepEqual(told(), [7, 9, ['own']])
  // What no schema sees is told, and what was before stays.
  server.putSeverityPolicy(policyOf('b', { staleDays: 3, weights: { 'exposure.privat': 1 } }))
  await said('severity policy b stays what it was')
  assert.match(log.join('\n'), /SeverityPolicy b: spec\.weights no factor has the id `exposure\.pr/)
  assert.deepEqual(told(), [7, 9, ['own']])
  server.putSeverityPolicy(policyOf('b', { staleDays: 3 }))
  await said('severity policy b is in force', 2)
  assert.deepEqual(told(), [3, 9, []])
  server.removeSeverityPolicy('b')
  while (told()[0] !== 5) await nextTurn()
  // A new one holds but for its faults, as one of a file.
  server.putSeverityPolicy(policyOf('c', { staleDays: 2, overrides: [override, override] }))
  await said('has the name of another override')
  assert.deepEqual(told(), [2, 9, ['own']])
  assert.ok(!log.some((line) => line.includes('policy c stays')))
})

test('rights are those of the manifest; without them, that is said', { timeout }, async (t) => {
  const { server } = await start(t)
  while (server.watches.count < 1) await nextTurn()
  const asked = server.asked.map((line) => line.replace(/\?.*/, ''))
  assert.deepEqual([...new Set(asked)], ['GET /apis/bulwark.dev/v1alpha1/severitypolicies'])
  const less = manifests('server-rbac.yaml').filter(
    ({ metadata }) => (metadata as { name?: string }).name !== 'bulwark-server-policies',
  )
  const refused = await start(t, [], less)
  await refused.said('the right to list severitypolicies.bulwark.dev is missing')
  assert.equal(refused.settings.now.staleDays, 30)
})

/** What a run before has kept. */
class Keeper implements TextKeeper {
  policies: readonly KeptText[]

  constructor(specs: Readonly<Record<string, object>>) {
    this.policies = Object.entries(specs).map(([name, spec]) => ({
      name,
      text: JSON.stringify(fileOf(name, spec).value),
      since: '2026-11-26T20:00:00Z',
    }))
  }

  keep(texts: readonly Pick<KeptText, 'name' | 'text'>[]): void {
    this.policies = texts.map(({ name, text }) => ({ name, text, since: '' }))
  }
}

test(
  'what was kept counts until the server says, and where it is faulty',
  { timeout },
  async (t) => {
    const server = await ApiServer.start({
      rbac: manifests('server-rbac.yaml'),
      tokens: new Map([['server', user]]),
    })
    t.after(() => server.stop())
    const log: string[] = []
    const keeper = new Keeper({
      a: { staleDays: 7 },
      gone: { nearSteps: 4 },
      old: { weights: { 'no.such': 1 } },
    })
    const settings = new OperatorSettings()
    server.putSeverityPolicy(policyOf('a', { staleDays: 3, weights: { 'no.such': 1 } }))
    server.putSeverityPolicy(policyOf('new', { epssLikely: 0.5 }))
    const access = accessTo(server, { token: { text: 'server' } })
    const tell = (line: string): void => void log.push(line)
    const feed = new SeverityFeed({ access, settings, keeper, log: tell, times: quickTimes })
    t.after(() => feed.stop())
    const told = (): readonly number[] => {
      const { staleDays, nearSteps, epssLikely } = settings.now
      return [staleDays, nearSteps, epssLikely]
    }
    assert.deepEqual(told(), [7, 4, 0.1], 'before the server has said anything')
    assert.match(log[0] ?? '', /policy old: what was kept of it is not sound any more/)
    await feed.untilAnswered(timeout)
    assert.deepEqual(told(), [7, 3, 0.5])
    assert.deepEqual(keeper.policies.map(({ name }) => name).toSorted(), ['a', 'new'])
    server.removeSeverityPolicy('a')
    while (told()[0] !== 30) await nextTurn()
    assert.deepEqual(
      keeper.policies.map(({ name }) => name),
      ['new'],
    )
  },
)

test('a server that has none leaves none of what was kept', { timeout }, async (t) => {
  const server = await ApiServer.start({
    rbac: manifests('server-rbac.yaml'),
    tokens: new Map([['server', user]]),
  })
  t.after(() => server.stop())
  const settings = new OperatorSettings()
  const access = accessTo(server, { token: { text: 'server' } })
  const keeper = new Keeper({ a: { staleDays: 7 } })
  const feed = new SeverityFeed({ access, settings, keeper, log: () => {}, times: quickTimes })
  t.after(() => feed.stop())
  await feed.untilAnswered(timeout)
  while (settings.now.staleDays !== 30) await nextTurn()
  assert.deepEqual(keeper.policies, [])
})

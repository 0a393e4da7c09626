/** Policies of an API server: what the agent knows of them, whatever that server does. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PolicyText } from '@bulwark/agent'
import { PolicyFeed, limits } from '@bulwark/agent'
import type { ApiPlace } from '@bulwark/kubernetes'
import { apiLimits } from '@bulwark/kubernetes'
import { readPolicies } from '@bulwark/policy'
import type { NewObject } from '@bulwark/tools'
import { ApiServer } from '@bulwark/tools'
import { accessTo, quickTimes } from './heard.ts'

const untilMsMax = 60_000

const policyOf = (name: string, condition = 'evt.type = execve'): NewObject => ({
  metadata: { name },
  spec: { rules: [{ name: 'r', condition, output: 'x' }] },
})

class Policies {
  readonly feed: PolicyFeed
  readonly log: string[] = []
  readonly counts = new Map<ApiPlace, number>()
  changes = 0

  constructor(server: ApiServer, before: readonly PolicyText[] = []) {
    const log = (line: string): void => void this.log.push(line)
    this.feed = new PolicyFeed({
      access: accessTo(server),
      before,
      log,
      random: () => 0,
      times: quickTimes,
    })
    this.feed.attach(
      () => this.changes++,
      (place) => this.counts.set(place, (this.counts.get(place) ?? 0) + 1),
    )
  }

  /** What they are called, without what all are called. */
  get names(): string {
    return this.feed.texts.map(({ name }) => name.replace('runtimepolicy.bulwark.dev/', '')).join()
  }

  /** How many lines said something. */
  said(text: string): number {
    return this.log.filter((line) => line.includes(text)).length
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    for (const end = Date.now() + untilMsMax; !holds(); await nextTurn()) {
      const seen = [this.names, JSON.stringify([...this.counts]), ...this.log]
      assert.ok(Date.now() < end, `${what}: not within ${untilMsMax} ms\n${seen.join('\n')}`)
    }
  }
}

const start = async (
  t: TestContext,
  prepare: (server: ApiServer) => void = () => {},
): Promise<{ readonly server: ApiServer; readonly policies: Policies }> => {
  const server = await ApiServer.start()
  prepare(server)
  const policies = new Policies(server)
  t.after(async () => {
    policies.feed.stop()
    await server.stop()
  })
  // A start waits for seconds only, which a busy machine may take for 20 MB.
  await policies.feed.untilAnswered(untilMsMax)
  return { server, policies }
}

test('policies come, change and go; what a server writes beside them is no change', async (t) => {
  const { server, policies } = await start(t, (s) => s.putPolicy(policyOf('a')))
  assert.equal(policies.names, 'a')
  assert.equal(policies.said('runtimepolicies of http://127.0.0.1'), 1)
  server.putPolicy(policyOf('b'))
  await policies.until('b', () => policies.names === 'a,b')
  const before = policies.changes
  server.putPolicy({ ...policyOf('a'), status: { actsAs: 'audit' } })
  server.putPolicy(policyOf('b', 'evt.type = open'))
  await policies.until('other b', () => policies.feed.texts[1]?.text.includes('open') === true)
  assert.equal(policies.changes, before + 1)
  server.removePolicy('a')
  await policies.until('no a', () => policies.names === 'b')
  server.watches.bookmark()
  server.compact()
  server.watches.end()
  server.putPolicy(policyOf('c'))
  await policies.until('c', () => policies.names === 'b,c')
  assert.ok((policies.feed.ageMs ?? Infinity) < untilMsMax)
})

test('pages, a history that is gone, a cut, a server that goes back in time', async (t) => {
  const { server, policies } = await start(t)
  const all = apiLimits.apiPageMax + 10
  for (let i = 0; i < all; i++) server.putPolicy(policyOf(`p-${i}`))
  const moment = server.store.remember()
  server.putPolicy(policyOf('later'))
  await policies.until('all', () => policies.feed.texts.length === all + 1)
  server.watches.say('{"type":\n') // What makes no sense is listed again.
  await policies.until('relist', () => (policies.counts.get('apiRelists') ?? 0) > 0)
  server.store.restore(moment)
  server.compact()
  server.cut()
  await policies.until('back', () => policies.feed.texts.length === all)
  assert.ok((policies.counts.get('apiBackInTime') ?? 0) > 0)
})

test('a server that has started again: its lists go back further than its watches', async (t) => {
  const { server, policies } = await start(t, (s) => s.putPolicy(policyOf('a')))
  server.putNamespace('other') // Versions go on without policies.
  server.watches.forget()
  server.putPolicy(policyOf('b'))
  await policies.until('b', () => policies.names === 'a,b')
  assert.equal(policies.counts.get('apiRelists'), 1)
})

test('an API without the resource: said once, asked for again, and no fault', async (t) => {
  const { server, policies } = await start(t, (s) => (s.faults.bare = true))
  const asked = (): number => server.asked.filter((line) => line.includes('runtimepol')).length
  await policies.until('asked again', () => asked() > 2)
  assert.equal(policies.said('knows no runtimepolicies (deploy/crds)'), 1)
  assert.deepEqual([...policies.counts], [])
  server.putPolicy(policyOf('a'))
  server.faults.bare = false
  await policies.until('a', () => policies.names === 'a')
  assert.equal(policies.said('it answers again'), 1)
  // Whoever takes it away and means it removes what is of it.
  server.faults.bare = true
  server.watches.end()
  await policies.until('gone', () => policies.said('knows no runtimepolicies') === 2)
  assert.equal(policies.names, 'a')
  server.removePolicy('a')
  server.faults.bare = false
  await policies.until('none', () => policies.names === '')
})

test('an API that refuses: which right is missing', async (t) => {
  const { server, policies } = await start(t, (s) => (s.faults.answer = { code: 403 }))
  const missing = 'the right to list runtimepolicies.bulwark.dev is missing: see docs/kubernetes.md'
  await policies.until('refused', () => policies.said(missing) === 1)
  server.faults.answer = undefined
  server.putPolicy(policyOf('a'))
  await policies.until('a', () => policies.names === 'a')
})

test('a server that is away changes nothing, and how old that is is said', async (t) => {
  const { server, policies } = await start(t, (s) => s.putPolicy(policyOf('a')))
  await server.stop()
  await policies.until('away', () => policies.said('; they are as ') > 0)
  assert.equal(policies.names, 'a')
  await server.listen()
  server.putPolicy(policyOf('b'))
  await policies.until('b', () => policies.names === 'a,b')
})

test('what was known before counts until they are listed, and none may be', async (t) => {
  const server = await ApiServer.start()
  server.faults.answer = { code: 503 }
  const policies = new Policies(server, [{ name: 'old', text: '{}' }])
  t.after(async () => {
    policies.feed.stop()
    await server.stop()
  })
  await policies.until('a fault', () => (policies.counts.get('apiFaults') ?? 0) > 0)
  assert.equal(policies.names, 'old')
  assert.equal(policies.changes, 0)
  server.faults.answer = undefined
  await policies.until('a change', () => policies.changes === 1)
  assert.equal(policies.names, '')
})

test('what was never a policy has a text all the same, for the reader to judge', async (t) => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  const items = [
    '{"metadata":{"name":"no-spec"}}',
    '{"metadata":{"name":"text"},"spec":"yes"}',
    '{"metadata":{"name":"list"},"spec":[1,null]}',
    '{"apiVersion":"bulwark.dev/v9","kind":"RuntimePolicy","metadata":{"name":"later"},"spec":{}}',
    '{"apiVersion":[],"kind":{},"metadata":{"name":"odd"},"spec":{}}',
    `{"metadata":{"name":"deep"},"spec":${deep}}`,
    '{"metadata":{"name":7}}',
    `{"metadata":{"name":"${'x'.repeat(300)}"}}`,
    '{"metadata":[]}',
    '7',
  ]
  const list =
    '{"kind":"RuntimePolicyList","apiVersion":"bulwark.dev/v1alpha1",' +
    `"metadata":{"resourceVersion":"1000"},"items":[${items.join()}]}`
  const { policies } = await start(t, (s) => (s.faults.list = list))
  assert.equal(policies.names, 'later,list,no-spec,odd,text')
  assert.equal(policies.counts.get('apiBadObjects'), 5)
  for (const { name, text } of policies.feed.texts) {
    const [read, ...more] = readPolicies(name, text)
    assert.deepEqual([read?.definition, more], [undefined, []], name)
  }
})

test('more than there is room for', async (t) => {
  const long = 'x'.repeat(1024 * 1024)
  const { server, policies } = await start(t, (s) => {
    for (let i = 0; i < 20; i++) s.putPolicy(policyOf(`p-${i + 10}`, long))
  })
  const room = Math.floor(limits.policyCharsMax / long.length) - 1
  assert.equal(policies.feed.texts.length, room)
  assert.equal(policies.counts.get('apiOverflows'), 20 - room)
  server.putPolicy(policyOf('p-10', `${long}${long}`))
  await policies.until('no room', () => policies.counts.get('apiOverflows') === 21 - room)
  server.removePolicy('p-11')
  await policies.until('room', () => policies.feed.texts.length === room - 1)
})

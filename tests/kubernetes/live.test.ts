/**
 * A cluster that is watched is what its API server has: from the first list on, through changes,
 * watches that end, definitions that come and go, servers that start again, stall, lie or go back
 * in time; and what may not be read is told.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewObject } from '@bulwark/tools'
import { Live, allResources, resourceOf } from './live.ts'

const timeout = 120_000
const minute = 60_000

const podOf = (name: string, labels: Readonly<Record<string, string>> = {}): NewObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, labels },
  spec: { containers: [{ name: 'app', image: 'app:1' }] },
})
const podResource = { apiVersion: 'v1', kind: 'Pod' }
const secretOf = (name: string): NewObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'shop', name, annotations: { note: 'hunter2' } },
  data: { password: 'hunter2' },
})
const digest = `sha256:${'a'.repeat(64)}`
const reportOf = (name: string): NewObject => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { namespace: 'shop', name },
  report: {
    artifact: { repository: 'shop/app', digest, tag: '1' },
    registry: { server: 'registry.example' },
    scanner: { name: 'Trivy', vendor: 'Aqua', version: '0.60' },
    summary: {},
    updateTimestamp: '2026-01-01T00:00:00Z',
    vulnerabilities: [
      {
        vulnerabilityID: 'CVE-2026-0001',
        resource: 'openssl',
        installedVersion: '1',
        fixedVersion: '2',
        severity: 'HIGH',
      },
    ],
  },
})

const names = ({ cluster }: Live): readonly string[] =>
  [...cluster.known.cluster.objects.all('Pod')]
    .map(({ name }) => name)
    .filter((name) => name.startsWith('test-'))
    .toSorted()

test('all that there is, then what changes; ages and counters by kind', { timeout }, async (t) => {
  const live = await Live.start(t)
  const { server, cluster } = live
  assert.equal(cluster.sources, undefined)
  await live.untilListed()
  await live.untilSame()
  assert.deepEqual(cluster.absent, [])
  assert.equal(cluster.known.cluster.settings.minorVersion, 32)
  assert.equal(cluster.kinds.length, allResources.length + 2)
  const pods = resourceOf(server, podResource)
  server.put(pods, podOf('test-a'))
  server.put(pods, podOf('test-b'))
  server.put(pods, podOf('test-a', { tier: 'web' }))
  server.remove(pods, podOf('test-b'))
  await live.untilSame()
  assert.deepEqual(names(live), ['test-a'])
  const { ageMs, objects, status, counts } = live.kind('pods') ?? {}
  assert.deepEqual([status, objects], ['watched', cluster.known.count(podResource)])
  assert.ok(Number(ageMs) < minute)
  assert.deepEqual([...(counts ?? [])], [])
  assert.equal(cluster.ages().size, cluster.kinds.length)
  assert.deepEqual(live.log, [])
})

test('of secrets and config maps only names are asked for, and kept', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [secretOf('a')] })
  const { server, cluster } = live
  await live.untilSame()
  server.put(resourceOf(server, secretOf('b')), secretOf('b'))
  await live.untilSame()
  const { objects } = cluster.known.cluster
  assert.deepEqual(
    [...objects.all('Secret')].map(({ name }) => name),
    ['a', 'b'],
  )
  assert.ok(!JSON.stringify([...objects.all('Secret')]).includes('hunter2'))
  for (const [at, line] of server.asked.entries()) {
    const isNames = /\/(?:secrets|configmaps)\?/.test(line)
    const form = server.forms[at] ?? ''
    const kind = line.includes('watch=true') ? 'PartialObjectMetadata' : 'PartialObjectMetadataList'
    assert.equal(form.includes(`as=${kind};`), isNames, `${line} ${form}`)
    assert.ok(!isNames || !form.includes(','), form)
  }
})

test('a server that gives more of secrets than was asked for is not believed', async (t) => {
  const live = await Live.start(t, { objects: [] })
  const { server, cluster } = live
  await live.untilSame()
  const { metadata, ...more } = secretOf('s')
  const items = [{ metadata, ...more }]
  const list = { kind: 'SecretList', apiVersion: 'v1', metadata: { resourceVersion: '9' }, items }
  server.faults.list = JSON.stringify(list)
  server.compact()
  server.watches.end()
  await live.until('it is garbage', () => Number(live.kind('secrets')?.counts.get('apiFaults')) > 1)
  assert.ok(!JSON.stringify([...cluster.known.cluster.objects.all('Secret')]).includes('hunter2'))
})

test('reports about images come the same way, and go', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [reportOf('a'), reportOf('b')] })
  const { server, cluster } = live
  await live.untilSame()
  assert.equal(cluster.known.cves.image([digest])?.findings.length, 1)
  assert.equal(live.kind('vulnerabilityreports')?.objects, 2)
  const reports = resourceOf(server, reportOf('a'))
  server.remove(reports, reportOf('a'))
  await live.untilSame()
  assert.notEqual(cluster.known.cves.image([digest]), undefined)
  // It goes while nobody watches, and the list tells.
  server.remove(reports, reportOf('b'))
  server.compact()
  server.watches.end()
  await live.untilSame()
  assert.equal(cluster.known.cves.image([digest]), undefined)
  assert.equal(cluster.sources?.hasReports, false)
})

test('definitions come and go while it runs', { timeout }, async (t) => {
  const own = allResources.filter(({ group }) => group !== 'cilium.io')
  const cilium = allResources.filter(({ group }) => group === 'cilium.io')
  const live = await Live.start(t, { resources: own, objects: [] })
  const { server, cluster } = live
  await live.untilSame()
  assert.match(live.log.join('\n'), /it has no CiliumClusterwideNetworkPolicy \(cilium\.io\), Cili/)
  assert.equal(cluster.absent.length, 2)
  server.resources.push(...cilium)
  const policy: NewObject = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { namespace: 'shop', name: 'p' },
    spec: { endpointSelector: {} },
  }
  server.put(resourceOf(server, policy), policy)
  await live.untilSame()
  assert.deepEqual(cluster.absent, [])
  const resource = resourceOf(server, policy)
  server.resources.splice(server.resources.indexOf(resource), 1)
  server.watches.end()
  await live.until('it is gone', () => live.kind('ciliumnetworkpolicies') === undefined)
  assert.equal(cluster.known.count(policy as unknown as typeof podResource), 0)
  assert.match(live.log.join('\n'), /ciliumnetworkpolicies\.cilium\.io of \S+: it knows them no mo/)
})

test('what is forbidden is told, asked for again, and all else goes on', { timeout }, async (t) => {
  const live = await Live.start(t)
  const { server, cluster } = live
  server.faults.of.set('secrets', 403)
  await live.untilListed()
  assert.equal(live.kind('secrets')?.status, 'forbidden')
  assert.ok(cluster.known.count(podResource) > 0)
  assert.match(live.log.join('\n'), /the right to list secrets is missing/)
  server.faults.of.delete('secrets')
  await live.untilSame()
  assert.equal(live.kind('secrets')?.status, 'watched')
})

test('a kind that is never listed does not keep the others from use', { timeout }, async (t) => {
  const live = await Live.start(t)
  live.server.faults.of.set('endpoints', 500)
  await live.untilListed()
  assert.match(live.log.join('\n'), /goes on without endpoints: not listed so far/)
  assert.equal(live.kind('endpoints')?.ageMs, undefined)
})

test('a list that takes long, and comes, is waited for', { timeout }, async (t) => {
  const live = await Live.start(t)
  live.server.faults.slow = { resource: 'pods', ms: 20_000 }
  await live.untilListed()
  assert.ok(live.clock.now() > 2 * minute)
  assert.deepEqual(live.log, [])
  await live.untilSame()
})

test(
  'a server that starts again, with and without what happened meanwhile',
  { timeout },
  async (t) => {
    const live = await Live.start(t)
    const { server } = live
    await live.untilListed()
    const pods = resourceOf(server, podResource)
    await server.stop()
    await live.until('it is away', () => live.count('apiFaults') > 0)
    // All kinds say so in one line, and one with how many there are.
    await live.pass(minute)
    const away = live.log.filter((line) => line.includes('ECONNREFUSED'))
    assert.ok(away.length <= 4, away.join('\n'))
    assert.match(away.join('\n'), /[0-9]+ other kinds of http\S+: connect ECONNREFUSED/)
    assert.ok(Number(live.kind('pods')?.ageMs) >= minute, 'what is known grows older')
    assert.notEqual(live.cluster.sources, undefined, 'and stays')
    server.put(pods, podOf('test-meanwhile'))
    await server.listen()
    await live.untilSame()
    assert.equal(live.count('apiRelists'), 0)
    server.put(pods, podOf('test-later'))
    server.watches.forget()
    server.remove(pods, podOf('test-meanwhile'))
    await live.untilSame()
    assert.deepEqual(names(live), ['test-later'])
  },
)

test('a server that goes back in time is believed, and counted', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [] })
  const { server } = live
  await live.untilListed()
  const pods = resourceOf(server, podResource)
  server.put(pods, podOf('test-kept'))
  const before = server.store.remember()
  server.put(pods, podOf('test-lost'))
  await live.untilSame()
  assert.deepEqual(names(live), ['test-kept', 'test-lost'])
  server.store.restore(before)
  server.watches.end()
  await live.untilSame()
  assert.deepEqual(names(live), ['test-kept'])
  assert.ok(live.count('apiBackInTime') > 0)
  assert.match(live.log.join('\n'), /the API server went back in time/)
})

test('what no watch ever tells is known after some hours', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [] })
  const { server } = live
  await live.untilListed()
  const pods = resourceOf(server, podResource)
  server.put(pods, podOf('test-kept'))
  const before = server.store.remember()
  server.put(pods, podOf('test-lost'))
  await live.untilSame()
  // Restored, and at the version that was seen before anybody has asked again.
  server.store.restore(before)
  server.watches.end()
  server.put(pods, podOf('test-new'))
  await live.pass(30 * minute)
  assert.deepEqual(names(live), ['test-kept', 'test-lost'])
  await live.pass(12 * 60 * minute)
  assert.deepEqual(names(live), ['test-kept', 'test-new'])
})

test('a server that stalls, ends watches at once, or says garbage', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [] })
  const { server } = live
  await live.untilListed()
  const pods = resourceOf(server, podResource)
  server.watches.isSilent = true
  server.put(pods, podOf('test-a'))
  await live.until('it stalls', () => live.count('apiStalls') > 0)
  await live.untilSame()
  server.watches.isSilent = false
  server.watches.say('{"type":\n')
  server.put(pods, podOf('test-b'))
  await live.untilSame()
  server.watches.endsAtOnce = true
  server.watches.end()
  server.put(pods, podOf('test-c'))
  await live.untilSame()
  assert.deepEqual(names(live), ['test-a', 'test-b', 'test-c'])
  server.watches.endsAtOnce = false
  server.faults.expirePages = true
  server.compact()
  server.watches.end()
  await live.untilSame()
})

test('hostile objects are told and spoil no other', { timeout }, async (t) => {
  const live = await Live.start(t, { objects: [] })
  const { server, cluster } = live
  await live.untilListed()
  const pods = resourceOf(server, podResource)
  server.put(pods, { ...podOf('test-a'), spec: 'text', items: [podOf('test-none')] })
  server.put(pods, { ...podOf('test-b'), spec: { containers: [{ name: 7 }], hostPID: 'yes' } })
  server.put(pods, podOf('test-c', { huge: 'x'.repeat(5_000_000) }))
  server.put(pods, podOf('test-d'))
  await live.until('the last is known', () => names(live).includes('test-d'))
  assert.deepEqual(names(live), ['test-b', 'test-d'])
  const faults = cluster.known.faults.map(({ file, message }) => `${file} ${message}`)
  assert.match(faults.join('\n'), /\/api\/v1\/pods Pod shop\/test-a: spec /)
  assert.equal(live.count('apiBadObjects'), 1)
  for (const name of ['test-a', 'test-b']) server.remove(pods, podOf(name))
  await live.until('they are gone', () => names(live).length === 1)
  assert.deepEqual(cluster.known.faults, [])
})

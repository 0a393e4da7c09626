/** How objects come into a cluster: as lists, as parts, as something else, and away again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cluster } from './cluster.ts'

const pod = (name: string, spec: unknown = { containers: [] }): object => ({
  metadata: { name, namespace: 'shop' },
  spec,
})
const v1 = { apiVersion: 'v1', kind: 'Pod' }

const names = (cluster: Cluster): readonly string[] =>
  [...cluster.objects.all('Pod')].map(({ name }) => name).toSorted()

test('a list of one kind, and a list of several', () => {
  const cluster = new Cluster()
  cluster.put({ apiVersion: 'v1', kind: 'PodList', items: [pod('a'), pod('b')] })
  cluster.put({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      { ...v1, ...pod('c') },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    ],
  })
  assert.deepEqual(names(cluster), ['a', 'b', 'c'])
  assert.equal(cluster.objects.count('Namespace'), 1)
})

test('an object that is listed without its contents is of the kind that was asked for', () => {
  const cluster = new Cluster()
  const annotations = { 'kubernetes.io/service-account.name': 'web' }
  cluster.put(
    {
      apiVersion: 'meta.k8s.io/v1',
      kind: 'PartialObjectMetadata',
      metadata: { name: 'token', namespace: 'shop', annotations },
    },
    { apiVersion: 'v1', kind: 'Secret' },
  )
  assert.deepEqual(cluster.objects.get('Secret', 'shop', 'token')?.annotations, [
    ['kubernetes.io/service-account.name', 'web'],
  ])
})

test('contents of secrets are not kept', () => {
  const cluster = new Cluster()
  const metadata = { name: 's', namespace: 'shop', annotations: { note: 'hunter2' } }
  const data = { password: 'hunter2' }
  cluster.put({ apiVersion: 'v1', kind: 'Secret', metadata, data, stringData: data })
  const kept = JSON.stringify([...cluster.objects.all('Secret')])
  assert.ok(kept.includes('"s"'))
  assert.ok(!kept.includes('hunter2'))
})

test('a fresh list is all there is of its kind, and takes faults with it', () => {
  const cluster = new Cluster()
  for (const name of ['a', 'b', 'c']) cluster.put({ ...v1, ...pod(name) })
  cluster.put({ ...v1, ...pod('broken', 'text') })
  assert.equal(cluster.diagnostics.faults().length, 2)
  cluster.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
  for (const each of ['b', 'd']) cluster.put(pod(each), v1)
  const listed = new Set(['shop/b', 'shop/d'])
  cluster.keep(v1, (namespace, name) => listed.has(`${namespace}/${name}`))
  assert.deepEqual(names(cluster), ['b', 'd'])
  assert.deepEqual(cluster.diagnostics.faults(), [])
  assert.deepEqual(cluster.counts, [
    [{ apiVersion: 'v1', kind: 'Namespace' }, 1],
    [v1, 2],
  ])
  cluster.keep({ apiVersion: 'v9', kind: 'Pod' }, () => false)
  assert.equal(cluster.count(v1), 2)
})

test('an object that can no longer be read is gone, and its fault says where', () => {
  const cluster = new Cluster()
  cluster.put({ ...v1, ...pod('a') })
  cluster.put({ ...v1, ...pod('a', null) })
  assert.deepEqual(names(cluster), [])
  assert.deepEqual(
    cluster.diagnostics.faults().map(({ object, path }) => `${object.name} ${path}`),
    ['a spec'],
  )
  cluster.delete({ ...v1, ...pod('a') })
  assert.deepEqual(cluster.diagnostics.faults(), [])
})

test('an object that is written again, and says the same, changes nothing', () => {
  const cluster = new Cluster()
  let changes = 0
  cluster.objects.onChange(() => void changes++)
  const web = { ...v1, ...pod('a', { containers: [{ name: 'app', image: 'app:1' }] }) }
  cluster.put(web)
  cluster.put({ ...web, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  assert.deepEqual([changes, cluster.objects.version('Pod')], [1, 1])
  cluster.put({ ...v1, ...pod('a', { containers: [{ name: 'app', image: 'app:2' }] }) })
  assert.equal(changes, 2)
})

test('what is no object, has no name, or is of a version that nothing reads, is counted', () => {
  const cluster = new Cluster()
  const things = [null, 1, 'text', [], {}, { kind: 'Pod' }, { ...v1, metadata: { name: 'x' } }]
  for (const thing of things) cluster.put(thing)
  assert.equal(cluster.diagnostics.unnamed, things.length)
  cluster.put({ ...v1, apiVersion: 'v9', ...pod('a') })
  cluster.put({ ...v1, apiVersion: 'v9', ...pod('b') })
  cluster.put({ apiVersion: 'shop.example/v1', kind: 'Pod', ...pod('c') })
  assert.deepEqual(cluster.diagnostics.unread(), [
    ['shop.example/v1 Pod', 1],
    ['v9 Pod', 2],
  ])
  assert.deepEqual(names(cluster), [])
})

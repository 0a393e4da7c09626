/** Which pod a container is of, and what it knows from whom. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Container, ContainerMetadata } from './container.ts'
import { newContainer } from './container.ts'
import { metadataOf } from './container-facts.ts'
import { ContainerTable } from './container-table.ts'
import { newCounters } from '../counters.ts'
import type { NamespaceFacts, PodContainer, PodFacts } from './pod.ts'
import { noChanges } from './pod.ts'
import { PodTable } from './pod-table.ts'

const uid = (digit: string): string => `${digit.repeat(8)}-1111-2222-3333-${digit.repeat(12)}`
const idOf = (digit: string): string => digit.repeat(64)

const containerNamed = (name: string, more: Partial<PodContainer> = {}): PodContainer => ({
  name,
  role: 'app',
  image: `${name}:1`,
  imageId: undefined,
  imageDigest: undefined,
  ids: [],
  ...more,
})

const podNamed = (name: string, podUid: string, more: Partial<PodFacts> = {}): PodFacts => ({
  uid: podUid,
  staticUid: undefined,
  name,
  namespace: 'shop',
  labels: [['app', name]],
  workload: { kind: 'Deployment', name },
  serviceAccount: `${name}-account`,
  ip: '10.0.0.1',
  hostNetwork: false,
  hostPid: false,
  hostIpc: false,
  containers: [],
  ...more,
})

const shop = (value: string): NamespaceFacts => ({
  name: 'shop',
  uid: 'n',
  labels: [['env', value]],
})

test('a pod is found by the uid of the cgroup, else by the id of the container', () => {
  const table = new PodTable(newCounters())
  const pods = [
    podNamed('a', uid('a'), {
      containers: [containerNamed('app', { ids: [idOf('1'), idOf('2')] })],
    }),
    podNamed('b', uid('b'), { staticUid: '0'.repeat(32) }),
  ]
  table.change({ ...noChanges, pods })
  const check = (id: string, podUid: string | undefined, expected: string | undefined): void =>
    assert.equal(table.of(id, podUid)?.facts.name, expected, `${id[0]} ${podUid}`)
  check(idOf('9'), uid('a'), 'a')
  check(idOf('1'), undefined, 'a')
  check(idOf('2'), undefined, 'a')
  check(idOf('3'), undefined, undefined)
  check(idOf('1'), uid('c'), undefined) // The cgroup knows better.
  check(idOf('9'), '0'.repeat(32), 'b')
  check(idOf('9'), uid('b'), 'b')
  table.change({ ...noChanges, podsGone: [uid('a'), uid('b'), uid('z')] })
  check(idOf('1'), undefined, undefined)
  check(idOf('9'), '0'.repeat(32), undefined)
  assert.equal(table.size, 0)
})

test('a pod cannot take what is of another', () => {
  const counters = newCounters()
  const table = new PodTable(counters)
  const ids = [containerNamed('app', { ids: [idOf('1')] })]
  table.change({
    ...noChanges,
    pods: [podNamed('a', uid('a'), { staticUid: 'f', containers: ids })],
  })
  const thief = podNamed('thief', uid('b'), { staticUid: 'f', containers: ids })
  table.change({
    ...noChanges,
    pods: [thief, podNamed('other', uid('c'), { staticUid: uid('a') })],
  })
  assert.equal(table.of(idOf('1'), undefined)?.facts.name, 'a')
  assert.equal(table.of(idOf('1'), 'f')?.facts.name, 'a')
  assert.equal(table.of(idOf('1'), uid('a'))?.facts.name, 'a')
  assert.equal(counters.disguisedPods, 2)
})

test('a namespace that is told later, changes, and goes', () => {
  const table = new PodTable(newCounters())
  table.change({ ...noChanges, pods: [podNamed('a', uid('a'))] })
  const known = table.of(idOf('1'), uid('a'))
  assert.equal(known?.namespace, undefined)
  table.change({ ...noChanges, namespaces: [shop('test')] })
  assert.equal(table.of(idOf('1'), uid('a'))?.namespace?.labels[0]?.[1], 'test')
  assert.notEqual(table.of(idOf('1'), uid('a')), known)
  table.change({ ...noChanges, namespacesGone: ['shop'] })
  assert.equal(table.of(idOf('1'), uid('a'))?.namespace, undefined)
})

const pathOf = (podUid: string, digit: string): string => `/kubepods/pod${podUid}/${idOf(digit)}`
const tableOf = (): ContainerTable =>
  new ContainerTable(newCounters(), { unified: { number: 0, mounts: [] }, old: undefined })
const of = (table: ContainerTable, cgroup: number): Container => {
  const container = table.of(cgroup, 0, () => assert.fail('the id is known'))
  assert.ok(container)
  return container
}

test('a container has its pod before anybody else has told anything', () => {
  const table = tableOf()
  table.changePods({ ...noChanges, pods: [podNamed('a', uid('a'))], namespaces: [shop('prod')] })
  table.made(0, 5, pathOf(uid('a'), '1'))
  const { metadata } = of(table, 5)
  assert.deepEqual(
    [metadata?.podName, metadata?.namespace, metadata?.podLabels, metadata?.namespaceLabels],
    ['a', 'shop', [['app', 'a']], [['env', 'prod']]],
  )
  assert.deepEqual(metadata?.workload, { kind: 'Deployment', name: 'a' })
  assert.equal(metadata?.serviceAccount, 'a-account')
})

test('a pod that is told late, changes or goes: its containers know, others are not touched', () => {
  const table = tableOf()
  table.made(0, 5, pathOf(uid('a'), '1'))
  table.made(0, 6, pathOf(uid('b'), '2'))
  assert.equal(of(table, 5).metadata, undefined)
  table.changePods({ ...noChanges, pods: [podNamed('a', uid('a')), podNamed('b', uid('b'))] })
  const [before, other] = [of(table, 5).metadata, of(table, 6).metadata]
  assert.equal(before?.podName, 'a')
  table.changePods({ ...noChanges, pods: [podNamed('a', uid('a'), { labels: [['app', 'z']] })] })
  assert.deepEqual(of(table, 5).metadata?.podLabels, [['app', 'z']])
  assert.equal(of(table, 6).metadata, other) // What rules found of it still holds.
  table.changePods({ ...noChanges, podsGone: [uid('a')] })
  assert.equal(of(table, 5).metadata?.podName, 'a')
})

test('who counts: of the pod the API server, of the container the runtime', () => {
  const pod = podNamed('a', uid('a'), {
    containers: [
      containerNamed('app', { image: 'app:2', imageDigest: 'sha256:aa' }),
      containerNamed('mesh', { role: 'sidecar', ids: [idOf('1')] }),
    ],
  })
  const check = (
    more: Partial<Container>,
    expected: Partial<ContainerMetadata>,
    id = idOf('9'),
  ): void => {
    const container = newContainer({ id, podUid: uid('a'), runtime: undefined })
    const found = metadataOf({ ...container, pod: { facts: pod, namespace: undefined }, ...more })
    const names = Object.keys(expected) as (keyof ContainerMetadata)[]
    assert.deepEqual(Object.fromEntries(names.map((name) => [name, found?.[name]])), expected)
  }
  const files = { name: 'app', image: 'r/app:2', podName: 'old', privileged: true }
  const told = { podLabels: [['app', 'old']] as const, imageDigest: 'sha256:bb' }
  // As the runtime's files are read: by name.
  const all = { files: files as ContainerMetadata, told }
  check(all, { podName: 'a', podLabels: [['app', 'a']], privileged: true })
  check(all, { name: 'app', image: 'r/app:2', imageDigest: 'sha256:bb', role: 'app' })
  check({ files: files as ContainerMetadata }, { imageDigest: 'sha256:aa' })
  // By its id alone.
  check({}, { name: 'mesh', image: 'mesh:1', role: 'sidecar' }, idOf('1'))
  // The pause container has no name, and is none of the pod's.
  check({}, { name: undefined, image: undefined, role: undefined, podName: 'a' })
  // Nobody but the runtime: as before.
  check({ ...all, pod: undefined }, { podName: 'old', podLabels: [['app', 'old']] })
  const nobody = newContainer({ id: idOf('1'), podUid: undefined, runtime: undefined })
  assert.equal(metadataOf(nobody), undefined)
})

test('what containers will be that are not made yet', () => {
  const table = tableOf()
  const containers = [containerNamed('app'), containerNamed('debug', { role: 'ephemeral' })]
  const pods = [podNamed('a', uid('a'), { containers }), podNamed('b', uid('b'))]
  table.changePods({ ...noChanges, pods, namespaces: [shop('prod')] })
  const namesOf = (some: Iterable<Container>): readonly string[] =>
    Array.from(some, ({ metadata }) => `${metadata?.podName}/${metadata?.name ?? ''}`)
  assert.deepEqual(namesOf(table.expected()), ['a/', 'a/app', 'a/debug', 'b/'])
  const [sandbox, app] = table.expected()
  table.made(0, 5, pathOf(uid('a'), '1'))
  assert.deepEqual(sandbox?.metadata, of(table, 5).metadata)
  assert.deepEqual(
    [app?.podUid, app?.metadata?.image, app?.metadata?.namespaceLabels],
    [uid('a'), 'app:1', [['env', 'prod']]],
  )
  assert.equal([...table.expected()][1], app)
  // Those that a change is about.
  assert.deepEqual(namesOf(table.expected({ ...noChanges, pods: pods.slice(1) })), ['b/'])
  assert.deepEqual(namesOf(table.expected({ ...noChanges, namespaces: [shop('x')] })).length, 4)
  assert.deepEqual(namesOf(table.expected(noChanges)), [])
})

test('a static pod goes by the uid in its cgroup, in the fields too', () => {
  const table = tableOf()
  const hash = 'd'.repeat(32)
  const pods = [
    podNamed('etcd', uid('e'), { staticUid: hash, workload: { kind: 'Pod', name: 'etcd' } }),
  ]
  table.changePods({ ...noChanges, pods })
  table.made(0, 5, pathOf(hash, '1'))
  const { podUid, metadata } = of(table, 5)
  assert.deepEqual([podUid, metadata?.podUid, metadata?.podName], [hash, hash, 'etcd'])
})

/** Objects as the API documents them, and as a stranger writes them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../limits.ts'
import type { PodFacts } from '../container/pod.ts'
import { readNamespace, readPod } from './objects.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
console.log(`TEST_SEED=${seed}`)

const id = (digit: string): string => digit.repeat(64)

const deployed = {
  metadata: {
    name: 'web-5d4f8c7b9-x2x4z',
    namespace: 'shop',
    uid: '0a6e64d3-6a2c-4b0f-9e57-4a8a3b0c1d2e',
    resourceVersion: '7',
    creationTimestamp: '2026-01-02T03:04:05Z',
    labels: { app: 'web', 'pod-template-hash': '5d4f8c7b9' },
    annotations: { 'kubernetes.io/config.hash': 'of-another' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'web-5d4f8c7b9',
        uid: 'r',
        controller: true,
      },
    ],
  },
  spec: {
    nodeName: 'node-a',
    serviceAccountName: 'web',
    hostPID: true,
    containers: [
      { name: 'app', image: 'r.example/web:3' },
      { name: 'log', image: 'log' },
    ],
    initContainers: [
      { name: 'setup', image: 'setup' },
      { name: 'mesh', image: 'mesh', restartPolicy: 'Always' },
    ],
    ephemeralContainers: [{ name: 'debugger', image: 'busybox', targetContainerName: 'app' }],
  },
  status: {
    phase: 'Running',
    podIP: '10.1.2.3',
    containerStatuses: [
      {
        name: 'app',
        image: 'r.example/web:3',
        imageID: `r.example/web@sha256:${id('a')}`,
        containerID: `containerd://${id('1')}`,
        lastState: { terminated: { containerID: `containerd://${id('2')}`, exitCode: 1 } },
        restartCount: 1,
      },
      {
        name: 'log',
        image: 'log',
        imageID: `sha256:${id('b')}`,
        containerID: `cri-o://${id('3')}`,
      },
    ],
    initContainerStatuses: [{ name: 'mesh', imageID: '', containerID: `docker://${id('4')}` }],
    ephemeralContainerStatuses: [{ name: 'debugger', containerID: `containerd://${id('5')}` }],
  },
}

const read = (object: object, flaws: string[] = []): PodFacts | undefined =>
  readPod(object as Parameters<typeof readPod>[0], (flaw) => flaws.push(flaw))

test('a pod of a Deployment', () => {
  const flaws: string[] = []
  const none = { imageId: undefined, imageDigest: undefined, ids: [] }
  assert.deepEqual(read(deployed, flaws), {
    uid: '0a6e64d3-6a2c-4b0f-9e57-4a8a3b0c1d2e',
    staticUid: undefined,
    name: 'web-5d4f8c7b9-x2x4z',
    namespace: 'shop',
    labels: [
      ['app', 'web'],
      ['pod-template-hash', '5d4f8c7b9'],
    ],
    workload: { kind: 'Deployment', name: 'web' },
    serviceAccount: 'web',
    ip: '10.1.2.3',
    hostNetwork: false,
    hostPid: true,
    hostIpc: false,
    containers: [
      {
        name: 'app',
        role: 'app',
        image: 'r.example/web:3',
        imageId: undefined,
        imageDigest: `sha256:${id('a')}`,
        ids: [id('1'), id('2')],
      },
      {
        name: 'log',
        role: 'app',
        image: 'log',
        imageId: `sha256:${id('b')}`,
        imageDigest: undefined,
        ids: [id('3')],
      },
      { name: 'setup', role: 'init', image: 'setup', ...none },
      { name: 'mesh', role: 'sidecar', image: 'mesh', ...none, ids: [id('4')] },
      { name: 'debugger', role: 'ephemeral', image: 'busybox', ...none, ids: [id('5')] },
    ],
  })
  assert.deepEqual(flaws, [])
})

test('what a pod is one of', () => {
  const check = (
    owner: object | undefined,
    expected: string,
    labels: object = {},
    made: unknown = '2026-01-02T03:04:05Z',
  ): void => {
    const metadata = {
      name: 'pod',
      namespace: 'n',
      uid: 'u',
      labels,
      creationTimestamp: made,
      ownerReferences: owner && [
        { kind: 'Other', name: 'x' },
        { controller: true, ...owner },
      ],
    }
    const workload = read({ metadata })?.workload
    assert.equal(workload ? `${workload.kind}/${workload.name}` : 'unknown', expected)
  }
  const set = { kind: 'ReplicaSet', name: 'web-abc' }
  check(set, 'Deployment/web', { 'pod-template-hash': 'abc' })
  check(set, 'ReplicaSet/web-abc', { 'pod-template-hash': 'bc' })
  check(set, 'ReplicaSet/web-abc', { 'pod-template-hash': '' })
  check(set, 'ReplicaSet/web-abc')
  check({ kind: 'ReplicaSet', name: '-abc' }, 'ReplicaSet/-abc', { 'pod-template-hash': 'abc' })
  check({ kind: 'DaemonSet', name: 'agent' }, 'DaemonSet/agent')
  check({ kind: 'StatefulSet', name: 'db' }, 'StatefulSet/db')
  // 2026-01-02T03:04 is minute 29,455,384.
  check({ kind: 'Job', name: 'nightly-29455384' }, 'CronJob/nightly')
  check({ kind: 'Job', name: 'nightly-29455000' }, 'CronJob/nightly')
  check({ kind: 'Job', name: 'nightly-29455385' }, 'Job/nightly-29455385')
  check({ kind: 'Job', name: 'load-20240101' }, 'Job/load-20240101')
  check({ kind: 'Job', name: 'nightly-29455384' }, 'Job/nightly-29455384', {}, 'yesterday')
  check({ kind: 'Node', name: 'node-a' }, 'Pod/pod')
  // It is of something, of which it is not known what.
  check({ kind: 7, name: 'x' }, 'unknown')
  check({ kind: 'Job', name: 'x'.repeat(300) }, 'unknown')
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`k${i}`, '']))
  check(set, 'unknown', { ...many, 'pod-template-hash': 'abc' })
  check(set, 'Deployment/web', { 'pod-template-hash': 'abc', ...many })
  check({ kind: 'StatefulSet', name: 'db' }, 'StatefulSet/db', many)
  check(undefined, 'Pod/pod')
  check({ kind: 'Job', name: 'x', controller: 'true' }, 'Pod/pod')
})

test('a static pod goes by the uid of its file; others cannot say they do', () => {
  const metadata = { name: 'etcd-node-a', namespace: 'kube-system', uid: 'mirror' }
  const hash = '0'.repeat(32)
  const check = (annotations: unknown, expected: string | undefined): void =>
    assert.equal(read({ metadata: { ...metadata, annotations } })?.staticUid, expected)
  const both = { 'kubernetes.io/config.hash': hash, 'kubernetes.io/config.mirror': hash }
  check(both, hash)
  check({ 'kubernetes.io/config.hash': hash }, undefined)
  check({ ...both, 'kubernetes.io/config.hash': 7 }, undefined)
  check(undefined, undefined)
})

test('in the network of the host a pod has no address of its own', () => {
  const pod = { ...deployed, spec: { hostNetwork: true, hostIPC: true } }
  const facts = read(pod)
  assert.deepEqual([facts?.ip, facts?.hostNetwork, facts?.hostIpc], [undefined, true, true])
})

test('what is missing, of another type, or too long is left out, and told', () => {
  const metadata = { name: 'a', namespace: 'b', uid: 'c' }
  const check = (pod: object, ...expected: readonly RegExp[]): void => {
    const flaws: string[] = []
    assert.ok(read({ metadata, ...pod }, flaws), JSON.stringify(pod).slice(0, 100))
    assert.equal(flaws.length, expected.length, flaws.join())
    expected.forEach((each, i) => assert.match(flaws[i] ?? '', each))
  }
  check({})
  check({ spec: null, status: 7 })
  check({ spec: { containers: null } })
  check({ spec: { containers: {} } }, /containers is no list/)
  check({ spec: { containers: [null, { name: 'x' }] } }, /an item of containers is no object/)
  check({ spec: { containers: [{ image: 'x' }] } }, /one of containers has no name/)
  const many = Array.from({ length: limits.podContainersMax + 1 }, (_, i) => ({ name: `c${i}` }))
  check({ spec: { containers: many } }, /more containers than are kept/)
  const labelled = (labels: unknown): object => ({ metadata: { ...metadata, labels } })
  check(labelled(null))
  check(labelled(['a']), /no map/)
  check(labelled({ a: 1, b: 'x' }), /a label is no text/)
  check(labelled({ a: 'x'.repeat(1 << 20) }), /too long/)
  const crowd = Object.fromEntries(many.map(({ name }, i) => [`${name}-${i}`, 'x']))
  check(
    labelled({
      ...crowd,
      ...Object.fromEntries(Object.entries(crowd).map(([k, v]) => [`${k}b`, v])),
    }),
    /more labels/,
  )
})

test('without a uid, name and namespace it is no pod', () => {
  for (const missing of ['uid', 'name', 'namespace']) {
    const flaws: string[] = []
    const { metadata } = deployed
    assert.equal(
      read({ ...deployed, metadata: { ...metadata, [missing]: undefined } }, flaws),
      undefined,
    )
    assert.equal(flaws.length, 1)
  }
  assert.equal(read({ metadata: [] }), undefined)
})

test('a namespace', () => {
  const metadata = { name: 'shop', uid: 'u', labels: { b: '2', a: '1' } }
  assert.deepEqual(
    readNamespace({ metadata }, (flaw) => assert.fail(flaw)),
    {
      name: 'shop',
      uid: 'u',
      labels: [
        ['a', '1'],
        ['b', '2'],
      ],
    },
  )
})

test('labels that are cut are said to be', () => {
  const check = (labels: unknown, count: number, isCut: boolean): void => {
    const metadata = { name: 'a', namespace: 'b', uid: 'c', labels }
    for (const facts of [read({ metadata }), readNamespace({ metadata }, () => {})]) {
      assert.deepEqual([facts?.labels.length, facts?.labelsCut ?? false], [count, isCut])
    }
  }
  const some = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']))
  check(undefined, 0, false)
  check({ a: '' }, 1, false)
  check(some(limits.labelsMax), limits.labelsMax, false)
  check(some(limits.labelsMax + 1), limits.labelsMax, true)
  check({ a: '1', b: 'x'.repeat(limits.labelCharsMax - 1) }, 2, false)
  check({ a: '1', b: 'x'.repeat(limits.labelCharsMax) }, 1, true)
  check({ a: '1', b: 7 }, 1, true)
  check(['a'], 0, true)
})

test('law: any JSON is an object or none, and never an error; what is kept is bounded', () => {
  let pods = 0
  const law = (name: unknown, spec: unknown, status: unknown, labels: unknown): void => {
    const metadata = {
      name,
      uid: 'u',
      namespace: 'n',
      labels,
      annotations: labels,
      ownerReferences: spec,
    }
    const pod = read({ metadata, spec, status })
    if (pod) pods++
    readNamespace({ metadata }, () => {})
  }
  const any = fc.jsonValue({ maxDepth: 3 })
  const list = fc.record({
    containers: fc.array(fc.record({ name: any, image: any })),
    hostPID: any,
  })
  fc.assert(fc.property(fc.oneof(fc.string(), any), fc.oneof(any, list), any, any, law), {
    seed,
    numRuns: 500,
  })
  assert.ok(pods > 100, `only ${pods} were read`)
})

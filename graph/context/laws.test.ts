/** Laws of contexts, over random clusters. See tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Cluster } from '../cluster.ts'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { UsedFiles } from '../cves/usage.ts'
import type { Edge } from '../edges.ts'
import { edgesFrom } from '../graph.ts'
import { useImageCves } from '../network/image-cves.ts'
import type { GraphNode } from '../nodes.ts'
import { containerNode } from '../nodes.ts'
import type { Pod } from '../objects/pod.ts'
import { prepare } from '../prepare.ts'
import { limits } from '../limits.ts'
import { reached, runs, seed } from '../testdata/laws.ts'
import type { RawObject } from '../testdata/random-objects.ts'
import { anyObject } from '../testdata/random-objects.ts'
import { podContextOf } from './contexts.ts'
import { worstOf } from './power.ts'

const digest = `sha256:${'1'.repeat(64)}`

/** A report of a vulnerability that needs nothing but to reach it. */
const report = {
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { name: 'image', namespace: 'a' },
  report: {
    artifact: { repository: 'app', digest },
    vulnerabilities: [
      {
        vulnerabilityID: 'CVE-2026-0001',
        resource: 'libweb',
        installedVersion: '1.0',
        severity: 'CRITICAL',
        cvss: { nvd: { V3Vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' } },
      },
    ],
  },
}

/** Objects; containers have the image that the report is about, and some pods nothing else. */
const objects = fc.tuple(anyObject, fc.boolean()).map(([object, isPlain]): RawObject => {
  if (object.kind !== 'Pod' || !('spec' in object)) return object
  const spec = object.spec as { containers: { name: string }[] }
  const image = `app@${digest}`
  const containers = spec.containers.map((each) => ({ ...each, image }))
  const plain = { automountServiceAccountToken: false, containers: [{ name: 'c', image }] }
  return Object.assign({}, object, { spec: isPlain ? plain : { ...spec, containers } })
})

/** A pod that has every right by its service account, and can be taken over. */
const admin = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'z', namespace: 'b', labels: { app: 'x' } },
    spec: {
      serviceAccountName: 'z',
      containers: [{ name: 'c', image: `app@${digest}` }],
    },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'all' },
    rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'all' },
    roleRef: { kind: 'ClusterRole', name: 'all' },
    subjects: [{ kind: 'ServiceAccount', name: 'z', namespace: 'b' }],
  },
]

/** A second pod of the same workload, as it may differ. */
const replica = fc.record({
  nodeName: fc.constantFrom(undefined, 'n', 'm'),
  labels: fc.constantFrom(undefined, undefined, { app: 'x' }, { app: 'y' }),
})

/** Objects, and of some pods a second one. */
const withReplicas = fc.tuple(objects, fc.option(replica)).map(([object, other]): RawObject[] => {
  if (object.kind !== 'Pod' || !other || !('spec' in object)) return [object]
  const { name } = object.metadata
  const ownerReferences = [{ kind: 'ReplicaSet', name, controller: true }]
  const first = { ...object, metadata: { ...object.metadata, ownerReferences } }
  const { nodeName, labels } = other
  const metadata = { ...first.metadata, name: `${name}2`, ...(labels && { labels }) }
  const spec = { ...(object.spec as object), ...(nodeName !== undefined && { nodeName }) }
  return [first, Object.assign({}, object, { metadata, spec })]
})

const sourcesOf = (powerReachPodsMax: number, hasReport: boolean) => {
  const cluster = new Cluster({ powerReachPodsMax })
  const cves = new CveStore()
  useImageCves(cluster, cves)
  if (hasReport) cves.put('report', readCveJson('report', report))
  for (const each of admin) cluster.put(each)
  return { cluster, cves, used: new UsedFiles(), hasReports: true }
}

type Sources = ReturnType<typeof sourcesOf>

const contexts = (sources: Sources): readonly string[] =>
  [...sources.cluster.objects.all('Pod')]
    .map(({ namespace, name }) =>
      JSON.stringify(
        podContextOf(sources, { namespace, name, container: undefined, executables: [] }),
      ),
    )
    .toSorted()

const small = limits.powerReachPodsMax

test('any order of changes gives the contexts of a fresh list', () => {
  const change = fc.record({
    all: withReplicas,
    is: fc.constantFrom('put', 'put', 'put', 'put', 'delete', 'ask', 'report', 'no report'),
  })
  let inputs = 0
  let withWays = 0
  const several = fc.array(change, { minLength: 30, maxLength: 60 })
  fc.assert(
    fc.property(
      several,
      fc.constantFrom(0, small),
      fc.boolean(),
      (changes, podsMax, isPrepared) => {
        const live = sourcesOf(podsMax, false)
        if (isPrepared) prepare(live.cluster)
        const now = new Map<string, RawObject>()
        let hasReport = false
        const steps = changes.flatMap(({ all, is }) => all.map((each) => [each, is] as const))
        for (const [object, step] of steps) {
          const key = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`
          if (step === 'put') {
            live.cluster.put(object)
            now.set(key, object)
          } else if (step === 'delete') {
            live.cluster.delete(object)
            now.delete(key)
          } else if (step === 'ask') {
            contexts(live)
          } else {
            hasReport = step === 'report'
            if (hasReport) live.cves.put('report', readCveJson('report', report))
            else live.cves.delete('report')
          }
        }
        const fresh = sourcesOf(podsMax, hasReport)
        for (const object of [...now.values()].toReversed()) fresh.cluster.put(object)
        const expected = contexts(fresh)
        inputs++
        if (expected.some((text) => text.includes('"path":{'))) withWays++
        assert.deepEqual(contexts(live), expected)
      },
    ),
    { seed, numRuns: runs(150) },
  )
  reached('clusters with a way from some pod', withWays, inputs, 0.2)
})

/** Least steps from some nodes to every right, over all edges that are wanted. */
const leastSteps = (
  cluster: Cluster,
  from: readonly GraphNode[],
  isWanted: (edge: Edge) => boolean,
): ReadonlyMap<string, number> => {
  const steps = new Map(from.map(({ id }) => [id, 0]))
  const nodes = new Map(from.map((node) => [node.id, node]))
  for (let isDone = false; !isDone;) {
    isDone = true
    for (const node of nodes.values()) {
      const own = steps.get(node.id) ?? Infinity
      for (const edge of edgesFrom(cluster, node)) {
        if (edge.certainty === 'unknown' || !isWanted(edge)) continue
        nodes.set(edge.to.id, edge.to)
        const total = own + edge.kind.cost
        if (total >= (steps.get(edge.to.id) ?? Infinity)) continue
        steps.set(edge.to.id, total)
        isDone = false
      }
    }
  }
  return steps
}

const containersOf = ({ namespace, name, spec }: Pod): readonly GraphNode[] =>
  spec.containers.map((container) => containerNode(namespace, name, container.name))

const isConnection = ({ kind }: Edge): boolean => kind.id === 'REACH'
const isEntry = (edge: Edge): boolean => isConnection(edge) || edge.kind.id === 'RCE'

/** Steps to every right by at most one connection and no way over the network from there. */
const byOneConnection = (cluster: Cluster, pod: Pod): number => {
  const starts = containersOf(pod)
  const own = leastSteps(cluster, starts, (edge) => !isConnection(edge)).get('cluster-admin')
  const reachedBy = leastSteps(cluster, starts, isEntry)
  const others = [...cluster.objects.all('Pod')].flatMap(containersOf)
  const ways = others
    // It takes one connection to come there, and not two.
    .filter(({ id }) => reachedBy.get(id) === 1)
    .map(
      (node) =>
        1 +
        (leastSteps(cluster, [node], (edge) => !isConnection(edge)).get('cluster-admin') ??
          Infinity),
    )
  return Math.min(own ?? Infinity, ...ways)
}

test('the way of a pod to every right is the shortest that there is', () => {
  let inputs = 0
  let overNetwork = 0
  fc.assert(
    fc.property(fc.array(withReplicas, { minLength: 30, maxLength: 60 }), (all) => {
      const [whole, large] = [sourcesOf(small, true), sourcesOf(0, true)]
      for (const { cluster } of [whole, large]) {
        for (const each of all.flat()) cluster.put(each)
      }
      for (const pod of whole.cluster.objects.all('Pod')) {
        if (pod.isOver) continue
        const starts = containersOf(pod)
        const shortest =
          leastSteps(whole.cluster, starts, () => true).get('cluster-admin') ?? Infinity
        const expected = shortest <= limits.powerStepsMax ? shortest : Infinity
        const stepsOf = ({ cluster }: Sources): number => {
          const { reaches, steps, isCut } = worstOf(cluster, starts)
          assert.ok(!isCut || steps <= limits.powerStepsMax)
          return reaches === 'cluster-admin' ? steps : Infinity
        }
        assert.equal(stepsOf(whole), expected, `${pod.namespace}/${pod.name}`)
        const least = byOneConnection(whole.cluster, pod)
        const alone = leastSteps(whole.cluster, starts, (edge) => !isConnection(edge))
        inputs++
        if (shortest < (alone.get('cluster-admin') ?? Infinity)) overNetwork++
        const found = stepsOf(large)
        assert.ok(found >= expected)
        assert.ok(found <= least || least > limits.powerStepsMax, `${pod.name}: ${found}, ${least}`)
      }
    }),
    { seed, numRuns: runs(40) },
  )
  reached('pods whose shortest way goes over the network', overNetwork, inputs, 0.1)
})

/** Laws of the questions, over random clusters. See tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { edgeFamiliesFrom } from '../catalogue.ts'
import { Cluster } from '../cluster.ts'
import type { Certainty } from '../edges.ts'
import { edgesFrom } from '../graph.ts'
import type { GraphNode } from '../nodes.ts'
import { clusterAdmin, containerNode, endpointNode, hubNode, podNode } from '../nodes.ts'
import { escapeFamily } from '../pods/escape-edges.ts'
import { reached, runs, seed } from '../testdata/laws.ts'
import { anyObject } from '../testdata/random-objects.ts'
import { costOf, isAsSure } from './explore.ts'
import { hittingSet } from './fixes.ts'
import type { Hop } from './paths.ts'
import { findPaths } from './paths.ts'
import { SharedPlaces } from './replicas.ts'

const certainties: readonly Certainty[] = ['certain', 'possible', 'unknown']

/** Cost of the cheapest path, by relaxing every edge until nothing gets cheaper. */
const cheapest = (cluster: Cluster, from: GraphNode, to: GraphNode): number => {
  const costs = new Map([[from.id, 0]])
  const nodes = new Map([[from.id, from]])
  for (let isDone = false; !isDone;) {
    isDone = true
    for (const node of nodes.values()) {
      const cost = costs.get(node.id) ?? Infinity
      for (const edge of edgesFrom(cluster, node)) {
        nodes.set(edge.to.id, edge.to)
        const total = cost + costOf(edge.kind, edge.certainty)
        if (total >= (costs.get(edge.to.id) ?? Infinity)) continue
        costs.set(edge.to.id, total)
        isDone = false
      }
    }
  }
  return costs.get(to.id) ?? Infinity
}

/** What is different of a pod's replica. */
const difference = fc.record({
  nodeName: fc.constantFrom(undefined, undefined, 'n', 'm'),
  labels: fc.constantFrom(undefined, undefined, { app: 'x' }, { app: 'y' }),
})

/** Objects, and of each pod a second one of the same workload. */
const withReplicas = fc
  .array(fc.tuple(anyObject, difference), {
    minLength: 30,
    maxLength: 60,
  })
  .map((objects) =>
    objects.flatMap(([object, { nodeName, labels }]): readonly object[] => {
      if (object.kind !== 'Pod' || !('spec' in object)) return [object]
      const { name } = object.metadata
      const ownerReferences = [{ kind: 'ReplicaSet', name, controller: true }]
      const first = { ...object, metadata: { ...object.metadata, ownerReferences } }
      const metadata = { ...first.metadata, name: `${name}2`, ...(labels && { labels }) }
      const spec = { ...(object.spec as object), ...(nodeName !== undefined && { nodeName }) }
      return [first, { ...first, metadata, spec }]
    }),
  )

/** Edges that lead on from a node of a pod, as if all of its replicas had one name. */
const edgesOn = (cluster: Cluster, node: GraphNode, certainty: Certainty): readonly string[] =>
  edgesFrom(cluster, node)
    .filter(({ to }) => edgeFamiliesFrom(to.kind).length > 0)
    .filter((edge) => !escapeFamily.kinds.includes(edge.kind) || edge.certainty !== 'unknown')
    .filter((edge) => isAsSure(edge.certainty, certainty))
    .map((edge) => {
      const { kind, namespace, name, part } = edge.to
      const isOwn = part !== '' && namespace === node.namespace && name === node.name
      const end = isOwn ? [kind, part] : [edge.to.id]
      return JSON.stringify([edge.kind.id, edge.certainty, ...end])
    })
    .toSorted()

test('nodes that share a place lead to the same', () => {
  let inputs = 0
  let shared = 0
  fc.assert(
    fc.property(withReplicas, fc.constantFrom(...certainties), (objects, certainty) => {
      const cluster = new Cluster()
      for (const object of objects) cluster.put(object)
      const places = new SharedPlaces(cluster, certainty)
      const first = new Map<number, GraphNode>()
      let free = 0
      for (const { namespace, name, spec } of cluster.objects.all('Pod')) {
        const nodes = spec.containers.flatMap(({ name: part }) => [
          containerNode(namespace, name, part),
          endpointNode(namespace, name, part),
        ])
        for (const node of [podNode(namespace, name), ...nodes]) {
          inputs++
          const place = places.of(node, free++)
          const other = place === undefined ? undefined : first.get(place)
          if (place === undefined) continue
          first.set(place, node)
          if (!other) continue
          shared++
          assert.deepEqual(edgesOn(cluster, node, certainty), edgesOn(cluster, other, certainty))
        }
      }
    }),
    { seed, numRuns: runs(100) },
  )
  reached('nodes that share a place', shared, inputs, 0.1)
})

/** Whether a hop is what edges say, and so is that to each replica. */
const checkHop = (cluster: Cluster, { from, to, ways, replicas }: Hop): void => {
  const edges = new Set(edgesFrom(cluster, from).map((edge) => `${edge.kind.id} ${edge.to.id}`))
  for (const end of [{ to, ways }, ...replicas]) {
    assert.ok(end.ways.length > 0)
    for (const { kind } of end.ways) assert.ok(edges.has(`${kind.id} ${end.to.id}`))
  }
}

test('paths are edges that follow each other, the first as cheap as any, in order of cost', () => {
  let inputs = 0
  let withPaths = 0
  let withTwo = 0
  fc.assert(
    fc.property(withReplicas, (objects) => {
      const cluster = new Cluster()
      for (const object of objects) cluster.put(object)
      const pods = [...cluster.objects.all('Pod')]
      const starts = pods.map(({ namespace, name }) => podNode(namespace, name))
      // Control of all pods of a namespace goes on to replicas, where one leads on.
      const hubs = new Set(pods.map(({ namespace }) => namespace))
      for (const namespace of hubs) starts.push(hubNode('pods', namespace))
      for (const from of starts) {
        const { paths } = findPaths(cluster, [from], ({ kind }) => kind === 'cluster-admin', {
          pathsMax: 5,
        })
        inputs++
        if (paths.length > 0) withPaths++
        assert.equal(paths[0]?.cost ?? Infinity, cheapest(cluster, from, clusterAdmin))
        for (const { hops } of paths) {
          assert.equal(hops[0]?.from.id, from.id)
          assert.equal(hops.at(-1)?.to.id, clusterAdmin.id)
          hops.forEach((hop, at) => assert.equal(hop.to.id, (hops[at + 1]?.from ?? hop.to).id))
          for (const hop of hops) checkHop(cluster, hop)
          if (hops.some(({ replicas }) => replicas.length > 0)) withTwo++
        }
        const costs = paths.map(({ cost }) => cost)
        assert.deepEqual(
          costs,
          costs.toSorted((a, b) => a - b),
        )
        const texts = paths.map(({ hops }) => hops.map(({ to }) => to.id).join(' '))
        assert.equal(new Set(texts).size, texts.length)
      }
    }),
    { seed, numRuns: runs(100) },
  )
  reached('starts with a path', withPaths, inputs, 0.1)
  reached('paths with replicas', withTwo, inputs, 0.02)
})

/** The size of the smallest set of keys that has one of every set, by trying all of them. */
const fewest = (sets: readonly ReadonlySet<number>[], keys: number): number => {
  let best = keys
  for (let chosen = 0; chosen < 1 << keys; chosen++) {
    const size = chosen.toString(2).replaceAll('0', '').length
    const hits = sets.every((set) => [...set].some((key) => (chosen & (1 << key)) !== 0))
    if (hits && size < best) best = size
  }
  return best
}

test('the smallest set of fixes is that, and cuts everything', () => {
  const keys = 8
  const set = fc.uniqueArray(fc.nat(keys - 1), { minLength: 1, maxLength: 4 })
  let inputs = 0
  let large = 0
  fc.assert(
    fc.property(fc.array(set, { minLength: 1, maxLength: 14 }), (lists) => {
      const sets = lists.map((list) => new Set(list))
      const found = hittingSet(sets.map((each) => new Set([...each].map(String))))
      assert.ok(found.isSmallest)
      assert.ok(sets.every((each) => found.keys.some((key) => each.has(Number(key)))))
      assert.equal(found.keys.length, fewest(sets, keys))
      inputs++
      if (found.keys.length > 1) large++
    }),
    { seed, numRuns: runs(300) },
  )
  reached('sets that take more than one fix', large, inputs)
})

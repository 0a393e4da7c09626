/** Laws of the questions, over random clusters. See tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Cluster } from '../cluster.ts'
import { edgesFrom } from '../graph.ts'
import type { GraphNode } from '../nodes.ts'
import { clusterAdmin, podNode } from '../nodes.ts'
import { reached, runs, seed } from '../testdata/laws.ts'
import { anyObject } from '../testdata/random-objects.ts'
import { costOf } from './explore.ts'
import { hittingSet } from './fixes.ts'
import { findPaths } from './paths.ts'

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

test('paths are edges that follow each other, the first as cheap as any, in order of cost', () => {
  let inputs = 0
  let withPaths = 0
  fc.assert(
    fc.property(fc.array(anyObject, { minLength: 30, maxLength: 60 }), (objects) => {
      const cluster = new Cluster()
      for (const object of objects) cluster.put(object)
      for (const { namespace, name } of cluster.objects.all('Pod')) {
        const from = podNode(namespace, name)
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
          assert.ok(hops.every(({ ways }) => ways.length > 0))
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
    { seed, numRuns: runs(60) },
  )
  reached('pods with a path', withPaths, inputs, 0.1)
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

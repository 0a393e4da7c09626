/** Laws of the graph as a whole, over random objects. See tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Cluster } from './cluster.ts'
import { edgesFrom } from './graph.ts'
import type { GraphNode } from './nodes.ts'
import { clusterAdmin, hubNode, internet, singleNode } from './nodes.ts'
import type { Kind } from './objects/kinds.ts'
import { kinds } from './objects/kinds.ts'
import { reached, runs, seed } from './testdata/laws.ts'
import type { RawObject } from './testdata/random-objects.ts'
import { anyObject } from './testdata/random-objects.ts'

const keyOf = ({ kind, metadata }: RawObject): string =>
  `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

const starts: readonly GraphNode[] = [
  internet,
  clusterAdmin,
  singleNode('users'),
  singleNode('groups'),
  singleNode('nodes'),
  hubNode('pods', '*'),
  hubNode('pod-creation', '*'),
]

/** Every edge that can be reached from all pods, all principals and all rights, as text. */
const everything = (cluster: Cluster): string[] => {
  const seen = new Map(starts.map((node) => [node.id, node]))
  const lines: string[] = []
  for (const node of seen.values()) {
    for (const { kind, to, certainty, reasons } of edgesFrom(cluster, node)) {
      lines.push(`${node.id} ${kind.id} ${to.id} ${certainty} ${JSON.stringify(reasons())}`)
      seen.set(to.id, to)
    }
  }
  const faults = cluster.diagnostics.faults().map((fault) => JSON.stringify(fault))
  return [...lines.sort(), ...faults]
}

test('any order of changes gives the graph of a fresh list', () => {
  const change = fc.record({
    object: anyObject,
    is: fc.constantFrom('put', 'put', 'put', 'delete', 'ask'),
  })
  let inputs = 0
  let withEdges = 0
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 20, maxLength: 60 }),
      fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
      (changes, order) => {
        const live = new Cluster()
        const now = new Map<string, RawObject>()
        for (const { object, is } of changes) {
          if (is === 'ask') {
            // What was asked in between must not be remembered.
            everything(live)
          } else if (is === 'put') {
            live.put(object)
            now.set(keyOf(object), object)
          } else {
            live.delete(object)
            now.delete(keyOf(object))
          }
        }
        const fresh = new Cluster()
        const shuffled = [...now.values()]
          .map((object, index) => ({ object, at: order[index] ?? 0 }))
          .toSorted((a, b) => a.at - b.at)
        for (const { object } of shuffled) fresh.put(object)
        const edges = everything(fresh)
        inputs++
        if (edges.length > 20) withEdges++
        const other = everything(live)
        const at = edges.findIndex((line, index) => line !== other[index])
        assert.equal(other[at], edges[at])
        assert.equal(other.length, edges.length)
      },
    ),
    { seed, numRuns: runs(100) },
  )
  reached('clusters with more than 20 edges', withEdges, inputs)
})

test('reading objects never throws', () => {
  let read = 0
  let inputs = 0
  const path = fc.array(fc.nat(), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(anyObject, path, fc.jsonValue()), { minLength: 1, maxLength: 12 }),
      (damaged) => {
        const cluster = new Cluster()
        for (const [object, at, value] of damaged) {
          const copy: unknown = structuredClone(object)
          put(copy, at, value)
          cluster.put(copy)
          inputs++
        }
        for (const kind of Object.keys(kinds) as Kind[]) read += cluster.objects.count(kind)
        everything(cluster)
        cluster.put(damaged.map(([, , value]) => value))
        cluster.delete(damaged[0]?.[2])
      },
    ),
    { seed, numRuns: runs(300) },
  )
  // Some are damaged where their names are, and some have the same names.
  reached('damaged objects that were kept', read, inputs, 0.15)
})

/** Puts a value somewhere in a tree: each step of the path chooses among the keys there. */
const put = (tree: unknown, path: readonly number[], value: unknown): void => {
  let at = tree
  path.forEach((step, depth) => {
    if (typeof at !== 'object' || at === null) return
    const keys = Object.keys(at)
    const key = keys[step % Math.max(keys.length, 1)]
    if (key === undefined) return
    const record = at as Record<string, unknown>
    if (depth === path.length - 1 || typeof record[key] !== 'object') record[key] = value
    else at = record[key]
  })
}

/** Sorts of pods that are moved by each change are those of a fresh list. See tests/laws.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { Cluster } from '../cluster.ts'
import { reached, runs, seed } from '../testdata/laws.ts'
import type { PodSorts } from './sorts.ts'
import { podSorts } from './sorts.ts'

const pod = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    image: fc.constantFrom('x', 'x', 'y'),
    owner: fc.constantFrom('r', 'r', 'r', 's', undefined),
    phase: fc.constantFrom('Running', 'Running', 'Failed'),
  })
  .map(({ name, image, owner, phase }) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'shop',
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ kind: 'ReplicaSet', name: owner, controller: true }] }),
    },
    spec: { containers: [{ name: 'c', image }] },
    status: { phase },
  }))

const textOf = (sorts: PodSorts): readonly string[] =>
  [...sorts.inNamespace('shop')]
    .map(({ pods, first }) => {
      const names = Array.from(pods, ({ name }) => name).toSorted()
      return `${names.join(' ')}, first ${first?.name}`
    })
    .toSorted()

test('any order of changes gives the sorts of a fresh list', () => {
  let inputs = 0
  let shared = 0
  fc.assert(
    fc.property(
      fc.array(fc.tuple(pod, fc.constantFrom(true, false, false)), { minLength: 8, maxLength: 20 }),
      (changes) => {
        const live = new Cluster()
        const sorts = live.state(podSorts)
        const now = new Map<string, unknown>()
        for (const [each, isGone] of changes) {
          live.put(each)
          now.set(each.metadata.name, each)
          textOf(sorts)
          if (!isGone) continue
          live.delete(each)
          now.delete(each.metadata.name)
        }
        const fresh = new Cluster()
        for (const each of [...now.values()].toReversed()) fresh.put(each)
        const expected = textOf(fresh.state(podSorts))
        inputs++
        if (expected.some((text) => text.includes(' ') && text.indexOf(' ') < text.indexOf(','))) {
          shared++
        }
        assert.deepEqual(textOf(sorts), expected)
      },
    ),
    { seed, numRuns: runs(300) },
  )
  reached('lists with pods of one sort', shared, inputs, 0.1)
})

/**
 * The law of what filters know of cgroups: what was told last, whatever was told before and in
 * whatever way it is kept. `TEST_SEED` repeats a run.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cgroupWordIndex, generateFilter, scopeClassMin } from '@bulwark/policy'
import { encodeRecord } from '@bulwark/schema'
import * as fc from 'fast-check'
import { FilterStage } from './filter.ts'
import { skip } from './stage.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)

/** Ids that share the place of the first, which only one of them can have at a time. */
const sharing = (count: number): readonly bigint[] => {
  const ids: bigint[] = []
  for (let id = 1_000n; ids.length < count; id++) {
    if (cgroupWordIndex(id) === cgroupWordIndex(1_000n)) ids.push(id)
  }
  return ids
}

const ids = [...sharing(3), 2_000n, 0x1_0000_07d0n, 2n ** 40n, 2n ** 40n + 1_000n, 2n ** 63n]
const numbers = [scopeClassMin, scopeClassMin + 1, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + scopeClassMin]

/** A cgroup, and what is told of it; `undefined`: that it is gone. */
const change = fc.tuple(
  fc.constantFrom(...ids),
  fc.option(fc.constantFrom(...numbers), { nil: undefined }),
)

test('a filter knows of each cgroup what was told last', { skip }, (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const noAncestors = new Uint8Array(0)
  const changes = fc.array(change, { minLength: 1, maxLength: 30 })
  const hold = (all: readonly (readonly [bigint, number | undefined])[]): void => {
    const stage = new FilterStage()
    const filters = numbers.map((number) =>
      stage.load(generateFilter({ is: 'scope', numbers: [number] })),
    )
    try {
      const told = new Map<bigint, number>()
      for (const [id, number] of all) {
        if (number === undefined) stage.cgroups.forget(id)
        else assert.ok(stage.cgroups.tell(id, number))
        if (number === undefined) told.delete(id)
        else told.set(id, number)
        for (const each of ids) {
          stage.put(encodeRecord('open', { cgroup_id: each }), noAncestors)
          const known = numbers.filter((_, i) => filters[i]?.accepts())
          const last = told.get(each)
          assert.deepEqual(known, last === undefined ? [] : [last], `of cgroup ${each}`)
        }
      }
    } finally {
      for (const filter of filters) filter.close()
      stage.close()
    }
  }
  fc.assert(fc.property(changes, hold), { seed, numRuns: 40 })
})

test(
  'of a cgroup that finds no room nothing is known, not even what was told before',
  { skip },
  () => {
    const stage = new FilterStage()
    const filter = stage.load(generateFilter({ is: 'scope', numbers: [scopeClassMin] }))
    const isKnown = (id: bigint): boolean => {
      stage.put(encodeRecord('open', { cgroup_id: id }), new Uint8Array(0))
      return filter.accepts()
    }
    try {
      const told: bigint[] = []
      let id = 1_000n
      for (; stage.cgroups.tell(id, scopeClassMin); id++) told.push(id)
      assert.equal(isKnown(id), false)
      assert.ok(told.every(isKnown))
    } finally {
      filter.close()
      stage.close()
    }
  },
)

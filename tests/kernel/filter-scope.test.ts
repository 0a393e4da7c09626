/**
 * Classes of scopes on machines that have both hierarchies of cgroups: which of the two numbers
 * that the kernel was told counts, each pair of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMap } from '@bulwark/native'
import type { FilterPlan } from '@bulwark/policy'
import { cgroupNumbers, generateFilter, scopeClassMin } from '@bulwark/policy'
import { FilterStage } from './filter.ts'
import { cgroupIds, classIds } from './inner.ts'
import { skip } from './stage.ts'

const { unknown, host, container } = cgroupNumbers
const cgroupIdAt = 16
const oldIdAt = 24
const hashMap = 1

const [one = 0, other = 0] = classIds.keys()
const unifiedIds = new Map<number, bigint>([
  [unknown, cgroupIds.unknown],
  [host, cgroupIds.host],
  [container, cgroupIds.container],
  ...classIds,
])
/** The id in the v1 hierarchy of a cgroup that was told to be this. */
const oldIdOf = (number: number): bigint => BigInt(1_000 + number)

/** What v2 says, what v1 says (`none`: it is in no such cgroup), and what counts. */
const cases: readonly (readonly [unified: number, old: number | 'none', counts: number])[] = [
  [unknown, 'none', unknown],
  [host, 'none', host],
  [container, 'none', container],
  [one, 'none', one],
  // Not in v2: that of v1 alone.
  [host, unknown, unknown],
  [host, host, host],
  [host, container, container],
  [host, one, one],
  // In v2: v1 says the same, or nothing.
  [one, one, one],
  [one, host, one],
  [container, host, container],
  // It may be a container in the container.
  [one, other, container],
  [one, container, container],
  [container, one, container],
  [one, unknown, unknown],
  [unknown, one, unknown],
]

test('the class of a cgroup, where there are two hierarchies', { skip }, () => {
  assert.ok(one >= scopeClassMin && other > one)
  const stage = new FilterStage()
  const old = createMap({ type: hashMap, name: 'old', keyBytes: 8, valueBytes: 4, maxEntries: 8 })
  for (const number of [host, container, one, other]) {
    const key = new Uint8Array(BigUint64Array.of(oldIdOf(number)).buffer)
    old.update(key, new Uint8Array(Uint32Array.of(number).buffer))
  }
  const oldCgroups = { mapFd: old.facts.fd, idAt: oldIdAt }
  try {
    for (const counts of [unknown, host, container, one, other]) {
      const plan: FilterPlan = { is: 'scope', numbers: [counts] }
      const filter = stage.load(generateFilter(plan), { oldCgroups })
      for (const [unified, inOld, expected] of cases) {
        const record = new Uint8Array(168)
        const view = new DataView(record.buffer)
        view.setBigUint64(cgroupIdAt, unifiedIds.get(unified) ?? 0n, true)
        view.setBigUint64(oldIdAt, inOld === 'none' ? 0n : oldIdOf(inOld), true)
        stage.put(record, new Uint8Array())
        const told = `v2 ${unified}, v1 ${inOld}: is it ${counts}?`
        assert.equal(filter.accepts(), expected === counts, told)
      }
      filter.close()
    }
  } finally {
    old.close()
    stage.close()
  }
})

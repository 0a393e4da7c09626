/** The table of sockets against a plain bounded map, on any run of look-ups and changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { BoundedMap } from '../bounded.ts'
import type { End } from './socket-table.ts'
import { SocketTable } from './socket-table.ts'

interface Known {
  shown: number
  local: End
  remote: End
}

const ends: readonly End[] = [-1, 0, 7, 2 ** 48 - 1, 2n ** 100n, 2n ** 53n, '', '/run/socket']
/** Few, so that they meet again; some alike in one half, and some over 2^53. */
const inodes: readonly (number | bigint)[] = [
  ...Array.from({ length: 12 }, (_, i) => i),
  ...[1, 2, 3].map((high) => high * 2 ** 32 + 5),
  2n ** 60n,
  2n ** 60n + 5n,
  2n ** 64n - 1n,
]

test('it holds what a bounded map holds, whatever comes', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  const numRuns = Number(process.env['TEST_RUNS'] ?? 500)
  t.diagnostic(`TEST_SEED=${seed}`)
  const end = fc.constantFrom(...ends)
  const step = fc.record({
    inode: fc.constantFrom(...inodes),
    change: fc.option(fc.record({ shown: fc.nat(2), local: end, remote: end })),
  })
  let full = 0
  const law = (sizeBits: number, steps: readonly { inode: End; change: Known | null }[]): void => {
    const count = { table: 0, model: 0 }
    const table = new SocketTable(1 << sizeBits, () => count.table++)
    const model = new BoundedMap<End, Known>(1 << sizeBits, () => count.model++)
    for (const { inode, change } of steps) {
      const known = model.get(inode) ?? { shown: 0, local: -1, remote: -1 }
      model.set(inode, known)
      const entry = table.entry(inode as number | bigint)
      assert.equal(table.size, model.size)
      assert.equal(count.table, count.model)
      assert.equal(table.shown[entry], known.shown)
      for (const each of ends) {
        assert.equal(table.local.is(entry, each), each === known.local, String(each))
        assert.equal(table.remote.is(entry, each), each === known.remote, String(each))
      }
      if (!change) continue
      Object.assign(known, change)
      table.shown[entry] = change.shown
      table.local.set(entry, change.local)
      table.remote.set(entry, change.remote)
    }
    if (count.table > 0) full++
  }
  const steps = fc.array(step, { maxLength: 60, size: 'max' })
  fc.assert(fc.property(fc.integer({ min: 0, max: 4 }), steps, law), { seed, numRuns })
  t.diagnostic(`${full} of ${numRuns} runs filled their table`)
  assert.ok(full >= numRuns / 2)
})

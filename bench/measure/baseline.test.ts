/** A baseline has the figures of now and before side by side; the one kept has all targets. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Baseline, BaselineRun } from './baseline.ts'
import { baselineOf } from './baseline.ts'
import { targets } from './targets.ts'

const runOf = (
  day: string,
  command: string,
  figures: readonly [string, number][],
): BaselineRun => ({
  day,
  commit: 'abc',
  machine: {},
  commands: [{ command, figures: figures.map(([what, value]) => ({ what, value, unit: 'x' })) }],
})

const target = {
  what: 'new name',
  command: 'node bench/a.ts',
  bound: 'most',
  value: 2,
  unit: 'x',
  formerly: 'old',
} as const

test('a target stands beside the figures of now and of the newest run before', () => {
  const check = (
    now: BaselineRun | undefined,
    before: readonly BaselineRun[],
    expected: Partial<Baseline['targets'][number]>,
  ): void => {
    const { targets: found } = baselineOf([target], now, before)
    assert.deepEqual(found, [{ what: 'new name', unit: 'x', most: 2, ...expected }])
  }
  const now = runOf('2', 'node bench/a.ts', [['new name', 2]])
  const before = runOf('1', 'node bench/b.ts', [['old', 5]])
  check(now, [before], { before: 5, now: 2, reached: true })
  check(now, [before, runOf('1', 'node bench/a.ts', [['new name', 4]])], {
    before: 4,
    now: 2,
    reached: true,
  })
  check(runOf('2', 'node bench/a.ts', [['new name', 2.1]]), [], { now: 2.1, reached: false })
  check(undefined, [before], { before: 5 })
  check(runOf('2', 'node bench/a.ts', [['old', 1]]), [], {})
  const { targets: found } = baselineOf([{ ...target, bound: 'least', value: 3 }], now, [])
  assert.deepEqual(found, [{ what: 'new name', unit: 'x', least: 3, now: 2, reached: false }])
})

test('the baseline of this repository is of this form, and each of its runs has a commit', () => {
  const text = readFileSync(join(import.meta.dirname, '../baseline.json'), 'utf8')
  const { targets: kept, now, before } = JSON.parse(text) as Baseline
  assert.deepEqual(
    kept.map(({ what, most, least }) => [what, most ?? least]),
    targets.map(({ what, value }) => [what, value]),
  )
  for (const run of now ? [...before, now] : before) {
    assert.match(run.commit, /^[0-9a-f]{7,}/)
    assert.match(run.day, /^\d{4}-\d\d-\d\d$/)
  }
  if (!now) return
  const figures = now.commands.flatMap((command) => command.figures)
  const measured = new Set(figures.map(({ what }) => what))
  const missing = targets.filter(({ what }) => !measured.has(what))
  assert.deepEqual(
    missing.map(({ what }) => what),
    [],
  )
})

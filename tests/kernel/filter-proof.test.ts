/**
 * The law of generated filters: in the kernel, the program of a plan lets through what the plan
 * accepts, and nothing else; where a text lies outside the record, at least that. `TEST_SEED`
 * repeats a run; `TEST_RUNS` says how many plans to try.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openHandles } from '@bulwark/native'
import type { FilterPlan, GenerateOptions } from '@bulwark/policy'
import { accepts, generateFilter } from '@bulwark/policy'
import * as fc from 'fast-check'
import { FilterStage } from './filter.ts'
import { NearRecords } from './inner.ts'
import { skip } from './stage.ts'
// tidy-allow inner: not in inner.ts, because other tests need not load fast-check for it
import { anyPlan, narrowRules } from '../../policy/kernel/testdata/plans.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
/** Where processors are emulated, that law is tried on fewer: too few to ask how many of them were
 * worth trying. Elsewhere on 25,000 records: each run takes other plans. */
const isGuest = process.env['BULWARK_GUEST'] !== undefined
const plansTried = Number(process.env['TEST_RUNS'] ?? (isGuest ? 40 : 225))
/** Each is several programs. */
const cutPlansTried = Math.ceil(plansTried / 8)
const recordsOfPlan = 100

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Input {
  readonly plan: FilterPlan
  readonly recordSeed: number
  readonly options: GenerateOptions
}

/** Holds the filters of plans to what these say. Those that let more through count for nothing. */
const hold = (
  context: TestContext,
  inputs: fc.Arbitrary<Input>,
  numRuns: number,
): { readonly cut: number } => {
  const stage = new FilterStage()
  const counts = { pairs: 0, accepted: 0, undecided: 0, mixed: 0, plans: 0, mapped: 0, cut: 0 }
  const holdOne = ({ plan, recordSeed, options }: Input): void => {
    const program = generateFilter(plan, options)
    fc.pre(program.weakened.length === 0)
    const filter = stage.load(program)
    const records = new NearRecords(plan)
    let accepted = 0
    try {
      for (let i = 0; i < recordsOfPlan; i++) {
        const { record, state, undecided, ancestors } = records.make(recordSeed + i * 2_654_435_761)
        stage.put(record, ancestors)
        const wanted = accepts(plan, record, state, ancestors)
        const found = filter.accepts()
        if (undecided ? wanted && !found : wanted !== found) {
          assert.fail(
            `model ${wanted}, kernel ${found}: record ${hex(record)} of ${state}, ${hex(ancestors)}`,
          )
        }
        counts.pairs++
        if (undecided) counts.undecided++
        if (wanted) accepted++
      }
    } finally {
      filter.close()
    }
    counts.plans++
    counts.accepted += accepted
    if (program.parts.length > 1) counts.cut++
    if (program.parts.some(({ maps }) => maps.length > 0)) counts.mapped++
    if (accepted > 0 && accepted < recordsOfPlan) counts.mixed++
  }
  context.diagnostic(`TEST_SEED=${seed}`)
  try {
    fc.assert(fc.property(inputs, holdOne), { seed, numRuns })
  } finally {
    stage.close()
  }
  context.diagnostic(
    `${counts.pairs} pairs of ${counts.plans} plans: ${counts.accepted} accepted, ` +
      `${counts.undecided} that a filter need not decide; ${counts.mixed} plans accepted some and dropped some, ` +
      `${counts.mapped} have maps, ${counts.cut} are in parts`,
  )
  const toldApart = counts.mixed * 2 >= counts.plans
  assert.ok(isGuest || toldApart, `only ${counts.mixed} plans told records apart`)
  assert.deepEqual(Object.values(openHandles()).filter(Boolean), [], 'all is closed')
  return counts
}

test('a program does what its plan says', { skip }, (context) => {
  const options = fc.record({ mapEntriesMin: fc.constantFrom(1, 2, 4, 33) })
  hold(context, fc.record({ plan: anyPlan, recordSeed: fc.integer(), options }), plansTried)
})

test('a filter of several parts does what its plan says', { skip }, (context) => {
  const options = fc.record({
    mapEntriesMin: fc.constantFrom(1, 4, 33),
    limits: fc.constantFrom(
      { instructions: 700, branches: 120 },
      { instructions: 1_500, branches: 250 },
    ),
  })
  const inputs = fc.record({ plan: narrowRules, recordSeed: fc.integer(), options })
  const { cut } = hold(context, inputs, cutPlansTried)
  assert.ok(isGuest || cut * 4 > cutPlansTried, `only ${cut} filters were in parts`)
})

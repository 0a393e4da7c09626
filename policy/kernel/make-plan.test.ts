/**
 * The makers of plans: law, that what they leave out of a plan changes nothing; and what they leave
 * out, in examples. The table of laws is `tests/laws.md`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import * as fc from 'fast-check'
import { allOf, anyOf, inverse, numberBelow, numberIn, textIs } from './make-plan.ts'
import { accepts } from './model.ts'
import type { NumberAt, Plan, TextAt } from './plan.ts'
import { everything, nothing } from './plan.ts'
import { anyPlan } from './testdata/plans.ts'
import { NearRecords } from './testdata/records.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['TEST_RUNS'] ?? 500)
const recordsOfPlan = 20

/** The same plan, by the makers; `turned`: its opposite. */
const made = (plan: Plan, turned: boolean): Plan => {
  if (plan.is !== 'and' && plan.is !== 'or') return turned ? inverse(plan) : plan
  const members = plan.members.map((member) => made(member, turned))
  return (plan.is === 'and') === turned ? anyOf(members) : allOf(members)
}

test('a plan by the makers accepts what it says, and its opposite all else', (context: TestContext) => {
  let told = 0
  const property = fc.property(anyPlan, fc.integer(), (plan, recordSeed) => {
    const whole = made(plan, false)
    const opposites = [inverse(whole), made(plan, true)]
    const records = new NearRecords(plan)
    let accepted = 0
    for (let i = 0; i < recordsOfPlan; i++) {
      const { record, state, ancestors } = records.make(recordSeed + i * 2_654_435_761)
      const expected = accepts(plan, record, state, ancestors)
      assert.equal(accepts(whole, record, state, ancestors), expected)
      for (const each of opposites) assert.equal(accepts(each, record, state, ancestors), !expected)
      if (expected) accepted++
    }
    if (accepted > 0 && accepted < recordsOfPlan) told++
  })
  context.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(property, { seed, numRuns: runs })
  context.diagnostic(`${told} of ${runs} plans accepted some records and dropped some`)
  assert.ok(told * 3 >= runs, `only ${told} of ${runs} plans told records apart`)
})

const number = (offset: number): NumberAt => ({ offset, bytes: 4, signed: true })
const [a, b, c] = [128, 132, 136].map((offset) => numberIn(number(offset), [1n]))
const path: TextAt = { is: 'slot', offset: 160 }

test('what is known of a plan is left out of it', () => {
  assert.ok(a && b && c)
  assert.equal(allOf([a, inverse(a)]), nothing)
  assert.equal(anyOf([a, b, inverse(a)]), everything)
  assert.deepEqual(allOf([a, anyOf([inverse(a), b])]), allOf([a, b]))
  assert.deepEqual(anyOf([a, allOf([inverse(a), b])]), anyOf([a, b]))
  assert.deepEqual(anyOf([allOf([a, b]), allOf([a, inverse(b)])]), a)
  assert.deepEqual(anyOf([allOf([a, b, c]), allOf([a, b])]), allOf([a, b]))
  const isEmpty = textIs(path, 'equals', [''])
  const begins = textIs(path, 'starts', ['/etc'])
  assert.deepEqual(allOf([inverse(isEmpty), begins]), begins)
  assert.deepEqual(anyOf([isEmpty, inverse(begins)]), inverse(begins))
})

test('numbers and texts outside what a place can hold', () => {
  const at = number(128)
  assert.equal(numberIn(at, [2n ** 31n]), nothing)
  assert.equal(numberBelow(at, -(2n ** 31n)), nothing)
  assert.equal(numberBelow(at, 2n ** 31n), everything)
  const run = numberIn(at, [3n, 1n, 2n, 5n, 4n])
  assert.deepEqual(run, allOf([inverse(numberBelow(at, 1n)), numberBelow(at, 6n)]))
  const comm: TextAt = { is: 'chars', offset: 112, bytes: 16 }
  assert.equal(textIs(comm, 'equals', ['a'.repeat(17), 'a\0']), nothing)
  assert.equal(textIs(path, 'ends', ['a', '']), everything)
})

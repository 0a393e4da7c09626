/**
 * What optimising does, in examples, and the law that it changes no plan's meaning. The table of
 * laws is `tests/laws.md`.
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import { accepts } from './model.ts'
import { Optimiser } from './optimise.ts'
import type { Plan, Test, TextOperator } from './plan.ts'
import { everything, nothing } from './plan.ts'
import { anyPlan } from './testdata/plans.ts'
import { NearRecords } from './testdata/records.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const runs = Number(process.env['TEST_RUNS'] ?? 500)
const recordsOfPlan = 20

test('an optimised plan accepts what the plan does', (context: TestContext) => {
  let told = 0
  const property = fc.property(anyPlan, fc.integer(), (plan, recordSeed) => {
    const optimised = new Optimiser().optimise(plan)
    const records = new NearRecords(plan)
    let accepted = 0
    for (let i = 0; i < recordsOfPlan; i++) {
      const { record, state, ancestors } = records.make(recordSeed + i * 2_654_435_761)
      const expected = accepts(plan, record, state, ancestors)
      equal(accepts(optimised, record, state, ancestors), expected)
      if (expected) accepted++
    }
    if (accepted > 0 && accepted < recordsOfPlan) told++
  })
  context.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(property, { seed, numRuns: runs })
  context.diagnostic(`${told} of ${runs} plans accepted some records and dropped some`)
  ok(told * 2 >= runs, `only ${told} of ${runs} plans told records apart`)
})

const bit = (offset: number): Test => ({
  is: 'bits',
  at: { offset, bytes: 4, signed: false },
  mask: 1n,
})
const [a, b, c, d] = [bit(128), bit(132), bit(136), bit(140)]
const and = (...members: readonly Plan[]): Plan => ({ is: 'and', members })
const or = (...members: readonly Plan[]): Plan => ({ is: 'or', members })
const not = (member: Test): Plan => ({ is: 'not', member })
const path = (operator: TextOperator, ...values: string[]): Test => ({
  is: 'text',
  at: { is: 'slot', offset: 160 },
  operator,
  values,
})
const port = (...values: bigint[]): Test => ({
  is: 'number',
  at: { offset: 142, bytes: 2, signed: false },
  operator: 'in',
  values,
})

/** The two plans become the same. */
const same = (name: string, plan: Plan, expected: Plan): void => {
  test(name, () => {
    const optimiser = new Optimiser()
    equal(optimiser.keys.of(optimiser.optimise(plan)), optimiser.keys.of(expected))
  })
}

same('junctions in junctions are flat', and(a, and(b, and(c))), and(a, b, c))
same('what is said twice is said once', or(and(a, b), and(b, a)), and(a, b))
same('a junction of one is that one', or(and(or(a))), a)
same('what is always so is left out', and(a, everything, or(b, nothing)), and(a, b))
same('what is never so ends an and', and(a, nothing), nothing)
same('a test and its contrary are never so', and(b, a, not(a)), nothing)
same('a test or its contrary are always so', or(b, a, not(a)), everything)
same('what a shorter member lets through', or(a, and(a, b)), a)
same('what a shorter member asks for', and(a, or(a, b)), a)
same('what all share is said once', or(and(a, b), and(a, c)), and(a, or(b, c)))
same('what some share is said once', or(and(a, b), and(a, c), d), or(d, and(a, or(b, c))))
same('values of one place', or(path('equals', 'x'), path('equals', 'y')), path('equals', 'x', 'y'))
same('values of exceptions', and(not(port(1n)), not(port(2n))), not(port(1n, 2n)))
same('values that several ask for', and(port(1n, 2n), port(2n, 3n)), port(2n))
same('values that nobody can have', and(port(1n), port(2n)), nothing)
same('members that differ in a value', or(and(a, port(1n)), and(a, port(2n))), and(a, port(1n, 2n)))
same('a longer prefix says no more', path('starts', '/a', '/a/b', '/b'), path('starts', '/a', '/b'))
same('a longer ending says no more', path('ends', '.so', 'x.so'), path('ends', '.so'))
same(
  'what contains what is wanted',
  path('contains', 'id', 'rid', 'x'),
  path('contains', 'id', 'x'),
)
same('a folder below another', path('below', '/a', '/a/b', '/ab'), path('below', '/a', '/ab'))
same('every text begins with nothing', path('starts', '', '/a'), everything)
same('bits of one place', or(bit(128), { ...bit(128), mask: 6n } as Test), {
  ...bit(128),
  mask: 7n,
} as Test)
same(
  'all states of a cgroup',
  or({ is: 'cgroup', states: ['host'] }, { is: 'cgroup', states: ['container', 'unknown'] }),
  everything,
)

test('cheap tests come first', () => {
  const comm: Test = {
    is: 'text',
    at: { is: 'chars', offset: 112, bytes: 16 },
    operator: 'equals',
    values: ['sh'],
  }
  const members = [path('equals', '/x'), { is: 'cgroup', states: ['host'] } as Test, comm, a]
  const plan = new Optimiser().optimise(and(...members))
  deepEqual(plan.is === 'and' && plan.members.map((member) => member.is), [
    'bits',
    'text',
    'text',
    'cgroup',
  ])
})

test('many rules are not torn apart by what few of them share', () => {
  const rules = Array.from({ length: 60 }, (_, i) =>
    and(path('starts', `/srv/${i}`), not(port(BigInt(i % 30)))),
  )
  const plan = new Optimiser().optimise(or(...rules))
  equal(plan.is === 'or' && plan.members.length, 60)
})

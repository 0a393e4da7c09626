/** Random plans: small ones of any form, and those that many rules make. */
import * as fc from 'fast-check'
import type { CgroupState, NumberAt, Plan, Test } from '../plan.ts'
import { ancestorNames, ancestorNumbers, classIds, comm, slots } from './records.ts'

const numbers: readonly NumberAt[] = [
  { offset: 64, bytes: 8, signed: true },
  { offset: 40, bytes: 8, signed: false },
  { offset: 72, bytes: 4, signed: true },
  { offset: 76, bytes: 4, signed: false },
  { offset: 6, bytes: 2, signed: false },
  { offset: 80, bytes: 2, signed: true },
  { offset: 84, bytes: 1, signed: false },
  { offset: 85, bytes: 1, signed: true },
  ...ancestorNumbers,
]
const addressAt = { 4: 160, 16: 144 } as const

const rangeOf = ({ bytes, signed }: NumberAt): readonly [bigint, bigint] => {
  const span = 1n << BigInt(8 * bytes)
  return signed ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n]
}

const numberOf = (at: NumberAt): fc.Arbitrary<bigint> => {
  const [min, max] = rangeOf(at)
  const small = [min, min + 1n, -1n, 0n, 1n, 2n, 100n, 0x7fffffffn, 0x80000000n, max - 1n, max]
  const fits = small.filter((value) => value >= min && value <= max)
  return fc.oneof(fc.constantFrom(...fits), fc.bigInt({ min, max }))
}

/** Few letters, so that texts begin and end alike. */
const pieces = fc.constantFrom(
  'a',
  'b',
  '/',
  'etc',
  '/usr',
  '/usr/bin/',
  'sh',
  '.conf',
  '\xff',
  '\0',
)
const shortText = fc.array(pieces, { maxLength: 7 }).map((parts) => parts.join(''))
const longText = fc
  .tuple(fc.constantFrom(17, 63, 64, 255, 256, 257, 511, 600, 4095), fc.constantFrom('x', 'ab/'))
  .map(([length, text]) => text.repeat(length).slice(0, length))
const text = fc.oneof({ weight: 12, arbitrary: shortText }, { weight: 1, arbitrary: longText })

const longEnough = fc
  .tuple(fc.constantFrom('GLIBC_TUNABLES', 'HTTP_PROXY', 'LD_AUDIT', 'one two'), shortText)
  .map((parts) => parts.join(''))

const values = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.uniqueArray(one, { minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.uniqueArray(one, { minLength: 1, maxLength: 60 }) },
  )

const states = fc.constantFrom<CgroupState>('host', 'container', 'unknown')

const shortTest: fc.Arbitrary<Test> = fc.oneof(
  fc.constantFrom(...numbers).chain((at) =>
    fc.oneof(
      fc.record({
        is: fc.constant('number' as const),
        at: fc.constant(at),
        operator: fc.constantFrom('<', '<=', '>', '>='),
        values: numberOf(at).map((value) => [value]),
      }),
      fc.record({
        is: fc.constant('number' as const),
        at: fc.constant(at),
        operator: fc.constant('in' as const),
        values: values(numberOf(at)),
      }),
      fc.record({
        is: fc.constant('bits' as const),
        at: fc.constant(at),
        mask: numberOf(at).map((value) => BigInt.asUintN(8 * at.bytes, value)),
      }),
    ),
  ),
  fc.record({
    is: fc.constant('text' as const),
    at: fc.constantFrom(comm, ...slots, ...ancestorNames),
    operator: fc.constantFrom('equals', 'starts', 'ends', 'below', 'contains'),
    values: values(text),
  }),
  fc.constantFrom<4 | 16>(4, 16).chain((bytes) =>
    fc.record({
      is: fc.constant('network' as const),
      offset: fc.constant(addressAt[bytes]),
      base: fc.uint8Array({ minLength: bytes, maxLength: bytes, max: 3 }),
      prefix: fc.integer({ min: 0, max: 8 * bytes }),
    }),
  ),
  fc.record({
    is: fc.constant('cgroup' as const),
    states: fc.uniqueArray(states, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    is: fc.constant('scope' as const),
    numbers: fc.uniqueArray(fc.constantFrom(0, 1, 2, ...classIds.keys(), 99), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
)

/** The verifier goes through each turn of its loop: so there are few. */
const longTest: fc.Arbitrary<Test> = fc.record({
  is: fc.constant('text' as const),
  at: fc.constantFrom(...slots),
  operator: fc.constant('resembles' as const),
  values: fc.uniqueArray(longEnough, { minLength: 1, maxLength: 4 }),
})

const anyTest = fc.oneof({ weight: 60, arbitrary: shortTest }, { weight: 1, arbitrary: longTest })

const leaf: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 8, arbitrary: anyTest },
  { weight: 4, arbitrary: anyTest.map((member): Plan => ({ is: 'not', member })) },
  { weight: 1, arbitrary: fc.boolean().map((value): Plan => ({ is: 'constant', value })) },
)

const junction = (
  is: 'and' | 'or',
  member: fc.Arbitrary<Plan>,
  maxLength: number,
): fc.Arbitrary<Plan> =>
  fc.array(member, { minLength: 1, maxLength }).map((members) => ({ is, members }))

const nested = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 2, arbitrary: leaf },
    { weight: 2, arbitrary: junction('and', tie('plan'), 4) },
    { weight: 2, arbitrary: junction('or', tie('plan'), 4) },
  ),
})).plan

/** As many rules make one: an `or` of conjunctions. */
const rules = junction('or', junction('and', leaf, 4), 40)

/** Rules with so many conditions that each holds on few records. */
export const narrowRules: fc.Arbitrary<Plan> = fc
  .array(
    fc
      .array(fc.oneof({ weight: 5, arbitrary: leaf }, junction('or', leaf, 3)), {
        minLength: 4,
        maxLength: 6,
      })
      .map((members): Plan => ({ is: 'and', members })),
    { minLength: 12, maxLength: 30 },
  )
  .map((members) => ({ is: 'or', members }))

export const anyPlan: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 3, arbitrary: nested },
  { weight: 2, arbitrary: rules },
)

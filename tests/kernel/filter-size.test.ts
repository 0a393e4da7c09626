/**
 * Filters of many rules: they load, in parts where they are large, and do what their plans say; one
 * that would be too large for that lets more through, and says what it does not ask any more.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { FilterMap, FilterPlan, FilterProgram } from '@bulwark/policy'
import { accepts, ancestorsLayout, generateFilter, partsMax } from '@bulwark/policy'
import { FilterStage } from './filter.ts'
import { NearRecords, planOfRanges, planOfRules } from './inner.ts'
import { skip } from './stage.ts'

const recordsTried = 300
const seed = 7

interface Tried {
  readonly accepted: number
  /** Let through, and the plan does not accept it. */
  readonly tooMuch: number
  readonly verified: number
}

const noAncestors = new Uint8Array(ancestorsLayout.bytes)

/** Loads it and tries it on records that nearly fit; too little is never let through. */
const tryOut = (plan: FilterPlan, program: FilterProgram): Tried => {
  const stage = new FilterStage()
  try {
    const filter = stage.load(program)
    const records = new NearRecords(plan)
    let accepted = 0
    let tooMuch = 0
    for (let i = 0; i < recordsTried; i++) {
      const { record, state, undecided, ancestors } = records.makeForOne(seed + i * 2_654_435_761)
      stage.put(record, ancestors)
      const found = filter.accepts()
      const wanted = accepts(plan, record, state, ancestors)
      assert.ok(found || !wanted, `dropped: ${Buffer.from(record).toString('hex')} of ${state}`)
      if (wanted) accepted++
      if (found && !wanted && !undecided) tooMuch++
    }
    const verified = filter.program.info().verifiedInstructions
    filter.close()
    return { accepted, tooMuch, verified }
  } finally {
    stage.close()
  }
}

const mapsOf = ({ parts }: FilterProgram): readonly FilterMap[] => parts.flatMap(({ maps }) => maps)

const say = (context: TestContext, program: FilterProgram, { accepted, verified }: Tried): void =>
  context.diagnostic(
    `${program.instructionCount} instructions, ${verified} visited by the verifier, ` +
      `${mapsOf(program).length} maps, ${program.parts.length} parts; ${accepted} of ${recordsTried} records accepted`,
  )

test('2,000 rules', { skip }, (context) => {
  const plan = planOfRules(2_000, seed)
  const program = generateFilter(plan)
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.deepEqual(program.weakened, [])
  assert.ok(tried.accepted > 30, 'records fit')
  assert.equal(tried.tooMuch, 0)
})

test('1,000 rules without maps: jumps by way of islands', { skip }, (context) => {
  const plan = planOfRules(1_000, seed)
  const program = generateFilter(plan, { mapEntriesMin: Infinity })
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.deepEqual(mapsOf(program), [])
  assert.deepEqual(program.weakened, [])
  assert.ok(program.instructionCount > 35_000, 'jumps are too far for 16 bits')
  assert.ok(tried.accepted > 30, 'records fit')
  assert.equal(tried.tooMuch, 0)
})

test('rules that must be asked one by one: as many as one program takes', { skip }, (context) => {
  const plan = planOfRanges(1_300, seed)
  const program = generateFilter(plan)
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.deepEqual([program.weakened, program.parts.length], [[], 1])
  assert.ok(tried.accepted > 30, 'records fit')
  assert.equal(tried.tooMuch, 0)
})

test('more than one takes: it is cut into parts', { skip }, (context) => {
  const plan = planOfRanges(3_500, seed)
  const program = generateFilter(plan)
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.deepEqual(program.weakened, [])
  assert.ok(program.parts.length > 2)
  assert.ok(tried.accepted > 30, 'records fit')
  assert.equal(tried.tooMuch, 0)
})

test('more than all parts take: more is let through, and it is said', { skip }, (context) => {
  const plan = planOfRanges(2_500, seed)
  const program = generateFilter(plan, { limits: { instructions: 100_000, branches: 800 } })
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.ok(program.parts.length > 3 && program.parts.length <= partsMax)
  assert.match(program.weakened[0] ?? '', /^u32 at \d+ [<>] \d+$/)
  assert.match(program.weakened.at(-1) ?? '', /^and [0-9]+ more$/)
  assert.ok(tried.tooMuch < recordsTried / 2, 'not everything')
})

test('a set of 20,000 values', { skip }, (context) => {
  const values = Array.from(
    { length: 20_000 },
    (_, i) => `/srv/data/${(i * 2_654_435_761) % 2 ** 32}`,
  )
  const plan: FilterPlan = {
    is: 'text',
    at: { is: 'slot', offset: 136 },
    operator: 'equals',
    values,
  }
  const program = generateFilter(plan)
  const tried = tryOut(plan, program)
  say(context, program, tried)
  assert.ok(program.instructionCount < 300, 'it is in maps')
  assert.ok(tried.accepted > 30, 'records fit')
  assert.equal(tried.tooMuch, 0)
})

test('an environment of 8,191 bytes is looked through to its end', { skip }, (context) => {
  const at = { is: 'slot', offset: 136 } as const
  const values = ['GLIBC_TUNABLES', 'HTTP_PROXY', 'LD_AUDIT=']
  const program = generateFilter({ is: 'text', at, operator: 'resembles', values })
  const stage = new FilterStage()
  const filter = stage.load(program)
  try {
    const { verifiedInstructions } = filter.program.info()
    context.diagnostic(`${verifiedInstructions} instructions visited by the verifier`)
    const texts = ['', ...values, 'glibc_tunables=x', 'GLIBC_TUN', 'LD_AUDI', 'an_http_proxy']
    for (const end of texts) {
      const text = end.padStart(8_191, 'NAME=some value\0')
      const record = new Uint8Array(168 + text.length)
      const view = new DataView(record.buffer)
      view.setUint16(at.offset, 168, true)
      view.setUint16(at.offset + 2, text.length, true)
      record.set(Buffer.from(text, 'latin1'), 168)
      stage.put(record, noAncestors)
      const wanted = values.some((value) => end.toUpperCase().includes(value))
      assert.equal(filter.accepts(), wanted, end)
    }
  } finally {
    filter.close()
    stage.close()
  }
})

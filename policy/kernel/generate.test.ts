/** What filters look like: listings as text, and what is looked up rather than compared. */
import { deepEqual, equal, match, notDeepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { atOnce } from '../steps.ts'
import type { FilterMap, FilterPart, FilterTarget } from './generate.ts'
import { generateFilter, partsMax } from './generate.ts'
import type { Plan } from './plan.ts'
import { everything, nothing } from './plan.ts'

const path = { is: 'slot', offset: 160 } as const
const comm = { is: 'chars', offset: 112, bytes: 16 } as const
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `/opt/app${i}`)

const mapsOf = (parts: readonly FilterPart[]): readonly FilterMap[] =>
  parts.flatMap(({ maps }) => maps)

/** The lines of a listing between finding the slot and the two ends. */
const body = (plan: Plan): string => {
  const { listing } = generateFilter(plan)
  const lines = listing.split('\n').map((line) => line.replace(/^ *\d+: {2}/, ''))
  const from = lines.indexOf('r7 += 32') + 1
  return lines.slice(from, lines.indexOf('; drop: count it, and free the slot')).join('\n')
}

test('cheap tests come first; texts are compared by words', () => {
  const plan: Plan = {
    is: 'and',
    members: [
      { is: 'text', at: path, operator: 'equals', values: ['/etc/shadow', '/etc/gshadow'] },
      { is: 'number', at: { offset: 64, bytes: 8, signed: true }, operator: '>=', values: [0n] },
      { is: 'not', member: { is: 'text', at: comm, operator: 'equals', values: ['sshd'] } },
    ],
  }
  equal(
    body(plan),
    `; i64 at 64 >= 0
r1 = *(u64 *)(r7 + 64)
if r1 s< 0 goto +31
; not: characters at 112: "sshd"
r1 = *(u32 *)(r7 + 113)
if w1 != 6580339 goto +2
r1 = *(u32 *)(r7 + 112)
if w1 == 1684566899 goto +27
; text at 160: one of "/etc/gshadow", "/etc/shadow"
r9 = *(u16 *)(r7 + 162)
r8 = *(u16 *)(r7 + 160)
r1 = r8
r1 += r9
if r1 > 25600 goto +36
if r8 > 25600 goto +35
r8 += r7
r1 = *(u16 *)(r7 + 162)
if w1 == 11 goto +10
if w1 != 12 goto +17
r1 = *(u64 *)(r8 + 4)
r2 = 8606207782455306031 ll
if r1 != r2 goto +13
r1 = *(u64 *)(r8 + 0)
r2 = 7526472855495927087 ll
if r1 != r2 goto +9
goto +22
r1 = *(u64 *)(r8 + 3)
r2 = 8606207782455291747 ll
if r1 != r2 goto +4
r1 = *(u64 *)(r8 + 0)
r2 = 7018986666626147631 ll
if r1 == r2 goto +14`,
  )
})

test('many values are looked up; what else is asked depends on which was found', () => {
  const rule = (value: string, i: number): Plan => ({
    is: 'and',
    members: [
      { is: 'text', at: path, operator: 'equals', values: [value] },
      { is: 'bits', at: { offset: 128, bytes: 4, signed: false }, mask: i % 2 === 0 ? 1n : 2n },
    ],
  })
  const { parts, listing, instructionCount } = generateFilter({
    is: 'or',
    members: names(1000).map(rule),
  })
  deepEqual(
    mapsOf(parts).map(({ kind, keyBytes, entries }) => [kind, keyBytes, entries.length]),
    [['hash', 24, 1000]],
  )
  equal(instructionCount < 120, true)
  match(listing, /some bit of 1\n/)
  match(listing, /some bit of 2\n/)
  equal(listing.match(/some bit of/g)?.length, 2)
})

test('the cost of many rules is the size of a map, not of a program', () => {
  const plan = (count: number): Plan => ({
    is: 'or',
    members: names(count).map((value, i) => ({
      is: 'and',
      members: [
        { is: 'text', at: path, operator: 'below', values: [value] },
        {
          is: 'not',
          member: { is: 'text', at: comm, operator: 'equals', values: [`app${i % 9}`] },
        },
      ],
    })),
  })
  const { parts, instructionCount } = generateFilter(plan(2000))
  deepEqual(
    mapsOf(parts).map(({ kind, entries }) => [kind, entries.length]),
    [
      ['hash', 2000],
      ['prefixes', 2000],
    ],
  )
  equal(instructionCount < 300, true)
})

test('the same plan gives the same bytes, for the record and the maps of the target', () => {
  const target: FilterTarget = {
    find: 'test',
    slotsMapFd: 3,
    slots: 1,
    slotBytes: 2000,
    ownersAt: 0,
    contextAt: 8,
    recordAt: 16,
    recordBytesMax: 1000,
    exitsMapFd: 4,
    exit: 0,
    droppedMapFd: 5,
    kind: 6,
    failedIndex: 7,
    cgroupIdAt: 16,
  }
  const plan: Plan = { is: 'text', at: path, operator: 'equals', values: names(100) }
  const build = (mapFd: number, changes: Partial<FilterTarget> = {}): Uint8Array => {
    const [part] = generateFilter(plan).parts
    ok(part)
    return atOnce(part.build({ ...target, ...changes }, [mapFd]))
  }
  deepEqual(build(9), build(9))
  notDeepEqual(build(9), build(10))
  notDeepEqual(build(9), build(9, { recordAt: 24 }))
  notDeepEqual(build(9), build(9, { next: { mapFd: 8, index: 1 } }))
})

test('everything and nothing', () => {
  match(generateFilter(nothing).listing, /drop: count it/)
  equal(generateFilter(everything).listing.includes('drop: count it'), false)
})

const above = (offset: number, value: number): Plan => ({
  is: 'number',
  at: { offset, bytes: 8, signed: true },
  operator: '>',
  values: [BigInt(value)],
})

/** Rules that are asked one by one: of so many numbers each. */
const ranges = (rules: number, numbers: number): Plan => ({
  is: 'or',
  members: [...Array(rules).keys()].map((rule) => ({
    is: 'and',
    members: [...Array(numbers).keys()].map((i) => above(8 * i, 7 * rule + i)),
  })),
})
/** A rule of more tests than fit. */
const allOfMany: Plan = {
  is: 'and',
  members: [...Array(120).keys()].map((i) => above(8 * i, i)),
}
const limits = { instructions: 400, branches: 100 }

test('what is too large for one program is cut into several', () => {
  const { parts, weakened, listing } = generateFilter(ranges(200, 2), { limits })
  deepEqual(weakened, [])
  ok(parts.length > 1 && parts.length <= partsMax, `${parts.length} parts`)
  ok(parts.every(({ instructionCount }) => instructionCount <= limits.instructions))
  equal(listing.match(/^; part \d+ of \d+$/gm)?.length, parts.length)
  equal(listing.match(/^; the next part may want it/gm)?.length, parts.length - 1)
  equal(listing.match(/^; drop: count it/gm)?.length, 1)
  const tests = (text: string): number => new Set(text.match(/^; i64 at .*$/gm)).size
  equal(tests(listing), tests(generateFilter(ranges(200, 2)).listing))
})

test('one rule that is too large alone has all let through, and it is said', () => {
  const plan: Plan = { is: 'or', members: [ranges(100, 2), allOfMany] }
  const { parts, weakened } = generateFilter(plan, { limits })
  ok(parts.length > 1)
  deepEqual(weakened, ['the whole plan: all is let through'])
})

test('more parts than the kernel follows: less is asked of each rule', () => {
  const { parts, weakened } = generateFilter(ranges(800, 5), { limits })
  ok(parts.length > 1 && parts.length <= partsMax, `${parts.length} parts`)
  match(weakened[0] ?? '', /^i64 at /)
  equal(generateFilter(ranges(2_000, 5), { limits }).weakened.length, 1)
})

test('loops count by their turns: many are cut into parts', () => {
  const rule = (_: unknown, i: number): Plan => ({
    is: 'and',
    members: [
      {
        is: 'number',
        at: { offset: 64, bytes: 8, signed: true },
        operator: '<',
        values: [BigInt(i)],
      },
      { is: 'text', at: path, operator: 'resembles', values: [`VARIABLE_${i}`] },
    ],
  })
  const { parts, weakened } = generateFilter({
    is: 'or',
    members: Array.from({ length: 40 }, rule),
  })
  ok(parts.length > 1 && parts.length <= partsMax, `${parts.length} parts`)
  deepEqual(weakened, [])
})

/**
 * Random records that nearly fit a plan: numbers one beside those of the plan, texts one byte
 * longer, shorter or other, addresses that differ in the last bit that counts.
 */
import { RECORD_BYTES_MAX } from '@bulwark/schema'
import { ancestorNameAt, ancestorsLayout, knownAt, moreAt } from '../ancestors.ts'
import type { CgroupState, CgroupTold, NumberAt, Plan, Test, TextAt } from '../plan.ts'
import { comparedBytesMax, scannedBytes } from '../scan.ts'
import { isLookedAt } from '../scan-alike.ts'

/** Where the texts of these records are. */
export const comm: TextAt = { is: 'chars', offset: 112, bytes: 16 }
export const slots: readonly TextAt[] = [128, 136].map((offset) => ({ is: 'slot', offset }))
/** Some of what filters are told of ancestors. */
export const ancestorNames: readonly TextAt[] = [1, 2, 8].map(ancestorNameAt)
export const ancestorNumbers: readonly NumberAt[] = [knownAt, moreAt]
const fixedBytes = 168

/** One cgroup a state. */
export const cgroupIds: Readonly<Record<CgroupState, bigint>> = {
  host: 1n,
  container: 0x1_0000_0002n,
  unknown: 7n,
}

/** Cgroups of containers that are in a class of scopes, by its number. */
export const classIds: ReadonlyMap<number, bigint> = new Map([
  [3, 30n],
  [4, 0x1_0000_0028n],
  [70_000, 50n],
])

const toldIds = new Map<CgroupTold, bigint>([
  ['host', cgroupIds.host],
  ['container', cgroupIds.container],
  ['unknown', cgroupIds.unknown],
  ...classIds,
])

const testsOf = (of: Plan): readonly Test[] => {
  switch (of.is) {
    case 'constant':
      return []
    case 'and':
    case 'or':
      return of.members.flatMap(testsOf)
    case 'not':
      return [of.member]
    default:
      return [of]
  }
}

/** A random number below `count` from a seed, and the next seed. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 1
  }

  below(count: number): number {
    // Xorshift.
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % count
  }

  of<T>(all: readonly T[]): T | undefined {
    return all[this.below(all.length)]
  }
}

const letters = ['a', '/', '\0', 'h', '\xff'] as const

/** A text beside `value`. */
const nearText = (value: string, dice: Dice): string => {
  const letter = dice.of(letters) ?? ''
  switch (dice.below(11)) {
    case 0:
      return value + letter
    case 1:
      return letter + value
    case 2:
      return value.slice(1)
    case 3:
      return value.slice(0, -1)
    case 4: {
      const at = dice.below(value.length + 1)
      return value.slice(0, at) + letter + value.slice(at + 1)
    }
    case 5:
      return `${value}/${letter}`
    case 6:
      return value + 'z'.repeat(dice.below(5000))
    case 7:
      return `${'y'.repeat(dice.below(40))}${value.toLowerCase()}${letter}`
    default:
      return value
  }
}

const bytesOf = (value: string): Uint8Array => Uint8Array.from(value, (c) => c.charCodeAt(0))

/** What to add to a value so that it fits. */
const besideOf = { '<': -1, '<=': 0, '>': 1, '>=': 0, in: 0 } as const

interface NearRecord {
  readonly record: Uint8Array
  readonly ancestors: Uint8Array
  readonly state: CgroupTold
  /** Whether a text lies outside what a record can have, or is longer than it is scanned. */
  readonly undecided: boolean
}

/** The fixed part of a record, and the ancestors: by the offsets that plans have. */
class Fixed {
  readonly record = new Uint8Array(fixedBytes)
  readonly ancestors = new Uint8Array(ancestorsLayout.bytes)

  get(offset: number): number {
    const [bytes, at] = this.#at(offset)
    return bytes[at] ?? 0
  }

  set(offset: number, byte: number): void {
    const [bytes, at] = this.#at(offset)
    bytes[at] = byte
  }

  #at(offset: number): readonly [Uint8Array, number] {
    if (offset < RECORD_BYTES_MAX) return [this.record, offset]
    return [this.ancestors, offset - RECORD_BYTES_MAX]
  }
}

/** Records that a plan nearly accepts, or nearly does not. */
export class NearRecords {
  readonly #tests: readonly Test[]
  readonly #byRule: readonly (readonly Test[])[]

  constructor(of: Plan) {
    this.#tests = testsOf(of)
    this.#byRule = of.is === 'or' ? of.members.map(testsOf) : [this.#tests]
  }

  /** A record made from a seed, beside what any tests ask for. */
  make(seed: number): NearRecord {
    return this.#make(this.#tests, new Dice(seed))
  }

  /** The same, beside what one member of a large `or` asks for. */
  makeForOne(seed: number): NearRecord {
    const dice = new Dice(seed)
    return this.#make(dice.of(this.#byRule) ?? [], dice)
  }

  #make(tests: readonly Test[], dice: Dice): NearRecord {
    const fixed = new Fixed()
    const { record, ancestors } = fixed
    for (let i = 24; i < fixedBytes; i++) record[i] = dice.below(4) === 0 ? dice.below(256) : 0
    for (let i = 0; i < ancestors.length; i++) {
      ancestors[i] = dice.below(4) === 0 ? dice.below(256) : 0
    }
    for (const test of tests) {
      if (dice.below(8) > 0) this.#fit(test, fixed, dice)
    }
    const [state, id] = dice.of([...toldIds]) ?? ['unknown', cgroupIds.unknown]
    new DataView(record.buffer).setBigUint64(16, id, true)
    return { ...this.#withTexts(record, tests, dice), ancestors, state }
  }

  /** Puts there what the test is about, or nearly. */
  #fit(test: Test, fixed: Fixed, dice: Dice): void {
    if (test.is === 'number' || test.is === 'bits') {
      const chosen = test.is === 'bits' ? test.mask : (dice.of(test.values) ?? 0n)
      const beside = test.is === 'bits' ? 0 : besideOf[test.operator]
      const off = beside + (dice.below(8) === 0 ? dice.below(3) - 1 : 0)
      const value = BigInt.asUintN(64, chosen + BigInt(off))
      for (let i = 0; i < test.at.bytes; i++) {
        fixed.set(test.at.offset + i, Number((value >> BigInt(8 * i)) & 0xffn))
      }
    } else if (test.is === 'network') {
      test.base.forEach((byte, i) => fixed.set(test.offset + i, byte))
      const bit = Math.max(0, test.prefix - dice.below(3))
      if (dice.below(2) === 0 && bit < 8 * test.base.length) {
        const at = test.offset + (bit >> 3)
        fixed.set(at, fixed.get(at) ^ (0x80 >> (bit & 7)))
      }
    } else if (test.is === 'text' && test.at.is === 'chars') {
      const name = nearText(dice.of(test.values) ?? '', dice).slice(0, 16)
      const { offset } = test.at
      bytesOf(name).forEach((byte, i) => fixed.set(offset + i, byte))
      // What stands behind the NUL is no part of the name.
      if (name.length < 16) fixed.set(offset + name.length, 0)
    }
  }

  #withTexts(
    fixed: Uint8Array,
    tests: readonly Test[],
    dice: Dice,
  ): { record: Uint8Array; undecided: boolean } {
    const view = new DataView(fixed.buffer)
    let all = fixed
    let undecided = false
    for (const at of slots) {
      const about = tests.filter((t) => t.is === 'text' && t.at.offset === at.offset)
      const test = dice.of(about)
      const value = test?.is === 'text' ? (dice.of(test.values) ?? '') : 'some'
      let bytes = bytesOf(nearText(value, dice).slice(0, 5000))
      // Sometimes none, and sometimes right up to the end of what a record can have.
      if (dice.below(12) === 0) bytes = bytes.subarray(0, 0)
      if (dice.below(20) === 0 && all.length + bytes.length < RECORD_BYTES_MAX) {
        all = grown(all, RECORD_BYTES_MAX - bytes.length)
      }
      // What several tests look for may be looked for together.
      const scanned = about.flatMap((t) =>
        t.is === 'text' && t.operator === 'contains' ? t.values : [],
      )
      if (scanned.length > 0 && bytes.length > scannedBytes(scanned)) undecided = true
      const text = Buffer.from(bytes).toString('latin1')
      const begins = scanned.filter(({ length }) => length > comparedBytesMax)
      if (begins.some((long) => text.includes(long.slice(0, comparedBytesMax)))) undecided = true
      const fits = all.length + bytes.length <= RECORD_BYTES_MAX
      const offset = fits ? all.length : fixedBytes
      const length = fits ? bytes.length : 0
      const alike = about.flatMap((t) =>
        t.is === 'text' && t.operator === 'resembles' ? t.values : [],
      )
      if (alike.length > 0 && !isLookedAt(alike, offset, length, RECORD_BYTES_MAX)) undecided = true
      view.setUint16(at.offset, offset, true)
      view.setUint16(at.offset + 2, length, true)
      view.setUint32(at.offset + 4, dice.below(8) === 0 ? 0xffff_ffff : length, true)
      if (fits) {
        const longer = grown(all, all.length + bytes.length)
        longer.set(bytes, all.length)
        all = longer
      }
      if (dice.below(40) === 0) {
        undecided = true
        view.setUint16(at.offset, RECORD_BYTES_MAX + 1 - dice.below(2) * length, true)
        view.setUint16(at.offset + 2, length + 1 + dice.below(60_000 - length), true)
      }
    }
    const record = grown(all, all.length)
    record.set(fixed)
    return { record, undecided }
  }
}

const grown = (bytes: Uint8Array, length: number): Uint8Array => {
  const longer = new Uint8Array(length)
  longer.set(bytes)
  return longer
}

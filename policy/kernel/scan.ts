/**
 * Code that looks for values anywhere in a text: at one place after the other, without a loop, as
 * far as `scannedBytes` says. Eight places at once are passed over where none of a few rare bytes
 * is, one of each value. Registers as in match.ts.
 */
import type { Assembler, Label } from './assembler.ts'
import type { Surroundings } from './match-maps.ts'
import { loadLength, loadText } from './match-texts.ts'
import { branchOnMismatch, littleEndian } from './match-words.ts'
import type { TextAt } from './plan.ts'

/** Most paths are shorter. Of a longer text that has the value nowhere before, nothing is known. */
const scannedBytesMax = 256
/** What one scan may take: of many values, less of the text is scanned. */
const instructionsMax = 4_000
/** Whether the text goes on is asked once for so many places. */
const placesAtOnce = 16
/** So much of a value is compared at once, with a constant in an instruction. */
const startBytes = 4
/** So many are passed over at once. */
const placesPassedOver = 8
/** What of a value is compared at all, so that a program does not grow with long ones. */
export const comparedBytesMax = 32

/** How far behind a record filters read at the most, where there is room: see bpf/scratch.bpf.h. */
export const readBehindBytesMax = scannedBytesMax + comparedBytesMax

/** About what one place takes. */
const instructionsOf = (value: string): number =>
  5 + 4 * Math.ceil(Math.max(0, Math.min(value.length, comparedBytesMax) - startBytes) / 8)

/** How many bytes from the begin of a text on are scanned for these values. */
export const scannedBytes = (values: readonly string[]): number => {
  const each = values.reduce((sum, value) => sum + instructionsOf(value), 1)
  return Math.min(scannedBytesMax, Math.floor(instructionsMax / each))
}

/** What paths and names have most of, the most frequent first. All others are rarer. */
const commonBytes = '/esratinolcdpumbhgfvy-.k0123456789xw_zjq'
/** Looking for more rare bytes than that is no quicker than comparing. */
const rareBytesMax = 4

/** A byte that a value has at an offset. */
interface RareByte {
  readonly byte: number
  readonly offset: number
}

const rarityOf = (byte: string): number =>
  commonBytes.includes(byte) ? commonBytes.indexOf(byte) : commonBytes.length

/** The rarest byte of a value, of those that can be read at every place: see `scanText`. */
const rareByteOf = (value: string): RareByte => {
  const bytes = Array.from(value.slice(0, comparedBytesMax - placesPassedOver))
  const rarest = bytes.reduce((best, byte) => (rarityOf(byte) > rarityOf(best) ? byte : best))
  return { byte: rarest.charCodeAt(0), offset: value.indexOf(rarest) }
}

/** A rare byte of each value, each once; none where there would be too many. */
const rareBytesOf = (values: readonly string[]): readonly RareByte[] => {
  const each = values.map(rareByteOf).map((rare) => [`${rare.byte} ${rare.offset}`, rare] as const)
  const once = [...new Map(each).values()]
  return once.length > rareBytesMax ? [] : once
}

const inEachByte = 0x0101_0101_0101_0101n

/** r3 and r4: what `passOver` needs. */
const preparePassing = (assembler: Assembler): void => {
  assembler.load64(3, inEachByte)
  assembler.load64(4, 0x80n * inEachByte)
}

/**
 * Goes to `next` when none of the rare bytes is at its offset from one of the eight places from
 * r8 + `place` on. Without a branch for each byte: those that are equal become 0 in a word, of
 * which subtraction tells whether it has one. Changes r1, r2 and r5.
 */
const passOver = (
  assembler: Assembler,
  rare: readonly RareByte[],
  place: number,
  next: Label,
): void => {
  for (const [i, { byte, offset }] of rare.entries()) {
    assembler.load(8, 1, 8, place + offset)
    assembler.load64(2, BigInt(byte) * inEachByte)
    assembler.alu('xor', 1, { register: 2 })
    assembler.move(2, { register: 1 })
    assembler.alu('subtract', 2, { register: 3 })
    assembler.alu('xor', 1, { constant: -1 })
    assembler.alu('and', 1, { register: 2 })
    if (i === 0) assembler.move(5, { register: 1 })
    else assembler.alu('or', 5, { register: 1 })
  }
  assembler.alu('and', 5, { register: 4 })
  assembler.jumpIf(64, '==', 5, { constant: 0 }, next)
}

/** Goes to `next` unless the value stands at r8 + `place`, of which r1 holds the first bytes. */
const compareAt = (
  { assembler }: Surroundings,
  value: string,
  place: number,
  next: Label,
): void => {
  const start = value.slice(0, startBytes)
  const constant = Number(littleEndian(start))
  if (start.length < startBytes) {
    assembler.move(2, { register: 1 })
    assembler.alu32('and', 2, { constant: 2 ** (8 * start.length) - 1 })
    assembler.jumpIf(32, '!=', 2, { constant }, next)
    return
  }
  assembler.jumpIf(32, '!=', 1, { constant }, next)
  const rest = value.slice(startBytes, comparedBytesMax)
  branchOnMismatch(assembler, { register: 8, offset: place + startBytes }, rest, next)
}

/**
 * Goes to `yes` when one of the values is somewhere in the text, else to `no`.
 *
 * @param values  none of them is empty
 */
export const scanText = (
  at: Surroundings,
  text: TextAt,
  values: readonly string[],
  yes: Label,
  no: Label,
): void => {
  const { assembler, undecided, behindBytes } = at
  const places =
    text.is === 'chars'
      ? text.bytes
      : Math.min(scannedBytes(values), behindBytes - comparedBytesMax)
  loadText(at, text)
  // Comparing a longer one changes r1.
  const ordered = values.toSorted((a, b) => a.length - b.length)
  const rare = rareBytesOf(values)
  if (rare.length > 0) preparePassing(assembler)
  let further: Label | undefined
  for (let place = 0; place < places; place++) {
    const isFirst = place % placesPassedOver === 0
    if (isFirst && further) assembler.place(further)
    if (place % placesAtOnce === 0) {
      loadLength(assembler, text, 2)
      assembler.jumpIf(64, '<=', 2, { constant: place }, no)
    }
    if (isFirst && rare.length > 0) {
      further = assembler.newLabel('further places')
      passOver(assembler, rare, place, further)
    }
    let isLoaded = false
    for (const value of ordered) {
      const next = assembler.newLabel('next')
      if (!isLoaded) assembler.load(4, 1, 8, place)
      compareAt(at, value, place, next)
      isLoaded = value.length <= startBytes
      // What stands behind the text is no part of it.
      loadLength(assembler, text, 2)
      const found = value.length > comparedBytesMax ? undecided : yes
      assembler.jumpIf(64, '>=', 2, { constant: place + value.length }, found)
      assembler.place(next)
    }
  }
  if (further) assembler.place(further)
  loadLength(assembler, text, 2)
  assembler.branch(64, '>', 2, { constant: places }, undecided, no)
}

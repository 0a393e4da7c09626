/**
 * Code that looks for values anywhere in a text: at one place after the other, without a loop, as
 * far as `scannedBytes` says. Registers as in match.ts.
 */
import type { Label } from './assembler.ts'
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
  for (let place = 0; place < places; place++) {
    if (place % placesAtOnce === 0) {
      loadLength(assembler, text, 2)
      assembler.jumpIf(64, '<=', 2, { constant: place }, no)
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
  loadLength(assembler, text, 2)
  assembler.branch(64, '>', 2, { constant: places }, undecided, no)
}

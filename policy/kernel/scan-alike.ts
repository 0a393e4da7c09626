/**
 * Code that looks for what resembles some values anywhere in a text of several thousand bytes, such
 * as an environment: in a loop, of which the verifier goes through every turn. Registers as in
 * match.ts.
 */
import type { AlikeWidth } from './alike.ts'
import { alikeStep, alikeWidth, caseBit, piecesOf } from './alike.ts'
import type { Assembler, Label } from './assembler.ts'
import type { Surroundings } from './match-maps.ts'
import { loadLength } from './match-texts.ts'
import { littleEndian } from './match-words.ts'
import type { TextAt } from './plan.ts'

/** No environment that a record has is longer, and no arguments are. */
const lookedAtBytesMax = 8_192
/** What the verifier may take for the turns of one loop: of many values, less of a text is looked
 * at. */
const visitsMax = 100_000
/** Of a turn, besides comparing; and of a piece. */
const visitsOfTurn = 16
const visitsOfPiece = 3
/** What is loaded at a place. */
const wordBytes = 8

const byWidth = (values: readonly string[]): readonly (readonly [AlikeWidth, string[]])[] =>
  Array.from(Map.groupBy(values, alikeWidth))

/** How many bytes of a text are looked at for these values, which have pieces of one width. */
const lookedAtBytes = (values: readonly string[]): number => {
  const turns = Math.floor(visitsMax / (visitsOfTurn + visitsOfPiece * alikeStep * values.length))
  return Math.min(lookedAtBytesMax, alikeStep * Math.max(1, turns))
}

/** What tests on some values add to a program, in instructions that the verifier goes through. */
export const visitsOfAlike = (values: readonly string[]): number =>
  byWidth(values).reduce(
    (sum, [, some]) =>
      sum +
      (lookedAtBytes(some) / alikeStep) * (visitsOfTurn + visitsOfPiece * alikeStep * some.length),
    0,
  )

/**
 * Whether all of a text is looked at, wherever it may begin.
 *
 * @param offset  where it begins in the record
 */
export const isLookedAt = (
  values: readonly string[],
  offset: number,
  bytes: number,
  recordBytesMax: number,
): boolean =>
  offset + lookedAtBytesMax <= recordBytesMax &&
  byWidth(values).every(([, some]) => bytes <= lookedAtBytes(some))

/** r1: what stands at r8 + r9, as `piecesOf` has it, in the upper bytes of a word of 64 bits, or as
 * one of 32. */
const loadFolded = (assembler: Assembler, width: AlikeWidth): void => {
  assembler.move(3, { register: 8 })
  assembler.alu('add', 3, { register: 9 })
  const bits = BigInt(caseBit) * 0x0101_0101_0101_0101n
  if (width === 4) {
    assembler.load(4, 1, 3, 0)
    assembler.alu32('or', 1, { constant: Number(BigInt.asUintN(32, bits)) })
    return
  }
  assembler.load(8, 1, 3, 0)
  assembler.load64(2, bits)
  assembler.alu('or', 1, { register: 2 })
  assembler.alu('shiftLeft', 1, { constant: 8 * (wordBytes - width) })
}

const comparePiece = (assembler: Assembler, piece: string, yes: Label): void => {
  if (piece.length === 4) {
    assembler.goOnIf(32, '!=', 1, { constant: Number(littleEndian(piece)) }, yes)
    return
  }
  assembler.load64(2, littleEndian(piece) << BigInt(8 * (wordBytes - piece.length)))
  assembler.goOnIf(64, '!=', 1, { register: 2 }, yes)
}

/** One loop, over places r9 from the text in r8 on. */
const lookFor = (
  { assembler, undecided }: Surroundings,
  text: TextAt,
  width: AlikeWidth,
  values: readonly string[],
  yes: Label,
  no: Label,
): void => {
  const pieces = new Set(values.flatMap(piecesOf))
  assembler.move(9, { constant: 0 })
  const turn = assembler.beginLoop('turn')
  loadLength(assembler, text, 1)
  assembler.move(3, { register: 9 })
  assembler.alu('add', 3, { constant: width })
  assembler.goOnIf(64, '<=', 3, { register: 1 }, no)
  assembler.jumpIf(64, '==', 9, { constant: lookedAtBytes(values) }, undecided)
  loadFolded(assembler, width)
  for (const piece of pieces) comparePiece(assembler, piece, yes)
  assembler.alu('add', 9, { constant: alikeStep })
  assembler.jumpBack(turn, lookedAtBytes(values) / alikeStep)
}

/** Goes to `yes` when the text resembles one of the values, else to `no`. */
export const scanAlike = (
  at: Surroundings,
  text: TextAt,
  values: readonly string[],
  yes: Label,
  no: Label,
): void => {
  const { assembler, undecided, recordBytesMax, behindBytes } = at
  if (text.is !== 'slot') throw new Error('only texts of slots are looked through in a loop')
  assembler.load(2, 8, 7, text.offset)
  assembler.load(2, 1, 7, text.offset + 2)
  assembler.alu('add', 1, { register: 8 })
  assembler.jumpIf(64, '>', 1, { constant: recordBytesMax }, undecided)
  const lastBegin = recordBytesMax - lookedAtBytesMax
  if (lastBegin < 0 || behindBytes < wordBytes) return assembler.jump(undecided)
  // Verifier: wherever the text is cut off, what is loaded lies in the record.
  assembler.jumpIf(64, '>', 8, { constant: lastBegin }, undecided)
  assembler.alu('add', 8, { register: 7 })
  const groups = byWidth(values)
  for (const [i, [width, some]] of groups.entries()) {
    const isLast = i === groups.length - 1
    const next = isLast ? no : assembler.newLabel('values of another width')
    lookFor(at, text, width, some, yes, next)
    if (!isLast) assembler.place(next)
  }
}

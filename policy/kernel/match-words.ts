/** Compares numbers and texts with constants, by words as long as the machine's. */
import type { Assembler, Label } from './assembler.ts'
import type { Register, Size } from './instruction.ts'

/** A value that is looked for, and where to go when it is there. */
export interface Target {
  readonly value: string
  readonly block: number
  readonly label: Label
}

/** Where a text lies: at a pointer and a constant. */
export interface Base {
  readonly register: Register
  readonly offset: number
}

/** So few are compared one after the other; more by halves. */
const inTurnMax = 4

/** The unsigned number that these bytes are. At most 8. */
export const littleEndian = (value: string): bigint => {
  let number = 0n
  for (let i = value.length - 1; i >= 0; i--) {
    number = (number << 8n) | BigInt(value.charCodeAt(i))
  }
  return number
}

/** The constant of 32 bits that is loaded from these four bytes. */
export const constantOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset, 4).getInt32(0, true)

interface NumberTarget {
  /** Unsigned. */
  readonly number: bigint
  readonly label: Label
}

const compare = (
  assembler: Assembler,
  bits: 32 | 64,
  operator: '==' | '>',
  number: bigint,
  yes: Label,
): void => {
  if (bits === 32) {
    assembler.jumpIf(32, operator, 1, { constant: Number(number) }, yes)
  } else if (number < 0x8000_0000n) {
    assembler.jumpIf(64, operator, 1, { constant: Number(number) }, yes)
  } else {
    assembler.load64(2, number)
    assembler.jumpIf(64, operator, 1, { register: 2 }, yes)
  }
}

/** Goes to the label of the number in r1, which is kept. Numbers differ. Changes r2. */
export const branchOnNumbers = (
  assembler: Assembler,
  bits: 32 | 64,
  targets: readonly NumberTarget[],
  none: Label,
): void => {
  const sorted = targets.toSorted((a, b) => (a.number < b.number ? -1 : 1))
  const among = (some: readonly NumberTarget[]): void => {
    if (some.length <= inTurnMax) {
      for (const { number, label } of some) compare(assembler, bits, '==', number, label)
      assembler.jump(none)
      return
    }
    const lower = some.slice(0, Math.ceil(some.length / 2))
    const greater = assembler.newLabel('greater')
    compare(assembler, bits, '>', lower.at(-1)?.number ?? 0n, greater)
    among(lower)
    assembler.place(greater)
    among(some.slice(lower.length))
  }
  among(sorted)
}

interface Piece {
  readonly from: number
  readonly size: Size
}

/**
 * The words that cover `bytes` bytes: as few as can be, so that the last two may overlap. The last
 * one comes first: what texts of a set begin with is often the same.
 */
const piecesOf = (bytes: number): readonly Piece[] => {
  if (bytes === 0) return []
  if (bytes === 3) {
    return [
      { from: 1, size: 2 },
      { from: 0, size: 1 },
    ]
  }
  const size: Size = bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1
  const pieces: Piece[] = [{ from: bytes - size, size }]
  for (let end = bytes - size; end > 0; end -= size) {
    pieces.push({ from: Math.max(0, end - size), size })
  }
  return pieces
}

/** Goes to the label of the text at `base`. All have one length. Changes r1 and r2. */
export const branchOnTexts = (
  assembler: Assembler,
  base: Base,
  targets: readonly Target[],
  none: Label,
): void => {
  const pieces = piecesOf(targets[0]?.value.length ?? 0)
  const among = (some: readonly Target[], index: number): void => {
    const piece = pieces[index]
    const [first] = some
    if (first === undefined) return assembler.jump(none)
    if (piece === undefined) return assembler.jump(first.label)
    const { from, size } = piece
    assembler.load(size, 1, base.register, base.offset + from)
    const groups = [
      ...Map.groupBy(some, ({ value }) => littleEndian(value.slice(from, from + size))),
    ].map(([number, group]) => ({ number, group, label: assembler.newLabel('text') }))
    branchOnNumbers(assembler, size === 8 ? 64 : 32, groups, none)
    for (const { group, label } of groups) {
      assembler.place(label)
      among(group, index + 1)
    }
  }
  among(targets, 0)
}

/** Goes to `other` when the text at `base` does not begin with `value`, else on. */
export const branchOnMismatch = (
  assembler: Assembler,
  base: Base,
  value: string,
  other: Label,
): void => {
  const same = assembler.newLabel('same')
  branchOnTexts(assembler, base, [{ value, block: 0, label: same }], other)
  assembler.place(same)
}

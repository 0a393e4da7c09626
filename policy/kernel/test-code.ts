/** Code of tests on one number. */
import type { Assembler, Label, Operand } from './assembler.ts'
import type { Test } from './plan.ts'

/** Loads the number into r1, and says in how many bits to compare it. */
const loadNumber = (
  assembler: Assembler,
  { at }: Extract<Test, { is: 'number' | 'bits' }>,
): 32 | 64 => {
  assembler.load(at.bytes, 1, 7, at.offset)
  if (at.signed && at.bytes < 4) {
    const bits = 32 - 8 * at.bytes
    assembler.alu32('shiftLeft', 1, { constant: bits })
    assembler.alu32('shiftRightSigned', 1, { constant: bits })
  }
  return at.bytes === 8 ? 64 : 32
}

/** The value as second operand: in r2 where an instruction has no room for it. */
const operandOf = (assembler: Assembler, bits: 32 | 64, value: bigint): Operand => {
  if (bits === 32) return { constant: Number(BigInt.asIntN(32, value)) }
  if (BigInt.asIntN(32, value) === value) return { constant: Number(value) }
  assembler.load64(2, value)
  return { register: 2 }
}

/** A test on a number that is not membership of a set. */
export const numberTest = (
  assembler: Assembler,
  test: Extract<Test, { is: 'number' | 'bits' }>,
  yes: Label,
  no: Label,
): void => {
  const bits = loadNumber(assembler, test)
  if (test.is === 'bits') {
    assembler.branch(bits, '&', 1, operandOf(assembler, bits, test.mask), yes, no)
    return
  }
  const [value = 0n] = test.values
  const { operator } = test
  if (operator === 'in') throw new Error('membership is a choice')
  const signed = test.at.signed ? (`s${operator}` as const) : operator
  assembler.branch(bits, signed, 1, operandOf(assembler, bits, value), yes, no)
}

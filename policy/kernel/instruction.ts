/**
 * One instruction of eBPF, and the numbers of its parts (linux/bpf.h, linux/bpf_common.h).
 */

/** struct bpf_insn. The second half of one that loads 64 bits has code 0. */
export interface Instruction {
  readonly code: number
  /** Destination in the lower four bits, source in the upper. */
  readonly registers: number
  readonly offset: number
  readonly immediate: number
}

/** r0 to r10, by number. r10 points to the end of the stack. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

/** Bytes that one load or store moves. */
export type Size = 1 | 2 | 4 | 8

export const bpf = {
  // Classes.
  loadImmediate: 0x00,
  loadRegister: 0x01,
  store: 0x02,
  storeRegister: 0x03,
  alu: 0x04,
  jump: 0x05,
  jump32: 0x06,
  alu64: 0x07,
  // The second operand is a register.
  register: 0x08,
  // Modes of loads and stores.
  memory: 0x60,
  atomic: 0xc0,
  // An operation of 32-bit arithmetic, with bpf.register: makes big-endian what is little-endian.
  toBigEndian: 0xd0,
  // In the source register of a load of 64 bits: the constant is a map's file descriptor.
  pseudoMapFd: 1,
  // The same, and what is loaded is the address of its value.
  pseudoMapValue: 2,
} as const

export const sizeCodes: Readonly<Record<Size, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 }

export const aluCodes = {
  add: 0x00,
  subtract: 0x10,
  multiply: 0x20,
  or: 0x40,
  and: 0x50,
  shiftLeft: 0x60,
  shiftRight: 0x70,
  xor: 0xa0,
  move: 0xb0,
  shiftRightSigned: 0xc0,
} as const
export type AluOperator = Exclude<keyof typeof aluCodes, 'move'>

export const jumpCodes = {
  always: 0x00,
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  /** Some bit of both is set. */
  '&': 0x40,
  '!=': 0x50,
  's>': 0x60,
  's>=': 0x70,
  call: 0x80,
  exit: 0x90,
  '<': 0xa0,
  '<=': 0xb0,
  's<': 0xc0,
  's<=': 0xd0,
} as const
export type JumpOperator = Exclude<keyof typeof jumpCodes, 'always' | 'call' | 'exit'>

const inverses: Readonly<Record<number, number | undefined>> = Object.fromEntries(
  (
    [
      ['==', '!='],
      ['<', '>='],
      ['>', '<='],
      ['s<', 's>='],
      ['s>', 's<='],
    ] as const
  ).flatMap(([one, other]) => [
    [jumpCodes[one], jumpCodes[other]],
    [jumpCodes[other], jumpCodes[one]],
  ]),
)

/** The code of the jump on the contrary; `undefined` where there is none (`&`). */
export const inverseOf = (code: number): number | undefined => {
  const inverse = inverses[code & 0xf0]
  return inverse === undefined ? undefined : (code & 0x0f) | inverse
}

const codeToName = (codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(codes).map(([name, code]) => [code, name]))

/** Names by the upper four bits of a code. */
export const jumpNames = codeToName(jumpCodes)
export const aluNames = codeToName(aluCodes)

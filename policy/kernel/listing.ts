/**
 * An instruction as text, in the words of LLVM's disassembler (and of the kernel's verifier), so
 * that what we print can be read beside what they print.
 */
import type { Instruction } from './instruction.ts'
import { aluNames, bpf, jumpCodes, jumpNames } from './instruction.ts'

const typeNames: Readonly<Record<number, string>> = {
  0x00: 'u32',
  0x08: 'u16',
  0x10: 'u8',
  0x18: 'u64',
}

const aluSigns: Readonly<Record<string, string>> = {
  add: '+=',
  subtract: '-=',
  multiply: '*=',
  or: '|=',
  and: '&=',
  shiftLeft: '<<=',
  shiftRight: '>>=',
  xor: '^=',
  move: '=',
  shiftRightSigned: 's>>=',
}

const signed = (offset: number): string => (offset < 0 ? `- ${-offset}` : `+ ${offset}`)

const memoryText = (code: number, base: number, offset: number): string =>
  `*(${typeNames[code & 0x18]} *)(r${base} ${signed(offset)})`

const aluText = ({ code, registers, immediate }: Instruction): string => {
  const to = `r${registers & 15}`
  if ((code & 0xf0) === bpf.toBigEndian) return `${to} = be${immediate} ${to}`
  const letter = (code & 0x07) === bpf.alu64 ? 'r' : 'w'
  const right = (code & bpf.register) !== 0 ? `${letter}${registers >> 4}` : `${immediate}`
  const sign = aluSigns[aluNames.get(code & 0xf0) ?? ''] ?? '?'
  return `${letter}${registers & 15} ${sign} ${right}`
}

const jumpText = ({ code, registers, offset, immediate }: Instruction): string => {
  const letter = (code & 0x07) === bpf.jump ? 'r' : 'w'
  const operation = code & 0xf0
  if (operation === jumpCodes.call) return `call ${immediate}`
  if (operation === jumpCodes.exit) return 'exit'
  const target = `goto ${offset < 0 ? '' : '+'}${offset}`
  if (operation === jumpCodes.always) return target
  const right = (code & bpf.register) !== 0 ? `${letter}${registers >> 4}` : `${immediate}`
  return `if ${letter}${registers & 15} ${jumpNames.get(operation)} ${right} ${target}`
}

const storeText = ({ code, registers, offset, immediate }: Instruction): string => {
  const place = memoryText(code, registers & 15, offset)
  if ((code & 0x07) === bpf.store) return `${place} = ${immediate}`
  const sign = (code & 0xe0) === bpf.atomic ? '+=' : '='
  return `${sign === '=' ? '' : 'lock '}${place} ${sign} r${registers >> 4}`
}

const wideText = ({ registers, immediate }: Instruction, next: Instruction | undefined): string => {
  const to = `r${registers & 15}`
  if (registers >> 4 === bpf.pseudoMapFd) return `${to} = map of fd ${immediate} ll`
  if (registers >> 4 === bpf.pseudoMapValue) return `${to} = value in the map of fd ${immediate} ll`
  const value = (BigInt(next?.immediate ?? 0) << 32n) | BigInt(immediate >>> 0)
  return `${to} = ${value} ll`
}

/** `undefined` for the second half of an instruction; `next` is that half, or any other. */
export const textOf = (
  instruction: Instruction,
  next: Instruction | undefined,
): string | undefined => {
  const { code, registers, offset } = instruction
  switch (code & 0x07) {
    case bpf.loadImmediate:
      return code === 0 ? undefined : wideText(instruction, next)
    case bpf.loadRegister:
      return `r${registers & 15} = ${memoryText(code, registers >> 4, offset)}`
    case bpf.store:
    case bpf.storeRegister:
      return storeText(instruction)
    case bpf.jump:
    case bpf.jump32:
      return jumpText(instruction)
    default:
      return aluText(instruction)
  }
}

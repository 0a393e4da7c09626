/**
 * The program at the return of one system call's function. A tracing program attaches to one
 * function only, and a handler takes long to verify; so what is made for each function is a stub of
 * six instructions, which tail-calls the handler.
 */
import type { RawProgramSpec } from '@bulwark/native'

const typeTracing = 26
const typeLsm = 29
const attachFexit = 25
const attachLsm = 27
/** The programs are of this licence too: see bpf/LICENSE. */
export const license = 'Dual BSD/GPL'

/** Code, registers (destination, then source) and immediate value, as in struct bpf_insn. */
type Instruction = readonly [code: number, registers: number, immediate: number]

/** The bytes of instructions, in the machine's order. */
export const assemble = (instructions: readonly Instruction[]): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(8 * instructions.length))
  for (const [i, [code, registers, immediate]] of instructions.entries()) {
    bytes.setUint8(8 * i, code)
    bytes.setUint8(8 * i + 1, registers)
    bytes.setInt32(8 * i + 4, immediate, true)
  }
  return new Uint8Array(bytes.buffer)
}

const returnZero: readonly Instruction[] = [
  [0xb7, 0x00, 0], // r0 = 0
  [0x95, 0x00, 0], // exit
]

const readArgument: Instruction = [0x79, 0x11, 0] // r1 = the registers: a word of the context

const atReturn = (
  name: string,
  attachBtfId: number,
  code: readonly Instruction[],
): RawProgramSpec => ({
  type: typeTracing,
  name,
  license,
  instructions: assemble(code),
  expectedAttachType: attachFexit,
  attachBtfId,
})

/**
 * A stub for the function of that type id.
 *
 * @param array  file descriptor of a prog array
 * @param slot  place of the handler in it; while it is empty, nothing is done
 */
export const stub = (attachBtfId: number, array: number, slot: number): RawProgramSpec =>
  atReturn('bulwark_stub', attachBtfId, [
    [0x18, 0x12, array], // r2 = the prog array; r1 is the context
    [0x00, 0x00, 0],
    [0xb7, 0x03, slot], // r3 = slot
    [0x85, 0x00, 12], // bpf_tail_call
    ...returnZero,
  ])

/**
 * One that does nothing, to try whether this kernel takes any; it may read its first argument,
 * which not every kernel lets through: see bpf/security.bpf.c.
 */
export const trialStub = (attachBtfId: number, readsArgument: boolean): RawProgramSpec =>
  atReturn('bulwark_try', attachBtfId, [...(readsArgument ? [readArgument] : []), ...returnZero])

/** One for the security hook of that type id, which allows everything. */
export const allow = (attachBtfId: number): RawProgramSpec => ({
  ...atReturn('bulwark_try', attachBtfId, returnZero),
  type: typeLsm,
  expectedAttachType: attachLsm,
})

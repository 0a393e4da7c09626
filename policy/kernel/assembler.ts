/**
 * A small assembler for eBPF: typed instructions and labels in, bytes out. Jumps go forward, but
 * for those to the begin of a loop. Each jump is checked; one that would be too far for its 16 bits
 * goes by way of an island of jumps. What cannot be reached is left out, because older kernels
 * refuse a program that has it. Knows no plan and no record.
 *
 * @source  linux/bpf.h; the kernel's Documentation/bpf/standardization/instruction-set.rst
 */
import type { Instruction } from './instruction.ts'
import {
  aluCodes,
  bpf,
  inverseOf,
  jumpCodes,
  sizeCodes,
  type AluOperator,
  type JumpOperator,
  type Register,
  type Size,
} from './instruction.ts'
import { textOf } from './listing.ts'

/** A place in the program, known or not yet. Belongs to the assembler that made it. */
export interface Label {
  readonly name: string
  /** Index of the instruction there; -1 until it is placed. */
  at: number
  /** Jumps to it that there are. */
  uses: number
}

/** The second operand of an instruction: a register by its number, or a constant. */
export type Operand = { readonly register: Register } | { readonly constant: number }

/** A jump of at most this many instructions fits in its 16 bits. */
const jumpMax = 32_767
/** Islands are made for jumps that wait this long: leaves room for the island itself. */
const reachMax = 24_000

interface Line {
  code: number
  readonly registers: number
  readonly offset: number
  readonly immediate: number
  target: Label | undefined
}

const int32 = (value: number, what: string): number => {
  if (!Number.isInteger(value) || value < -0x8000_0000 || value > 0xffff_ffff) {
    throw new RangeError(`${what} ${value} is no number of 32 bits`)
  }
  return value | 0
}

const int16 = (value: number, what: string): number => {
  if (!Number.isInteger(value) || value < -0x8000 || value > 0x7fff) {
    throw new RangeError(`${what} ${value} is no signed number of 16 bits`)
  }
  return value
}

/** What `Assembler.finish` gives. */
export interface Assembled {
  readonly instructions: readonly Instruction[]
  /** Instructions that the verifier goes through in all turns of loops but the first. */
  readonly revisited: number
  /** What a reader should know of an instruction, by its index. */
  readonly comments: ReadonlyMap<number, readonly string[]>
}

export class Assembler {
  readonly #lines: Line[] = []
  readonly #comments = new Map<number, string[]>()
  /** Jumps whose labels were not placed yet when they were made, oldest first. */
  #waiting: number[] = []
  #waited = 0
  /** Where a label that is used was placed last. */
  #labelled = -1
  #revisited = 0
  readonly #commented: boolean
  /** Whether control comes to where the next instruction goes. */
  #reached = true

  /** @param commented  whether comments are kept */
  constructor(commented = true) {
    this.#commented = commented
  }

  /** Instructions so far; one that loads 64 bits counts twice, as in the kernel. */
  get count(): number {
    return this.#lines.length
  }

  newLabel(name: string): Label {
    return { name, at: -1, uses: 0 }
  }

  /** Puts the label here. Jumps that would only go on to the next instruction vanish. */
  place(label: Label): void {
    if (label.at >= 0) throw new Error(`the label ${label.name} is placed already`)
    this.#shorten(label)
    label.at = this.count
    if (label.uses === 0) return
    this.#labelled = this.count
    this.#reached = true
  }

  /** What the next instruction is for. Asked for only where it is kept. */
  comment(words: () => string): void {
    if (!this.#reached || !this.#commented) return
    const text = words()
    const comments = this.#comments.get(this.count)
    if (comments === undefined) this.#comments.set(this.count, [text])
    else comments.push(text)
  }

  move(to: Register, from: Operand): void {
    this.#alu(bpf.alu64, aluCodes.move, to, from)
  }

  /** `to = to OPERATOR from`, in 64 bits. */
  alu(operator: AluOperator, to: Register, from: Operand): void {
    this.#alu(bpf.alu64, aluCodes[operator], to, from)
  }

  /** The same in 32 bits, which clears the upper half. */
  alu32(operator: AluOperator, to: Register, from: Operand): void {
    this.#alu(bpf.alu, aluCodes[operator], to, from)
  }

  /** Turns the order of the eight bytes round, on a machine that is little-endian. */
  swap(register: Register): void {
    this.#add(bpf.alu | bpf.toBigEndian | bpf.register, register, 0, 0, 64)
  }

  /** Loads any 64 bits. */
  load64(to: Register, value: bigint): void {
    const low = Number(BigInt.asIntN(32, value))
    const high = Number(BigInt.asIntN(32, value >> 32n))
    this.#wide(to, 0, low, high)
  }

  /** Loads a map by its file descriptor. */
  loadMap(to: Register, fd: number): void {
    this.#wide(to, bpf.pseudoMapFd, int32(fd, 'file descriptor'), 0)
  }

  /** Loads the address of the one value of an array, by the array's file descriptor. */
  loadMapValue(to: Register, fd: number): void {
    this.#wide(to, bpf.pseudoMapValue, int32(fd, 'file descriptor'), 0)
  }

  /** Loads `size` bytes; the upper ones become 0. */
  load(size: Size, to: Register, base: Register, offset: number): void {
    this.#add(bpf.loadRegister | bpf.memory | sizeCodes[size], to, base, offset, 0)
  }

  store(size: Size, base: Register, offset: number, from: Register): void {
    this.#add(bpf.storeRegister | bpf.memory | sizeCodes[size], base, from, offset, 0)
  }

  storeConstant(size: Size, base: Register, offset: number, value: number): void {
    this.#add(bpf.store | bpf.memory | sizeCodes[size], base, 0, offset, int32(value, 'constant'))
  }

  /** Adds to memory in one step, without fetching: the only form that 5.10 has. */
  atomicAdd(size: 4 | 8, base: Register, offset: number, from: Register): void {
    this.#add(bpf.storeRegister | bpf.atomic | sizeCodes[size], base, from, offset, 0)
  }

  jump(to: Label): void {
    if (!this.#reached) return
    this.#jump(bpf.jump | jumpCodes.always, 0, 0, 0, to)
    this.#reached = false
  }

  /**
   * Goes to `yes` when it holds, else to `no`. Compares 64 bits, where a constant is
   * sign-extended, or the lower 32.
   */
  branch(
    bits: 32 | 64,
    operator: JumpOperator,
    left: Register,
    right: Operand,
    yes: Label,
    no: Label,
  ): void {
    if (!this.#reached) return
    const code = (bits === 64 ? bpf.jump : bpf.jump32) | jumpCodes[operator]
    if (yes === no) return this.jump(yes)
    this.#bridge()
    if ('register' in right) this.#jump(code | bpf.register, left, right.register, 0, yes)
    else this.#jump(code, left, 0, int32(right.constant, 'constant'), yes)
    this.jump(no)
  }

  /** Goes to `yes` when it holds, else on. */
  jumpIf(bits: 32 | 64, operator: JumpOperator, left: Register, right: Operand, yes: Label): void {
    const on = this.newLabel('on')
    this.branch(bits, operator, left, right, yes, on)
    this.place(on)
  }

  /**
   * Goes on when it holds, else to `other`. Verifier: it looks at `other` first, and what it has
   * still to look at does not pile up in a loop.
   */
  goOnIf(
    bits: 32 | 64,
    operator: JumpOperator,
    left: Register,
    right: Operand,
    other: Label,
  ): void {
    if (!this.#reached) return
    const on = this.newLabel('on')
    this.branch(bits, operator, left, right, on, other)
    // Not to be made one jump to `other`.
    this.#labelled = this.count
    this.place(on)
  }

  /** Where a loop begins: for `jumpBack`. */
  beginLoop(name: string): Label {
    const label = this.newLabel(name)
    label.at = this.count
    if (this.#reached) this.#labelled = this.count
    return label
  }

  /** Goes back to where a loop begins, which has so many turns at the most. */
  jumpBack(to: Label, turns: number): void {
    if (to.at < 0) throw new Error(`no loop begins at ${to.name}`)
    if (!this.#reached) return
    this.#revisited += (turns - 1) * (this.count + 1 - to.at)
    this.#push({
      code: bpf.jump | jumpCodes.always,
      registers: 0,
      offset: int16(to.at - this.count - 1, 'jump back'),
      immediate: 0,
      target: undefined,
    })
    this.#reached = false
  }

  /** Calls a helper by its number (BPF_FUNC_*): arguments in 1 to 5, result in 0. */
  call(helper: number): void {
    this.#add(bpf.jump | jumpCodes.call, 0, 0, 0, int32(helper, 'helper'))
  }

  exit(): void {
    this.#add(bpf.jump | jumpCodes.exit, 0, 0, 0, 0)
    this.#reached = false
  }

  /** @throws RangeError  a jump is too far; Error  a label was never placed, or control runs out */
  finish(): Assembled {
    if (this.#reached) throw new Error('the program has no end')
    const instructions = this.#lines.map(({ target, ...line }, at): Instruction => {
      if (target === undefined) return line
      if (target.at < 0) throw new Error(`the label ${target.name} was never placed`)
      const offset = target.at - at - 1
      if (offset < 0 || offset > jumpMax) {
        throw new RangeError(`the jump at ${at} to ${target.name} goes ${offset} instructions far`)
      }
      return { ...line, offset }
    })
    return { instructions, revisited: this.#revisited, comments: this.#comments }
  }

  #alu(kind: number, code: number, to: Register, from: Operand): void {
    if ('register' in from) this.#add(kind | code | bpf.register, to, from.register, 0, 0)
    else this.#add(kind | code, to, 0, 0, int32(from.constant, 'constant'))
  }

  #wide(to: Register, from: number, low: number, high: number): void {
    if (!this.#reached) return
    this.#push({
      code: bpf.loadImmediate | sizeCodes[8],
      registers: to | (from << 4),
      offset: 0,
      immediate: low,
      target: undefined,
    })
    this.#push({ code: 0, registers: 0, offset: 0, immediate: high, target: undefined })
  }

  #add(code: number, to: Register, from: Register, offset: number, immediate: number): void {
    if (!this.#reached) return
    const registers = to | (from << 4)
    this.#push({ code, registers, offset: int16(offset, 'offset'), immediate, target: undefined })
    this.#bridge()
  }

  #jump(code: number, left: Register, right: Register, immediate: number, target: Label): void {
    if (target.at >= 0) throw new Error(`the jump to ${target.name} would go back`)
    target.uses++
    this.#waiting.push(this.count)
    this.#push({ code, registers: left | (right << 4), offset: 0, immediate, target })
  }

  #push(line: Line): void {
    this.#lines.push(line)
  }

  /** Takes back the jump that was made last. */
  #drop(): void {
    const line = this.#lines.pop()
    if (line?.target !== undefined) line.target.uses--
    if (this.#waiting.at(-1) === this.count) this.#waiting.pop()
  }

  /**
   * Before `label` is placed: `goto label` vanishes, and of `if x goto label; goto other` there
   * remains `if not x goto other`.
   */
  #shorten(label: Label): void {
    const last = this.#lines.at(-1)
    if (this.#labelled === this.count || this.#reached || last?.target === undefined) return
    if (last.target === label) {
      this.#drop()
      this.#reached = true
      return
    }
    const before = this.#lines.at(-2)
    if (before?.target !== label || this.#labelled === this.count - 1) return
    const inverse = inverseOf(before.code)
    if (inverse === undefined || this.#isSecondHalf(this.count - 2)) return
    const other = last.target
    this.#drop()
    before.code = inverse
    before.target = other
    label.uses--
    other.uses++
    this.#reached = true
  }

  #isSecondHalf(at: number): boolean {
    return this.#lines[at]?.code === 0
  }

  /** Where jumps have waited long for their labels: new ones to these, and the old ones to them. */
  #bridge(): void {
    const oldest = this.#oldest()
    if (oldest === undefined || this.count - oldest < reachMax) return
    const waiting = this.#waiting.slice(this.#waited)
    this.#waiting = []
    this.#waited = 0
    const on = this.newLabel('on')
    this.jump(on)
    const islands = new Map<Label, Label>()
    for (const at of waiting) {
      const line = this.#lines[at]
      const { target } = line ?? {}
      if (line === undefined || target === undefined || target.at >= 0) continue
      let island = islands.get(target)
      if (island === undefined) {
        island = this.newLabel(target.name)
        islands.set(target, island)
        island.at = this.count
        this.#reached = true
        this.comment(() => `on the way to ${target.name}`)
        this.jump(target)
      }
      target.uses--
      island.uses++
      line.target = island
    }
    this.#labelled = this.count
    this.place(on)
  }

  /** The oldest jump that still waits for its label. */
  #oldest(): number | undefined {
    for (; this.#waited < this.#waiting.length; this.#waited++) {
      const at = this.#waiting[this.#waited] ?? 0
      if ((this.#lines[at]?.target?.at ?? 0) < 0) return at
    }
    this.#waiting = []
    this.#waited = 0
    return undefined
  }
}

/** How many conditional jumps the longest way through the program has. */
export const branchesMax = (instructions: readonly Instruction[]): number => {
  const from = new Uint32Array(instructions.length + 1)
  for (let at = instructions.length - 1; at >= 0; at--) {
    const { code, offset } = instructions[at] ?? { code: 0, offset: 0 }
    const operation = code & 0xf0
    const next = from[at + 1] ?? 0
    const isJump = (code & 0x07) === bpf.jump || (code & 0x07) === bpf.jump32
    if (!isJump || operation === jumpCodes.call) from[at] = next
    else if (operation === jumpCodes.exit) from[at] = 0
    else if (operation === jumpCodes.always) from[at] = from[at + 1 + offset] ?? 0
    else from[at] = 1 + Math.max(next, from[at + 1 + offset] ?? 0)
  }
  return from[0] ?? 0
}

/** As the kernel takes them: 8 bytes each, little-endian. */
export const bytesOf = (instructions: readonly Instruction[]): Uint8Array => {
  const bytes = new DataView(new ArrayBuffer(8 * instructions.length))
  for (const [i, { code, registers, offset, immediate }] of instructions.entries()) {
    bytes.setUint8(8 * i, code)
    bytes.setUint8(8 * i + 1, registers)
    bytes.setInt16(8 * i + 2, offset, true)
    bytes.setInt32(8 * i + 4, immediate, true)
  }
  return new Uint8Array(bytes.buffer)
}

/** One instruction a line, as disassemblers print it, with the comments above it. */
export const listingOf = ({ instructions, comments }: Assembled): string => {
  const lines: string[] = []
  for (const [at, instruction] of instructions.entries()) {
    for (const comment of comments.get(at) ?? []) lines.push(`; ${comment}`)
    const text = textOf(instruction, instructions[at + 1])
    if (text !== undefined) lines.push(`${at.toString().padStart(8)}:  ${text}`)
  }
  return `${lines.join('\n')}\n`
}

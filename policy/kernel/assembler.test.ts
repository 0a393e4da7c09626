/** The assembler: encodings against LLVM's, jumps, islands, and what it refuses. */
import { deepEqual, equal, match, ok, throws } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Label } from './assembler.ts'
import { Assembler, bytesOf, listingOf } from './assembler.ts'
import { aluCodes, jumpCodes, type AluOperator, type JumpOperator } from './instruction.ts'
import type { Register, Size } from './instruction.ts'

/** What LLVM's assembler makes of a listing, as bytes; `undefined` where there is none. */
const assembleByLlvm = (listing: string): readonly number[] | undefined => {
  const input = listing.replaceAll(/^ *\d+: {2}/gm, '').replaceAll(/^;.*$/gm, '')
  const { stdout, stderr, error } = spawnSync(
    'llvm-mc',
    ['-triple', 'bpfel', '-mcpu=v3', '--show-encoding', '--assemble'],
    { input, encoding: 'utf8', timeout: 60_000 },
  )
  if (error !== undefined) return undefined
  equal(stderr, '')
  const encodings = [...stdout.matchAll(/encoding: \[([^\]]*)\]/g)]
  return encodings.flatMap(([, bytes = '']) => bytes.split(',').map(Number))
}

const jumpOperators = Object.keys(jumpCodes).filter(
  // LLVM's assembler has no name for `&`.
  (name) => !['always', 'call', 'exit', '&'].includes(name),
) as readonly JumpOperator[]
const aluOperators = Object.keys(aluCodes).filter((name) => name !== 'move') as AluOperator[]

/** A program that has each form at least once, and jumps over all of the rest. */
const everyForm = (): Assembler => {
  const assembler = new Assembler()
  const last = assembler.newLabel('last')
  assembler.move(6, { register: 1 })
  assembler.move(2, { constant: -5 })
  for (const operator of aluOperators) {
    assembler.alu(operator, 3, { register: 4 })
    assembler.alu(operator, 3, { constant: 7 })
    assembler.alu32(operator, 3, { register: 4 })
    assembler.alu32(operator, 3, { constant: 7 })
  }
  assembler.swap(3)
  for (const size of [1, 2, 4, 8] as const satisfies readonly Size[]) {
    assembler.load(size, 1, 7, 300)
    assembler.store(size, 10, -16, 5)
  }
  assembler.atomicAdd(4, 7, 8, 1)
  assembler.atomicAdd(8, 7, -8, 1)
  for (const value of [0n, -1n, 0x1234_5678_9abc_def0n, 1n << 63n, 0x8000_0000n]) {
    assembler.load64(9, value)
  }
  for (const operator of jumpOperators) {
    for (const bits of [32, 64] as const) {
      assembler.jumpIf(bits, operator, 1, { register: 2 }, last)
      assembler.jumpIf(bits, operator, 1, { constant: -2 }, last)
    }
  }
  assembler.call(113)
  assembler.place(last)
  assembler.exit()
  return assembler
}

test('each form is encoded as LLVM does it', (context) => {
  const assembled = everyForm().finish()
  const expected = assembleByLlvm(listingOf(assembled))
  if (expected === undefined) return context.skip('no llvm-mc')
  deepEqual([...bytesOf(assembled.instructions)], expected)
})

test('forms that LLVM’s assembler has no words for', () => {
  const assembler = new Assembler()
  const end = assembler.newLabel('end')
  assembler.loadMap(1, 5)
  assembler.storeConstant(8, 10, -8, -1)
  assembler.jumpIf(32, '&', 1, { constant: 0x80 }, end)
  assembler.jumpIf(64, '&', 1, { register: 2 }, end)
  assembler.load(1, 0, 7, 0)
  assembler.place(end)
  assembler.exit()
  const assembled = assembler.finish()
  const words = new BigUint64Array(bytesOf(assembled.instructions).buffer)
  deepEqual(
    Array.from(words, (word) => word.toString(16).padStart(16, '0')),
    [
      '0000000500001118',
      '0000000000000000',
      'fffffffffff80a7a',
      '0000008000020146',
      '000000000001214d',
      '0000000000007071',
      '0000000000000095',
    ],
  )
  match(
    listingOf(assembled),
    /^ {7}0: {2}r1 = map of fd 5 ll\n {7}2: {2}\*\(u64 \*\)\(r10 - 8\) = -1/,
  )
})

const texts = (assembler: Assembler): readonly string[] =>
  listingOf(assembler.finish())
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ *\d+: {2}/, ''))

test('a jump to what follows vanishes; of two, one on the contrary remains', () => {
  const assembler = new Assembler()
  const [yes, no] = [assembler.newLabel('yes'), assembler.newLabel('no')]
  assembler.branch(64, '==', 1, { constant: 1 }, yes, no)
  assembler.place(yes)
  assembler.move(0, { constant: 1 })
  assembler.jump(no)
  assembler.place(no)
  assembler.exit()
  deepEqual(texts(assembler), ['if r1 != 1 goto +1', 'r0 = 1', 'exit'])
})

test('what cannot be reached is left out', () => {
  const assembler = new Assembler()
  const [never, end] = [assembler.newLabel('never'), assembler.newLabel('end')]
  assembler.jump(end)
  assembler.place(never)
  assembler.move(0, { constant: 1 })
  assembler.jump(end)
  assembler.place(end)
  assembler.exit()
  deepEqual(texts(assembler), ['exit'])
})

/** Follows the jumps of a program that compares r1 with constants; returns r0 at its end. */
const interpret = (assembler: Assembler, input: number): number => {
  const { instructions } = assembler.finish()
  let result = -1
  for (let at = 0; ; at++) {
    const { code, registers, offset, immediate } = instructions[at] ?? {
      code: -1,
      registers: 0,
      offset: 0,
      immediate: 0,
    }
    const target: Register = (registers & 15) as Register
    if (code === 0x95) return result
    else if (code === 0x05) at += offset
    else if (code === 0x15) at += immediate === input ? offset : 0
    else if (code === 0xb7 && target === 0) result = immediate
    else if (code !== 0xb7) throw new Error(`not foreseen: ${code} at ${at}`)
  }
}

test('jumps over more than 32,767 instructions go by way of islands', () => {
  const assembler = new Assembler()
  const labels: Label[] = []
  for (let i = 0; i < 40; i++) {
    const label = assembler.newLabel(`case ${i}`)
    labels.push(label)
    assembler.jumpIf(64, '==', 1, { constant: i }, label)
  }
  assembler.move(0, { constant: 1000 })
  for (let i = 0; i < 90_000; i++) assembler.move(2, { constant: i })
  assembler.exit()
  for (const [i, label] of labels.entries()) {
    assembler.place(label)
    assembler.move(0, { constant: i })
    assembler.exit()
  }
  ok(assembler.count > 90_000)
  for (const i of [0, 1, 17, 39]) equal(interpret(assembler, i), i)
  equal(interpret(assembler, 40), 1000)
})

test('a loop goes back to its begin, and what is seldom so stands first', () => {
  const assembler = new Assembler()
  const [found, none] = [assembler.newLabel('found'), assembler.newLabel('none')]
  assembler.move(9, { constant: 0 })
  const turn = assembler.beginLoop('turn')
  assembler.jumpIf(64, '==', 9, { constant: 10 }, none)
  assembler.goOnIf(64, '!=', 9, { register: 1 }, found)
  assembler.alu('add', 9, { constant: 1 })
  assembler.jumpBack(turn, 10)
  assembler.place(found)
  assembler.move(0, { constant: 1 })
  assembler.exit()
  assembler.place(none)
  assembler.move(0, { constant: 0 })
  assembler.exit()
  deepEqual(texts(assembler), [
    'r9 = 0',
    'if r9 == 10 goto +6',
    'if r9 != r1 goto +1',
    'goto +2',
    'r9 += 1',
    'goto -5',
    'r0 = 1',
    'exit',
    'r0 = 0',
    'exit',
  ])
  equal(assembler.finish().revisited, 9 * 5)
})

test('a loop that nothing comes to is left out', () => {
  const assembler = new Assembler()
  const end = assembler.newLabel('end')
  assembler.jump(end)
  const turn = assembler.beginLoop('turn')
  assembler.goOnIf(64, '!=', 9, { constant: 1 }, end)
  assembler.jumpBack(turn, 10)
  assembler.place(end)
  assembler.exit()
  deepEqual(texts(assembler), ['exit'])
  equal(assembler.finish().revisited, 0)
})

test('what it refuses', () => {
  const assembler = new Assembler()
  const label = assembler.newLabel('here')
  assembler.place(label)
  throws(() => assembler.jump(label), /would go back/)
  throws(() => assembler.place(label), /placed already/)
  throws(() => assembler.jumpBack(assembler.newLabel('no loop'), 2), /no loop begins at no loop/)
  throws(() => assembler.load(4, 1, 7, 32_768), RangeError)
  throws(() => assembler.move(1, { constant: 2 ** 32 }), RangeError)
  throws(() => assembler.move(1, { constant: 0.5 }), RangeError)
  throws(() => assembler.finish(), /no end/)
  assembler.jump(assembler.newLabel('nowhere'))
  throws(() => assembler.finish(), /nowhere was never placed/)
})

/**
 * What a filter does with the slot that a handler has left: finds it among others, and drops the
 * record and frees the slot, or hands it to the program that sends it; and what it counts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BpfMap, RawProgram } from '@bulwark/native'
import { loadParts } from '@bulwark/agent'
import { createMap, loadProgram, openHandles, possibleCpus } from '@bulwark/native'
import type { FilterPlan, FilterTarget } from '@bulwark/policy'
import { everything, generateFilter, nothing } from '@bulwark/policy'
import { Assembler, bytesOf } from './inner.ts'
import { skip } from './stage.ts'

const rawTracepoint = 17
const mapTypes = { array: 2, progArray: 3, percpuArray: 6 } as const
const memoryMapped = 1 << 10
const helpers = { lookup: 1, tailCall: 12 } as const
const slots = 4
const slotBytes = 512
const places = { ownersAt: 0, contextAt: 320, recordAt: 24, recordBytesMax: 256 } as const
const kind = 6
const failedIndex = 0
const sentResult = 7
/** Without any, the kernel gives no context to point to. */
const oneArgument = new Uint8Array(8)
const noFilterResult = 5

const program = (assembler: Assembler): RawProgram =>
  loadProgram({
    type: rawTracepoint,
    name: 'filter_test',
    license: 'GPL',
    instructions: bytesOf(assembler.finish().instructions),
  })

/** As handlers do: names its context in a slot that it owns, and tail-calls the filter. */
const handler = (slot: number, slotsFd: number, filtersFd: number): RawProgram => {
  const assembler = new Assembler()
  const end = assembler.newLabel('end')
  assembler.move(6, { register: 1 })
  assembler.storeConstant(4, 10, -4, slot)
  assembler.loadMap(1, slotsFd)
  assembler.move(2, { register: 10 })
  assembler.alu('add', 2, { constant: -4 })
  assembler.call(helpers.lookup)
  assembler.jumpIf(64, '==', 0, { constant: 0 }, end)
  assembler.store(8, 0, places.contextAt, 6)
  assembler.move(1, { register: 6 })
  assembler.loadMap(2, filtersFd)
  assembler.move(3, { constant: kind })
  assembler.call(helpers.tailCall)
  assembler.place(end)
  assembler.move(0, { constant: noFilterResult })
  assembler.exit()
  return program(assembler)
}

const sender = (): RawProgram => {
  const assembler = new Assembler()
  assembler.move(0, { constant: sentResult })
  assembler.exit()
  return program(assembler)
}

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer)

/** The sum over all CPUs. */
const counted = (map: BpfMap, index: number): bigint => {
  const values = new BigUint64Array(possibleCpus())
  map.lookup(u32(index), new Uint8Array(values.buffer))
  return values.reduce((sum, value) => sum + value, 0n)
}

interface Outcome {
  readonly result: number
  readonly owners: bigint
  /** 0 when the slot names no context. */
  readonly context: bigint
  readonly dropped: bigint
  readonly failed: bigint
  /** Whether the other slots are as they were. */
  readonly othersKept: boolean
}

const array = { type: mapTypes.array, keyBytes: 4 } as const

/** Runs a handler with its record in `slot`, and the filter of `plan` behind it. */
const run = (plan: FilterPlan, slot: number, hasSender: boolean): Outcome => {
  const progs = { ...array, type: mapTypes.progArray, valueBytes: 4, maxEntries: 64 }
  const slotsMap = createMap({
    ...array,
    name: 'slots',
    valueBytes: slotBytes,
    maxEntries: slots,
    flags: memoryMapped,
  })
  const filters = createMap({ ...progs, name: 'filters' })
  const exits = createMap({ ...progs, name: 'exits', maxEntries: 1 })
  const counts = { ...array, type: mapTypes.percpuArray, valueBytes: 8, maxEntries: 64 }
  const dropped = createMap({ ...counts, name: 'dropped' })
  const target: FilterTarget = {
    ...places,
    find: 'slot',
    slotsMapFd: slotsMap.facts.fd,
    slots,
    slotBytes,
    exitsMapFd: exits.facts.fd,
    exit: 0,
    droppedMapFd: dropped.facts.fd,
    kind,
    failedIndex,
    cgroupIdAt: 16,
  }
  const spec = { type: rawTracepoint, name: 'filter', license: 'GPL' }
  const { program: filter } = loadParts(generateFilter(plan), [], target, spec)
  const send = sender()
  const handle = handler(slot, slotsMap.facts.fd, filters.facts.fd)
  try {
    filters.setTailCall(kind, filter)
    if (hasSender) exits.setTailCall(0, send)
    const memory = new DataView(slotsMap.memory())
    for (let i = 0; i < slots; i++) {
      memory.setBigUint64(i * slotBytes + places.ownersAt, 1n, true)
      memory.setBigUint64(i * slotBytes + places.contextAt, BigInt(i + 1), true)
    }
    const others = (): string =>
      Buffer.from(memory.buffer)
        .toString('hex')
        .split('')
        .filter((_, i) => Math.floor(i / 2 / slotBytes) !== slot)
        .join('')
    const before = others()
    const { returnValue } = handle.testRun(oneArgument, 0)
    return {
      result: returnValue,
      owners: memory.getBigUint64(slot * slotBytes + places.ownersAt, true),
      context: memory.getBigUint64(slot * slotBytes + places.contextAt, true),
      dropped: counted(dropped, kind),
      failed: counted(dropped, failedIndex),
      othersKept: before === others(),
    }
  } finally {
    for (const each of [handle, send, filter, slotsMap, filters, exits, dropped]) each.close()
  }
}

for (const slot of [0, 1, 3]) {
  test(`drops what lies in slot ${slot}`, { skip }, () => {
    assert.deepEqual(run(nothing, slot, true), {
      result: 0,
      owners: 0n,
      context: 0n,
      dropped: 1n,
      failed: 0n,
      othersKept: true,
    })
  })

  test(`hands over what lies in slot ${slot}`, { skip }, () => {
    const { context, ...outcome } = run(everything, slot, true)
    assert.deepEqual(outcome, {
      result: sentResult,
      owners: 1n,
      dropped: 0n,
      failed: 0n,
      othersKept: true,
    })
    assert.ok(context > 0xffffn, 'the sender still finds it by its context')
  })
}

test('counts what it could not hand over, and frees the slot', { skip }, () => {
  assert.deepEqual(run(everything, 2, false), {
    result: 0,
    owners: 0n,
    context: 0n,
    dropped: 0n,
    failed: 1n,
    othersKept: true,
  })
})

test('nothing stays open', { skip }, () => {
  assert.deepEqual(
    Object.values(openHandles()).filter((count) => count !== 0),
    [],
  )
})

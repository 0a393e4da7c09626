/**
 * What a plan means: the reference. Slow and plain; the generated programs are held to it by a
 * property test in the kernel.
 */
import { RECORD_BYTES_MAX } from '@bulwark/schema'
import { resembles } from './alike.ts'
import { noAncestors } from './ancestors.ts'
import type { CgroupState, CgroupTold, NumberAt, Plan, Test, TextAt, TextOperator } from './plan.ts'
import { cgroupNumbers } from './plan.ts'

/** What a plan looks at: offsets from RECORD_BYTES_MAX on are those of the ancestors. */
class Sight {
  readonly #record: DataView
  readonly #ancestors: Uint8Array

  constructor(record: Uint8Array, ancestors: Uint8Array) {
    this.#record = new DataView(record.buffer, record.byteOffset, record.byteLength)
    this.#ancestors = ancestors
  }

  get byteLength(): number {
    return this.#record.byteLength
  }

  getUint8(offset: number): number {
    if (offset < RECORD_BYTES_MAX) return this.#record.getUint8(offset)
    return this.#ancestors[offset - RECORD_BYTES_MAX] ?? 0
  }

  getUint16(offset: number): number {
    return this.#record.getUint16(offset, true)
  }
}

const numberAt = (record: Sight, { offset, bytes, signed }: NumberAt): bigint => {
  let value = 0n
  for (let i = 0; i < bytes; i++) value |= BigInt(record.getUint8(offset + i)) << BigInt(8 * i)
  return signed ? BigInt.asIntN(8 * bytes, value) : value
}

/** A slot that points outside its record has no text: the agent refuses such a record. */
const textAt = (record: Sight, at: TextAt): string => {
  let from = at.offset
  let bytes: number = at.is === 'chars' ? at.bytes : 0
  if (at.is === 'slot') {
    from = record.getUint16(at.offset)
    bytes = record.getUint16(at.offset + 2)
    if (from + bytes > record.byteLength) return ''
  }
  let text = ''
  for (let i = from; i < from + bytes; i++) text += String.fromCharCode(record.getUint8(i))
  const end = at.is === 'chars' ? text.indexOf('\0') : -1
  return end < 0 ? text : text.slice(0, end)
}

const compareText = (text: string, operator: TextOperator, value: string): boolean => {
  switch (operator) {
    case 'equals':
      return text === value
    case 'starts':
      return text.startsWith(value)
    case 'ends':
      return text.endsWith(value)
    case 'contains':
      return text.includes(value)
    case 'resembles':
      return resembles(text, value)
    case 'below':
      return text === value || text.startsWith(`${value}/`)
  }
}

const compareNumber = (number: bigint, { operator, values }: Test & { is: 'number' }): boolean => {
  const [first = 0n] = values
  switch (operator) {
    case '<':
      return number < first
    case '<=':
      return number <= first
    case '>':
      return number > first
    case '>=':
      return number >= first
    case 'in':
      return values.includes(number)
  }
}

const bitOf = (byte: number, i: number): number => (byte >> (7 - (i % 8))) & 1

const inNetwork = (record: Sight, { offset, base, prefix }: Test & { is: 'network' }): boolean => {
  for (let i = 0; i < prefix; i++) {
    const at = i >> 3
    if (bitOf(record.getUint8(offset + at), i) !== bitOf(base[at] ?? 0, i)) return false
  }
  return true
}

/**
 * Whether a plan lets a record through.
 *
 * @param record  its bytes, from the header on: at least the fixed part of its kind
 * @param cgroup     what the kernel was told of the record's cgroup; a number from `scopeClassMin`
 *   on for a container of a class of scopes
 * @param ancestors  what the kernel tells of those above the process, as `ancestorsLayout` has it;
 *   none is told when not said
 */
export const accepts = (
  plan: Plan,
  record: Uint8Array,
  cgroup: CgroupTold,
  ancestors: Uint8Array = noAncestors,
): boolean => holds(plan, new Sight(record, ancestors), cgroup)

const stateOf = (told: CgroupTold): CgroupState => (typeof told === 'number' ? 'container' : told)

const numberOf = (told: CgroupTold): number =>
  typeof told === 'number' ? told : cgroupNumbers[told]

const holds = (plan: Plan, record: Sight, cgroup: CgroupTold): boolean => {
  switch (plan.is) {
    case 'constant':
      return plan.value
    case 'and':
      return plan.members.every((member) => holds(member, record, cgroup))
    case 'or':
      return plan.members.some((member) => holds(member, record, cgroup))
    case 'not':
      return !holds(plan.member, record, cgroup)
    case 'number':
      return compareNumber(numberAt(record, plan.at), plan)
    case 'bits':
      return (numberAt(record, plan.at) & plan.mask) !== 0n
    case 'text': {
      const text = textAt(record, plan.at)
      return plan.values.some((value) => compareText(text, plan.operator, value))
    }
    case 'network':
      return inNetwork(record, plan)
    case 'cgroup':
      return plan.states.includes(stateOf(cgroup))
    case 'scope':
      return plan.numbers.includes(numberOf(cgroup))
  }
}

/** The arguments of calls that are told in a shape, as numbers: `callArgument` of the agent. */
import {
  EventNumber,
  RECORD_COMPAT,
  callShapeOf,
  compatArgument,
  numbersNamed,
} from '@bulwark/schema'
import { inverse, someBit } from './make-plan.ts'
import type { NumberAt, Plan } from './plan.ts'
import { everything } from './plan.ts'
import type { Possible, Reading } from './reading.ts'
import { unknown } from './reading.ts'
import type { RecordKind } from './record-kind.ts'

/** A number that no argument has where it is narrow, halved or left out. */
const probe = (place: number): number => 0x1_0000 + place

/** Whether 32-bit programs pass an argument of a call as all others do. */
const isSameIn32 = (type: string, index: number): boolean =>
  numbersNamed('ia32', type).every(
    (number) => compatArgument(number, index, probe) === probe(index),
  )

/** The records in which an argument lies in its own place. */
const isInPlace = (of: RecordKind, index: number): Plan =>
  of.facts.machine === 'x64' && isSameIn32(of.type, index)
    ? everything
    : inverse(someBit(of.places.number('flags'), RECORD_COMPAT))

/** How much of an argument is looked at. */
export type Width = 'i32' | 'u32' | 'i64' | 'u64'

/** What is made of an argument of the call, from 0. */
export const ofArgument = (
  of: RecordKind,
  index: number,
  width: Width,
  make: (at: NumberAt) => Possible,
): Reading => {
  const { offset } = of.places.number(`call.arg${index}`)
  const isSame = isInPlace(of, index)
  const bytes = width.endsWith('64') ? 8 : 4
  const at: NumberAt = { offset, bytes, signed: width.startsWith('i') }
  return [
    { when: isSame, value: make(at) },
    { when: inverse(isSame), value: unknown('an argument of a 32-bit program') },
  ]
}

/** `LiveEvent.descriptor`: the descriptor that the event is about. */
export const descriptorReading = (of: RecordKind): Reading => {
  const { kind, places, done, failed } = of
  const member = (name: string): Reading => [
    { when: everything, value: { is: 'number', at: places.number(name) } },
  ]
  switch (kind) {
    case EventNumber.open:
    case EventNumber.dup:
    case EventNumber.accept:
    case EventNumber.socket:
      return [
        { when: done, value: { is: 'number', at: places.number('result'), isRounded: true } },
        { when: failed, value: { is: 'constant', value: -1 } },
      ]
    case EventNumber.connect:
    case EventNumber.send:
    case EventNumber.receive:
    case EventNumber.listen:
    case EventNumber.bind:
    case EventNumber.memory:
      return member('fd')
    case EventNumber.fd_call: {
      const { parameters } = callShapeOf(of.type)
      const index = parameters.find(({ form }) => form === 'fd')?.index ?? 0
      return ofArgument(of, index, 'i32', (at) => ({ is: 'number', at }))
    }
    default:
      return []
  }
}

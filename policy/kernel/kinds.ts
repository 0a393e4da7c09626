/** Which types of events a kind of record stands for, and how a record shows its type. */
import type { EventKind } from '@bulwark/schema'
import {
  EventNumber,
  RECORD_COMPAT,
  callShapeOf,
  eventKinds,
  isSeenCall,
  numbersNamed,
  ownEventTypes,
  uringOperations,
} from '@bulwark/schema'
import type { Rule } from '../rule.ts'
import { allOf, anyOf, inverse, numberIn, someBit } from './make-plan.ts'
import { Places } from './places.ts'
import type { Plan } from './plan.ts'
import type { KernelFacts } from './record-kind.ts'

/**
 * Whether records of a kind may be left out when no rule matches them. The others keep the tables
 * of processes, directories and containers. So does an exec; but the kernel side keeps it with its
 * process, and tells it when something else is told of that one.
 */
export const isFiltered = ({ kind, state }: EventKind): boolean =>
  !state || kind === EventNumber.exec

/** Those kinds, by number. */
export const filteredKinds: readonly EventKind[] = eventKinds.filter(isFiltered)

/** Whether a kind stands for any call of a shape. */
export const isShape = ({ hooks }: EventKind): boolean => hooks.some((hook) => 'shape' in hook)

/** The types of events that a kind of its own stands for. */
const ownTypes = ({ types, hooks }: EventKind): readonly string[] => [
  ...types,
  ...hooks.flatMap((hook) => ('syscalls' in hook ? hook.syscalls : [])),
]

/** Whether a call is told in a shape: in its own, or as an operation of io_uring in another one. */
const isToldAs = (type: string, shape: string): boolean =>
  (!ownEventTypes.has(type) && isSeenCall(type) && callShapeOf(type).shape === shape) ||
  uringOperations.some(([, call, other]) => call === type && other === shape)

/**
 * The types of events that a kind stands for, as far as rules tell them apart: of a shape, those
 * that some rule names.
 */
export const typesOf = (kind: EventKind, rules: readonly Rule[]): readonly string[] => {
  if (!isShape(kind)) return [...new Set(ownTypes(kind))].toSorted()
  const named = new Set<string>()
  for (const { eventTypes } of rules) {
    if (eventTypes === 'all') continue
    for (const type of eventTypes) named.add(type)
  }
  return [...named].filter((type) => isToldAs(type, kind.name)).toSorted()
}

/** The records whose events have one of these types, by the number of their call. */
export const isOfType = (kind: number, types: readonly string[], facts: KernelFacts): Plan => {
  const places = new Places(kind)
  const at = places.number('syscall')
  const isCompat = someBit(places.number('flags'), RECORD_COMPAT)
  const numbers = (table: 'ia32' | KernelFacts['machine']): Plan =>
    numberIn(at, types.flatMap((type) => numbersNamed(table, type)).map(BigInt))
  return anyOf([
    allOf([inverse(isCompat), numbers(facts.machine)]),
    allOf([isCompat, numbers('ia32')]),
  ])
}

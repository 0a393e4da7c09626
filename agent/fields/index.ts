/** From fields of the catalogue to functions that read them from events. */
import type { FieldRef, FieldValue } from '@bulwark/schema'
import { byteString, fields } from '@bulwark/schema'
import type { Value } from '@bulwark/policy'
import { addressText } from '../network/addresses.ts'
import { dotted } from '../argument.ts'
import { containerAccessors } from './container.ts'
import { dnsAccessors } from './dns.ts'
import { eventAccessors } from './event.ts'
import { eventFactAccessors } from './event-facts.ts'
import { fileAccessors } from './file.ts'
import { fsPathAccessors } from './fs-path.ts'
import { processAccessors } from './process.ts'
import type { Accessor, AccessorTable, Surroundings } from './reader.ts'

const tables: AccessorTable = {
  ...eventAccessors,
  ...eventFactAccessors,
  ...processAccessors,
  ...fileAccessors,
  ...fsPathAccessors,
  ...containerAccessors,
  ...dnsAccessors,
}

/** Names of the fields that the agent reads: those that the catalogue calls carried. */
export const accessibleFields: readonly string[] = Object.keys(tables)

/**
 * The function that reads a field.
 *
 * @throws Error  the catalogue says that it is carried, and it is not: a fault of this program
 */
export const accessorOf = (ref: FieldRef, surroundings: Surroundings): Accessor => {
  const { constant } = ref.field
  if (constant !== undefined) {
    const bytes = byteString(constant)
    return () => bytes
  }
  const make = tables[ref.field.name]
  if (make) return make(ref.argument, surroundings)
  if (ref.field.unsupported !== undefined) return () => undefined
  throw new Error(`no accessor for ${ref.field.name}; add it to agent/fields/`)
}

/** Fields that say they are carried and have no accessor, or the other way round. */
export const accessorFaults = (): readonly string[] => {
  const carried = new Set(
    fields.filter((field) => field.unsupported === undefined).map((field) => field.name),
  )
  const missing = [...carried].filter((name) => !(name in tables))
  const extra = accessibleFields.filter((name) => !carried.has(name))
  return [
    ...missing.map((name) => `${name}: no accessor`),
    ...extra.map((name) => `${name}: extra`),
  ]
}

/** Fields that Falco prints in hexadecimal digits. */
const inHex: ReadonlySet<string> = new Set(['fd.dev'])

/** Addresses as text, also in place of host names; bytes with dots in them; others as they are. */
export const printable = (value: FieldValue, piece: Value): FieldValue => {
  if (piece.is === 'field' && inHex.has(piece.ref.field.name)) {
    return typeof value === 'number' ? value.toString(16).toUpperCase() : value
  }
  if (piece.type === 'bytes' && typeof value === 'string') return dotted(value)
  const isName = piece.is === 'field' && piece.ref.field.comparison === 'resolved-name'
  if (piece.type !== 'ip' && piece.type !== 'net' && !isName) return value
  const one = (each: unknown): string => addressText(each as number | bigint)
  if (value === undefined) return undefined
  return Array.isArray(value) ? value.map(one) : one(value)
}

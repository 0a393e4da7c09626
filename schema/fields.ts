/** The field catalogue: every field that a rule may name, carried by the sensor or not. */
import type { FieldSpec } from './fieldtypes.ts'
import { containerFields } from './fields-container.ts'
import { dnsFields } from './fields-dns.ts'
import { eventFields } from './fields-event.ts'
import { fileFields } from './fields-file.ts'
import { pluginFields } from './fields-plugins.ts'
import { processFields } from './fields-process.ts'

/** All fields of the source `syscall`. */
export const fields: readonly FieldSpec[] = [
  ...eventFields,
  ...processFields,
  ...fileFields,
  ...containerFields,
  ...dnsFields,
  ...pluginFields,
]

const byName: ReadonlyMap<string, FieldSpec> = new Map(fields.map((field) => [field.name, field]))

/** The field of a name, without its argument; `undefined` when there is none. */
export const fieldNamed = (name: string): FieldSpec | undefined => byName.get(name)

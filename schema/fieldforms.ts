/** Constructors that let the field catalogue say a field in one line. */
import type { ArgumentSpec, FieldSpec, FieldType } from './fieldtypes.ts'

type Options = Partial<Omit<FieldSpec, 'name' | 'type' | 'meaning' | 'absent' | 'unsupported'>>

const plain = {
  list: false,
  comparison: 'plain',
  argument: undefined,
  rightSide: true,
  transformable: true,
  filterOnly: false,
  printOnly: false,
  deprecated: false,
  onlyOn: undefined,
} as const

/** An argument, as in `proc.aname[2]`. */
export const argument = (form: ArgumentSpec['form'], required: boolean): ArgumentSpec => ({
  form,
  required,
})

/** A field that the sensor gives. */
export const carried = (
  name: string,
  type: FieldType,
  meaning: string,
  absent: string,
  options: Options = {},
): FieldSpec => ({ ...plain, ...options, name, type, meaning, absent, unsupported: undefined })

/** A field that rules may name, but that the sensor does not give, and why. */
export const known = (
  name: string,
  type: FieldType,
  options: Options,
  unsupported: string,
): FieldSpec => ({
  ...plain,
  ...options,
  name,
  type,
  meaning: '',
  absent: 'always absent',
  unsupported,
})

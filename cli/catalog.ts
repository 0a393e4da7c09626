/** The fields and events that rules are checked against; the operator's own fields among them. */
import type { FieldSpec } from '@bulwark/schema'
import { fieldNamed, fields, isEventName, isParameterName } from '@bulwark/schema'
import type { Catalog } from '@bulwark/policy'

const staticPrefix = 'static.'

const staticField = (name: string, value: string): FieldSpec => ({
  name: staticPrefix + name,
  type: 'string',
  list: false,
  comparison: 'plain',
  argument: undefined,
  rightSide: true,
  transformable: true,
  filterOnly: false,
  printOnly: false,
  deprecated: false,
  onlyOn: undefined,
  unsupported: undefined,
  constant: value,
  meaning: 'a value of `static_fields`',
  absent: 'always there',
})

/** @param staticFields  values by name: the fields `static.NAME` */
export const catalogWith = (staticFields: ReadonlyMap<string, string>): Catalog => {
  const own = new Map(
    [...staticFields].map(([name, value]) => [staticPrefix + name, staticField(name, value)]),
  )
  return {
    field: (name) => own.get(name) ?? fieldNamed(name),
    fieldNames: [...fields.map(({ name }) => name), ...own.keys()],
    isEventName,
    isParameterName,
  }
}

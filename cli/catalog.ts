/** The fields and events that rules are checked against; the operator's own fields among them. */
import type { FieldSpec } from '@bulwark/schema'
import { carried } from '@bulwark/schema'
import type { Catalog } from '@bulwark/policy'
import { schemaCatalog } from '@bulwark/policy'

const staticPrefix = 'static.'

const staticField = (name: string, value: string): FieldSpec =>
  carried(staticPrefix + name, 'string', 'a value of `static_fields`', 'always there', {
    constant: value,
  })

/** @param staticFields  values by name: the fields `static.NAME` */
export const catalogWith = (staticFields: ReadonlyMap<string, string>): Catalog => {
  const own = new Map(
    [...staticFields].map(([name, value]) => [staticPrefix + name, staticField(name, value)]),
  )
  return {
    ...schemaCatalog,
    field: (name) => own.get(name) ?? schemaCatalog.field(name),
    fieldNames: [...schemaCatalog.fieldNames, ...own.keys()],
  }
}

/** The field catalogue, with the fields that only the engine's tests and other sources have. */
import { fieldNamed, fields, isEventName, isParameterName } from '@bulwark/schema'
import type { FieldSpec, FieldType } from '@bulwark/schema'
import type { Catalog } from '@bulwark/policy'

const like = fieldNamed('proc.name')

const made = (name: string, type: FieldType): FieldSpec => {
  if (!like) throw new Error('the catalogue has no proc.name')
  const argument = { form: 'index-or-key', required: false } as const
  return { ...like, name, type, argument, unsupported: undefined }
}

const byName = (specs: readonly FieldSpec[]): ReadonlyMap<string, FieldSpec> =>
  new Map(specs.map((field) => [field.name, field]))

/** Fields of the type check's tests. */
const checkFields = byName([
  made('c.true', 'string'),
  made('c.false', 'string'),
  made('c.singlequote', 'string'),
  made('c.doublequote', 'string'),
  made('c.buffer', 'bytes'),
])

/** Fields of a plugin that the evaluation's tests load, and the others do not. */
const pluginFields = byName([
  made('sample.is_open', 'u64'),
  made('sample.proc_name', 'string'),
  made('sample.tick', 'string'),
])

/** Fields of the API audit log, which another source has. */
const isAudit = (name: string): boolean => /^(?:ka|jevt|json)\./.test(name)

const catalogWith = (extra: ReadonlyMap<string, FieldSpec>): Catalog => ({
  field: (name) =>
    fieldNamed(name) ?? extra.get(name) ?? (isAudit(name) ? made(name, 'string') : undefined),
  fieldNames: fields.map((field) => field.name),
  isEventName,
  isParameterName,
})

export const catalog = catalogWith(checkFields)
export const pluginCatalog = catalogWith(pluginFields)

/** The field catalogue, with the fields that only the engine's tests and other sources have. */
import { fieldNamed, fields, isEventName, isParameterName } from '@bulwark/schema'
import type { FieldSpec, FieldType } from '@bulwark/schema'
import type { Catalog } from '@bulwark/policy'
import type { CaseField } from './cases.ts'

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

/** Types as the case files name them: the engine's names in lower case, and shorter ones. */
const types: Readonly<Record<string, FieldType>> = {
  string: 'string',
  charbuf: 'string',
  path: 'path',
  fspath: 'path',
  bytes: 'bytes',
  bytebuf: 'bytes',
  bool: 'bool',
  int8: 'i16',
  int16: 'i16',
  int32: 'i32',
  int64: 'i64',
  uint8: 'u32',
  uint16: 'u32',
  uint32: 'u32',
  uint64: 'u64',
  double: 'f64',
  port: 'port',
  reltime: 'reltime',
  abstime: 'abstime',
  ip: 'ip',
  ipaddr: 'ip',
  ipnet: 'net',
  net: 'net',
}

/** The type that a case gives a field. */
export const typeOfCase = (type: string): FieldType | undefined =>
  types[type.toLowerCase().replace(/^pt_|^ftype_/, '')]

/** A catalogue in which fields have the types that a case gives them. */
export const catalogFor = (
  base: Catalog,
  given: readonly (readonly [name: string, field: CaseField])[],
): Catalog => {
  const own = given.flatMap(([name, { type: text, list }]) => {
    const known = base.field(name)
    const type = typeOfCase(text)
    const isSame = known?.list === list && (type === undefined || known.type === type)
    // A path is text by another name.
    const isText = type === 'string' && known?.type === 'path' && known.list === list
    if (isSame || isText || type === undefined) return []
    return [{ ...made(name, type), list }]
  })
  if (own.length === 0) return base
  const byOwnName = byName(own)
  return { ...base, field: (name) => byOwnName.get(name) ?? base.field(name) }
}

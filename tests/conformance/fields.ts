/** Compares the field catalogue with the engine's: names, types, and what may be done with each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldNamed } from '@bulwark/schema'
import type { FieldType } from '@bulwark/schema'
import { caseFolder } from './cases.ts'

interface LibsField {
  readonly name: string
  readonly type: string
  readonly flags: readonly string[]
}

interface PluginField {
  readonly name: string
  readonly type: string
  readonly arg: string
}

interface FieldFile {
  readonly libs_fields: Readonly<Record<string, readonly LibsField[]>>
  readonly container_plugin_fields: readonly PluginField[]
}

/** A field in the form of this test. */
export interface CatalogCase {
  readonly id: string
  readonly type: FieldType | undefined
  readonly list: boolean
  readonly rightSide: boolean | undefined
  readonly transformable: boolean | undefined
  readonly takesArgument: boolean
}

const types: Readonly<Record<string, FieldType>> = {
  PT_BOOL: 'bool',
  PT_INT16: 'i16',
  PT_INT32: 'i32',
  PT_INT64: 'i64',
  PT_UINT32: 'u32',
  PT_UINT64: 'u64',
  PT_DOUBLE: 'f64',
  PT_RELTIME: 'reltime',
  PT_ABSTIME: 'abstime',
  PT_PORT: 'port',
  PT_IPADDR: 'ip',
  PT_IPNET: 'net',
  PT_CHARBUF: 'string',
  PT_BYTEBUF: 'bytes',
  FTYPE_STRING: 'string',
  FTYPE_BOOL: 'bool',
  FTYPE_UINT64: 'u64',
  FTYPE_RELTIME: 'reltime',
  FTYPE_ABSTIME: 'abstime',
}

/** Every field that the engine lists. The type of `evt.rawarg` is its parameter's. */
export const fieldCases = (): readonly CatalogCase[] => {
  const file = JSON.parse(readFileSync(join(caseFolder, 'fields.json'), 'utf8')) as FieldFile
  const libs = Object.values(file.libs_fields)
    .flat()
    .map(({ name, type, flags }) => ({
      id: name,
      type: types[type],
      list: flags.includes('EPF_IS_LIST'),
      rightSide: !flags.includes('EPF_NO_RHS'),
      transformable: !flags.includes('EPF_NO_TRANSFORMER'),
      takesArgument: flags.some((flag) => flag.startsWith('EPF_ARG_')),
    }))
  const plugin = file.container_plugin_fields.map(({ name, type, arg }) => ({
    id: name,
    type: types[type],
    list: false,
    rightSide: undefined,
    transformable: undefined,
    takesArgument: arg !== '',
  }))
  return [...libs, ...plugin]
}

/** What is wrong; `undefined` when nothing is. */
export const runField = (wanted: CatalogCase): string | undefined => {
  const field = fieldNamed(wanted.id)
  if (!field) return 'is not in the catalogue'
  if (wanted.type !== undefined && field.type !== wanted.type) return `has the type ${field.type}`
  if (field.list !== wanted.list) return `list: ${field.list}`
  if (wanted.rightSide !== undefined && field.rightSide !== wanted.rightSide) {
    return `right side: ${field.rightSide}`
  }
  if (wanted.transformable !== undefined && field.transformable !== wanted.transformable) {
    return `transformable: ${field.transformable}`
  }
  const takes = field.argument !== undefined
  return takes === wanted.takesArgument ? undefined : `takes an argument: ${takes}`
}

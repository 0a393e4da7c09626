/**
 * From names in conditions and outputs to fields of the catalogue. A name is looked up whole; a
 * few fields also take their argument behind a dot, as `evt.arg.flags` is `evt.arg[flags]`.
 */
import type { FieldRef, FieldSpec, FieldType } from '@bulwark/schema'
import { rawParameterType } from '@bulwark/schema'
import { closest } from '../suggest.ts'
import type { Remark } from './remark.ts'

/** Where names are looked up. */
export interface Catalog {
  field(name: string): FieldSpec | undefined
  readonly fieldNames: readonly string[]
  isEventName(name: string): boolean
  /** Names of event parameters, for `evt.arg.NAME`; any name is one where this is left out. */
  isParameterName?(name: string): boolean
}

/** Fields that take their argument behind a dot. */
const dotted = ['evt.arg', 'evt.rawarg', 'evt.abspath', 'evt.type.is', 'thread.cgroup'] as const

const parameterOwners: ReadonlySet<string> = new Set(['evt.arg', 'evt.rawarg'])

const indexForm = /^(?:0|[1-9]\d{0,8})$/

/** The field that owns a dotted argument, and the argument. */
const splitDotted = (
  name: string,
  catalog: Catalog,
): { readonly field: FieldSpec; readonly key: string } | undefined => {
  const owner = dotted.find((each) => name.startsWith(`${each}.`))
  const field = owner === undefined ? undefined : catalog.field(owner)
  if (owner === undefined || !field) return undefined
  return { field, key: name.slice(owner.length + 1) }
}

const withArgument = (field: FieldSpec, key: string): FieldRef | undefined => {
  const form = field.argument?.form
  if (form === undefined) return undefined
  if (form !== 'key' && indexForm.test(key)) return { field, argument: Number(key) }
  return form === 'index' ? undefined : { field, argument: key }
}

/** Why a name is no field. */
type Failure = 'unknown' | 'needs-argument' | 'wrong-argument' | 'unknown-parameter'

/** Finds the field that a name with or without `[argument]` means. */
export const findField = (
  name: string,
  argument: string | undefined,
  catalog: Catalog,
): FieldRef | Failure => {
  const whole = catalog.field(name)
  const split = whole || argument !== undefined ? undefined : splitDotted(name, catalog)
  const field = whole ?? split?.field
  if (!field) return 'unknown'
  const key = split?.key ?? argument
  if (key === undefined) {
    return field.argument?.required === true ? 'needs-argument' : { field, argument: undefined }
  }
  if (split && parameterOwners.has(field.name) && catalog.isParameterName?.(key) === false) {
    return 'unknown-parameter'
  }
  return withArgument(field, key) ?? 'wrong-argument'
}

const nonexistent = (shown: string, help: string | undefined): Omit<Remark, 'at'> => ({
  code: 'unknown-field',
  message: `filter_check called with nonexistent field ${shown}`,
  help,
})

/**
 * As `findField`, with what is wrong in words.
 *
 * @returns a remark when there is no such field
 */
export const resolveField = (
  name: string,
  argument: string | undefined,
  catalog: Catalog,
): FieldRef | Omit<Remark, 'at'> => {
  const found = findField(name, argument, catalog)
  const shown = argument === undefined ? name : `${name}[${argument}]`
  switch (found) {
    case 'unknown': {
      const near = closest(name, catalog.fieldNames)
      return nonexistent(shown, near === undefined ? undefined : `did you mean \`${near}\`?`)
    }
    case 'needs-argument': {
      const help = `write ${name}[...]`
      return { code: 'argument', message: `filter syntax error: ${name}`, help }
    }
    case 'unknown-parameter': {
      const key = name.slice(name.lastIndexOf('arg.') + 'arg.'.length)
      return { code: 'unknown-parameter', message: `unknown event argument ${key}` }
    }
    case 'wrong-argument': {
      const takesIndex = catalog.field(name)?.argument?.form === 'index'
      return nonexistent(shown, takesIndex ? 'its argument is a number' : 'it has no argument')
    }
    default:
      return found
  }
}

/** The type of a field's value; that of `evt.rawarg` is its parameter's. */
export const typeOfField = (ref: FieldRef): FieldType => {
  const { field, argument } = ref
  return field.name === 'evt.rawarg' ? rawParameterType(argument) : field.type
}

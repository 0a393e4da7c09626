/**
 * From names in conditions and outputs to fields of the catalogue. A name is looked up whole; a
 * few fields also take their argument behind a dot, as `evt.arg.flags` is `evt.arg[flags]`.
 */
import type { FieldRef, FieldSpec, FieldType } from '@bulwark/schema'
import {
  closest,
  contextFields,
  fieldNamed,
  fields,
  isEventName,
  isParameterName,
  rawParameterType,
} from '@bulwark/schema'
import { integer } from '../literals.ts'

/** Where names are looked up. */
export interface Catalog {
  field(name: string): FieldSpec | undefined
  readonly fieldNames: readonly string[]
  isEventName(name: string): boolean
  /** Names of event parameters, for `evt.arg.NAME`; any name is one where this is left out. */
  isParameterName?(name: string): boolean
  /** Where a field of this name belongs that is none here; `undefined`: nowhere. */
  elsewhere?(name: string): string | undefined
}

/** Facts of the graph are known once an alert is judged: no rule can ask for them. */
const ofGraph = (name: string): string | undefined =>
  name.startsWith('graph.')
    ? 'the graph judges alerts, not events: ask for it in `context.when` of a RuntimePolicy'
    : undefined

/** All that the schema has. */
export const schemaCatalog: Catalog = {
  field: fieldNamed,
  fieldNames: fields.map(({ name }) => name),
  isEventName,
  isParameterName,
  elsewhere: ofGraph,
}

const ofContext: ReadonlyMap<string, FieldSpec> = new Map(
  contextFields.map((field) => [field.name, field]),
)

/** What a condition of a policy's `context` can name. */
export const contextCatalog: Catalog = {
  field: (name) => ofContext.get(name),
  fieldNames: [...ofContext.keys()],
  isEventName,
  elsewhere: (name) =>
    fieldNamed(name)
      ? `\`${name}\` is of the event: ask for it in the rule's condition, or in an exception`
      : undefined,
}

/** Why a name is no field, in the engine's words. */
interface Failure {
  readonly code: string
  readonly message: string
  readonly help?: string | undefined
}

/** What was probably meant, or all that can be. */
export const suggestionOf = (text: string, known: readonly string[]): string => {
  const near = closest(text, known)
  return near === undefined ? `one of ${known.join(', ')}` : `did you mean \`${near}\`?`
}

/** What stands behind the name of a field: `[key]`, `.key`, other text, or nothing. */
interface Tail {
  readonly form: 'none' | 'brackets' | 'dot' | 'text'
  readonly key: string
}

const nonexistent = (shown: string, help?: string): Failure => ({
  code: 'unknown-field',
  message: `filter_check called with nonexistent field ${shown}`,
  help,
})

const syntaxFault = (shown: string, help?: string): Failure => {
  return { code: 'argument', message: `filter syntax error: ${shown}`, help }
}

/** Digits, as scanf reads them. */
const asIndex = (key: string): number | undefined => {
  const value = integer(key, 32, true)
  return value.ok ? Number(value.value) : undefined
}

/** An index, or the engine's words for what is none. */
const strictIndex = (field: FieldSpec, key: string): FieldRef | Failure => {
  const argument = asIndex(key)
  if (argument !== undefined) return { field, argument }
  return { code: 'argument', message: `${key} is not a valid number` }
}

/** `.name` of a parameter. The engine knows those that a name begins with. */
const parameter = (
  field: FieldSpec,
  key: string,
  shown: string,
  catalog: Catalog,
): FieldRef | Failure => {
  const isName = (name: string): boolean => catalog.isParameterName?.(name) !== false
  if (isName(key)) return { field, argument: key }
  for (let length = key.length - 1; length > 0; length--) {
    if (isName(key.slice(0, length))) return nonexistent(shown)
  }
  return { code: 'unknown-parameter', message: `unknown event argument ${key}` }
}

type Reading = (field: FieldSpec, tail: Tail, shown: string, catalog: Catalog) => FieldRef | Failure

/** Fields whose arguments the engine reads in a way of their own, by the begin of their names. */
const readings: Readonly<Record<string, Reading>> = {
  'evt.arg': (field, { form, key }, shown, catalog) => {
    if (form === 'brackets') return strictIndex(field, key)
    if (form === 'dot') return parameter(field, key, shown, catalog)
    return syntaxFault(shown, 'write evt.arg.NAME, or evt.arg[NUMBER]')
  },
  'evt.rawarg': (field, { form, key }, shown, catalog) => {
    if (form === 'dot') return parameter(field, key, shown, catalog)
    if (form !== 'brackets') return syntaxFault(shown, 'write evt.rawarg.NAME')
    return { code: 'argument', message: 'evt.arg fields must be expressed explicitly' }
  },
  'evt.around': (field, { form, key }, shown) => {
    if (form === 'brackets') return strictIndex(field, key)
    if (form === 'dot') return { code: 'argument', message: 'wrong syntax for evt.around' }
    return syntaxFault(shown, 'write evt.around[TIME]')
  },
  'evt.abspath': (field, { form, key }, shown) => {
    if (form === 'none') return { field, argument: undefined }
    if (form === 'dot' && (key === 'src' || key === 'dst')) return { field, argument: key }
    return nonexistent(shown, 'write evt.abspath, evt.abspath.src or evt.abspath.dst')
  },
  'evt.type.is': (field, { form, key }, shown, catalog) => {
    if (form !== 'dot') return syntaxFault(shown, 'write evt.type.is.NUMBER')
    const argument = /^\d+$/.test(key) ? Number(key) : key
    if (typeof argument === 'number' || catalog.isEventName(key)) return { field, argument }
    return nonexistent(shown)
  },
  'thread.cgroup': (field, { form, key }, shown) => {
    if (form === 'dot') return { field, argument: key }
    return syntaxFault(shown, 'write thread.cgroup.SUBSYSTEM')
  },
  'fd.types': (field, { form, key }, shown) => {
    if (form === 'none') return { field, argument: undefined }
    return form === 'brackets' ? strictIndex(field, key) : nonexistent(shown)
  },
}

const tailOf = (rest: string, argument: string | undefined): Tail => {
  if (rest.startsWith('.')) {
    const more = argument === undefined ? '' : `[${argument}]`
    return { form: 'dot', key: rest.slice(1) + more }
  }
  if (rest !== '') return { form: 'text', key: rest }
  return argument === undefined ? { form: 'none', key: '' } : { form: 'brackets', key: argument }
}

/** The field of a name that the engine reads in a way of its own; `undefined` for others. */
const findSpecial = (
  name: string,
  argument: string | undefined,
  shown: string,
  catalog: Catalog,
): FieldRef | Failure | undefined => {
  const owner = Object.keys(readings).find((each) => name.startsWith(each))
  // `evt.args` is no `evt.arg` with more behind it, nor is what begins with it.
  if (owner !== undefined && name.startsWith(`${owner}s`)) return undefined
  const reading = owner === undefined ? undefined : readings[owner]
  const field = owner === undefined ? undefined : catalog.field(owner)
  if (owner === undefined || !reading || !field) return undefined
  return reading(field, tailOf(name.slice(owner.length), argument), shown, catalog)
}

/** Whether a name with or without `[argument]` means a field. */
export const isFieldName = (
  name: string,
  argument: string | undefined,
  catalog: Catalog,
): boolean => 'field' in findField(name, argument, catalog)

/**
 * Finds the field that a name with or without `[argument]` means.
 *
 * @returns what is wrong, when there is no such field
 */
export const resolveField = (
  name: string,
  argument: string | undefined,
  catalog: Catalog,
): FieldRef | Failure => {
  const found = findField(name, argument, catalog)
  if ('field' in found || found.help !== undefined || catalog.field(name)) return found
  const elsewhere = catalog.elsewhere?.(name)
  if (elsewhere !== undefined) return { ...found, help: elsewhere }
  const near = closest(name, catalog.fieldNames)
  return near === undefined ? found : { ...found, help: `did you mean \`${near}\`?` }
}

const findField = (
  name: string,
  argument: string | undefined,
  catalog: Catalog,
): FieldRef | Failure => {
  const shown = argument === undefined ? name : `${name}[${argument}]`
  const special = findSpecial(name, argument, shown, catalog)
  if (special) return special
  const field = catalog.field(name)
  if (!field) {
    if (name.startsWith('arg')) {
      // The engine's words.
      return { code: 'unknown-field', message: 'filter error: proc.arg filter not implemented yet' }
    }
    return nonexistent(shown)
  }
  const form = field.argument?.form
  if (argument === undefined) {
    if (field.argument?.required !== true) return { field, argument: undefined }
    return syntaxFault(name, `write ${name}[...]`)
  }
  const index = form === undefined || form === 'key' ? undefined : asIndex(argument)
  // Without a number it is any of them, and so it is to the engine with -1.
  if (index !== undefined) return { field, argument: index === -1 ? undefined : index }
  const keys = field.argument?.values
  if (keys && !keys.includes(argument)) return nonexistent(shown, suggestionOf(argument, keys))
  if (form === 'key' || form === 'index-or-key') return { field, argument }
  return nonexistent(shown, form === 'index' ? 'its argument is a number' : 'it has no argument')
}

/** The type of a field's value; that of `evt.rawarg` is its parameter's. */
export const typeOfField = (ref: FieldRef): FieldType => {
  const { field, argument } = ref
  return field.name === 'evt.rawarg' ? rawParameterType(argument) : field.type
}

/** Takes typed values out of YAML maps, with the messages of Falco's decoders. */
import { closest } from '@bulwark/schema'
import type { Context } from './report.ts'
import { invalid } from './report.ts'
import type { Yaml, YamlMap } from './yaml.ts'

const filled = (
  value: Yaml,
  key: string,
  context: Context,
): { readonly text: string; readonly context: Context } => {
  if (value.is === 'null') return invalid(`Mapping for key '${key}' is empty`, context)
  const inner = context.at('value for', key, value.place)
  if (value.is !== 'scalar') return invalid('Value is not a scalar value', inner)
  if (value.text === '') return invalid('Value must be non-empty', inner)
  return { text: value.text, context: inner }
}

/** Text of a key; `undefined` when the key is not there. */
export const optionalText = (map: YamlMap, key: string, context: Context): string | undefined => {
  const value = map.entries.get(key)
  return value && filled(value, key, context).text
}

/** Text of a key that must be there. */
export const requiredText = (map: YamlMap, key: string, context: Context): string =>
  optionalText(map, key, context) ??
  invalid(`Item has no mapping for key '${key}'`, context, helpForMissing(map, key))

const helpForMissing = (map: YamlMap, key: string): string => {
  const near = closest(key, [...map.entries.keys()])
  return `write "${key}: ..."${near === undefined ? '' : ` in place of "${near}: ..."`}`
}

/** Text of a key that may also have no value. */
export const optionalEmptyText = (map: YamlMap, key: string, context: Context): string => {
  const value = map.entries.get(key)
  if (!value || value.is === 'null' || (value.is === 'scalar' && value.text === '')) return ''
  return filled(value, key, context).text
}

/** `true`, `yes`, `on`, `y` and their opposites: lower, UPPER or Capitalised. */
const asBoolean = (text: string): boolean | undefined => {
  if (!/^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+)$/.test(text)) return undefined
  const lower = text.toLowerCase()
  if (['true', 'yes', 'on', 'y'].includes(lower)) return true
  return ['false', 'no', 'off', 'n'].includes(lower) ? false : undefined
}

/** A switch; `undefined` when the key is not there. */
export const optionalFlag = (map: YamlMap, key: string, context: Context): boolean | undefined => {
  const value = map.entries.get(key)
  if (!value) return undefined
  const { text, context: inner } = filled(value, key, context)
  return asBoolean(text) ?? invalid("Can't decode YAML scalar value", inner, 'true or false')
}

/** A number of 32 bits: decimal, or hexadecimal or octal with their prefixes. */
export const asCount = (text: string): number | undefined => {
  if (!/^\+?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)\s*$/.test(text)) return undefined
  const digits = text.replace('+', '').trimEnd()
  const value = /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits)
  return value < 2 ** 32 ? value : undefined
}

/** A number of 32 bits; `undefined` when the key is not there. */
export const optionalCount = (map: YamlMap, key: string, context: Context): number | undefined => {
  const value = map.entries.get(key)
  if (!value) return undefined
  const { text, context: inner } = filled(value, key, context)
  return asCount(text) ?? invalid("Can't decode YAML scalar value", inner, 'a number, 0 or more')
}

/** Texts of a sequence; `undefined` when the key is not there. */
export const optionalTexts = (
  map: YamlMap,
  key: string,
  context: Context,
): readonly string[] | undefined => {
  const value = map.entries.get(key)
  if (!value) return undefined
  const inner = context.at('value for', key, value.place)
  if (value.is !== 'sequence') return invalid('Value is not a sequence', inner, 'write "[...]"')
  return value.items.map((item) =>
    item.is === 'scalar'
      ? item.text
      : invalid('sequence value is not scalar', inner.at('list item', '', item.place)),
  )
}

/** From what stands in a file or behind a flag to the value of an option. */
import type { OptionSpec } from '@bulwark/schema'
import type { ConfigFault, Tree } from './tree.ts'

/** A value of an option, by its type; of `yaml` the tree as it stands. */
export type OptionValue = string | number | boolean | readonly string[] | Tree

const yes: ReadonlySet<string> = new Set(['true', 'yes', 'on'])
const no: ReadonlySet<string> = new Set(['false', 'no', 'off'])

/** A switch, in the words of YAML; `undefined` when it is none. */
export const switchOf = (text: string): boolean | undefined => {
  const lower = text.toLowerCase()
  if (yes.has(lower)) return true
  return no.has(lower) ? false : undefined
}

const numberOf = (
  text: string,
  { min, max, power }: { min: number; max: number; power?: boolean },
): number | string => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < min || value > max) {
    return `Expected a whole number from ${min} to ${max}.`
  }
  return power === true && !Number.isInteger(Math.log2(value)) ? 'Expected a power of two.' : value
}

/** What was expected in place of the text. */
export class BadValue {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** The value that a text is; lists and maps have none. */
export const valueOfText = (
  { type }: OptionSpec,
  text: string,
): string | number | boolean | BadValue => {
  switch (type.is) {
    case 'switch':
      return switchOf(text) ?? new BadValue('Expected yes or no.')
    case 'number': {
      const value = numberOf(text, type)
      return typeof value === 'number' ? value : new BadValue(value)
    }
    case 'choice': {
      const wanted = type.anyCase === true ? text.toLowerCase() : text
      if (type.of.includes(wanted)) return wanted
      return new BadValue(`Allowed choices are ${type.of.join(', ')}.`)
    }
    case 'text-or-none':
      return no.has(text.toLowerCase()) ? false : text
    case 'text':
    case 'texts':
      return text === '' ? new BadValue('Expected a text that is not empty.') : text
    case 'yaml':
      return new BadValue(`Expected a ${type.what}.`)
  }
}

const shown = (spec: OptionSpec, text: string): string => `the value of \`${spec.name}\` is ${text}`

/** The value that stands in a file. */
export const valueOfTree = (spec: OptionSpec, tree: Tree): OptionValue | ConfigFault => {
  const { place } = tree
  const fault = (got: string, help: string): ConfigFault => ({
    place,
    message: shown(spec, got),
    help,
  })
  if (spec.type.is === 'yaml') {
    const wanted = spec.type.what
    return tree.is === wanted ? tree : fault(`no ${wanted}`, `write a ${wanted}`)
  }
  if (spec.type.is === 'texts') {
    const items = tree.is === 'list' ? tree.items : [tree]
    const texts = items.flatMap((item) => (item.is === 'text' && item.text !== '' ? item.text : []))
    if (texts.length === items.length) return texts
    return fault('no list of texts', `write \`${spec.name}: [...]\``)
  }
  if (tree.is === 'none') return fault('empty', 'give one, or leave the option out')
  if (tree.is !== 'text') return fault(`a ${tree.is}`, 'write a single value')
  const value = valueOfText(spec, tree.text)
  if (!(value instanceof BadValue)) return value
  return fault(JSON.stringify(tree.text), value.message)
}

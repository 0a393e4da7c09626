/** The options of `config.yaml` as flags, and from both to the settings of a run. */
import type { OptionSpec } from '@bulwark/schema'
import { flagOf, isDenied, options, reasonOf } from '@bulwark/schema'
import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import { readText } from '../text-file.ts'
import { readTree } from './tree.ts'
import type { ConfigFault } from './tree.ts'
import type { Given } from './read.ts'
import { faultText, readConfig } from './read.ts'
import type { Settings } from './settings.ts'
import { settingsOf } from './settings.ts'
import { BadValue, valueOfText, valueOfTree } from './value.ts'

/** Read where no other is named, if it is there. */
export const usualConfig = '/etc/bulwark/config.yaml'

const placeOf = (spec: OptionSpec): Given['place'] => ({ file: flagOf(spec), line: 1, column: 1 })

/** The value behind a flag; commander says what is wrong with it, and ends. */
const parse = (spec: OptionSpec, text: string): Given => {
  const place = placeOf(spec)
  if (spec.type.is !== 'yaml') {
    const value = valueOfText(spec, text)
    if (value instanceof BadValue) throw new InvalidArgumentError(value.message)
    return { value, place }
  }
  const { tree, faults } = readTree(flagOf(spec), text, process.env)
  const [fault] = faults
  if (fault) throw new InvalidArgumentError(faultText(fault))
  const value = valueOfTree(spec, tree)
  if (typeof value === 'object' && 'message' in value) {
    throw new InvalidArgumentError(faultText(value))
  }
  return { value, place }
}

const usage = (spec: OptionSpec): string => {
  const { type, letter } = spec
  const flag = letter === undefined ? flagOf(spec) : `-${letter}, ${flagOf(spec)}`
  switch (type.is) {
    case 'switch':
      return `${flag} [yes]`
    case 'number':
      return `${flag} <n>`
    case 'choice':
      return `${flag} <name>`
    case 'text':
    case 'texts':
    case 'text-or-none':
      return `${flag} <${type.what}>`
    case 'yaml':
      return `${flag} <yaml>`
  }
}

const description = ({ meaning, unset, type }: OptionSpec): string => {
  const words = [
    ...(type.is === 'texts' ? ['may be given again'] : []),
    ...(type.is === 'choice' && type.of.length <= 3 ? [`choices: ${type.of.join(', ')}`] : []),
    ...(unset === '' ? [] : [`default: ${unset}`]),
  ]
  return words.length === 0 ? meaning : `${meaning} (${words.join('; ')})`
}

/** Where commander keeps the values, by option. */
type Flags = Readonly<Record<string, Given | undefined>>

const flagOption = (spec: OptionSpec): Option => {
  const option = new Option(usage(spec), description(spec))
  return option.argParser((text: string, before: Given | undefined): Given => {
    const given = parse(spec, text)
    if (spec.type.is !== 'texts') return given
    const earlier = Array.isArray(before?.value) ? (before.value as readonly string[]) : []
    return {
      value: earlier.concat(typeof given.value === 'string' ? given.value : []),
      place: given.place,
    }
  })
}

/** Adds the flags of options to a command. */
export const addFlags = (command: Command, isWanted: (spec: OptionSpec) => boolean): Command => {
  for (const spec of options.filter(isWanted)) {
    command.addOption(flagOption(spec))
    if (!isDenied(spec)) continue
    command.addOption(new Option(flagOf(spec).replace('--', '--no-'), `as ${flagOf(spec)} no`))
  }
  return command
}

/** The values of flags, by the names of their options. */
export const givenByFlags = (command: Command): ReadonlyMap<string, Given> => {
  const flags = command.opts<Flags>()
  const given = new Map<string, Given>()
  for (const spec of options) {
    const key = flagOption(spec).attributeName()
    // Commander sets these without asking a parser: `--no-cri`, and a switch without a value.
    const value = flags[key] as Given | boolean | undefined
    if (typeof value === 'boolean') given.set(spec.name, { value, place: placeOf(spec) })
    else if (typeof value === 'object') given.set(spec.name, value)
  }
  return given
}

/** Settings, or all that is wrong. */
export type Configured =
  | { readonly settings: Settings; readonly file: string | undefined }
  | { readonly faults: readonly ConfigFault[] }

/**
 * Settings from a file and from flags, which win.
 *
 * @param file  the file; none when `undefined`
 */
export const configure = (
  file: string | undefined,
  flags: ReadonlyMap<string, Given>,
): Configured => {
  const faults: ConfigFault[] = []
  const values = new Map<string, Given>()
  if (file !== undefined) {
    const place = { file, line: 1, column: 1 }
    try {
      const read = readConfig(file, readText(file), process.env)
      faults.push(...read.faults)
      for (const [name, given] of read.values) values.set(name, given)
    } catch (error) {
      const message = `cannot read it: ${reasonOf(error, file)}`
      faults.push({ place, message, help: 'give a file of options' })
    }
  }
  for (const [name, given] of flags) values.set(name, given)
  const { settings, faults: more } = settingsOf(values)
  return faults.length + more.length > 0 ? { faults: [...faults, ...more] } : { settings, file }
}

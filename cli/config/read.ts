/** Reads `config.yaml`: options by name, and all that is wrong with the file. Never throws. */
import type { OptionSpec } from '@bulwark/schema'
import { closest, falcoOnly, options } from '@bulwark/schema'
import type { ConfigFault, MapEntry, Place, Tree } from './tree.ts'
import { readTree } from './tree.ts'
import type { OptionValue } from './value.ts'
import { valueOfTree } from './value.ts'

/** A value, and where it stands. */
export interface Given {
  readonly value: OptionValue
  readonly place: Place
}

export interface ReadConfig {
  readonly values: ReadonlyMap<string, Given>
  readonly faults: readonly ConfigFault[]
}

const byName: ReadonlyMap<string, OptionSpec> = new Map(options.map((spec) => [spec.name, spec]))
/** Maps that hold options, such as `file`. */
const groups: ReadonlySet<string> = new Set(
  options.flatMap(({ name }) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])),
)

/** What to do about a key that is no option. */
const helpFor = (name: string): string | undefined => {
  const falco = options.find((spec) => spec.falco?.includes(name) === true)
  if (falco) return `Falco's \`${name}\` is \`${falco.name}\` here`
  const only = falcoOnly.find(([key]) => key === name || name.startsWith(`${key}.`))
  if (only) return `of Falco's options: ${only[1]}; see docs/config.md`
  const near = closest(name, [...byName.keys(), ...groups])
  if (near !== undefined) return `did you mean \`${near}\`?`
  return 'docs/config.md has all options'
}

class ConfigReader {
  readonly values = new Map<string, Given>()
  readonly faults: ConfigFault[] = []

  map(tree: Tree, prefix: string): void {
    if (tree.is === 'none') return
    if (tree.is !== 'map') {
      const what = prefix === '' ? 'the file' : `\`${prefix.slice(0, -1)}\``
      const help = 'write `name: value`, one a line'
      this.faults.push({ place: tree.place, message: `${what} is no map of options`, help })
      return
    }
    for (const entry of tree.entries) this.#entry(entry, prefix)
  }

  #entry({ key, keyPlace, value }: MapEntry, prefix: string): void {
    const name = prefix + key
    if (prefix === '' && groups.has(name)) {
      this.map(value, `${name}.`)
      return
    }
    const spec = byName.get(name)
    if (!spec) {
      const help = helpFor(name)
      const fault = { place: keyPlace, message: `unknown option \`${name}\`` }
      this.faults.push(help === undefined ? fault : { ...fault, help })
      return
    }
    const found = valueOfTree(spec, value)
    if (typeof found === 'object' && 'message' in found) this.faults.push(found)
    else this.values.set(name, { value: found, place: value.place })
  }
}

/** Reads the text of a file of options. */
export const readConfig = (
  file: string,
  text: string,
  environment: NodeJS.ProcessEnv,
): ReadConfig => {
  const { tree, faults } = readTree(file, text, environment)
  const reader = new ConfigReader()
  if (faults.length === 0) reader.map(tree, '')
  return { values: reader.values, faults: [...faults, ...reader.faults] }
}

/** `file:line:column: error: message`, or `--flag: error: message`; then the help. */
export const faultText = ({ place, message, help }: ConfigFault): string => {
  const { file, line, column } = place
  // A flag's value is of one line, mostly.
  const isFlag = file.startsWith('--') && line === 1 && column === 1
  const first = `${isFlag ? file : `${file}:${line}:${column}`}: error: ${message}`
  return help === undefined ? first : `${first}\n  help: ${help}`
}

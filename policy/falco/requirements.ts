/** What rule files require of the engine that loads them, and of its plugins. */
import type { Collector, PluginVersion, RequiredPlugin } from './collector.ts'
import { requiredText } from './decode.ts'
import type { Context } from './report.ts'
import { invalid, reject } from './report.ts'
import type { Yaml, YamlMap } from './yaml.ts'

/** The engine version whose rule files load, as Falco numbers it. */
export const engineVersion = '0.63.0'

/** Three numbers, as scanf reads them: with a sign, blanks before; whatever stands behind them. */
const versionForm = /^\s*([+-]?\d+)\.\s*([+-]?\d+)\.\s*([+-]?\d+)/

const numbersOf = (version: string): readonly number[] | undefined =>
  versionForm
    .exec(version)
    ?.slice(1)
    .map((digits) => Number(BigInt.asUintN(32, BigInt(digits.replace('+', '')))))

const isOver = (a: readonly number[], b: readonly number[]): boolean => {
  const at = a.findIndex((number, i) => number !== (b[i] ?? 0))
  return at >= 0 && (a[at] ?? 0) > (b[at] ?? 0)
}

/** @throws LoadFault  the version is none, or this engine is older */
export const checkEngineVersion = (
  version: string,
  context: Context,
  collector?: Pick<Collector, 'engine'>,
): void => {
  const wanted = numbersOf(version)
  if (!wanted) {
    const expected = 'Expected "x.y.z" semver format.'
    const message = `Unable to parse engine version '${version}' as a semver string. ${expected}`
    invalid(message, context)
    return
  }
  const [major = 0, minor = 0, patch = 0] = numbersOf(engineVersion) ?? []
  const [wantedMajor = 0, wantedMinor = 0, wantedPatch = 0] = wanted
  const isNewer = wantedMinor > minor || (wantedMinor === minor && wantedPatch > patch)
  if (wantedMajor === major && !isNewer) {
    if (collector && isOver(wanted, numbersOf(collector.engine) ?? [])) {
      collector.engine = wanted.join('.')
    }
    return
  }
  const message =
    `Rules require engine version ${wanted.join('.')}, but engine version is ` + engineVersion
  const help =
    `Bulwark reads rules as Falco's engine ${engineVersion} does: take the file's version for ` +
    'that engine, or ask for less and see what else is found in it'
  reject(message, context, help)
}

const readVersion = (
  map: YamlMap,
  itemType: string,
  parent: Context,
): readonly [string, string] => {
  const name = requiredText(map, 'name', parent.at(itemType, '', map.place))
  return [name, requiredText(map, 'version', parent.at(itemType, name, map.place))]
}

const checkVersions = (
  versions: readonly (readonly [string, string])[],
  context: Context,
): void => {
  const seen = new Set<string>()
  for (const [name, version] of versions) {
    if (!numbersOf(version)) {
      reject(`Invalid required version '${version}' for plugin '${name}'`, context)
    }
    if (seen.has(name)) {
      const what = `Defined multiple alternative version requirements for plugin '${name}'`
      reject(what, context)
    }
    seen.add(name)
  }
}

const readPlugin = (plugin: Yaml, context: Context): RequiredPlugin => {
  const entry = 'required plugin versions entry'
  const unnamed = context.at(entry, '', plugin.place)
  if (plugin.is !== 'map') return invalid('Plugin version must be a mapping', unnamed)
  const first = readVersion(plugin, entry, context)
  const own = context.at(entry, first[0], plugin.place)
  const value = plugin.entries.get('alternatives')
  if (value && value.is !== 'sequence') {
    invalid('Value of plugin version alternatives must be a sequence', own)
  }
  const alternatives = (value?.is === 'sequence' ? value.items : []).map((item) => {
    const type = 'required plugin versions alternative'
    if (item.is === 'map') return readVersion(item, type, own)
    return invalid('Plugin version alternative must be a mapping', own.at(type, '', item.place))
  })
  checkVersions([first, ...alternatives], own)
  const named = ([name, version]: readonly [string, string]): PluginVersion => ({ name, version })
  return { ...named(first), alternatives: alternatives.map(named) }
}

/**
 * Reads the plugins that a file requires. What they carry is built in here or missing field by
 * field, so only the form is checked.
 *
 * @throws LoadFault
 */
export const readPluginVersions = (
  map: YamlMap,
  file: Context,
  { plugins }: Pick<Collector, 'plugins'>,
): void => {
  const value = map.entries.get('required_plugin_versions')
  if (!value) return
  const context = file.at('required plugin versions', '', value.place)
  if (value.is !== 'sequence') {
    invalid('Value of required_plugin_versions must be a sequence', context)
    return
  }
  for (const plugin of value.items) plugins.push(readPlugin(plugin, context))
}

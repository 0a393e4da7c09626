/** The files of Bulwark's own rule pack. */
import { globSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../../rules')

/** The rule files, in the order in which they load. */
export const packFiles: readonly string[] = yamlIn(folder)

/** The files with an attack and a twin for each rule, named as the rule files. */
export const packScenarioFiles: readonly string[] = yamlIn(join(folder, 'scenarios'))

function yamlIn(path: string): string[] {
  return globSync('*.yaml', { cwd: path })
    .sort()
    .map((file) => join(path, file))
}

/** Rule files to measure with: the official ones where they lie beside the repository. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { carriedEvents, machineOf } from '@bulwark/agent'
import type { LoadResult } from '@bulwark/policy'
import { loadRuleFiles, schemaCatalog } from '@bulwark/policy'
import { otherEventNames, syscallNames } from '@bulwark/schema'

export const root = join(import.meta.dirname, '../..')

const official = ['falco_rules.yaml', 'falco-incubating_rules.yaml']
  .map((name) => join(root, '../shared/conformance/falco', name))
  .filter((path) => existsSync(path))
const own = join(root, 'rules')

/** The stable rules, or Bulwark's own. */
export const stableRules = official[0] ?? own

/** All there are. */
export const allRules: readonly string[] = official.length > 0 ? official : [own]

/** As people would write it. */
export const shownPath = (path: string): string => relative(process.cwd(), path)

/** The texts of rule files, read; of a folder, all in it. */
export const readRules = (paths: readonly string[]): { name: string; text: string }[] =>
  paths
    .flatMap((path) =>
      path.endsWith('.yaml') ? [path] : globSync(join(path, '*.yaml')).toSorted(),
    )
    .map((name) => ({ name, text: readFileSync(name, 'utf8') }))

/** Loads rules as the command line does. */
export const loadRules = (texts: readonly { name: string; text: string }[]): LoadResult => {
  const machine = machineOf(process.arch)
  return loadRuleFiles(texts, {
    catalog: schemaCatalog,
    eventNames: [...syscallNames, ...otherEventNames],
    sources: new Set(['syscall']),
    suggestedOutput: [['container_id', 'container.id']],
    ...(machine && { carriedEvents: carriedEvents(machine) }),
  })
}

/**
 * Falco's own rule files, unmodified: that they load, and which events each rule is for. The
 * events are those that the real engine found, as the page beside the case files lists them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { syscallNames } from '@bulwark/schema'
import { loadRuleFiles } from '@bulwark/policy'
import type { LoadResult } from '@bulwark/policy'
import { caseFolder } from './cases.ts'
import { catalog } from './catalog.ts'

/** Loads one official file. */
export const loadOfficial = (name: string): LoadResult =>
  loadRuleFiles([{ name, text: readFileSync(join(caseFolder, name), 'utf8') }], {
    catalog,
    eventNames: syscallNames,
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })

/**
 * The events of each rule of a file: names with commas between, or how many they are.
 *
 * @param heading  the file's name on the page: `stable`, `incubating`
 */
export const officialEvents = (heading: string): ReadonlyMap<string, string> => {
  const page = readFileSync(join(caseFolder, 'FALCO.md'), 'utf8')
  const start = page.indexOf('\nRule → events:')
  const [, line = ''] =
    new RegExp(`^\\*\\*${heading}\\*\\*: (.*)$`, 'm').exec(page.slice(start)) ?? []
  const rules = line.split('; ').map((text) => /^(.*) \[([^\]]*)\]\.?$/.exec(text))
  return new Map(rules.map((match) => [match?.[1] ?? '', match?.[2] ?? '']))
}

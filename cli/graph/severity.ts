/** Severity policies out of files: YAML or JSON, several documents a file. */
import { readFileSync } from 'node:fs'
import type { SeveritySettings } from '@bulwark/graph'
import { readSeverityPolicies, refText } from '@bulwark/graph'
import { parseAllDocuments } from 'yaml'
import { log, logError } from '../report.ts'

/** Aliases, counted as often as they are used. */
const aliasesMax = 100

interface Document {
  readonly name: string
  readonly value: unknown
}

/** @throws Error  the file cannot be read, or is no YAML */
const documentsOf = (path: string): readonly Document[] => {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'), { logLevel: 'silent' })
  const all = Array.isArray(documents) ? documents : []
  return all.map((document) => {
    const [fault] = document.errors
    if (fault) throw new Error(fault.message.split('\n')[0])
    return { name: path, value: document.toJS({ maxAliasCount: aliasesMax }) as unknown }
  })
}

/** The settings that files make; `undefined` when one cannot be read, which was said. */
export const severitySettingsOf = (paths: readonly string[]): SeveritySettings | undefined => {
  const documents: Document[] = []
  for (const path of paths) {
    try {
      documents.push(...documentsOf(path))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      logError(`cannot read ${path}: ${message}`, 'see docs/severity.md')
      return undefined
    }
  }
  const { settings, faults } = readSeverityPolicies(documents)
  for (const { object, path, message } of faults) {
    log(`warning: ${refText(object)}: ${path} ${message}`)
  }
  return settings
}

/** Severity policies out of files: YAML or JSON, several documents a file. */
import { readFileSync } from 'node:fs'
import { readSeverityPolicies } from '@bulwark/graph'
import { parseAllDocuments } from 'yaml'
import { limits } from '../limits.ts'

/** A file cannot be read, or is no YAML. */
export class SeverityFileError extends Error {}

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
    return { name: path, value: document.toJS({ maxAliasCount: limits.aliasesMax }) as unknown }
  })
}

/**
 * The settings that files make, and what is wrong with the policies in them.
 *
 * @throws SeverityFileError  one cannot be read: says which
 */
export const readSeverityFiles = (
  paths: readonly string[],
): ReturnType<typeof readSeverityPolicies> => {
  const documents: Document[] = []
  for (const path of paths) {
    try {
      documents.push(...documentsOf(path))
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new SeverityFileError(`cannot read ${path}: ${message}`)
    }
  }
  return readSeverityPolicies(documents)
}

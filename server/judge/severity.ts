/** Severity policies out of files: YAML or JSON, several documents a file. */
import { readFileSync } from 'node:fs'
import type { PolicyDocument } from '@bulwark/graph'
import { reasonOf } from '@bulwark/schema'
import { parseAllDocuments } from 'yaml'
import { limits } from '../limits.ts'

/** A file cannot be read, or is no YAML. */
export class SeverityFileError extends Error {}

/** @throws Error  the file cannot be read, or is no YAML */
const documentsOf = (path: string): readonly PolicyDocument[] => {
  const documents = parseAllDocuments(readFileSync(path, 'utf8'), { logLevel: 'silent' })
  const all = Array.isArray(documents) ? documents : []
  return all.map((document) => {
    const [fault] = document.errors
    if (fault) throw new Error(fault.message.split('\n')[0])
    return { name: path, value: document.toJS({ maxAliasCount: limits.aliasesMax }) as unknown }
  })
}

/**
 * The SeverityPolicies in files, decoded.
 *
 * @throws SeverityFileError  one cannot be read: says which
 */
export const readSeverityFiles = (paths: readonly string[]): readonly PolicyDocument[] =>
  paths.flatMap((path) => {
    try {
      return documentsOf(path)
    } catch (error) {
      throw new SeverityFileError(`cannot read ${path}: ${reasonOf(error, path)}`)
    }
  })

/** The objects of manifests in deploy/. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

type Json = Readonly<Record<string, unknown>>

export const manifests = (...names: readonly string[]): readonly Json[] =>
  names.flatMap((name) => {
    const text = readFileSync(join(import.meta.dirname, '../../deploy', name), 'utf8')
    return parseAllDocuments(text).map((document) => document.toJS() as Json)
  })

/**
 * The case files of the Falco language: inputs with the real engine's answers, kept beside the
 * repository and never in it. Reads them; `conformance.test.ts` runs them.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the case files are, seen from the root of the repository. */
export const caseFolder = join(import.meta.dirname, '../../../shared/conformance/falco')

export interface ParseCase {
  readonly id: string
  readonly expr: string
  readonly max_depth: number
  readonly expect: 'accept' | 'reject'
  readonly canonical?: string
  readonly ast?: unknown
  readonly error?: string
  readonly error_pos?: { readonly idx: number }
}

export interface CompileCase {
  readonly id: string
  readonly group: string
  readonly expr: string
  readonly expect: 'ok' | 'error'
  readonly error?: string
  readonly warnings?: readonly string[]
  readonly n_events?: number
  readonly expect_result?: boolean
}

export interface CaseField {
  readonly type: string
  readonly list: boolean
  readonly value: unknown
}

export interface EvalCase {
  readonly id: string
  readonly test: string
  readonly expr: string
  readonly fields: Readonly<Record<string, CaseField>> | null
  readonly expect: 'true' | 'false' | 'throws'
}

export interface CaseMessage {
  readonly code: string
  readonly message: string
  readonly locations: readonly { readonly item_type: string; readonly item_name: string }[]
}

export interface CaseRule {
  readonly name: string
  readonly condition_compiled: string
  readonly output: string
  readonly priority: string
  readonly enabled: boolean
  readonly tags: readonly string[]
  readonly source: string
  readonly description: string
  readonly capture: boolean
  readonly capture_duration: number
}

export interface LoadCase {
  readonly id: string
  readonly files: readonly { readonly name: string; readonly content: string }[]
  readonly results: readonly {
    readonly ok: boolean
    readonly errors: readonly CaseMessage[]
    readonly warnings: readonly CaseMessage[]
  }[]
  readonly rules?: readonly CaseRule[]
}

export interface CaseFiles {
  readonly parse: readonly ParseCase[]
  readonly compile: readonly CompileCase[]
  readonly eval: readonly EvalCase[]
  readonly load: readonly LoadCase[]
}

const read = (name: string): unknown => {
  const text = readFileSync(join(caseFolder, `${name}-cases.json`), 'utf8')
  return (JSON.parse(text) as { readonly cases: unknown }).cases
}

/** All cases; `undefined` where this machine does not have them. */
export const readCases = (): CaseFiles | undefined =>
  existsSync(caseFolder)
    ? {
        parse: read('parse') as CaseFiles['parse'],
        compile: read('compile') as CaseFiles['compile'],
        eval: read('eval') as CaseFiles['eval'],
        load: read('rule-load') as CaseFiles['load'],
      }
    : undefined

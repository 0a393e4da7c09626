/**
 * The case files of the Falco language: inputs with the real engine's answers, kept beside the
 * repository and never in it. Reads them; `suite.ts` runs them.
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
  readonly events?: readonly string[]
  readonly expect_result?: boolean
}

export interface CaseField {
  /** `string`, `uint64`, …: as the engine names its types, without `PT_`. */
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
    /** None where the engine ended in an exception, which is a refusal without a code. */
    readonly errors?: readonly CaseMessage[]
    readonly warnings?: readonly CaseMessage[]
  }[]
  readonly rules?: readonly CaseRule[]
}

/** What is wrong with a case; `undefined` when nothing is. `skip` says why it cannot be run. */
export type Outcome = string | undefined | { readonly skip: string }

/** The cases of one file; why there are none where it is missing or no such file. */
export type Cases<C> =
  | { readonly ok: true; readonly cases: readonly C[] }
  | { readonly ok: false; readonly isMissing: boolean; readonly message: string }

/** Reads one file of a folder. */
export const readCases = <C>(folder: string, file: string): Cases<C> => {
  const path = join(folder, file)
  if (!existsSync(path)) return { ok: false, isMissing: true, message: `no ${file}` }
  try {
    const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { readonly cases?: unknown }
    if (Array.isArray(cases)) return { ok: true, cases: cases as readonly C[] }
    return { ok: false, isMissing: false, message: `${file} has no list of cases` }
  } catch (error) {
    return { ok: false, isMissing: false, message: `${file}: ${String(error)}` }
  }
}

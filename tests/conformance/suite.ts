/** Runs the case files of a folder, and counts: for the tests and for `make conformance`. */
import type { CompileCase, EvalCase, LoadCase, Outcome, ParseCase } from './cases.ts'
import { readCases } from './cases.ts'
import { runCompile, runEval } from './conditions.ts'
import { fieldCases, runField } from './fields.ts'
import { runLoad } from './loading.ts'
import { runParse } from './parse.ts'

/** What came of the cases of one kind. */
export interface GroupResult {
  readonly name: string
  readonly passed: number
  /** Identifier of each case that failed, and what is wrong. */
  readonly failed: readonly string[]
  /** The same for those that could not be run. */
  readonly skipped: readonly string[]
  /** Why there are no cases of this kind. */
  readonly missing: string | undefined
}

interface Case {
  readonly id: string
}

/** One case run; one that throws has failed. */
const outcomeOf = (run: () => Outcome): Outcome => {
  try {
    return run()
  } catch (error) {
    return `throws ${String(error)}`
  }
}

/** Counts what came of cases. */
const countOutcomes = (
  name: string,
  outcomes: readonly (readonly [id: string, outcome: Outcome])[],
): GroupResult => ({
  name,
  passed: outcomes.filter(([, outcome]) => outcome === undefined).length,
  failed: outcomes.flatMap(([id, outcome]) =>
    typeof outcome === 'string' ? [`${id} ${outcome}`] : [],
  ),
  skipped: outcomes.flatMap(([id, outcome]) =>
    typeof outcome === 'object' ? [`${id} ${outcome.skip}`] : [],
  ),
  missing: undefined,
})

/** What runs a case of each kind, by the name of its file. */
const runners: Readonly<Record<string, (wanted: Case) => Outcome>> = {
  // The files are what says that these are such cases.
  parse: (wanted) => runParse(wanted as ParseCase),
  compile: (wanted) => runCompile(wanted as CompileCase),
  eval: (wanted) => runEval(wanted as EvalCase),
  'rule-load': (wanted) => runLoad(wanted as LoadCase),
}

/** Runs all case files of a folder. A file that is missing is said, and no fault. */
export const runSuite = (folder: string): readonly GroupResult[] =>
  Object.entries(runners).map(([name, run]) => {
    const read = readCases<Case>(folder, `${name}-cases.json`)
    if (read.ok) {
      return countOutcomes(
        name,
        read.cases.map((wanted) => [wanted.id, outcomeOf(() => run(wanted))] as const),
      )
    }
    const failed = read.isMissing ? [] : [read.message]
    return { name, passed: 0, failed, skipped: [], missing: read.message }
  })

/** Holds the field catalogue against the engine's. */
export const fieldResult = (): GroupResult =>
  countOutcomes(
    'fields',
    fieldCases().map((wanted) => [wanted.id, runField(wanted)] as const),
  )

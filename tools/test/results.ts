/** What became of each test, on this machine and on guests, and what all of it comes to. */

/** One test on one kernel. */
export interface Result {
  /** Relative to the root of the work tree. */
  readonly file: string
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Of a skip: what the kernel or the machine lacks. */
  readonly reason?: string
}

const outcomes: readonly string[] = ['passed', 'failed', 'skipped'] satisfies Result['outcome'][]

/** One line of a guest's results; `undefined` when it is none. */
export function parseResult(line: string): Result | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  const isResult =
    typeof value === 'object' &&
    value !== null &&
    'file' in value &&
    'name' in value &&
    'outcome' in value &&
    outcomes.includes(String(value.outcome))
  return isResult ? (value as Result) : undefined
}

/** How many tests ended in which way. */
export type Counts = Record<Result['outcome'], number>

/** For people. */
export const countsText = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Counts the outcomes. */
export function countOutcomes(results: readonly Result[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { outcome } of results) counts[outcome] += 1
  return counts
}

/** How often each outcome and each reason came. */
export class Tally {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #results: Result[] = []
  readonly #faults: string[] = []
  readonly #notes: string[] = []
  readonly #print: (line: string) => void

  /** @param print  gets a fault that is no test's at once; those of tests were printed by them */
  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** @param where  put before the reason of a skip, and before a test that failed */
  add(results: readonly Result[], where: string): void {
    for (const result of results) {
      this.#results.push(result)
      this.counts[result.outcome] += 1
      if (result.outcome === 'skipped') this.leaveOut(where + (result.reason ?? 'no reason given'))
      if (result.outcome === 'failed') this.#faults.push(`${where}${result.file}: ${result.name}`)
    }
  }

  /** A line for the summary. */
  note(line: string): void {
    this.#notes.push(line)
  }

  /** Says that something did not run, and why; it is no test by itself. */
  leaveOut(reason: string): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1)
  }

  /** A fault that is no test's. */
  fail(text: string): void {
    this.#print(`failed: ${text}`)
    this.#faults.push(text)
    this.counts.failed += 1
  }

  /** Tests of these files that were skipped wherever they were asked for. */
  neverRun(files: ReadonlySet<string>): readonly string[] {
    const asked = this.#results.filter(({ file }) => files.has(file))
    const key = ({ file, name }: Result): string => `${file}: ${name}`
    const ran = new Set(asked.filter(({ outcome }) => outcome !== 'skipped').map(key))
    return [...new Set(asked.map(key))].filter((test) => !ran.has(test))
  }

  /** One line a reason, a fault and a note, and the line that sums up. */
  get summary(): string {
    const reasons = [...this.#reasons].map(([reason, count]) => `left out, ${count}: ${reason}`)
    const faults = this.#faults.map((fault) => `failed: ${fault}`)
    return [...reasons, ...faults, ...this.#notes, `tests: ${countsText(this.counts)}`].join('\n')
  }
}

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

/** How long a test file took on one kernel, its start included. */
export interface FileTime {
  readonly file: string
  readonly ms: number
}

/** How long a part of a run took. */
export interface Phase {
  readonly name: string
  readonly ms: number
}

/** What came of test files on one kernel. */
export interface GroupResult {
  readonly results: readonly Result[]
  /** Of those that ran to their end. */
  readonly times: readonly FileTime[]
}

const outcomes: readonly string[] = ['passed', 'failed', 'skipped'] satisfies Result['outcome'][]

const isResult = (value: object): value is Result =>
  'file' in value &&
  'name' in value &&
  'outcome' in value &&
  outcomes.includes(String(value.outcome))

const isTime = (value: object): value is FileTime =>
  'file' in value && 'ms' in value && typeof value.ms === 'number'

/**
 * Reads what a guest told, line by line. What is no result and no time is passed over: it may have
 * stopped within a line.
 */
export function parseTold(lines: readonly string[]): GroupResult {
  const results: Result[] = []
  const times: FileTime[] = []
  for (const line of lines) {
    const value = parseObject(line)
    if (value === undefined) continue
    if (isTime(value)) times.push(value)
    else if (isResult(value)) results.push(value)
  }
  return { results, times }
}

const parseObject = (line: string): object | undefined => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
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

const seconds = (ms: number): string => (ms / 1000).toFixed(0)
const minutes = (ms: number): string => (ms / 60_000).toFixed(1)

/** So many files are named for the time that they took: where to look when a run takes too long. */
const slowestNamed = 12
const slowMsMin = 5_000

/** How often each outcome and each reason came. */
export class Tally {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 }
  readonly #reasons = new Map<string, number>()
  readonly #results: Result[] = []
  readonly #faults: string[] = []
  readonly #notes: string[] = []
  readonly #times: FileTime[] = []
  readonly #phases: Phase[] = []
  readonly #print: (line: string) => void

  /** @param print  gets a fault that is no test's at once; those of tests were printed by them */
  constructor(print: (line: string) => void) {
    this.#print = print
  }

  /** @param where  put before the reason of a skip, a test that failed, and a file that was slow */
  add({ results, times }: GroupResult, where: string): void {
    for (const { file, ms } of times) this.#times.push({ file: where + file, ms })
    for (const result of results) {
      this.#results.push(result)
      this.counts[result.outcome] += 1
      if (result.outcome === 'skipped') this.leaveOut(where + (result.reason ?? 'no reason given'))
      if (result.outcome === 'failed') this.#faults.push(`${where}${result.file}: ${result.name}`)
    }
  }

  addPhase(phase: Phase): void {
    this.#phases.push(phase)
  }

  /** Says loudly that a run has taken longer than it should; it is no fault: machines differ. */
  tellLength(ms: number, msWanted: number): void {
    if (ms <= msWanted) return
    this.note(`TOO SLOW: this run took ${minutes(ms)} min; ${minutes(msWanted)} are meant at most`)
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

  /** One line a reason, a slow file, a phase, a fault and a note, and the line that sums up. */
  get summary(): string {
    const slowest = this.#times
      .filter(({ ms }) => ms >= slowMsMin)
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, slowestNamed)
      .map(({ file, ms }) => `slowest: ${seconds(ms)} s, ${file}`)
    const phases = this.#phases.map(({ name, ms }) => `took: ${seconds(ms)} s, ${name}`)
    const reasons = [...this.#reasons].map(([reason, count]) => `left out, ${count}: ${reason}`)
    const faults = this.#faults.map((fault) => `failed: ${fault}`)
    return [
      ...reasons,
      ...slowest,
      ...phases,
      ...faults,
      ...this.#notes,
      `tests: ${countsText(this.counts)}`,
    ].join('\n')
  }
}

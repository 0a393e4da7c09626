/** Runs test files on this machine and tells what became of each test. */
import { appendFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { bundleOf, fileOfBundle, joinedRunner } from './bundle-names.ts'
import type { FileTime, GroupResult, Result } from './results.ts'

/** Root of the work tree. */
export const root = join(import.meta.dirname, '../..')

/** How far a group may go. */
export interface Bounds {
  readonly concurrency: number
  /** For one test: one that hangs is a fault, not a wait. */
  readonly testMsMax: number
  /** For the group: a file whose tests ended may be kept open by what they left behind. */
  readonly groupMsMax: number
  /** A file whose process a signal ended runs once more, and that is said. For emulated machines:
   * Node.js itself crashes there now and then (a check of V8 on its pages of machine code). */
  readonly againAfterSignal?: boolean
}

/** Where a guest's results go, one line each, apart from what it prints. */
const resultsFile = process.env['BULWARK_RESULTS']

const tell = (result: Result | FileTime): void => {
  if (resultsFile !== undefined) appendFileSync(resultsFile, `${JSON.stringify(result)}\n`)
}

/** Files run as the pieces that were made of them. */
export const isBundled = process.env['BULWARK_BUNDLED'] === '1'

const nameOf = (path: string): string => {
  const name = relative(root, path)
  return isBundled ? fileOfBundle(name) : name
}

interface Ended {
  readonly name: string
  readonly nesting: number
  readonly file?: string | undefined
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
  readonly details: {
    readonly type?: string | undefined
    readonly error?: unknown
    readonly duration_ms: number
  }
}

/** What an error of the test runner says beside its text. */
const partOf = ({ details: { error } }: Ended, name: 'signal' | 'failureType'): unknown =>
  typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false

const resultOf = (file: string, { name, skip, todo }: Ended, passed: boolean): Result => {
  const mark = isSet(skip) ? skip : todo
  if (!isSet(mark)) return { file, name, outcome: passed ? 'passed' : 'failed' }
  return { file, name, outcome: 'skipped', ...(typeof mark === 'string' ? { reason: mark } : {}) }
}

/** What one run of files gathers. */
class Gathered {
  readonly results: Result[] = []
  readonly times: FileTime[] = []
  /** The files whose process a signal has ended. */
  readonly died: string[] = []

  addResult(result: Result): void {
    this.results.push(result)
    tell(result)
  }

  addTime(time: FileTime): void {
    if (resultsFile !== undefined) console.log(`${time.file}: ${(time.ms / 1000).toFixed(1)} s`)
    if (this.died.includes(time.file)) return
    this.times.push(time)
    tell(time)
  }

  /** Whether a signal ended the process of a file, which it then notes. */
  hasDied(ended: Ended): boolean {
    const signal = partOf(ended, 'signal')
    if (typeof signal !== 'string' || ended.file === undefined) return false
    const name = nameOf(ended.file)
    console.log(`${name}: ended by ${signal}, runs once more`)
    this.died.push(name)
    return true
  }
}

type Options = Parameters<typeof run>[0]

/** Runs files, printing as they end. */
async function runFiles(
  options: Options,
  { groupMsMax }: Bounds,
  listen: (stream: ReturnType<typeof run>) => void,
): Promise<void> {
  const stream = run({
    cwd: root,
    execArgv: process.execArgv,
    signal: AbortSignal.timeout(groupMsMax),
    ...options,
  })
  listen(stream)
  const report = stream.pipe(new spec())
  report.pipe(process.stdout, { end: false })
  await finished(report)
}

/** Runs the files, a process each, printing as they end. */
export async function runGroup(files: readonly string[], bounds: Bounds): Promise<GroupResult> {
  const gathered = new Gathered()
  const add = (ended: Ended, passed: boolean): void => {
    if (ended.details.type === 'suite') return
    if (bounds.againAfterSignal === true && gathered.hasDied(ended)) return
    gathered.addResult(resultOf(nameOf(ended.file ?? ''), ended, passed))
  }
  const options = {
    files: files.map((file) => join(root, isBundled ? bundleOf(file) : file)),
    concurrency: bounds.concurrency,
    timeout: bounds.testMsMax,
  }
  await runFiles(options, bounds, (stream) => {
    stream.on('test:summary', ({ file, duration_ms: ms }) => {
      if (file !== undefined) gathered.addTime({ file: nameOf(file), ms })
    })
    stream.on('test:pass', (ended) => add(ended, true))
    stream.on('test:fail', (ended) => add(ended, false))
  })
  const { results, times, died } = gathered
  return await withMore({ results, times }, died, bounds)
}

const withMore = async (
  { results, times }: GroupResult,
  files: readonly string[],
  bounds: Bounds,
): Promise<GroupResult> => {
  if (files.length === 0) return { results, times }
  const more = await runGroup(files, { ...bounds, againAfterSignal: false })
  return { results: [...results, ...more.results], times: [...times, ...more.times] }
}

/**
 * Runs files that are bundled in one process, one after another, printing as they end. Where that
 * process is ended by a signal, the file that it was at and those after it run in one each.
 */
export async function runJoined(files: readonly string[], bounds: Bounds): Promise<GroupResult> {
  const gathered = new Gathered()
  let file = ''
  const add = (ended: Ended, passed: boolean): void => {
    const isSuite = ended.details.type === 'suite'
    if (!isSuite && ended.nesting === 0) {
      if (!gathered.hasDied(ended)) gathered.addResult(resultOf('all files', ended, passed))
      return
    }
    // Of a suite only what is not said by its tests: that a hook of the file failed.
    if (!isSuite || !(passed || partOf(ended, 'failureType') === 'subtestsFailed')) {
      gathered.addResult(resultOf(file, ended, passed))
    }
    if (isSuite && ended.nesting === 0) gathered.addTime({ file, ms: ended.details.duration_ms })
  }
  const options = {
    files: [join(root, bundleOf(joinedRunner))],
    argv: [String(bounds.testMsMax), ...files],
    timeout: bounds.groupMsMax,
  }
  await runFiles(options, bounds, (stream) => {
    stream.on('test:start', ({ name, nesting }) => {
      if (nesting === 0) file = name
    })
    stream.on('test:pass', (ended) => add(ended, true))
    stream.on('test:fail', (ended) => add(ended, false))
  })
  const { results, times, died } = gathered
  const ended = new Set(times.map((time) => time.file))
  const left = died.length === 0 ? [] : files.filter((each) => !ended.has(each))
  return await withMore({ results, times }, left, bounds)
}

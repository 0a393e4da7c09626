/** Runs test files on this machine and tells what became of each test. */
import { appendFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileOfBundle, isBundled, joinedRunner, runnable } from './bundle-names.ts'
import { FileBound, killSignal } from './file-bound.ts'
import type { FileTime, GroupResult, Result } from './results.ts'

/** Root of the work tree. */
export const root = join(import.meta.dirname, '../..')

/** How far a group may go. */
export interface Bounds {
  readonly concurrency: number
  /** For one test: one that hangs is a fault, not a wait. */
  readonly testMsMax: number
  /** For a file: one that loops, or that is kept open by what its tests left behind. */
  readonly fileMsMax: number
  /** For the group. */
  readonly groupMsMax: number
}

/** Where a guest's results go, one line each, apart from what it prints. */
const resultsFile = process.env['BULWARK_RESULTS']

const tell = (result: Result | FileTime): void => {
  if (resultsFile !== undefined) appendFileSync(resultsFile, `${JSON.stringify(result)}\n`)
}

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

/** A word that an error of the test runner has beside its text. */
const wordOf = ({ details: { error } }: Ended, name: 'signal' | 'failureType'): unknown =>
  typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined

/** The signal that ended a file's process before its tests did. */
const signalOf = (ended: Ended): string | undefined => {
  const signal = wordOf(ended, 'signal')
  return typeof signal === 'string' ? signal : undefined
}

const secondsOf = (ms: number): string => `${Math.round(ms / 1000)} s`

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false

const resultOf = (file: string, { name, skip, todo }: Ended, passed: boolean): Result => {
  const mark = isSet(skip) ? skip : todo
  if (!isSet(mark)) return { file, name, outcome: passed ? 'passed' : 'failed' }
  return { file, name, outcome: 'skipped', ...(typeof mark === 'string' ? { reason: mark } : {}) }
}

/** What a run of files gathers, and tells. */
class Gathered implements GroupResult {
  readonly results: Result[] = []
  readonly times: FileTime[] = []

  addResult(result: Result): void {
    this.results.push(result)
    tell(result)
  }

  addTime(time: FileTime): void {
    if (resultsFile !== undefined) console.log(`${time.file}: ${(time.ms / 1000).toFixed(1)} s`)
    this.times.push(time)
    tell(time)
  }
}

/** Prints what becomes of tests, to the end. */
async function report(stream: ReturnType<typeof run>): Promise<void> {
  const text = stream.pipe(new spec())
  text.pipe(process.stdout, { end: false })
  await finished(text)
}

/**
 * Runs the files, a process each, printing as they end. One that does not end in its time is
 * killed: that is said and a failure of its own, and the others go on.
 */
export async function runGroup(files: readonly string[], bounds: Bounds): Promise<GroupResult> {
  const gathered = new Gathered()
  const paths = files.map((file) => join(root, runnable(file)))
  const fault = `had not ended after ${secondsOf(bounds.fileMsMax)}, and was killed`
  const killed = new Set<string>()
  const bound = new FileBound(paths, bounds.fileMsMax, (path) => {
    console.log(`${nameOf(path)}: ${fault}`)
    killed.add(path)
  })
  const stream = run({
    cwd: root,
    execArgv: process.execArgv,
    files: paths,
    concurrency: bounds.concurrency,
    timeout: bounds.testMsMax,
    signal: AbortSignal.timeout(bounds.groupMsMax),
  })
  const add = (ended: Ended, passed: boolean): void => {
    if (ended.details.type === 'suite' || killed.has(ended.name)) return
    gathered.addResult(resultOf(nameOf(ended.file ?? ''), ended, passed))
  }
  stream.on('test:summary', ({ file, duration_ms: ms }) => {
    if (file !== undefined) gathered.addTime({ file: nameOf(file), ms })
  })
  stream.on('test:pass', (ended) => add(ended, true))
  stream.on('test:fail', (ended) => add(ended, false))
  await report(stream)
  bound.stop()
  for (const path of killed) {
    gathered.addResult({ file: nameOf(path), name: fault, outcome: 'failed' })
    gathered.addTime({ file: nameOf(path), ms: bounds.fileMsMax })
  }
  return gathered
}

/**
 * Runs the files in one process, one after another, printing as they end. When a signal ends it,
 * that is said, and the file that it was at and those after it run in a process each: Node.js
 * crashes now and then on an emulated machine (a check of V8 on its pages of machine code), and
 * what waits there for the machine may wait for ever.
 */
export async function runJoined(files: readonly string[], bounds: Bounds): Promise<GroupResult> {
  const gathered = new Gathered()
  const path = join(root, runnable(joinedRunner))
  let isKilled = false
  const bound = new FileBound([path], bounds.fileMsMax, () => {
    console.log(`a file had not ended after ${secondsOf(bounds.fileMsMax)}`)
    isKilled = true
  })
  const stream = run({
    cwd: root,
    // What a failed test has left running must not keep all the others' process.
    execArgv: [...process.execArgv, '--test-force-exit'],
    files: [path],
    argv: [String(bounds.testMsMax), ...files],
    timeout: bounds.groupMsMax,
  })
  let file = 'no test file'
  let diedBy: string | undefined
  const add = (ended: Ended, passed: boolean): void => {
    const isSuite = ended.details.type === 'suite'
    if (ended.nesting === 0 && !isSuite) diedBy = isKilled ? killSignal : signalOf(ended)
    if (diedBy !== undefined) return
    // Of a suite only what its tests do not say: that a hook of the file failed.
    if (!isSuite || !(passed || wordOf(ended, 'failureType') === 'subtestsFailed')) {
      gathered.addResult(resultOf(file, ended, passed))
    }
    if (ended.nesting > 0) return
    gathered.addTime({ file, ms: ended.details.duration_ms })
    bound.again()
  }
  stream.on('test:start', ({ name, nesting }) => {
    if (nesting === 0) file = name
  })
  stream.on('test:pass', (ended) => add(ended, true))
  stream.on('test:fail', (ended) => add(ended, false))
  await report(stream)
  bound.stop()
  if (diedBy === undefined) return gathered
  const ended = new Set(gathered.times.map((time) => time.file))
  const left = files.filter((each) => !ended.has(each))
  console.log(`${left[0]}: ended by ${diedBy}; what is left runs once more, each by itself`)
  const more = await runGroup(left, bounds)
  const earlier = gathered.results.filter((result) => ended.has(result.file))
  return { results: [...earlier, ...more.results], times: [...gathered.times, ...more.times] }
}

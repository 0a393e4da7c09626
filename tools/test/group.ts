/** Runs test files on this machine and tells what became of each test. */
import { appendFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { bundleOf, fileOfBundle } from './bundle-names.ts'
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
const isBundled = process.env['BULWARK_BUNDLED'] === '1'

const nameOf = (path: string): string => {
  const name = relative(root, path)
  return isBundled ? fileOfBundle(name) : name
}

interface Ended {
  readonly name: string
  readonly file?: string | undefined
  readonly skip?: string | boolean | undefined
  readonly todo?: string | boolean | undefined
  readonly details: { readonly type?: string | undefined; readonly error?: unknown }
}

/** The signal that ended a file's process before its tests did. */
const signalOf = ({ details: { error } }: Ended): string | undefined => {
  if (typeof error !== 'object' || error === null || !('signal' in error)) return undefined
  return typeof error.signal === 'string' ? error.signal : undefined
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false

const resultOf = ({ name, file = '', skip, todo }: Ended, passed: boolean): Result => {
  const where = { file: nameOf(file), name }
  const mark = isSet(skip) ? skip : todo
  if (!isSet(mark)) return { ...where, outcome: passed ? 'passed' : 'failed' }
  return { ...where, outcome: 'skipped', ...(typeof mark === 'string' ? { reason: mark } : {}) }
}

/** Runs the files, printing as they end. */
export async function runGroup(files: readonly string[], bounds: Bounds): Promise<GroupResult> {
  const results: Result[] = []
  const times: FileTime[] = []
  const died: string[] = []
  const stream = run({
    cwd: root,
    execArgv: process.execArgv,
    files: files.map((file) => join(root, isBundled ? bundleOf(file) : file)),
    concurrency: bounds.concurrency,
    timeout: bounds.testMsMax,
    signal: AbortSignal.timeout(bounds.groupMsMax),
  })
  const add = (ended: Ended, passed: boolean): void => {
    if (ended.details.type === 'suite') return
    const signal = signalOf(ended)
    if (bounds.againAfterSignal === true && signal !== undefined && ended.file !== undefined) {
      console.log(`${nameOf(ended.file)}: ended by ${signal}, runs once more`)
      died.push(nameOf(ended.file))
      return
    }
    const result = resultOf(ended, passed)
    results.push(result)
    tell(result)
  }
  stream.on('test:summary', ({ file, duration_ms: ms }) => {
    if (file === undefined) return
    const time = { file: nameOf(file), ms }
    if (resultsFile !== undefined) console.log(`${time.file}: ${(ms / 1000).toFixed(1)} s`)
    if (died.includes(time.file)) return
    times.push(time)
    tell(time)
  })
  stream.on('test:pass', (ended) => add(ended, true))
  stream.on('test:fail', (ended) => add(ended, false))
  const report = stream.pipe(new spec())
  report.pipe(process.stdout, { end: false })
  await finished(report)
  if (died.length === 0) return { results, times }
  const again = await runGroup(died, { ...bounds, againAfterSignal: false })
  return { results: [...results, ...again.results], times: [...times, ...again.times] }
}

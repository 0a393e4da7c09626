/** The event suite in guests: the same test files, on other kernels. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import {
  GuestStopped,
  guestRoot,
  missingForGuests,
  prepareGuest,
  runGuest,
} from '../guest/guest.ts'
import { execute } from '../guest/execute.ts'
import { guestKernels } from '../guest/kernels.ts'
import { bundleOf, joinedRunner } from './bundle-names.ts'
import { root } from './group.ts'
import type { FileTime, GroupResult, Result } from './results.ts'
import { parseTold } from './results.ts'

/** The backends of the sensor: see agent/. */
const backends = ['tracepoint', 'security'] as const
export type Backend = (typeof backends)[number]

/** Test files that do not run in guests, and why. */
const notInGuests: Readonly<Record<string, string>> = {
  'tests/kernel/layout.test.ts': 'reads the built object: the same on every kernel',
}

/** Those that only run where there is time: in `make test-kernels`. */
const notInCi: Readonly<Record<string, string>> = {
  'tests/kernel/attribution.test.ts': 'many containers: only in make test-kernels',
  'tests/kernel/container.test.ts': 'starts containers: only in make test-kernels',
  'tests/kernel/filter-late.test.ts': 'starts agents, a minute: only in make test-kernels',
  'tests/kernel/filter-size.test.ts': 'large filters, two minutes: only in make test-kernels',
  'tests/kernel/filter-start.test.ts': 'loads the sensor ten times: only in make test-kernels',
  'tests/kernel/loss.test.ts': 'fills the ring, 40 s: only in make test-kernels',
  'tests/kernel/reload.test.ts': 'loads many programs again: only in make test-kernels',
}

/** The event suite as guests run it, files that run everywhere included. */
const wholeSuite = (): readonly string[] =>
  globSync('tests/kernel/*.test.ts', { cwd: root })
    .filter((file) => !(file in notInGuests))
    .sort()

/** Of it, what guests run in CI. */
export const eventSuite = (): readonly string[] => wholeSuite().filter((file) => !(file in notInCi))

/** A guest to run tests in. */
export interface GuestRun {
  /** As tools/guest/kernels.ts names it. */
  readonly kernel: string
  readonly backend: Backend
  readonly files: readonly string[]
  /** v2 alone when not said. */
  readonly cgroups?: 'v1'
  /** Two when not said. */
  readonly processors?: 1
}

const named = (names: string): readonly string[] =>
  names.split(' ').map((name) => `tests/kernel/${name}.test.ts`)

/** What the security backend hears that the other reads from user memory; and what takes more than
 * one processor to go wrong. That it loads, the guest with the other backend shows. */
const namesSuite = named('heard names network names-race hammer')

/** A quarter of a minute and more in a guest each, and what they show another guest shows, or this
 * machine; `make test-kernels` has them all. On the security backend some attach to each call there
 * is. */
const notInEither = 'compat shapes selection doctor filter-ancestors'
const notOnSecurity = named(`${notInEither} dns io-uring names-race hammer`)
const notOnTracepoint = named(`${notInEither} roles flood nesting usage`)
const securitySuite = (): readonly string[] =>
  eventSuite().filter((file) => !notOnSecurity.includes(file))
const tracepointSuite = (): readonly string[] =>
  eventSuite().filter((file) => !notOnTracepoint.includes(file))

/** Only the oldest kernel counts what is done through io_uring; its verifier concludes least. */
const oldestSuite = named('load doctor filter-slot filter-proof io-uring')

/** Only the newest kernel preempts programs at tracepoints, and has them attached through perf. */
const newestSuite = named('load filter-slot nesting process exec')

/** Real containers, which tell how cgroups are set up: v2 alone, v1 alone. Native it is both. */
const containers = 'tests/containerd/modes.test.ts'
const cgroupsSuite = [containers, 'tests/kernel/cgroups.test.ts']

/**
 * In CI: the suite on two kernels, a backend each; that it loads on the others. The longest come
 * first, so that none of them is left alone at the end. One processor is emulated with a quarter
 * less work than two.
 */
export const guestsOfCi = (): readonly GuestRun[] => [
  { kernel: '6.12', backend: 'security', files: securitySuite(), processors: 1 },
  { kernel: '6.1', backend: 'tracepoint', files: tracepointSuite(), processors: 1 },
  { kernel: '5.10', backend: 'tracepoint', files: oldestSuite },
  { kernel: '6.1', backend: 'security', files: [...namesSuite, ...cgroupsSuite], cgroups: 'v1' },
  { kernel: '7.2', backend: 'tracepoint', files: newestSuite },
]

/** In `make test-kernels`: the suite on all of them, on both backends. */
export const guestsOfAll = (): readonly GuestRun[] =>
  guestKernels.flatMap(({ name: kernel }) =>
    backends.map((backend) => ({
      kernel,
      backend,
      files: wholeSuite(),
    })),
  )

/**
 * The guests that words name: kernels, backends, or both; all where they name none.
 *
 * @throws Error  a word names neither
 */
export function chooseGuests(words: readonly string[]): readonly GuestRun[] {
  const all = guestsOfAll()
  const unknown = words.find((word) =>
    all.every(({ kernel, backend }) => word !== kernel && word !== backend),
  )
  if (unknown !== undefined) throw new Error(`no guest has the kernel or the backend "${unknown}"`)
  const kernels = words.filter((word) => all.some(({ kernel }) => word === kernel))
  const others = words.filter((word) => !kernels.includes(word))
  return all.filter(
    ({ kernel, backend }) =>
      (kernels.length === 0 || kernels.includes(kernel)) &&
      (others.length === 0 || others.includes(backend)),
  )
}

const buildMsMax = 120_000

/** How long a guest may take, and how long it may write nothing before it is taken to hang. */
export interface GuestBounds {
  readonly msMax: number
  readonly quietMsMax: number
  /** For a test file. Less than the former, so that a file that hangs does not end its guest. */
  readonly fileMsMax: number
}

/** More than the longest test takes on a busy machine. */
export const boundsOfAll: GuestBounds = {
  msMax: 1_800_000,
  quietMsMax: 420_000,
  fileMsMax: 360_000,
}

/** A guest that hangs must not take the run beyond its time. The clock of 5.10 goes up to four
 * times too fast on a busy machine, where the half minute of its `doctor` was 145 s. */
export const boundsOfCi: GuestBounds = {
  msMax: 1_200_000,
  quietMsMax: 360_000,
  fileMsMax: 300_000,
}

/** Why the guests cannot run here; `undefined` when they can. */
export const reasonWithoutGuests = (): string | undefined => missingForGuests()

/** What none of the guests runs, and why. */
export const leftOutOfGuests = (runs: readonly GuestRun[]): readonly string[] =>
  Object.entries({ ...notInGuests, ...notInCi })
    .filter(([file]) => runs.every(({ files }) => !files.includes(file)))
    .map(([file, reason]) => `in guests, ${file}: ${reason}`)

let testsBuilt: Promise<unknown> | undefined

const runner = 'tools/test.ts'
const bundler = join(import.meta.dirname, './bundle.ts')

/** A guest has no compiler, and takes seconds for each test file's modules. */
async function buildTests(): Promise<void> {
  const bundle = [bundler, guestRoot, runner, joinedRunner, ...wholeSuite(), containers]
  for (const script of [['tests/kernel/build.ts'], bundle]) {
    await execute([process.execPath, ...script], { cwd: root, msMax: buildMsMax })
  }
}

/** Does ahead what guests take before they start. What fails is told when one is started. */
export async function prepareGuests(runs: readonly GuestRun[]): Promise<void> {
  if (reasonWithoutGuests() !== undefined) return
  const kernels = new Set(runs.map(({ kernel }) => kernel))
  await Promise.allSettled([(testsBuilt ??= buildTests()), ...[...kernels].map(prepareGuest)])
}

/** What came of the files of a guest. */
export interface SuiteResult extends GroupResult {
  /** For the summary: that it was started once more, and why. */
  readonly notes: readonly string[]
  /** Why it did not run to its end. */
  readonly fault?: string
}

/**
 * Runs test files in a guest, printing what it prints. An emulated machine hangs or dies now and
 * then: then it is started once more for the files that had not ended, and that is said. It is not
 * when its own kernel said that it is broken.
 *
 * @throws Error  the guest could not be made
 */
export async function guestSuite(
  run: GuestRun,
  bounds: GuestBounds = boundsOfAll,
): Promise<SuiteResult> {
  const results: Result[] = []
  const times: FileTime[] = []
  const notes: string[] = []
  const left = new Set(run.files)
  for (;;) {
    const { lines, fault, isFinal } = await startGuest({ ...run, files: [...left] }, bounds)
    const told = parseTold(lines)
    const ended = new Set(told.times.map(({ file }) => file))
    for (const file of ended) left.delete(file)
    const isLast = fault === undefined || isFinal === true || notes.length > 0 || left.size === 0
    results.push(...told.results.filter(({ file }) => isLast || ended.has(file)))
    times.push(...told.times)
    if (fault === undefined) return { results, times, notes }
    if (isLast) return { results, times, notes, fault }
    const count = `${left.size} of ${run.files.length} files`
    notes.push(`started once more, for ${count}: ${fault}`)
    console.log(`${run.kernel} ${run.backend}: ${notes.at(-1)}`)
  }
}

interface Started {
  readonly lines: readonly string[]
  readonly fault?: string
  readonly isFinal?: boolean
}

async function startGuest(run: GuestRun, bounds: GuestBounds): Promise<Started> {
  const { kernel, backend, files, cgroups, processors = 2 } = run
  await (testsBuilt ??= buildTests())
  const command = [
    ...(cgroups === 'v1' ? ['sh tools/guest/cgroup-v1.sh || exit 1;'] : []),
    `BULWARK_BACKEND=${backend} BULWARK_RESULTS=/dev/ttyS1 BULWARK_BUNDLED=1`,
    `BULWARK_FILE_MS_MAX=${bounds.fileMsMax}`,
    `node --single-threaded ${bundleOf(runner)} joined ${files.join(' ')}`,
  ]
  try {
    const { code, results: lines } = await runGuest({
      kernel,
      command: command.join(' '),
      processors,
      ...bounds,
      onLine: (line) => console.log(`${kernel} ${backend}: ${line}`),
      onProgress: (text) => console.log(text),
    })
    const { results } = parseTold(lines)
    const failed = results.some(({ outcome }) => outcome === 'failed')
    if (results.length > 0 && (code === 0 || failed)) return { lines }
    return { lines, fault: `the tests in guest ${kernel} ended with code ${code}`, isFinal: true }
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error
    return { lines: error.results, fault: error.message, isFinal: error.isOfKernel }
  }
}

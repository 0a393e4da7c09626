/**
 * `make test`: runs the tests in groups. Those that load programs into the kernel or start
 * containers share one machine, so their files run one after another; all others run side by side.
 * Those about events run in guests with other kernels, too, beside the former: these wait for
 * much of their time. At the end it says what was left out and why, which files took longest, and
 * one line sums all of it up.
 *
 *   node tools/test.ts all|unit [TEXT]...     only files whose path holds one of the texts
 *   node tools/test.ts kernels [NAME]...      the event suite in guests; NAME: a kernel, a backend
 *   node tools/test.ts files FILE...          these files, one after another
 *   node tools/test.ts joined FILE...         as before, in one process: what a guest does
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { FetchError } from './guest/kernels.ts'
import type { Bounds } from './test/group.ts'
import { root, runGroup, runJoined } from './test/group.ts'
import type { GuestBounds, GuestRun } from './test/guests.ts'
import {
  boundsOfAll,
  boundsOfCi,
  chooseGuests,
  eventSuite,
  guestSuite,
  guestsOfCi,
  leftOutOfGuests,
  prepareGuests,
  reasonWithoutGuests,
} from './test/guests.ts'
import { Tally, countOutcomes, countsText } from './test/results.ts'

/** Tests that touch the kernel: by folder, or by name where they stand beside others. */
const touchesKernel = (file: string): boolean =>
  file.endsWith('.kernel.test.ts') ||
  (/^(?:native|tests|bpf|tools\/lab)\//.test(file) &&
    !/^tests\/(?:clusters|conformance|kubernetes)\//.test(file))

/** Of these, those with which nothing else may run: they need most of the machine. */
const needsMachine: ReadonlySet<string> = new Set([
  'tests/e2e/flood.test.ts', // The agent must keep up with all but the flood.
])

/** Of a file, where whoever starts the tests knows it better: a guest's, and a test of this. */
const fileMsMaxSaid = process.env['BULWARK_FILE_MS_MAX']

const boundsOf = (testMsMax: number, fileMsMax: number, groupMsMax: number): Bounds => ({
  concurrency: 1,
  testMsMax,
  fileMsMax: fileMsMaxSaid === undefined ? fileMsMax : Number(fileMsMaxSaid),
  groupMsMax,
})

const unitBounds = boundsOf(180_000, 240_000, 900_000)
const kernelBounds = boundsOf(240_000, 300_000, 1_500_000)
/** In a guest a file is one test, and takes longer. */
const joinedBounds = boundsOf(360_000, 420_000, 1_800_000)

/** Of a whole run, from its first step on: there is more to do in a day than to wait for it. */
const runMsWanted = 25 * 60_000

/** Does a part of a run; the summary says how long that took. */
const inPhase = async (tally: Tally, name: string, act: () => Promise<void>): Promise<void> => {
  const started = performance.now()
  await act()
  tally.addPhase({ name, ms: performance.now() - started })
}

/** Those that run in one process: also in guests they do. To start one takes longer than most. */
const isJoined = (file: string): boolean => file.startsWith('tests/kernel/')

const runOneByOne = async (tally: Tally, files: readonly string[]): Promise<void> => {
  const joined = files.filter(isJoined)
  const others = files.filter((file) => !isJoined(file))
  if (joined.length > 0) tally.add(await runJoined(joined, kernelBounds), '')
  if (others.length > 0) tally.add(await runGroup(others, kernelBounds), '')
}

interface FilesHere {
  readonly unit: readonly string[]
  readonly kernel: readonly string[]
}

/** The test files whose path holds one of the texts; all where there are none. */
function findFiles(texts: readonly string[]): FilesHere {
  const found = globSync('**/*.test.ts', {
    cwd: root,
    exclude: ['**/node_modules', '.build', '.node', 'dist'],
  })
  const files = found
    .filter((file) => texts.length === 0 || texts.some((text) => file.includes(text)))
    .sort()
  return {
    // Backwards: the longest are those of whole programs, in tests/ and cli/; none comes last.
    unit: files.filter((file) => !touchesKernel(file)).reverse(),
    kernel: files.filter(touchesKernel),
  }
}

async function runUnit(tally: Tally, files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  // One more than there are processors: some files wait for much of their time.
  const concurrency = availableParallelism() + 1
  tally.add(await runGroup(files, { ...unitBounds, concurrency }), '')
}

/** So many guests at once keep a machine busy: each emulated machine takes about one processor,
 * however many it has. */
const guestsAtOnce = Math.min(2, availableParallelism())

/** A line about it for the summary. */
async function runInGuest(tally: Tally, run: GuestRun, bounds: GuestBounds): Promise<string> {
  const where = run.cgroups === undefined ? '' : `, cgroup ${run.cgroups}`
  const name = `Linux ${run.kernel}, ${run.backend}${where}`
  const started = performance.now()
  const took = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`
  try {
    const { results, times, notes, fault } = await guestSuite(run, bounds)
    tally.add({ results, times }, `on ${name}: `)
    for (const note of notes) tally.note(`${name}: ${note}`)
    if (fault !== undefined) tally.fail(`on ${name}: ${fault}`)
    const counts = countsText(countOutcomes(results))
    return `${name}: ${counts}, ${took()}${fault === undefined ? '' : ', not run to the end'}`
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    if (error instanceof FetchError) tally.leaveOut(`all tests on ${name}: ${text}`)
    else tally.fail(`on ${name}: ${text}`)
    return `${name}: not run to the end, ${took()}`
  }
}

/**
 * Runs guests, a few at once, and `beside` beside them, which waits for much of its time. A machine
 * that cannot have guests says so; one that should, and fails, fails.
 */
async function runInGuests(
  tally: Tally,
  runs: readonly GuestRun[],
  bounds: GuestBounds,
  beside?: () => Promise<void>,
): Promise<void> {
  const reason = reasonWithoutGuests()
  if (reason !== undefined) {
    for (const { kernel } of runs) tally.leaveOut(`all tests on Linux ${kernel}: ${reason}`)
    await beside?.()
    return
  }
  for (const leftOut of leftOutOfGuests(runs)) tally.leaveOut(leftOut)
  const lines: string[] = []
  const waiting = [...runs.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, run] = next
      lines[i] = await runInGuest(tally, run, bounds)
      console.log(`guest: ${lines[i]}`)
    }
  }
  const lanes = Array.from({ length: guestsAtOnce }, work)
  if (beside) lanes.push(beside().then(work))
  await Promise.all(lanes)
  for (const line of lines) tally.note(line)
}

/** Everything there is, or what the texts choose of it: then no guests. */
async function runAll(tally: Tally, texts: readonly string[]): Promise<void> {
  const { unit, kernel } = findFiles(texts)
  const alone = kernel.filter((file) => needsMachine.has(file))
  const others = kernel.filter((file) => !needsMachine.has(file))
  const guests = texts.length === 0 ? guestsOfCi() : []
  const prepared = prepareGuests(guests)
  await inPhase(tally, 'unit tests', async () => await runUnit(tally, unit))
  await prepared
  await inPhase(tally, 'alone', async () => await runOneByOne(tally, alone))
  const runOthers = async (): Promise<void> =>
    await inPhase(tally, 'kernel tests', async () => await runOneByOne(tally, others))
  if (guests.length === 0) return await runOthers()
  await inPhase(
    tally,
    'kernel tests and guests',
    async () => await runInGuests(tally, guests, boundsOfCi, runOthers),
  )
  // As nobody, all are left out; that is said, and no fault.
  const isRoot = process.getuid?.() === 0
  for (const test of isRoot ? tally.neverRun(new Set(eventSuite())) : []) {
    tally.fail(`ran on no kernel: ${test}`)
  }
}

/** Reading TypeScript is most of what a short command does, and tests start hundreds. */
process.env['NODE_COMPILE_CACHE'] ??= join(root, '.build/node-cache')

/** When a run began that did other things before this one; milliseconds of the epoch. */
const startedMs = Number(process.env['BULWARK_STARTED_S'] ?? 0) * 1000 || performance.timeOrigin

/** Builds, too, are parts of a run. */
const tellSteps = (tally: Tally): void => {
  const msBefore = performance.timeOrigin - startedMs
  if (msBefore >= 1000) tally.addPhase({ name: 'before the tests', ms: msBefore })
}

async function main([group = '', ...texts]: readonly string[]): Promise<void> {
  const tally = new Tally(console.log)
  tellSteps(tally)
  process.once('SIGTERM', () => {
    tally.fail('ended before all tests had run')
    tally.tellLength(Date.now() - startedMs, runMsWanted)
    console.log(tally.summary)
    process.exit(1)
  })
  if (group === 'files') {
    tally.add(await runGroup(texts, kernelBounds), '')
  } else if (group === 'joined') {
    tally.add(await runJoined(texts, joinedBounds), '')
  } else if (group === 'kernels') {
    await runInGuests(tally, chooseGuests(texts), boundsOfAll)
  } else if (group === 'all') {
    // `make test` has just built it; who asks for some tests may have changed the sources since.
    if (texts.length === 0) process.env['BULWARK_MAIN'] ??= join(root, 'dist/bulwark.js')
    await runAll(tally, texts)
  } else {
    await runUnit(tally, findFiles(texts).unit)
  }
  tally.tellLength(Date.now() - startedMs, runMsWanted)
  console.log(tally.summary)
  if (tally.counts.failed > 0 || tally.counts.passed === 0) process.exitCode = 1
}

await main(process.argv.slice(2))

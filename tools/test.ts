/**
 * `make test`: runs the tests in groups. Those that load programs into the kernel or start
 * containers share one machine, so their files run one after another; all others run side by side.
 * Then those about events run in guests with other kernels. At the end it says what was left out
 * and why, and one line sums all of it up.
 *
 *   node tools/test.ts all|unit [TEXT]...     only files whose path holds one of the texts
 *   node tools/test.ts kernels [NAME]...      the event suite in guests; NAME: a kernel, a backend
 *   node tools/test.ts files FILE...          these files, one after another: what a guest does
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { FetchError } from './guest/kernels.ts'
import { root, runGroup } from './test/group.ts'
import type { GuestRun } from './test/guests.ts'
import {
  chooseGuests,
  eventSuite,
  guestSuite,
  guestsOfCi,
  leftOutOfGuests,
  reasonWithoutGuests,
} from './test/guests.ts'
import { Tally, countOutcomes, countsText } from './test/results.ts'

/** Tests that touch the kernel: by folder, or by name where they stand beside others. */
const touchesKernel = (file: string): boolean =>
  file.endsWith('.kernel.test.ts') ||
  (/^(?:native|tests|bpf|tools\/lab)\//.test(file) &&
    !/^tests\/(?:clusters|conformance|kubernetes)\//.test(file))

const kernelBounds = { concurrency: 1, testMsMax: 360_000, groupMsMax: 3_000_000 }

async function runHere(tally: Tally, texts: readonly string[], withKernel: boolean): Promise<void> {
  const found = globSync('**/*.test.ts', {
    cwd: root,
    exclude: ['**/node_modules', '.build', '.node', 'dist'],
  })
  const files = found
    .filter((file) => texts.length === 0 || texts.some((text) => file.includes(text)))
    .sort()
  const unit = files.filter((file) => !touchesKernel(file))
  const kernel = withKernel ? files.filter(touchesKernel) : []
  if (unit.length > 0) {
    const concurrency = availableParallelism()
    tally.add(await runGroup(unit, { concurrency, testMsMax: 180_000, groupMsMax: 900_000 }), '')
  }
  if (kernel.length > 0) tally.add(await runGroup(kernel, kernelBounds), '')
}

/** Emulated machines, of which each keeps one CPU busy, however many it has. */
const guestsAtOnce = Math.min(2, availableParallelism())

/** A line about it for the summary. */
async function runInGuest(tally: Tally, run: GuestRun): Promise<string> {
  const where = run.cgroups === undefined ? '' : `, cgroup ${run.cgroups}`
  const name = `Linux ${run.kernel}, ${run.backend}${where}`
  const started = performance.now()
  const took = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`
  try {
    const { results, notes, fault } = await guestSuite(run)
    tally.add(results, `on ${name}: `)
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

/** A machine that cannot have guests says so; one that should, and fails, fails. */
async function runInGuests(tally: Tally, runs: readonly GuestRun[]): Promise<void> {
  const reason = reasonWithoutGuests()
  if (reason !== undefined) {
    for (const { kernel } of runs) tally.leaveOut(`all tests on Linux ${kernel}: ${reason}`)
    return
  }
  for (const leftOut of leftOutOfGuests(runs)) tally.leaveOut(leftOut)
  const lines: string[] = []
  const waiting = [...runs.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, run] = next
      lines[i] = await runInGuest(tally, run)
      console.log(`guest: ${lines[i]}`)
    }
  }
  await Promise.all(Array.from({ length: guestsAtOnce }, work))
  for (const line of lines) tally.note(line)
}

/** Reading TypeScript is most of what a short command does, and tests start hundreds. */
process.env['NODE_COMPILE_CACHE'] ??= join(root, '.build/node-cache')

async function main([group = '', ...texts]: readonly string[]): Promise<void> {
  const tally = new Tally(console.log)
  if (group === 'files') {
    tally.add(await runGroup(texts, { ...kernelBounds, againAfterSignal: true }), '')
  } else if (group === 'kernels') {
    await runInGuests(tally, chooseGuests(texts))
  } else {
    await runHere(tally, texts, group === 'all')
    if (group === 'all' && texts.length === 0) {
      await runInGuests(tally, guestsOfCi())
      // As nobody, all are left out; that is said, and no fault.
      const isRoot = process.getuid?.() === 0
      for (const test of isRoot ? tally.neverRun(new Set(eventSuite())) : []) {
        tally.fail(`ran on no kernel: ${test}`)
      }
    }
  }
  console.log(tally.summary)
  if (tally.counts.failed > 0 || tally.counts.passed === 0) process.exitCode = 1
}

await main(process.argv.slice(2))

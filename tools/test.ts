/**
 * `make test`: runs the tests in two groups. Those that load programs into the kernel or start
 * containers share one machine, so their files run one after another; all others run side by side.
 * At the end it says what was skipped and why, and one line sums both groups up.
 *
 *   node tools/test.ts all|unit [TEXT]...     only files whose path holds one of the texts
 */
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const root = join(import.meta.dirname, '..')

/** Tests that touch the kernel: by folder, or by name where they stand beside what they test. */
const touchesKernel = (file: string): boolean =>
  /^(?:native|tests|bpf|tools\/lab)\/|\.kernel\.test\.ts$/.test(file)

const counts = { passed: 0, failed: 0, skipped: 0 }
const reasons = new Map<string, number>()

interface Bounds {
  readonly concurrency: number
  /** For one test: one that hangs is a fault, not a wait. */
  readonly testMsMax: number
  /** For the group: a file whose tests ended may be kept open by what they left behind. */
  readonly groupMsMax: number
}

/** Runs the files, printing as they end; adds to the counts. */
async function runGroup(files: readonly string[], bounds: Bounds): Promise<void> {
  const stream = run({
    cwd: root,
    files: files.map((file) => join(root, file)),
    concurrency: bounds.concurrency,
    timeout: bounds.testMsMax,
    signal: AbortSignal.timeout(bounds.groupMsMax),
  })
  stream.on('test:pass', ({ skip }) => {
    if (skip === undefined || skip === false) return
    const reason = typeof skip === 'string' ? skip : 'no reason given'
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  })
  stream.on('test:summary', ({ file, counts: { tests, passed, skipped, todo } }) => {
    if (file !== undefined) return // Of one file; the last one is of all.
    counts.passed += passed
    counts.skipped += skipped + todo
    counts.failed += tests - passed - skipped - todo
  })
  const report = stream.pipe(new spec())
  report.pipe(process.stdout, { end: false })
  await finished(report)
}

async function main(args: readonly string[]): Promise<void> {
  const [group, ...texts] = args
  const found = globSync('**/*.test.ts', {
    cwd: root,
    exclude: ['**/node_modules', '.build', '.node', 'dist'],
  })
  const files = found
    .filter((file) => texts.length === 0 || texts.some((text) => file.includes(text)))
    .sort()
  const unit = files.filter((file) => !touchesKernel(file))
  const kernel = group === 'all' ? files.filter(touchesKernel) : []
  if (unit.length > 0)
    await runGroup(unit, {
      concurrency: availableParallelism(),
      testMsMax: 60_000,
      groupMsMax: 600_000,
    })
  if (kernel.length > 0)
    await runGroup(kernel, { concurrency: 1, testMsMax: 600_000, groupMsMax: 3_000_000 })

  for (const [reason, count] of reasons) console.log(`left out, ${count}: ${reason}`)
  const { passed, failed, skipped } = counts
  console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`)
  if (failed > 0 || passed === 0) process.exitCode = 1
}

await main(process.argv.slice(2))

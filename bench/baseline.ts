/**
 * `make baseline`: runs every benchmark and writes bench/baseline.json, whose form is described in
 * measure/baseline.ts: what each figure is on this machine now, by the command that measured it,
 * beside what it was before and what it may be at the most. The newest run takes the place of the
 * one before it; `--keep` puts that one among those that changes are held against.
 *
 *   node bench/baseline.ts [--keep] [--filter off] [--guests] [--targets] [--again FILE|guests]
 *     --filter off: with no filters in the kernel, to have them before and after
 *     --guests: also what the verifier walks, and the security backend costs, on other kernels
 *     --targets: runs nothing, and puts targets that have changed beside the figures there are
 *     --again: runs this benchmark alone, or all in guests, and puts its figures with their commit
 *       in the place of those in the newest run
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Baseline, BaselineRun } from './measure/baseline.ts'
import { baselineOf } from './measure/baseline.ts'
import type { Figure } from './measure/figures.ts'
import { buildLoops } from './measure/loops.ts'
import { targets } from './measure/targets.ts'

type Measured = BaselineRun['commands'][number]

const folder = import.meta.dirname
const root = join(folder, '..')
const file = join(folder, 'baseline.json')
const benchMsMax = 1_800_000
const gitMsMax = 10_000
const outputBytesMax = 16 * 1024 * 1024

/** All of this folder but what nothing measures. */
const benchmarks = globSync('*.ts', { cwd: folder })
  .filter((name) => !['baseline.ts', 'index.ts'].includes(name) && !name.endsWith('.test.ts'))
  .sort()

/** Node.js compiles and collects on the thread that runs: on an emulated machine its others cost
 * more than they save, and now and then bring it down. */
const inGuest = 'node --single-threaded'

const guestCommands: readonly {
  readonly kernel: string
  readonly more?: string
  readonly command: string
}[] = [
  ...['6.1', '6.12', '7.2'].flatMap((kernel) => [
    { kernel, command: `${inGuest} bench/verifier.ts` },
    { kernel, command: `${inGuest} bench/verifier.ts --backend security` },
  ]),
  // By instructions: on an emulated machine time says nothing.
  {
    kernel: '6.12',
    more: 'CLOCK=instructions',
    command: `${inGuest} bench/kernel-time.ts --quick --backend security`,
  },
]

const filterAt = process.argv.indexOf('--filter')
const filter = filterAt < 0 ? [] : process.argv.slice(filterAt, filterAt + 2)

const figuresIn = (text: string): readonly Figure[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"what"'))
    .map((line) => JSON.parse(line) as Figure)

const run = (name: string): Measured => {
  console.log(`# bench/${name}`)
  const scratch = mkdtempSync(join(tmpdir(), 'bulwark-baseline-'))
  const figures = join(scratch, 'figures')
  writeFileSync(figures, '')
  try {
    const { status } = spawnSync(process.execPath, [join(folder, name), ...filter], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, BENCH_FIGURES: figures },
      timeout: benchMsMax,
    })
    if (status !== 0) throw new Error(`${name} ended with ${status}; no baseline is written`)
    const command = ['node', `bench/${name}`, ...filter].join(' ')
    return { command, figures: figuresIn(readFileSync(figures, 'utf8')) }
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

type GuestCommand = (typeof guestCommands)[number]

const guestText = ({ kernel, more, command }: GuestCommand): readonly string[] => {
  const words = ['guest', `KERNEL=${kernel}`, ...(more === undefined ? [] : [more])]
  return [...words, `CMD=${command}`]
}

const runInGuest = async (guest: GuestCommand): Promise<Measured> => {
  const shown = guestText({ ...guest, command: `'${guest.command}'` }).join(' ')
  console.log(`# make ${shown}`)
  const kept = '/tmp/figures'
  const words = guestText({
    ...guest,
    command: `BENCH_FIGURES=${kept} ${guest.command} && cat ${kept}`,
  })
  try {
    const { stdout } = await promisify(execFile)('make', words, {
      cwd: root,
      encoding: 'utf8',
      timeout: benchMsMax,
      maxBuffer: outputBytesMax,
    })
    process.stdout.write(stdout)
    return { command: `make ${shown}`, figures: figuresIn(stdout) }
  } catch (error) {
    throw new Error(`make ${shown} failed; no baseline is written`, { cause: error })
  }
}

/** Two at once: an emulated machine keeps one processor busy, and nothing is timed. */
const runInGuests = async (): Promise<readonly Measured[]> => {
  buildLoops() // Guests have no compiler.
  const measured: Measured[] = []
  const waiting = [...guestCommands.entries()]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [i, guest] = next
      measured[i] = await runInGuest(guest)
    }
  }
  await Promise.all([work(), work()])
  return measured
}

const commitNow = (): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
    timeout: gitMsMax,
  }).trim()

/** The newest run, with one of its benchmarks run again, or all that run in guests. */
const measureAgain = async (name: string, now: BaselineRun): Promise<BaselineRun> => {
  const commit = commitNow()
  const measured = name === 'guests' ? await runInGuests() : [run(name)]
  const again = measured.map(({ command, figures }) => ({ command, figures, commit }))
  const commands = new Set(again.map(({ command }) => command))
  const others = now.commands.filter(({ command }) => !commands.has(command))
  return { ...now, commands: [...others, ...again] }
}

const measure = async (): Promise<BaselineRun> => {
  const [processor] = cpus()
  const machine = {
    processor: processor?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${release()} ${process.arch}`,
    node: process.versions.node,
  }
  const commit = commitNow()
  const commands = benchmarks.map(run)
  const guests = process.argv.includes('--guests') ? await runInGuests() : []
  const day = new Date().toISOString().slice(0, 10)
  return { day, commit, machine, commands: [...commands, ...guests] }
}

const kept = JSON.parse(readFileSync(file, 'utf8')) as Baseline
const before =
  process.argv.includes('--keep') && kept.now ? [...kept.before, kept.now] : kept.before
const againAt = process.argv.indexOf('--again')
const again = againAt < 0 ? undefined : process.argv[againAt + 1]
const newest = async (): Promise<BaselineRun | undefined> => {
  if (process.argv.includes('--targets')) return kept.now
  return again !== undefined && kept.now ? await measureAgain(again, kept.now) : await measure()
}
const now = await newest()
const baseline = baselineOf(targets, now, before)
writeFileSync(file, `${JSON.stringify(baseline, undefined, 2)}\n`)
for (const { what, unit, most, least, before: was, now: is, reached } of baseline.targets) {
  const answer = reached === true ? 'reached' : 'not reached'
  const bound = most === undefined ? `at least ${least}` : `at most ${most}`
  const figure = is === undefined ? 'not measured' : `${is}, ${answer}`
  console.log(`${what}: ${figure} (before: ${was ?? 'not measured'}; ${bound} ${unit})`)
}
console.log('wrote bench/baseline.json')

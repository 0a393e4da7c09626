/**
 * `make baseline`: runs every benchmark and writes bench/baseline.json, whose form is described in
 * measure/baseline.ts: what each figure is on this machine now, by the command that measured it,
 * beside what it was before and what it may be at the most. The newest run takes the place of the
 * one before it; `--keep` puts that one among those that changes are held against.
 *
 *   node bench/baseline.ts [--keep] [--filter off] [--guests] [--targets] [--again FILE]
 *     --filter off: with no filters in the kernel, to have them before and after
 *     --guests: also what the verifier walks, and the security backend costs, on other kernels
 *     --targets: runs nothing, and puts targets that have changed beside the figures there are
 *     --again: runs this benchmark alone, and puts its figures in the place of those in the newest
 *       run, with their commit
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
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

const runInGuest = ({ kernel, more, command }: (typeof guestCommands)[number]): Measured => {
  const words = ['guest', `KERNEL=${kernel}`, ...(more === undefined ? [] : [more])]
  const shown = `make ${words.join(' ')} CMD='${command}'`
  console.log(`# ${shown}`)
  const kept = '/tmp/figures'
  const whole = `BENCH_FIGURES=${kept} ${command} && cat ${kept}`
  const { status, stdout } = spawnSync('make', [...words, `CMD=${whole}`], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    timeout: benchMsMax,
  })
  process.stdout.write(stdout)
  if (status !== 0) throw new Error(`${shown} ended with ${status}; no baseline is written`)
  return { command: shown, figures: figuresIn(stdout) }
}

const commitNow = (): string =>
  execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
    timeout: gitMsMax,
  }).trim()

/** The newest run, with one of its benchmarks run again. */
const measureAgain = (name: string, now: BaselineRun): BaselineRun => {
  const again = { ...run(name), commit: commitNow() }
  const others = now.commands.filter(({ command }) => command !== again.command)
  return { ...now, commands: [...others, again] }
}

const measure = (): BaselineRun => {
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
  buildLoops() // Guests have no compiler.
  const guests = process.argv.includes('--guests') ? guestCommands.map(runInGuest) : []
  const day = new Date().toISOString().slice(0, 10)
  return { day, commit, machine, commands: [...commands, ...guests] }
}

const kept = JSON.parse(readFileSync(file, 'utf8')) as Baseline
const before =
  process.argv.includes('--keep') && kept.now ? [...kept.before, kept.now] : kept.before
const againAt = process.argv.indexOf('--again')
const again = againAt < 0 ? undefined : process.argv[againAt + 1]
const newest = (): BaselineRun | undefined => {
  if (process.argv.includes('--targets')) return kept.now
  return again !== undefined && kept.now ? measureAgain(again, kept.now) : measure()
}
const now = newest()
const baseline = baselineOf(targets, now, before)
writeFileSync(file, `${JSON.stringify(baseline, undefined, 2)}\n`)
for (const { what, unit, most, least, before: was, now: is, reached } of baseline.targets) {
  const answer = reached === true ? 'reached' : 'not reached'
  const bound = most === undefined ? `at least ${least}` : `at most ${most}`
  const figure = is === undefined ? 'not measured' : `${is}, ${answer}`
  console.log(`${what}: ${figure} (before: ${was ?? 'not measured'}; ${bound} ${unit})`)
}
console.log('wrote bench/baseline.json')

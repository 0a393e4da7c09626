/**
 * What the kernel side takes, by the kernel's own clock (`kernel.bpf_stats_enabled`, which is as
 * before afterwards): of the bare hook, which runs on every system call; of an open that is filled
 * and delivered; and of one that a filter in the kernel drops. Each beyond the bare hook: what an
 * open, a read and a close took, less three bare runs. A median of rounds. On the security backend
 * there is no bare hook: nothing runs on another call.
 *
 *   node bench/kernel-time.ts [--quick] [--build] [--backend security]
 *
 *   --build: only the program, for guests:
 *     node bench/kernel-time.ts --build
 *     make guest KERNEL=6.12 CMD='node bench/kernel-time.ts --quick --backend security'
 */
import { withElsewhere } from './measure/elsewhere.ts'
import { percentile, printFigure } from './measure/figures.ts'
import type { LoopName } from './measure/loops.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { shownPath, stableRules } from './measure/official.ts'
import type { Runs } from './measure/programs.ts'
import { runsDuring, withStatistics } from './measure/programs.ts'
import type { FilterChoice } from './measure/sensor.ts'
import { Sensor, filterArgs, hasFilters } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const security = process.argv.includes('security')
const backend = security ? 'security' : 'tracepoint'
const rounds = quick ? 5 : 21
const turns = quick ? 5_000 : 50_000
/** Of an open, a read and a close. */
const callsOfOpen = 3

/** Nanoseconds of all programs, and runs of them, for one turn of a loop: medians of rounds. */
const costOf = async (
  pid: number,
  program: string,
  name: LoopName,
): Promise<{ readonly ns: number; readonly runs: number }> => {
  const all: Runs[] = []
  for (let round = 0; round < rounds; round++) {
    all.push(await runsDuring(pid, () => runLoop(program, name, turns)))
  }
  const median = (of: 'runs' | 'runNs'): number =>
    percentile(
      all.map((each) => each[of] / turns),
      0.5,
    )
  return { ns: median('runNs'), runs: median('runs') }
}

const measureWith = async (
  program: string,
  rules: string,
  filter: FilterChoice,
): Promise<Readonly<Record<'bare' | 'open' | 'runs', number>>> => {
  const sensor = await Sensor.start(['--rules', rules, '--backend', backend, ...filterArgs(filter)])
  try {
    return await withStatistics(async () => {
      const bare = await costOf(sensor.pid, program, 'getppid')
      const open = await costOf(sensor.pid, program, 'open')
      return { bare: bare.ns, open: open.ns - callsOfOpen * bare.ns, runs: bare.runs }
    })
  } finally {
    await sensor.stop()
  }
}

const measure = async (program: string, file: string): Promise<void> => {
  const of = `${backend} backend`
  const shown = `with ${shownPath(stableRules)}`
  const none = await measureWith(program, file, 'off')
  printFigure(`kernel time of the bare hook, ${of}`, none.bare, 'ns a call')
  printFigure(`runs on a call that no rule is about, ${of}`, none.runs, 'runs a call')
  printFigure(
    `kernel time of an open that no rule is about, ${of}`,
    none.open,
    'ns',
    'beyond the bare hook',
  )
  const off = await measureWith(program, stableRules, 'off')
  printFigure(
    `kernel time of an open that is delivered, ${of}`,
    off.open,
    'ns',
    `beyond the bare hook, ${shown}`,
  )
  if (!hasFilters()) {
    console.log('this build has no filters in the kernel')
    return
  }
  const on = await measureWith(program, stableRules, 'on')
  printFigure(
    `kernel time of an open that a filter drops, ${of}`,
    on.open,
    'ns',
    `beyond the bare hook, ${shown}`,
  )
}

const program = buildLoops()
if (process.argv.includes('--build')) console.log(program)
else if (process.getuid?.() === 0) await withElsewhere((file) => measure(program, file))
else console.log('kernel time: not measured, this is not root')

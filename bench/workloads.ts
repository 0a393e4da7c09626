/**
 * What Bulwark costs those who are watched: loops of system calls with it off and on, by turns, in
 * pairs; and what it costs itself meanwhile. Ratios of one run, since machines are noisy: the
 * median of the pairs is what counts, and the spread says how far it can be trusted.
 *
 *   node bench/workloads.ts [--quick]     --quick: one short pair, to see that it works
 */
import type { LoopName, LoopRun } from './measure/loops.ts'
import { buildLoops, loopNames, runLoop } from './measure/loops.ts'
import { percentile, printFigure } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import type { SensorEnd } from './measure/sensor.ts'
import { Sensor } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const pairs = quick ? 1 : 5
const counts: Readonly<Record<LoopName, number>> = quick
  ? { open: 20_000, exec: 200, connect: 2_000, getppid: 100_000 }
  : { open: 500_000, exec: 3_000, connect: 30_000, getppid: 5_000_000 }

const whatOf: Readonly<Record<LoopName, string>> = {
  open: 'open+read+close',
  exec: 'fork+exec',
  connect: 'TCP connect+accept+close',
  getppid: 'getppid',
}

type Runs = Readonly<Record<LoopName, LoopRun[]>>
const noRuns = (): Runs => ({ open: [], exec: [], connect: [], getppid: [] })

const runAll = async (program: string, runs: Runs): Promise<void> => {
  for (const name of loopNames) runs[name].push(await runLoop(program, name, counts[name]))
}

/** The ratio of each pair, in order of size. */
const ratios = (off: readonly LoopRun[], on: readonly LoopRun[], of: keyof LoopRun): number[] =>
  on.map((run, i) => run[of] / (off[i]?.[of] ?? NaN)).toSorted((a, b) => a - b)

const printRatios = (what: string, values: readonly number[]): void => {
  const [least = NaN] = values
  const most = values.at(-1) ?? NaN
  const spread = `x ${least.toFixed(2)} to x ${most.toFixed(2)} in ${values.length} pairs`
  printFigure(what, percentile(values, 0.5), 'x', spread)
}

const measure = async (): Promise<void> => {
  const program = buildLoops()
  const off = noRuns()
  const on = noRuns()
  const ends: SensorEnd[] = []
  for (let pair = 0; pair < pairs; pair++) {
    await runAll(program, off)
    const sensor = await Sensor.start(['--rules', stableRules])
    if (pair === 0) console.log(`the sensor: ${sensor.command}`)
    try {
      await runAll(program, on)
    } finally {
      ends.push(await sensor.stop())
    }
  }
  for (const name of loopNames) {
    const what = `${whatOf[name]}, slowdown`
    printRatios(what, ratios(off[name], on[name], 'wallSeconds'))
    printRatios(`${what} in processor time`, ratios(off[name], on[name], 'processorSeconds'))
    const base = percentile(
      off[name].map((run) => (run.wallSeconds / counts[name]) * 1e9),
      0.5,
    )
    printFigure(`${whatOf[name]}, without the sensor`, base, 'ns a turn')
  }
  const median = (of: (end: SensorEnd) => number): number => percentile(ends.map(of), 0.5)
  const events = median((end) => end.events)
  printFigure('events delivered to user space', events, 'events')
  printFigure('events lost', Math.max(...ends.map((end) => end.lost)), 'events', 'the most of all')
  const processor = median((end) => end.processorSeconds)
  printFigure('processor time of the agent, its start included', processor, 's')
  printFigure('agent, for each event', (processor / events) * 1e9, 'ns', 'start included')
  printFigure(
    'memory of the agent at rest (RSS)',
    median((end) => end.startMib),
    'MiB',
  )
  printFigure(
    'memory of the agent under load (RSS)',
    median((end) => end.loadMib),
    'MiB',
  )
  printFigure(
    'memory of the agent, highest (RSS)',
    median((end) => end.mostMib),
    'MiB',
  )
  printFigure(
    'start to "watching"',
    median((end) => end.startSeconds),
    's',
  )
}

if (process.getuid?.() === 0) await measure()
else console.log(`workloads with ${shownPath(stableRules)}: not measured, this is not root`)

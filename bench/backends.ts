/**
 * What each backend costs those who are watched: the loops of workloads.ts with no sensor, with the
 * tracepoint backend and with the security backend, by turns. Ratios of one run. On another kernel,
 * emulated, which makes kernel code dearer than it is:
 *
 *   node bench/backends.ts --build && make guest KERNEL=6.12 CMD='node bench/backends.ts --quick'
 *
 *   node bench/backends.ts [--build|--quick]     --build: only the program, for guests
 */
import { backendFindings, machineOf } from '@bulwark/agent'
import type { LoopName } from './measure/loops.ts'
import { buildLoops, loopNames, runLoop } from './measure/loops.ts'
import { percentile, printFigure } from './measure/figures.ts'
import { stableRules } from './measure/official.ts'
import { Sensor } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : 3
const counts: Readonly<Record<LoopName, number>> = quick
  ? { open: 2_000, exec: 20, connect: 200, getppid: 10_000 }
  : { open: 20_000, exec: 100, connect: 2_000, getppid: 200_000 }

const ways = ['off', 'tracepoint', 'security'] as const
type Way = (typeof ways)[number]

/** Seconds of each loop, one after another. */
const runAll = async (program: string): Promise<Readonly<Record<LoopName, number>>> => {
  const took = { open: NaN, exec: NaN, connect: NaN, getppid: NaN }
  for (const name of loopNames)
    took[name] = (await runLoop(program, name, counts[name])).wallSeconds
  return took
}

const runWith = async (way: Way, program: string): ReturnType<typeof runAll> => {
  if (way === 'off') return runAll(program)
  const sensor = await Sensor.start(['--rules', stableRules, '--backend', way])
  try {
    return await runAll(program)
  } finally {
    const { lost } = await sensor.stop()
    if (lost > 0) console.log(`${way}: ${lost} events lost`)
  }
}

const measure = async (program: string): Promise<void> => {
  const runs: Readonly<Record<Way, Record<LoopName, number>[]>> = {
    off: [],
    tracepoint: [],
    security: [],
  }
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) runs[way].push(await runWith(way, program))
  }
  for (const name of loopNames) {
    for (const way of ['tracepoint', 'security'] as const) {
      const ratios = runs[way].map((run, i) => run[name] / (runs.off[i]?.[name] ?? NaN))
      printFigure(`${name}, ${way} backend`, percentile(ratios, 0.5), 'x')
    }
  }
}

const machine = machineOf(process.arch)
const program = buildLoops()
const isRoot = process.getuid?.() === 0
if (process.argv.includes('--build')) console.log(program)
else if (!isRoot || machine === undefined) console.log('backends: not measured, this is not root')
else if (backendFindings(machine)[0]?.probe !== 'yes') {
  console.log('backends: not measured, this kernel takes no programs at its functions')
} else await measure(program)

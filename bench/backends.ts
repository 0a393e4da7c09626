/**
 * What each backend costs those who are watched: the loops of workloads.ts with no sensor, with the
 * tracepoint backend, with the security backend, and with none again. Processor time of the loops
 * alone, and of several runs of each the least: what else the machine does makes it longer. On
 * another kernel, emulated, where time is how many instructions there were:
 *
 *   node bench/backends.ts --build
 *   make guest KERNEL=6.12 CLOCK=instructions CMD='node bench/backends.ts --quick'
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
const repeats = quick ? 3 : 7
const counts: Readonly<Record<LoopName, number>> = {
  open: 10_000,
  exec: 50,
  connect: 1_000,
  getppid: 100_000,
}

type Way = 'off' | 'tracepoint' | 'security'

/** Processor seconds of each loop: the least of several runs, which come by turns. */
const runAll = async (program: string): Promise<Readonly<Record<LoopName, number>>> => {
  const took = { open: Infinity, exec: Infinity, connect: Infinity, getppid: Infinity }
  for (let i = 0; i < repeats; i++) {
    for (const name of loopNames) {
      const { processorSeconds } = await runLoop(program, name, counts[name])
      took[name] = Math.min(took[name], processorSeconds)
    }
  }
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
  runs.off.push(await runAll(program))
  for (let round = 0; round < rounds; round++) {
    for (const way of ['tracepoint', 'security', 'off'] as const) {
      runs[way].push(await runWith(way, program))
    }
  }
  for (const name of loopNames) {
    const off = runs.off.map((run) => run[name])
    const base = (percentile(off, 0.5) / counts[name]) * 1e9
    const spread = `${(Math.max(...off) / Math.min(...off)).toFixed(2)} x between turns of it`
    printFigure(`${name}, without the sensor`, base, 'ns a turn', spread)
    for (const way of ['tracepoint', 'security'] as const) {
      // Between the runs before and after.
      const ratios = runs[way].map(
        (run, i) => (2 * run[name]) / ((off[i] ?? NaN) + (off[i + 1] ?? NaN)),
      )
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

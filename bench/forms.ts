/**
 * What the tracepoint backend costs in its two forms, those who are watched: loops with no sensor,
 * with programs at the tracepoints themselves, and with programs attached through perf, by turns.
 * Ratios of one run, of the least processor time in many short rounds; the ring is emptied and
 * nothing is judged.
 *
 *   node bench/forms.ts [--build|--quick]     --build: only the program, for guests
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { machineOf } from '@bulwark/agent'
// tidy-allow inner: only the agent empties the ring
import { startDrain } from '../agent/sensor/drain.ts'
// tidy-allow inner: the form is forced here, which the agent's own choice does not allow
import { startSensor } from '../agent/sensor/sensor.ts'
import { printFigure } from './measure/figures.ts'
import type { LoopName } from './measure/loops.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { root } from './measure/official.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 3 : 20
const counts = quick
  ? ({ getppid: 20_000, open: 2_000, exec: 20 } as const)
  : ({ getppid: 200_000, open: 10_000, exec: 50 } as const)
const loops = ['getppid', 'open', 'exec'] as const satisfies readonly LoopName[]
const ways = { 'at tracepoints': 'direct', 'through perf': 'perf' } as const
type Way = keyof typeof ways | 'off'

const machine = machineOf(process.arch)

const secondsOf = async (way: Way, program: string, name: keyof typeof counts): Promise<number> => {
  if (way === 'off' || !machine)
    return (await runLoop(program, name, counts[name])).processorSeconds
  const object = readFileSync(join(root, `dist/tracepoint.${ways[way]}.bpf.o`))
  const types = new Set(['openat', 'execve'])
  const sensor = startSensor({ object, machine, types, pid: process.pid })
  const fail = (error: unknown): never => {
    throw error
  }
  const drain = startDrain(sensor, () => {}, fail)
  try {
    return (await runLoop(program, name, counts[name])).processorSeconds
  } finally {
    drain.stop()
    sensor.close()
  }
}

const measure = async (program: string): Promise<void> => {
  for (const name of loops) {
    const took: Readonly<Record<Way, number[]>> = {
      off: [],
      'at tracepoints': [],
      'through perf': [],
    }
    for (let round = 0; round < rounds; round++) {
      for (const way of ['off', 'at tracepoints', 'through perf'] as const) {
        took[way].push(await secondsOf(way, program, name))
      }
    }
    const off = Math.min(...took.off)
    for (const way of ['at tracepoints', 'through perf'] as const) {
      const on = Math.min(...took[way])
      const more = `${Math.round((1e9 * (on - off)) / counts[name])} ns a turn more`
      printFigure(`${name}, ${way}`, on / off, 'x', more)
    }
  }
}

const program = buildLoops()
if (process.argv.includes('--build')) console.log(program)
else if (process.getuid?.() !== 0) console.log('forms: not measured, this is not root')
else await measure(program)

/**
 * What more rules cost: an open that none of 50, 500 and 2,000 generated rules wants, in the kernel
 * (by its own clock), in the agent, and by the clock of the loop; and how long a running sensor
 * takes from a change of its rule file to the rules being in force: to read, check, compile and
 * generate, to have the programs verified, and to swap them.
 *
 *   node bench/rule-count.ts [--quick] [--seed N] [--filter on|off]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { percentile, printFigure } from './measure/figures.ts'
import { generatedRules } from './measure/generated.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { runsDuring, withStatistics } from './measure/programs.ts'
import { Sensor, filterArgs, filterChoice } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const seedAt = process.argv.indexOf('--seed')
const seed = seedAt < 0 ? 20_261 : Number(process.argv[seedAt + 1])
const counts = [50, 500, 2_000]
const rounds = quick ? 1 : 7
const changes = quick ? 1 : 5
const turns = quick ? 20_000 : 200_000
/** After a loop: the agent handles what waits. */
const drainMs = 300
/** A file may be written in several steps: the sensor waits for so long (cli/file-watch.ts). */
const quietMs = 200

const filter = filterArgs(filterChoice())
const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Nanoseconds a turn of open+read+close. */
interface Costs {
  readonly kernel: number
  readonly agent: number
  readonly wall: number
}

const costsOf = async (sensor: Sensor, program: string): Promise<Costs> => {
  const all: Costs[] = []
  for (let round = 0; round < rounds; round++) {
    const before = sensor.processorSeconds()
    const { wallSeconds } = await runLoop(program, 'open', turns)
    await pause(drainMs)
    const agentSeconds = sensor.processorSeconds() - before
    // In a run of its own: to be measured costs time, too.
    const { runNs } = await withStatistics(() =>
      runsDuring(sensor.pid, () => runLoop(program, 'open', turns)),
    )
    const each = (seconds: number): number => (seconds / turns) * 1e9
    all.push({ kernel: runNs / turns, agent: each(agentSeconds), wall: each(wallSeconds) })
  }
  const medianOf = (of: keyof Costs): number => median(all.map((costs) => costs[of]))
  return { kernel: medianOf('kernel'), agent: medianOf('agent'), wall: medianOf('wall') }
}

/** Milliseconds from the write of a file with so many rules to the line that they are in force. */
const changeMs = async (sensor: Sensor, file: string, count: number): Promise<number> => {
  const took: number[] = []
  for (let i = 0; i < changes; i++) {
    for (const [wanted, number] of [
      [false, 50],
      [true, count],
    ] as const) {
      const said = sensor.says('rules changed:')
      const begin = performance.now()
      // Another seed each time: rules that are the same change nothing.
      writeFileSync(file, generatedRules(number, seed + 2 * i + (wanted ? 1 : 2)))
      await said
      if (wanted) took.push(performance.now() - begin)
    }
  }
  return median(took)
}

const measure = async (): Promise<void> => {
  const program = buildLoops()
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const file = join(folder, 'generated.yaml')
  const first: Partial<Costs> = {}
  try {
    for (const count of counts) {
      writeFileSync(file, generatedRules(count, seed))
      const sensor = await Sensor.start(['--rules', file, ...filter])
      printFigure(`start to "watching", ${count} rules`, sensor.startSeconds, 's')
      const costs = await costsOf(sensor, program)
      const of = `an open with ${count} rules`
      if (count === counts[0]) Object.assign(first, costs)
      for (const where of ['kernel', 'agent', 'wall'] as const) {
        const ratio = costs[where] / (first[where] ?? NaN)
        const note = `x ${ratio.toFixed(2)} of that with ${counts[0]} rules`
        const what = { kernel: 'kernel time', agent: 'time of the agent', wall: 'wall time' }[where]
        printFigure(`${what} of ${of}`, costs[where], 'ns a turn', note)
      }
      const total = (costs.kernel + costs.agent) / ((first.kernel ?? NaN) + (first.agent ?? NaN))
      printFigure(`cost of ${of}, kernel and agent`, total, `x that with ${counts[0]}`)
      if (count === counts.at(-1)) {
        const ms = (await changeMs(sensor, file, count)) - quietMs
        const note = `from the file to being in force, less the ${quietMs} ms of quiet`
        printFigure(`a change to ${count} rules`, ms / 1e3, 's', note)
      }
      const { lost, mostMib } = await sensor.stop()
      printFigure(`events lost with ${count} rules`, lost, 'events')
      printFigure(`memory at its highest with ${count} rules (RSS)`, mostMib, 'MiB')
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

console.log(`generated rules, seed ${seed}`)
if (process.getuid?.() === 0) await measure()
else console.log('rule count: not measured, this is not root')

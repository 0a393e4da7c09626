/**
 * What the sensor is when nothing happens: how long it takes from its start to the line that says
 * that it watches, its memory at rest and under load, and its processor time over a while in which
 * no loop runs, once it is calm after its start. What else the machine does is in that last figure.
 *
 *   node bench/footprint.ts [--quick] [--filter on|off]
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { LoopName } from './measure/loops.ts'
import { buildLoops, runCopies } from './measure/loops.ts'
import { percentile, printFigure } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import { Sensor, filterArgs, filterChoice } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const starts = quick ? 1 : 9
const idleMs = quick ? 2_000 : 20_000
/** Turns of each loop, two copies at once. */
const loads: readonly (readonly [LoopName, number])[] = quick
  ? [['open', 20_000]]
  : [
      ['open', 500_000],
      ['exec', 3_000],
      ['connect', 30_000],
    ]

const args = ['--rules', stableRules, ...filterArgs(filterChoice())]
const mb = (mib: number): string => `${((mib * 2 ** 20) / 1e6).toFixed(1)} MB`

const measure = async (): Promise<void> => {
  const started: number[] = []
  for (let i = 0; i < starts; i++) {
    const sensor = await Sensor.start(args)
    started.push(sensor.startSeconds)
    await sensor.stop()
  }
  const [least, most] = [Math.min(...started), Math.max(...started)]
  const spread = `${least.toFixed(2)} to ${most.toFixed(2)} s in ${starts} starts`
  printFigure('start to "watching"', percentile(started, 0.5), 's', spread)

  const program = buildLoops()
  const sensor = await Sensor.start(args)
  const calmSeconds = await sensor.calm()
  printFigure('from filters in place to calm', calmSeconds, 's', '15 seconds of under 1 % each')
  const [before, sleepsBefore] = [sensor.processorSeconds(), sensor.wakeUps()]
  const begin = performance.now()
  await pause(idleMs)
  const used = sensor.processorSeconds() - before
  const wakeUps = sensor.wakeUps() - sleepsBefore
  const seconds = (performance.now() - begin) / 1e3
  const share = (100 * used) / seconds
  printFigure('processor time of the agent, idle', share, '% of a core', `over ${idleMs / 1e3} s`)
  printFigure('wake-ups of the agent, idle', wakeUps / seconds, 'a second')
  for (const [name, count] of loads) await runCopies(program, name, count, 2)
  const { startMib, loadMib, mostMib } = await sensor.stop()
  printFigure('memory at rest (RSS)', startMib, 'MiB', mb(startMib))
  printFigure('memory after load (RSS)', loadMib, 'MiB', mb(loadMib))
  printFigure('memory at its highest (RSS)', mostMib, 'MiB', mb(mostMib))
}

console.log(`the sensor: bin/bulwark run ${args.map(shownPath).join(' ')}`)
if (process.getuid?.() === 0) await measure()
else console.log('footprint: not measured, this is not root')

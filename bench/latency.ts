/**
 * How long an alert takes: from a call of execve to the alert's line on the pipe, and from the time
 * stamp that the kernel put on the event. In three cases: back to back; after a second of nothing
 * each, in which the sensor sleeps; and while both cores are busy with loops in user mode. Beside
 * the second case, in turns with it: bare programs that are told of the same call by a pipe, and do
 * nothing but pass that on. One in C is the machine's floor: waking up costs as much; one of
 * Node.js is that of what Bulwark is made of. And the sensor itself while loops that yield to
 * everything keep each core awake: what a core takes that slept, or was lent to other machines
 * meanwhile, is the rest.
 *
 *   node bench/latency.ts [--quick] [--filter on|off]
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { atEnd } from './measure/at-end.ts'
import { printFigure, printSpread } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import { filterArgs, filterChoice } from './measure/sensor.ts'
import type { Launches, Passer } from './measure/watcher.ts'
import { Watcher } from './measure/watcher.ts'

const quick = process.argv.includes('--quick')
const steadyCount = quick ? 50 : 1_000
const idleCount = quick ? 6 : 100
/** Of those beside. */
const besideCount = quick ? 4 : 40
const idleParts = quick ? 2 : 5
const idleMs = 1_000
const busyCount = quick ? 50 : 500
const warmUpCount = 20
const passers: readonly Passer[] = ['c', 'node']

const ms = (ns: bigint): number => Number(ns) / 1e6

const print = (when: string, { samples, missed }: Launches): void => {
  const fromCall = samples.map(({ calledNs, arrivedNs }) => ms(arrivedNs - calledNs))
  const fromEvent = samples.map(({ eventNs, arrivedNs }) => ms(arrivedNs - eventNs))
  printSpread(`call of execve to alert line, ${when}`, fromCall, 'ms')
  printSpread(`exec to alert line, ${when}`, fromEvent, 'ms')
  const started = samples.length + missed
  printFigure(`execs without an alert, ${when}`, missed, 'execs', `of ${started}`)
}

const together = (some: readonly Launches[]): Launches => ({
  samples: some.flatMap(({ samples }) => samples),
  missed: some.reduce((sum, { missed }) => sum + missed, 0),
})

const endlessLoop = ['sh', '-c', 'while :; do :; done'] as const
/** One that gives way to whatever else wants to run (SCHED_IDLE). */
const yieldingLoop = ['chrt', '--idle', '0', ...endlessLoop] as const

/** A loop that never ends on each core, while something is done. */
const whileLooping = async <T>(
  [program, ...args]: readonly [string, ...string[]],
  work: () => Promise<T>,
): Promise<T> => {
  const loops: readonly ChildProcess[] = cpus().map(() => spawn(program, args))
  const end = (): void => loops.forEach((loop) => loop.kill('SIGKILL'))
  const allEnded = atEnd(end)
  try {
    return await work()
  } finally {
    const ended = loops.map((loop) => once(loop, 'exit'))
    end()
    await Promise.all(ended)
    allEnded()
  }
}

/** By turns, since what a second of nothing costs changes with what else the machine does. */
const measureIdle = async (watcher: Watcher): Promise<void> => {
  const sensor: Launches[] = []
  const awake: Launches[] = []
  const bare: Record<Passer, Launches[]> = { c: [], node: [] }
  const beside = besideCount / idleParts
  for (let part = 0; part < idleParts; part++) {
    sensor.push(await watcher.launch(idleCount / idleParts, idleMs))
    awake.push(await whileLooping(yieldingLoop, () => watcher.launch(beside, idleMs)))
    for (const passer of passers) {
      bare[passer].push(await watcher.launchBare(passer, beside, idleMs))
    }
  }
  print(`after ${idleMs} ms of nothing`, together(sensor))
  print(`after ${idleMs} ms of nothing, cores kept awake`, together(awake))
  for (const passer of passers) {
    const { samples } = together(bare[passer])
    const calls = samples.map(({ calledNs, arrivedNs }) => ms(arrivedNs - calledNs))
    const program = passer === 'c' ? 'a bare program in C' : 'a bare program of Node.js'
    printSpread(`call of execve to line of ${program}, after ${idleMs} ms of nothing`, calls, 'ms')
  }
}

const measure = async (): Promise<void> => {
  const watcher = await Watcher.start([stableRules], filterArgs(filterChoice()))
  try {
    console.log(`the sensor: ${watcher.command}`)
    await watcher.launch(warmUpCount, 0)
    print('back to back', await watcher.launch(steadyCount, 0))
    await measureIdle(watcher)
    print(
      'with all cores busy',
      await whileLooping(endlessLoop, () => watcher.launch(busyCount, 0)),
    )
  } finally {
    await watcher.stop()
  }
}

if (process.getuid?.() === 0) await measure()
else console.log(`latency with ${shownPath(stableRules)}: not measured, this is not root`)

/**
 * What Bulwark costs those who are watched: loops of system calls with it off and on, by turns, in
 * pairs, one copy alone and two at once; and what it costs itself meanwhile: processor time, events
 * delivered, events lost. Each run has a sensor of its own, so that everything it counts is of that
 * loop. Ratios of one run, since machines are noisy: of each side of a pair the quickest of a few
 * runs, because whatever else happens only adds; the median of the pairs is what counts, and the
 * spread says how far it can be trusted. Beside each pair the same with the bare hook alone, whose
 * only rule is about another call: nothing that is asked at this hook costs less.
 *
 *   node bench/workloads.ts [--quick] [--filter on|off] [--loop open|exec|connect|getppid]
 *     --quick: one short pair, to see that it works
 */
import { setTimeout as pause } from 'node:timers/promises'
import { withElsewhere } from './measure/elsewhere.ts'
import type { LoopName, LoopRun } from './measure/loops.ts'
import { buildLoops, loopNames, runCopies, runLoop, whatOf } from './measure/loops.ts'
import { percentile, printFigure } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import { busiest, withStatistics } from './measure/programs.ts'
import type { SensorEnd } from './measure/sensor.ts'
import { Sensor, filterArgs, filterChoice } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const pairCount = quick ? 1 : 7
/** On each side of a pair. */
const runsOfPair = quick ? 1 : 3
/** Turns of a run. */
const counts: Readonly<Record<LoopName, number>> = quick
  ? { open: 20_000, exec: 200, connect: 2_000, getppid: 100_000 }
  : { open: 150_000, exec: 1_000, connect: 10_000, getppid: 1_500_000 }
const loopAt = process.argv.indexOf('--loop')
const measured = loopNames.filter((name) => loopAt < 0 || process.argv[loopAt + 1] === name)
/** Turns in which the system calls of an exec are counted. */
const countedTurns = 200
const countings = 3
/** After a loop: the agent handles what waits. */
const drainMs = 300

const args = ['--rules', stableRules, ...filterArgs(filterChoice())]

/** One loop with a sensor. */
interface Watched {
  readonly run: LoopRun
  /** Of the agent, while all its runs went on and until it had handled what came of it. */
  readonly agentSeconds: number
  readonly wakeUps: number
  readonly end: SensorEnd
}

const runWatched = async (run: () => Promise<LoopRun>, given = args): Promise<Watched> => {
  const sensor = await Sensor.start(given)
  try {
    const [before, sleepsBefore] = [sensor.processorSeconds(), sensor.wakeUps()]
    const result = await run()
    await pause(drainMs)
    const agentSeconds = sensor.processorSeconds() - before
    const wakeUps = sensor.wakeUps() - sleepsBefore
    return { run: result, agentSeconds, wakeUps, end: await sensor.stop() }
  } catch (error) {
    await sensor.stop()
    throw error
  }
}

interface Pairs {
  readonly off: readonly LoopRun[]
  readonly on: readonly Watched[]
  /** With the bare hook. */
  readonly bare: readonly LoopRun[]
}

/** The quickest of the runs on one side of a pair. */
const quickest = async (run: () => Promise<LoopRun>): Promise<LoopRun> => {
  let best = await run()
  for (let i = 1; i < runsOfPair; i++) {
    const next = await run()
    if (next.wallSeconds < best.wallSeconds) best = next
  }
  return best
}

/** Pairs of runs; every other one begins with the sensor on, so that drift counts for neither. */
const runPairs = async (run: () => Promise<LoopRun>, bareRules: string): Promise<Pairs> => {
  const off: LoopRun[] = []
  const on: Watched[] = []
  const bare: LoopRun[] = []
  for (let pair = 0; pair < pairCount; pair++) {
    if (pair % 2 === 0) off.push(await run())
    on.push(await runWatched(run))
    bare.push((await runWatched(run, ['--rules', bareRules])).run)
    if (pair % 2 === 1) off.push(await run())
  }
  return { off, on, bare }
}

const median = (values: readonly number[]): number => percentile(values, 0.5)

/** How much longer each run of a pair took, by the clock or in processor time. */
const printRatios = (
  what: string,
  off: readonly LoopRun[],
  on: readonly LoopRun[],
  of: keyof LoopRun,
): void => {
  const values = on.map((run, i) => run[of] / (off[i]?.[of] ?? NaN))
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const spread = `x ${least.toFixed(2)} to x ${most.toFixed(2)} in ${values.length} pairs`
  printFigure(what, median(values), 'x', spread)
}

const printSlowdown = (what: string, off: readonly LoopRun[], on: readonly LoopRun[]): void => {
  printRatios(what, off, on, 'wallSeconds')
  printRatios(`${what} in processor time`, off, on, 'processorSeconds')
}

const printCosts = (
  name: LoopName,
  of: string,
  turns: number,
  calls: number,
  on: Pairs['on'],
): void => {
  const what = `${whatOf[name]}${of}`
  const agent = median(on.map(({ agentSeconds }) => agentSeconds))
  printFigure(
    `${what}, processor time of the agent`,
    (agent / turns) * 1e9,
    'ns a turn',
    `${agent.toFixed(3)} s for ${turns} turns`,
  )
  const wakeUps = median(on.map((each) => each.wakeUps))
  printFigure(`${what}, wake-ups of the agent`, wakeUps / turns, 'a turn', `${wakeUps} in all`)
  const events = median(on.map(({ end }) => end.events))
  const state = median(on.map(({ end }) => end.stateEvents))
  printFigure(
    `${what}, events delivered`,
    events,
    'events',
    `${state} of them of the state of processes`,
  )
  // No rule matches in these loops: whatever is not state is wanted by none.
  const unwanted = median(on.map(({ end }) => (end.events - end.stateEvents) / (turns * calls)))
  printFigure(`${what}, events that no rule wants`, 100 * unwanted, '% of the system calls')
  const lost = Math.max(...on.map(({ end }) => end.lost))
  printFigure(`${what}, events lost`, lost, 'events', 'the most of all runs')
}

/** System calls that a start of a program takes, counted by the hook that runs on each. */
const callsOfExec = async (program: string): Promise<number> => {
  const sensor = await Sensor.start(args)
  try {
    const found: number[] = []
    for (let i = 0; i < countings; i++) {
      const run = (): Promise<LoopRun> => runLoop(program, 'exec', countedTurns)
      const { runs } = await withStatistics(() => busiest(sensor.pid, run))
      found.push(runs / countedTurns)
    }
    // Whatever else the machine does makes it more.
    return Math.min(...found)
  } finally {
    await sensor.stop()
  }
}

const printMemory = (ends: readonly SensorEnd[]): void => {
  printFigure('memory of the agent at rest (RSS)', median(ends.map((end) => end.startMib)), 'MiB')
  const load = Math.max(...ends.map((end) => end.loadMib))
  printFigure('memory of the agent under load (RSS)', load, 'MiB', 'after the loop that takes most')
  printFigure(
    'memory of the agent, highest (RSS)',
    Math.max(...ends.map((end) => end.mostMib)),
    'MiB',
  )
}

const measure = async (bareRules: string): Promise<void> => {
  const program = buildLoops()
  const callsOf = { open: 3, exec: await callsOfExec(program), connect: 6, getppid: 1 }
  printFigure('fork+exec, system calls', callsOf.exec, 'a turn')
  const ends: SensorEnd[] = []
  for (const name of measured) {
    const count = counts[name]
    for (const copies of name === 'getppid' ? [1] : [1, 2]) {
      const of = copies === 1 ? '' : ', two copies at once'
      const run = (): Promise<LoopRun> => quickest(() => runCopies(program, name, count, copies))
      const found = await runPairs(run, bareRules)
      if (copies === 1) {
        const base = median(found.off.map(({ wallSeconds }) => (wallSeconds / count) * 1e9))
        printFigure(`${whatOf[name]}, without the sensor`, base, 'ns a turn')
      }
      const watched = found.on.map((each) => each.run)
      printSlowdown(`${whatOf[name]}, slowdown${of}`, found.off, watched)
      printSlowdown(`${whatOf[name]}, slowdown by the bare hook${of}`, found.off, found.bare)
      printCosts(name, of, copies * count * runsOfPair, callsOf[name], found.on)
      ends.push(...found.on.map(({ end }) => end))
    }
  }
  printMemory(ends)
}

console.log(`the sensor: bin/bulwark run ${args.map(shownPath).join(' ')}`)
if (process.getuid?.() === 0) await withElsewhere(measure)
else console.log('workloads: not measured, this is not root')

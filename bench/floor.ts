/**
 * What is ours of what an open+read+close costs at the end of system calls, and what any sensor
 * would pay there: the loop with nothing; with a program that only returns; with one that finds out
 * below which directory an opened file lies; with one that also reads the path as it was given; and
 * with the sensor and Falco's stable rules, whose filter drops each open. By turns in one run; in
 * processor time, of which each round takes the least of some runs. The file of the loop lies in
 * /etc, where a rule asks for the path as given of what is read.
 *
 *   node bench/floor.ts [--quick]
 */
import { openObject } from '@bulwark/native'
import type { BpfObject } from '@bulwark/native'
import { compiledBpf } from './measure/compiled.ts'
import { percentile, printFigure } from './measure/figures.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { stableRules } from './measure/official.ts'
import { Sensor } from './measure/sensor.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 2 : 10
const runsOfRound = quick ? 2 : 5
const turns = quick ? 5_000 : 40_000

/** The programs of floor.bpf.c, in words. */
const programs = {
  nothing: 'a program that only returns',
  directory: 'one that finds the directory',
  directory_and_given: 'one that also reads the path as given',
} as const
const withNone = 'nothing'
const withSensor = 'the sensor with the stable rules'

/** Nanoseconds of the processor for a turn: the least of a round. */
const leastNs = async (loops: string): Promise<number> => {
  const all: number[] = []
  for (let i = 0; i < runsOfRound; i++) {
    all.push((await runLoop(loops, 'open', turns)).processorSeconds)
  }
  return (1e9 * Math.min(...all)) / turns
}

/** One round of each, by what the loop ran with. */
const roundOf = async (object: BpfObject, loops: string): Promise<ReadonlyMap<string, number>> => {
  const found = new Map([[withNone, await leastNs(loops)]])
  for (const [program, what] of Object.entries(programs)) {
    const link = object.attach(program)
    found.set(what, await leastNs(loops))
    link.detach()
  }
  const sensor = await Sensor.start(['--rules', stableRules])
  try {
    found.set(withSensor, await leastNs(loops))
  } finally {
    await sensor.stop()
  }
  return found
}

const measure = async (): Promise<void> => {
  const loops = buildLoops()
  const object = openObject(compiledBpf('floor'), 'floor')
  try {
    object.load()
    const all: ReadonlyMap<string, number>[] = []
    for (let round = 0; round < rounds; round++) all.push(await roundOf(object, loops))
    const of = (what: string): readonly number[] => all.map((each) => each.get(what) ?? NaN)
    const none = percentile(of(withNone), 0.5)
    printFigure('open+read+close, with nothing', none, 'ns a turn')
    for (const what of [...Object.values(programs), withSensor]) {
      const ratios = of(what).map((ns, i) => ns / (of(withNone)[i] ?? NaN))
      const more = of(what).map((ns, i) => ns - (of(withNone)[i] ?? NaN))
      const [low, high] = [percentile(ratios, 0.25), percentile(ratios, 0.75)]
      const spread = `half of ${rounds} rounds x ${low.toFixed(2)} to x ${high.toFixed(2)}`
      const ns = `${Math.round(percentile(more, 0.5))} ns more`
      printFigure(`open+read+close, with ${what}`, percentile(ratios, 0.5), 'x', `${ns}; ${spread}`)
    }
  } finally {
    object.close()
  }
}

if (process.getuid?.() !== 0) console.log('floor: not measured, this is not root')
else if (process.arch !== 'x64') console.log('floor: not measured, this is no x86-64')
else await measure()

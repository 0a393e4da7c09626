/**
 * Whether events are lost at half a million matching events a second, made by one core. Each passes
 * the filter in the kernel and is judged in user space, where the last question of its rule says
 * no: a rule that held would flood its reader with alerts, and measure that. The event is an open
 * of a file that is not there, the cheapest call with a path: another that many times a second is
 * more than one core can make.
 *
 *   node bench/flood.ts [--quick] [--seconds N] [--rate N] [--filter on|off]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { printFigure } from './measure/figures.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { shownPath, stableRules } from './measure/official.ts'
import { Sensor, filterArgs, filterChoice } from './measure/sensor.ts'

/** A number after its word on the command line. */
const numberOf = (word: string, unset: number): number => {
  const at = process.argv.indexOf(word)
  return at < 0 ? unset : Number(process.argv[at + 1])
}

const rate = numberOf('--rate', 500_000)
const seconds = numberOf('--seconds', process.argv.includes('--quick') ? 2 : 60)
/** After the loop: the agent handles what waits. */
const drainMs = 1_000

const rule = `- rule: Flood
  desc: d
  condition: >
    evt.type in (open, openat) and evt.failed = true and
    fd.name startswith /bulwark-benchmark and proc.cmdline contains "another word"
  output: "%fd.name"
  priority: NOTICE
`

const measure = async (): Promise<void> => {
  const program = buildLoops()
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const file = join(folder, 'flood.yaml')
  writeFileSync(file, rule)
  const args = ['--rules', stableRules, '--rules', file, ...filterArgs(filterChoice())]
  try {
    const sensor = await Sensor.start(args)
    console.log(`the sensor: ${sensor.command}`)
    const before = sensor.processorSeconds()
    const count = Math.round(rate * seconds)
    const { wallSeconds } = await runLoop(program, 'miss', count, rate)
    const agent = (sensor.processorSeconds() - before) / wallSeconds
    await pause(drainMs)
    const { events, lost } = await sensor.stop()
    const note = `of ${rate} wanted, for ${wallSeconds.toFixed(1)} s`
    printFigure('flood, matching events', count / wallSeconds, 'events/s', note)
    printFigure('flood, events delivered', events, 'events', `of ${count} made by the loop`)
    printFigure('flood, events lost', lost, 'events')
    printFigure('flood, processor time of the agent', 100 * agent, '% of a core')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.getuid?.() === 0) await measure()
else console.log(`flood with ${shownPath(stableRules)}: not measured, this is not root`)

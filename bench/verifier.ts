/**
 * How many instructions the verifier walks for each program of a running sensor, on this kernel:
 * what decides whether a program loads at all, and most of what a start takes.
 *
 *   node bench/verifier.ts [--backend security] [--filter on|off]
 *   make guest KERNEL=6.12 CMD='node bench/verifier.ts'
 */
import { release } from 'node:os'
import { printFigure } from './measure/figures.ts'
import { shownPath, stableRules } from './measure/official.ts'
import { programsOf } from './measure/programs.ts'
import { Sensor, filterArgs, filterChoice } from './measure/sensor.ts'

const backend = process.argv.includes('security') ? 'security' : 'tracepoint'
/** What the verifier walks at the most, of one program (BPF_COMPLEXITY_LIMIT_INSNS). */
const verifiedMax = 1_000_000

const measure = async (): Promise<void> => {
  const filter = filterArgs(filterChoice())
  const sensor = await Sensor.start(['--rules', stableRules, '--backend', backend, ...filter])
  console.log(`the sensor: ${sensor.command}`)
  const programs = programsOf(sensor.pid)
  await sensor.stop()
  // A program of the security backend is loaded once for each form of call: they are alike.
  const byName = new Map<string, number[]>()
  for (const { name, verifiedInstructions } of programs) {
    const counts = byName.get(name) ?? []
    byName.set(name, [...counts, verifiedInstructions])
  }
  const all = [...byName].map(([name, counts]) => ({ name, counts, most: Math.max(...counts) }))
  const where = `${backend} backend, Linux ${release()}`
  for (const { name, counts, most } of all.toSorted((a, b) => b.most - a.most)) {
    const share = `${((100 * most) / verifiedMax).toFixed(1)} % of the most`
    const copies = counts.length === 1 ? '' : `; the most of ${counts.length} programs`
    printFigure(`verified instructions of ${name}, ${where}`, most, 'instructions', share + copies)
  }
  const total = programs.reduce((sum, each) => sum + each.verifiedInstructions, 0)
  printFigure(
    `verified instructions of all, ${where}`,
    total,
    'instructions',
    `${programs.length} programs`,
  )
}

if (process.getuid?.() === 0) await measure()
else console.log(`verifier with ${shownPath(stableRules)}: not measured, this is not root`)

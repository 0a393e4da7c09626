/**
 * How fast one core decodes events and tries rules on them: a capture of the loops of workloads.ts
 * is recorded, then replayed with the rules it was recorded for. Reading and unpacking of the file
 * are in the figure; the kernel is not.
 *
 *   node bench/replay.ts [--quick]
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { percentile, printFigure } from './measure/figures.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { root, shownPath, stableRules } from './measure/official.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : 5
const opens = quick ? 10_000 : 300_000
const execs = quick ? 50 : 2_000
const bulwark = join(root, 'bin/bulwark')
const endMsMax = 120_000

/** Records while the loops run. Resolves when the file is whole. */
const record = async (file: string): Promise<void> => {
  const program = buildLoops()
  const child = spawn(bulwark, ['record', '-o', file, '--rules', stableRules], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: endMsMax,
  })
  const ended = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface(child.stderr)) {
    lines.push(line)
    if (!line.includes('recording')) continue
    await runLoop(program, 'open', opens)
    await runLoop(program, 'exec', execs)
    child.kill('SIGTERM')
    break
  }
  child.stderr.resume()
  await ended
  if (child.exitCode !== 0) throw new Error(`bulwark record failed:\n${lines.join('\n')}`)
}

/** Events a second of one replay, as it says itself. */
const replayOnce = (file: string): { readonly events: number; readonly perSecond: number } => {
  const { stderr } = spawnSync(bulwark, ['replay', file, '--rules', stableRules], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: endMsMax,
  })
  const [, events, perSecond] = /replayed (\d+) events.*\((\d+) events\/s\)/.exec(stderr) ?? []
  if (events === undefined) throw new Error(`the capture could not be replayed:\n${stderr}`)
  return { events: Number(events), perSecond: Number(perSecond) }
}

const measure = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const file = join(folder, 'loops.bulwark')
  try {
    await record(file)
    const found = Array.from({ length: rounds }, () => replayOnce(file))
    const { events } = found[0] ?? { events: NaN }
    const median = percentile(
      found.map(({ perSecond }) => perSecond),
      0.5,
    )
    const note = `a capture of ${events} events, with ${shownPath(stableRules)}`
    printFigure('events decoded and matched on one core', median, 'events/s', note)
    printFigure('capture, each event', statSync(file).size / events, 'bytes')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.getuid?.() === 0) await measure()
else console.log(`replay with ${shownPath(stableRules)}: not measured, this is not root`)

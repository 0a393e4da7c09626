/**
 * How fast one core decodes events and tries rules on them: captures of the loops of workloads.ts,
 * and of a script, are recorded for all the rules there are, and replayed with them. Reading and
 * unpacking of the file are in the figure; the kernel is not. Time is processor time of the one
 * thread, so that what else runs on the machine counts little. A replay compiles its rules first,
 * so each capture is replayed several times in a row, as one long one; the first round warms up.
 *
 *   node bench/replay.ts [--quick]
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { replay } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import { percentile, printFigure } from './measure/figures.ts'
import type { LoopName } from './measure/loops.ts'
import { buildLoops, runLoop } from './measure/loops.ts'
import { allRules, loadRules, readRules, root, shownPath } from './measure/official.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : 5
const warmUpRounds = quick ? 0 : 1
const eventsWanted = quick ? 0 : 3_000_000
/** Of the head of a capture: bytes before its text, and where the length of the text is. */
const headBytes = 24
const textBytesAt = 12
const endMsMax = 120_000

/** What is recorded: turns of the loops, and of the script. Each is long enough that what a capture
 * tells of the machine at its begin is a small part of it. */
interface Session {
  readonly name: string
  readonly turns: Partial<Record<LoopName, number>>
  readonly scripts?: number
}

const sessions: readonly Session[] = [
  { name: 'opens', turns: { open: 300_000 } },
  { name: 'connections', turns: { connect: 80_000 } },
  { name: 'forks, execs, exits', turns: { exec: 50_000 } },
  { name: 'a busy host', turns: { open: 300_000, exec: 2_000, connect: 10_000 } },
  { name: 'scripts of thirty programs', turns: {}, scripts: 300 },
]

const runScript = async (folder: string): Promise<void> => {
  const script = join(import.meta.dirname, 'programs/commands.sh')
  await promisify(execFile)('/bin/sh', [script, folder], { timeout: endMsMax })
}

/** Records while the loops run. Resolves when the file is whole. */
const record = async (file: string, { turns, scripts = 0 }: Session): Promise<void> => {
  const program = buildLoops()
  const rules = allRules.flatMap((path) => ['--rules', path])
  const child = spawn(join(root, 'bin/bulwark'), ['record', '-o', file, ...rules], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: endMsMax,
  })
  const ended = once(child, 'close')
  const lines: string[] = []
  for await (const line of createInterface(child.stderr)) {
    lines.push(line)
    if (!line.includes('recording')) continue
    const least = (count: number): number => (quick ? Math.ceil(count / 50) : count)
    for (const [name, count] of Object.entries(turns)) {
      await runLoop(program, name as LoopName, least(count))
    }
    for (let i = 0; i < least(scripts); i++) await runScript(dirname(file))
    child.kill('SIGTERM')
    break
  }
  child.stderr.resume()
  await ended
  if (child.exitCode !== 0) throw new Error(`bulwark record failed:\n${lines.join('\n')}`)
}

/** Gives the capture with its blocks so many times. */
const repeated = (bytes: Buffer, times: number): ((bytesMax: number) => Buffer) => {
  const blocksAt = headBytes + bytes.readUInt32LE(textBytesAt)
  let left = times
  let at = 0
  return (bytesMax) => {
    if (at === bytes.length && --left > 0) at = blocksAt
    const part = bytes.subarray(at, at + bytesMax)
    at += part.length
    return part
  }
}

/** Events a second of one replay, and how many there were. */
const replayOnce = async (
  bytes: Buffer,
  times: number,
  rules: readonly Rule[],
): Promise<{ readonly events: number; readonly perSecond: number }> => {
  const before = process.threadCpuUsage()
  const { events } = await replay({
    source: repeated(bytes, times),
    rules,
    matching: 'first',
    onAlert: () => {},
    log: () => {},
  })
  const { user, system } = process.threadCpuUsage(before)
  return { events, perSecond: (events / (user + system)) * 1e6 }
}

const measure = async (): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
  const { rules } = loadRules(readRules(allRules))
  const shown = allRules.map(shownPath).join(', ')
  console.log(`decoded and matched on one core, with ${shown}; to reach: 1.5 million events/s`)
  try {
    for (const session of sessions) {
      const file = join(folder, 'session.bulwark')
      await record(file, session)
      const bytes = readFileSync(file)
      const speeds: number[] = []
      const { events: count } = await replayOnce(bytes, 1, rules)
      const times = Math.max(1, Math.ceil(eventsWanted / count))
      for (let round = 0; round < warmUpRounds + rounds; round++) {
        const { perSecond } = await replayOnce(bytes, times, rules)
        if (round >= warmUpRounds) speeds.push(perSecond)
      }
      const note = `${count} events, ${(bytes.length / count).toFixed(1)} bytes each in the capture`
      printFigure(`${session.name}: decoded and matched`, percentile(speeds, 0.5), 'events/s', note)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (process.getuid?.() === 0) await measure()
else console.log('replay: not measured, this is not root')

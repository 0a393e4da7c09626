/** The loops of programs/loops.c, built and run: what one took, in seconds. */
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from './official.ts'

export const loopNames = ['open', 'exec', 'connect', 'getppid'] as const
export type LoopName = (typeof loopNames)[number]

/** One run of a loop; seconds by the clock, and of processor time, children included. */
export interface LoopRun {
  readonly wallSeconds: number
  readonly processorSeconds: number
}

const buildMsMax = 60_000
const runMsMax = 120_000

/**
 * Builds the program, unless that was done (a guest has no compiler); static, so that it makes no
 * system call of its own but at its start.
 */
export const buildLoops = (): string => {
  const folder = join(root, '.build/bench')
  const source = join(import.meta.dirname, '../programs/loops.c')
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const program = join(folder, `loops-${hash}`)
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const flags = ['-O2', '-static', '-Wall', '-Wextra', '-Werror']
  execFileSync('gcc', [...flags, '-o', program, source], { timeout: buildMsMax })
  return program
}

/**
 * Runs a loop to its end.
 *
 * @throws Error  a turn of it failed, or it takes longer than two minutes
 */
export const runLoop = async (program: string, name: LoopName, count: number): Promise<LoopRun> => {
  const { stdout } = await promisify(execFile)(program, [name, String(count)], {
    timeout: runMsMax,
  })
  const took = JSON.parse(stdout) as Record<string, number | undefined>
  const { wall_s: wall = NaN, user_s: user = NaN, system_s: system = NaN } = took
  return { wallSeconds: wall, processorSeconds: user + system }
}

/** The loops of programs/loops.c, built and run: what one took, in seconds. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { compiled } from './compiled.ts'

/** Those that are like what a machine does. */
export const loopNames = ['open', 'exec', 'connect', 'getppid'] as const
export type LoopName = (typeof loopNames)[number]

/** What a turn of each does, in words. */
export const whatOf: Readonly<Record<LoopName, string>> = {
  open: 'open+read+close',
  exec: 'fork+exec',
  connect: 'TCP connect+accept+close',
  getppid: 'getppid',
}

/** One run of a loop; seconds by the clock, and of processor time, children included. */
export interface LoopRun {
  readonly wallSeconds: number
  readonly processorSeconds: number
}

const runMsMax = 300_000

/** Builds the program of the loops. */
export const buildLoops = (): string => compiled('loops')

/**
 * Runs a loop to its end.
 *
 * @param rate  turns a second at the most; none when not given
 * @throws Error  a turn of it failed, or it takes longer than five minutes
 */
export const runLoop = async (
  program: string,
  name: LoopName | 'miss',
  count: number,
  rate = 0,
): Promise<LoopRun> => {
  const { stdout } = await promisify(execFile)(program, [name, String(count), String(rate)], {
    timeout: runMsMax,
  })
  const took = JSON.parse(stdout) as Record<string, number | undefined>
  const { wall_s: wall = NaN, user_s: user = NaN, system_s: system = NaN } = took
  return { wallSeconds: wall, processorSeconds: user + system }
}

/** Several copies of a loop at once: the wall time of the slowest, the processor time of all. */
export const runCopies = async (
  program: string,
  name: LoopName,
  count: number,
  copies: number,
): Promise<LoopRun> => {
  const runs = await Promise.all(
    Array.from({ length: copies }, () => runLoop(program, name, count)),
  )
  return {
    wallSeconds: Math.max(...runs.map(({ wallSeconds }) => wallSeconds)),
    processorSeconds: runs.reduce((sum, run) => sum + run.processorSeconds, 0),
  }
}

/** Runs a program of the host to its end, within a bound. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { hostEnvironment } from '../lab/needs.ts'

const run = promisify(execFile)

/** How to run it. */
export interface ExecuteOptions {
  readonly cwd?: string
  readonly msMax: number
}

/**
 * What a program writes to stdout.
 *
 * @throws Error  it failed, or took too long; with what it said
 */
export async function execute(
  [program = '', ...operands]: readonly string[],
  { cwd, msMax }: ExecuteOptions,
): Promise<string> {
  const { stdout } = await run(program, operands, {
    cwd,
    env: { ...hostEnvironment, LC_ALL: 'C' },
    maxBuffer: 64 * 1024 * 1024,
    timeout: msMax,
    killSignal: 'SIGKILL',
  })
  return stdout
}

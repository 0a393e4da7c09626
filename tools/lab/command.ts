/**
 * Runs host commands for the lab: bounded in time and in output, and never through a shell.
 *
 * A command that cannot be run, or does not end in time, throws; one that ends with a code other
 * than zero is a result like any other, because half of the acts of a lab are meant to fail.
 */
import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  spawn,
  spawnSync,
} from 'node:child_process'
import type { Readable } from 'node:stream'
import { hostEnvironment } from './needs.ts'

/** How a program ended and what it wrote. `code` is 128 + n for a program killed by signal n. */
export type Result = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** What the lab could not do, with what to do about it where that is known. */
export class LabError extends Error {
  override readonly name = 'LabError'
}

export type RunOptions = { readonly stdin?: string | undefined; readonly timeoutMs?: number }

const timeoutMsDefault = 60_000
/** Output beyond this many characters is dropped: no act writes that much on purpose. */
const outputCharsMax = 1 << 20
/** A background child may hold the pipes open after its parent has gone: do not wait for it. */
const pipeCloseMsMax = 200

/** Runs `argv` to its end. Throws LabError when it cannot start or passes `timeoutMs`. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const child = start(argv)
  child.stdin.on('error', () => {}) // EPIPE: the program need not read what it is given
  child.stdin.end(options.stdin ?? '')
  const ended = resultOf(child, argv)
  return await within(options.timeoutMs ?? timeoutMsDefault, ended, () => {
    child.kill('SIGKILL')
    return `\`${argv.join(' ')}\``
  })
}

/** Starts `argv` with pipes; resultOf() awaits its end. */
export function start(argv: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(argv[0] ?? '', argv.slice(1), { stdio: 'pipe', env: hostEnvironment })
}

/** As run(), blocking: for the clean-up paths, which may not yield. Never throws. */
export function runSync(argv: readonly string[], timeoutMs = timeoutMsDefault): Result {
  const ended = spawnSync(argv[0] ?? '', argv.slice(1), {
    encoding: 'utf8',
    env: hostEnvironment,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  return {
    code: ended.status ?? 128,
    stdout: ended.stdout,
    stderr: ended.error === undefined ? ended.stderr : ended.error.message,
  }
}

/** Runs `argv` and throws LabError with its stderr unless it ends with code 0. */
export async function runOrThrow(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(argv)
  if (code !== 0) throw new LabError(`\`${argv.join(' ')}\` ended with code ${code}: ${stderr}`)
  return stdout
}

/** The result of a child that was started elsewhere. Rejects when it could not be started. */
export function resultOf(child: ChildProcess, argv: readonly string[]): Promise<Result> {
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(new LabError(`cannot run ${argv[0] ?? 'an empty command'}: ${error.message}`))
    })
    child.once('exit', (status, signal) => {
      const code = status ?? 128 + (signal === 'SIGKILL' ? 9 : 15)
      const settle = (): void => {
        child.stdout?.destroy()
        child.stderr?.destroy()
        resolve({ code, stdout: stdout(), stderr: stderr() })
      }
      // What this process is too late to read, it reads before the next immediate.
      const timer = setTimeout(() => setImmediate(settle), pipeCloseMsMax)
      child.once('close', () => {
        clearTimeout(timer)
        settle()
      })
    })
  })
}

/** Awaits `work` for at most `timeoutMs`; `give up` then stops the work and names it. */
export async function within<T>(
  timeoutMs: number,
  work: Promise<T>,
  giveUp: () => string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new LabError(`${giveUp()} did not end within ${timeoutMs} ms`))
    }, timeoutMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function collect(stream: Readable | null): () => string {
  let text = ''
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < outputCharsMax) text += chunk
  })
  return () => text
}

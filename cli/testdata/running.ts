/** `bulwark` as a child that goes on, for tests: its log, its alerts one by one, its end. */
import assert from 'node:assert/strict'
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import { mainFile } from './bulwark.ts'

/** Why no sensor can run here; `false` when it can. */
export const skip: string | false =
  (process.getuid?.() !== 0 && 'not root') ||
  (!existsSync('/sys/kernel/btf/vmlinux') && 'this kernel has no BTF')
/** Of one test, milliseconds: many times what it takes, for a machine with other things to do. */
export const timeout = 120_000
/** A test may have more than one such time; it ends its child itself. */
const childMsMax = 3 * timeout

export type Child = ChildProcessByStdio<null, Readable, Readable>

/** A child that tells alerts. */
export interface Running {
  readonly child: Child
  /** What it said up to now. */
  readonly log: readonly string[]
  /** The first line of the log, said already or to come, that holds a text; or a later one. */
  readonly said: (text: string, nth?: number) => Promise<string>
  /** The next alert; `no alert` when it has ended. */
  readonly alert: () => Promise<string>
}

/** A run leaves nothing behind on the machine that one of another test would read. */
const withoutState = (args: readonly string[]): readonly string[] =>
  args[0] === 'run' && args.includes('--kubeconfig') && !args.includes('--state-dir')
    ? ['--no-state-dir']
    : []

/**
 * Starts it.
 *
 * @param by  a command that becomes it
 */
export const startBulwark = (
  t: TestContext,
  args: readonly string[],
  by: readonly string[] = [],
): Running => {
  const [command, ...rest] = [...by, process.execPath, mainFile]
  const child: Child = spawn(command, [...rest, ...args, ...withoutState(args)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: childMsMax,
    killSignal: 'SIGKILL',
  })
  t.after(() => child.kill('SIGKILL'))
  const log: string[] = []
  let wake: () => void = () => {}
  const lines = createInterface(child.stderr)
  lines.on('line', (line) => {
    log.push(line)
    wake()
  })
  let ended = false
  lines.once('close', () => {
    ended = true
    wake()
  })
  const said = async (text: string, nth = 1): Promise<string> => {
    for (;;) {
      const found = log.filter((line) => line.includes(text))[nth - 1]
      if (found !== undefined) return found
      assert.ok(!ended, `it ended before it said "${text}":\n${log.join('\n')}`)
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  const alerts = createInterface(child.stdout)[Symbol.asyncIterator]()
  const alert = async (): Promise<string> => {
    const next = await alerts.next()
    return next.done === true ? 'no alert' : next.value
  }
  return { child, log, said, alert }
}

/** Starts a sensor with a rule file; resolves when it watches. */
export const startRun = async (
  t: TestContext,
  rules: string,
  args: readonly string[] = [],
  by: readonly string[] = [],
): Promise<Running> => {
  const running = startBulwark(t, ['run', '--rules', rules, ...args], by)
  assert.match(await running.said('watching'), /watching \d+ processes and \d+ containers$/)
  return running
}

/** Starts a server; resolves with its address when it listens. */
export const startServer = async (
  t: TestContext,
  args: readonly string[],
): Promise<Running & { readonly url: string }> => {
  const running = startBulwark(t, ['server', ...args])
  const [, url = ''] = / (https?:\S+)$/.exec(await running.said('listening on')) ?? []
  return { ...running, url }
}

/** Its exit code. */
export const end = async (child: Child, signal: NodeJS.Signals): Promise<unknown> => {
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

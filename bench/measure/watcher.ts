/**
 * A real sensor, `bin/bulwark run` as a child, and a shell that starts a program when told: so
 * that this process does nothing but wait for the alert while it is on its way.
 */
import type { ChildProcessByStdio } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { clocks } from '@bulwark/native'
import { root } from './official.ts'

const startMsMax = 30_000
const alertMsMax = 5_000
const endMsMax = 5_000

/** What one exec was like; nanoseconds since 1970. */
export interface Sample {
  /** Before the shell was told. */
  readonly toldNs: bigint
  /** The time stamp that the kernel put on the exec. */
  readonly eventNs: bigint
  /** When this process had read the line. */
  readonly arrivedNs: bigint
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Ends in the event `exit`, which a signal alone does not. */
const interrupted = (): void => process.exit(1)

type Child = ChildProcessByStdio<Writable | null, Readable, Readable | null>

const bounded = async <T>(work: Promise<T>, msMax: number, what: string): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no ${what} within ${msMax} ms`)), msMax)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const end = async (child: Child, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await bounded(ended, endMsMax, 'end of a child').catch(() => child.kill('SIGKILL'))
}

export class Watcher {
  /** As one would type it. */
  readonly command: string
  readonly #folder: string
  readonly #sensor: Child
  readonly #shell: Child
  #onLine: (line: string, arrivedNs: bigint) => void = () => {}
  #count = 0

  private constructor(folder: string, rules: readonly string[]) {
    this.#folder = folder
    const program = join(folder, 'benchmark')
    const marker = join(folder, 'marker.yaml')
    copyFileSync('/bin/true', program)
    writeFileSync(
      marker,
      `- rule: Benchmark\n  desc: d\n  condition: evt.type in (execve, execveat) and ` +
        `proc.exepath = ${program}\n  output: "%proc.args"\n  priority: NOTICE\n`,
    )
    const args = ['run', ...[...rules, marker].flatMap((path) => ['--rules', path]), '-o', 'json']
    this.command = ['bin/bulwark', ...args].join(' ')
    this.#sensor = spawn(join(root, 'bin/bulwark'), args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const loop = 'while read number; do "$0" "$number"; done'
    this.#shell = spawn('sh', ['-c', loop, program], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#sensor.stdout.setEncoding('latin1').on('data', this.#read)
    process.once('exit', this.#abandon)
    for (const signal of signals) process.once(signal, interrupted)
  }

  /** Starts both; resolves when the sensor watches. */
  static async start(rules: readonly string[]): Promise<Watcher> {
    const watcher = new Watcher(mkdtempSync(join(tmpdir(), 'bulwark-bench-')), rules)
    try {
      await bounded(watcher.#watching(), startMsMax, 'sensor that watches')
      return watcher
    } catch (error) {
      await watcher.stop()
      throw error
    }
  }

  async #watching(): Promise<void> {
    const { stderr } = this.#sensor
    if (!stderr) return
    const log: string[] = []
    for await (const line of createInterface(stderr)) {
      log.push(line)
      if (line.includes('watching')) {
        stderr.resume()
        return
      }
    }
    throw new Error(`the sensor does not start:\n${log.join('\n')}`)
  }

  readonly #read = (() => {
    let text = ''
    return (chunk: string): void => {
      const { realNs } = clocks()
      text += chunk
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n')) {
        this.#onLine(text.slice(0, at), realNs)
        text = text.slice(at + 1)
      }
    }
  })()

  /** Runs the program once; resolves with its alert. */
  async once(): Promise<Sample> {
    const number = String(this.#count++)
    const { promise, resolve } = Promise.withResolvers<Sample>()
    const wanted = `"proc.args":"${number}"`
    const toldNs = clocks().realNs
    this.#onLine = (line, arrivedNs) => {
      if (!line.includes(wanted)) return
      const eventNs = BigInt(/"evt\.time":(\d+)/.exec(line)?.[1] ?? 0)
      resolve({ toldNs, eventNs, arrivedNs })
    }
    this.#shell.stdin?.write(`${number}\n`)
    return await bounded(promise, alertMsMax, `alert of exec ${number}`)
  }

  /** Ends both and removes what they were given. */
  async stop(): Promise<void> {
    await Promise.all([end(this.#sensor, 'SIGTERM'), end(this.#shell, 'SIGTERM')])
    this.#abandon()
    process.off('exit', this.#abandon)
    for (const signal of signals) process.off(signal, interrupted)
  }

  readonly #abandon = (): void => {
    this.#sensor.kill('SIGKILL')
    this.#shell.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

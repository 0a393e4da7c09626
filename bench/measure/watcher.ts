/**
 * A real sensor, `bin/bulwark run` as a child, whose alerts go into a pipe, and the program of
 * programs/launch.c, which starts a program and reads that pipe: nothing else waits for the alert
 * while it is on its way.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { compiled } from './compiled.ts'
import { Sensor } from './sensor.ts'

const alertMsMax = 5_000
const mkfifoMsMax = 5_000

/** What one exec was like; nanoseconds since 1970. */
export interface Sample {
  /** Right before it called execve. */
  readonly calledNs: bigint
  /** The time stamp that the kernel put on the event. */
  readonly eventNs: bigint
  /** When its alert had been read from the pipe. */
  readonly arrivedNs: bigint
}

/** Starts of a program, one after another. */
export interface Launches {
  readonly samples: readonly Sample[]
  /** Whose alert did not come within five seconds. */
  readonly missed: number
}

const sampleOf = (line: string): Sample | undefined => {
  const [, called = '0', arrived = '0', alert = ''] = /^\d+ (\d+) (\d+) (.*)$/.exec(line) ?? []
  if (arrived === '0') return undefined
  const eventNs = BigInt(/"evt\.time":(\d+)/.exec(alert)?.[1] ?? 0)
  return { calledNs: BigInt(called), eventNs, arrivedNs: BigInt(arrived) }
}

export class Watcher {
  readonly #folder: string
  readonly #pipe: number
  readonly #sensor: Sensor

  private constructor(folder: string, pipe: number, sensor: Sensor) {
    this.#folder = folder
    this.#pipe = pipe
    this.#sensor = sensor
  }

  /** Starts the sensor, with one rule more than these, about one program. */
  static async start(rules: readonly string[], args: readonly string[]): Promise<Watcher> {
    const folder = mkdtempSync(join(tmpdir(), 'bulwark-bench-'))
    const program = join(folder, 'benchmark')
    const marker = join(folder, 'marker.yaml')
    const fifo = join(folder, 'alerts')
    copyFileSync('/bin/true', program)
    writeFileSync(
      marker,
      `- rule: Benchmark\n  desc: d\n  condition: evt.type in (execve, execveat) and ` +
        `proc.exepath = ${program}\n  output: "%proc.args"\n  priority: NOTICE\n`,
    )
    execFileSync('mkfifo', [fifo], { timeout: mkfifoMsMax })
    // Both ends: it neither waits for a writer nor ends with one.
    const pipe = openSync(fifo, 'r+')
    try {
      const files = [...rules, marker].flatMap((path) => ['--rules', path])
      const sensor = await Sensor.start([...files, '-o', 'json', ...args], pipe)
      return new Watcher(folder, pipe, sensor)
    } catch (error) {
      closeSync(pipe)
      rmSync(folder, { recursive: true })
      throw error
    }
  }

  /** As one would type it. */
  get command(): string {
    return this.#sensor.command
  }

  /**
   * Starts the program so many times, each after a pause and when the alert before has come.
   *
   * @throws Error  a program could not be started
   */
  async launch(count: number, pauseMs: number): Promise<Launches> {
    const program = join(this.#folder, 'benchmark')
    const args = [program, String(count), String(pauseMs), String(alertMsMax)]
    const child = spawn(compiled('launch'), args, {
      stdio: [this.#pipe, 'pipe', 'inherit'],
      timeout: count * (pauseMs + alertMsMax),
    })
    const ended = once(child, 'close')
    const lines: string[] = []
    if (child.stdout === null) throw new Error('launch has no output')
    createInterface(child.stdout).on('line', (line) => lines.push(line))
    await ended
    if (child.exitCode !== 0) throw new Error(`launch ended with ${child.exitCode}`)
    const samples = lines.map(sampleOf).filter((sample) => sample !== undefined)
    return { samples, missed: count - samples.length }
  }

  /** Ends the sensor and removes what it was given. */
  async stop(): Promise<void> {
    await this.#sensor.stop()
    closeSync(this.#pipe)
    rmSync(this.#folder, { recursive: true })
  }
}

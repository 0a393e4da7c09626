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
import { atEnd } from './at-end.ts'
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

/** A program of Node.js that does nothing but wait for a line, and pass it on. */
const echo = `
  const { Socket } = require('node:net')
  const { openSync, writeSync } = require('node:fs')
  new Socket({ fd: openSync(process.argv[1], 'r+'), readable: true, writable: false })
    .on('data', (line) => writeSync(1, line))`

/** What waits for a line and passes it on: a program in C, and one of Node.js. */
export type Passer = 'c' | 'node'

const commandOf = (passer: Passer, fifo: string): readonly [string, ...string[]] =>
  passer === 'c' ? [compiled('pass'), fifo] : [process.execPath, '-e', echo, fifo]

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
    // About which no rule is.
    copyFileSync('/bin/true', join(folder, 'other'))
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
    return await this.#launch('benchmark', count, pauseMs, this.#pipe)
  }

  /**
   * What no such program is faster than: one that is told of each start by a pipe, and has nothing
   * to do but to pass that on.
   */
  async launchBare(passer: Passer, count: number, pauseMs: number): Promise<Launches> {
    const [told, passed] = ['told', 'passed'].map((name) => join(this.#folder, name))
    if (told === undefined || passed === undefined) throw new Error('two pipes have names')
    execFileSync('mkfifo', [told, passed], { timeout: mkfifoMsMax })
    const pipe = openSync(passed, 'r+')
    const [program, ...args] = commandOf(passer, told)
    const bare = spawn(program, args, { stdio: ['ignore', pipe, 'inherit'] })
    const allEnded = atEnd(() => bare.kill('SIGKILL'))
    const ended = once(bare, 'exit')
    try {
      return await this.#launch('other', count, pauseMs, pipe, [told])
    } finally {
      bare.kill('SIGKILL')
      await ended
      allEnded()
      closeSync(pipe)
      rmSync(told)
      rmSync(passed)
    }
  }

  async #launch(
    name: string,
    count: number,
    pauseMs: number,
    pipe: number,
    more: readonly string[] = [],
  ): Promise<Launches> {
    const program = join(this.#folder, name)
    const args = [program, String(count), String(pauseMs), String(alertMsMax), ...more]
    const child = spawn(compiled('launch'), args, {
      stdio: [pipe, 'pipe', 'inherit'],
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

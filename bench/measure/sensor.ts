/** `bin/bulwark run` as a child, for what it costs: its start, its memory, its processor time. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { root } from './official.ts'

/** What a sensor was when it ended. MiB are of resident memory. */
export interface SensorEnd {
  readonly startSeconds: number
  readonly startMib: number
  readonly loadMib: number
  readonly mostMib: number
  readonly processorSeconds: number
  /** That reached user space. */
  readonly events: number
  /** Whole events, by the kernel side's counters. */
  readonly lost: number
}

/** An emulated machine needs minutes for what takes a second. */
const slowness = process.env['BULWARK_GUEST'] === '1' ? 5 : 1
const startMsMax = slowness * 60_000
const stopMsMax = slowness * 15_000
/** After its start it gives memory back. */
const settleMs = 1_000
/** Of /proc/<pid>/stat, on every Linux that this runs on. */
const ticksPerSecond = 100

export class Sensor {
  /** As one would type it. */
  readonly command: string
  readonly #child: ChildProcess
  readonly #log: string[] = []
  readonly #abandon = (): boolean => this.#child.kill('SIGKILL')
  #startSeconds = NaN
  #startMib = NaN

  private constructor(args: readonly string[]) {
    const shown = args.map((word) => (word.startsWith('/') ? relative(root, word) : word))
    this.command = ['bin/bulwark', 'run', ...shown].join(' ')
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    this.#child = spawn(join(root, 'bin/bulwark'), ['run', ...args], { stdio })
    process.once('exit', this.#abandon)
  }

  /**
   * Starts one with these options of `bulwark run`; resolves when it watches and has settled.
   *
   * @throws Error  its log, when it does not start
   */
  static async start(args: readonly string[]): Promise<Sensor> {
    const begin = performance.now()
    const sensor = new Sensor(args)
    await sensor.#watching()
    sensor.#startSeconds = (performance.now() - begin) / 1e3
    await pause(settleMs)
    sensor.#startMib = sensor.#status('VmRSS')
    return sensor
  }

  async #watching(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const fail = (why: string) => (): void => {
      this.#child.kill('SIGKILL')
      reject(new Error(`the sensor ${why}:\n${this.#log.join('\n')}`))
    }
    const timer = setTimeout(fail(`does not watch after ${startMsMax} ms`), startMsMax)
    this.#child.once('exit', fail('ended'))
    const { stderr } = this.#child
    if (stderr === null) throw new Error('the sensor has no log')
    createInterface(stderr).on('line', (line) => {
      this.#log.push(line)
      if (line.includes(': watching ')) resolve(undefined)
    })
    await promise
    clearTimeout(timer)
    this.#child.removeAllListeners('exit')
  }

  /** A line of /proc/<pid>/status in MiB. */
  #status(name: string): number {
    const text = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024
  }

  #processorSeconds(): number {
    const stat = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8')
    // Behind the name, which may hold anything: user and system time are the 12th and 13th.
    const values = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(values[11]) + Number(values[12])) / ticksPerSecond
  }

  /** Ends it; says what it was. */
  async stop(): Promise<SensorEnd> {
    const loadMib = this.#status('VmRSS')
    const mostMib = this.#status('VmHWM')
    const processorSeconds = this.#processorSeconds()
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(this.#abandon, stopMsMax)
    await ended
    clearTimeout(timer)
    process.off('exit', this.#abandon)
    const last = this.#log.findLast((line) => line.includes('stopped (')) ?? ''
    const events = Number(/after (\d+) events/.exec(last)?.[1])
    const lostText = /lost: ([^;]*)/.exec(last)?.[1] ?? ''
    const lost = [...lostText.matchAll(/ (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0)
    if (Number.isNaN(events)) throw new Error(`the sensor did not end well: ${last}`)
    const start = { startSeconds: this.#startSeconds, startMib: this.#startMib }
    return { ...start, loadMib, mostMib, processorSeconds, events, lost }
  }
}

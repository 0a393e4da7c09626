/** `bin/bulwark run` as a child, for what it costs: its start, its memory, its processor time. */
import type { ChildProcess, StdioOptions } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { eventKinds } from '@bulwark/schema'
import { atEnd } from './at-end.ts'
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
  /** Those of them that keep the tables of processes and containers. */
  readonly stateEvents: number
  /** Whole events, by the kernel side's counters. */
  readonly lost: number
}

/** An emulated machine needs minutes for what takes a second. */
const slowness = process.env['BULWARK_GUEST'] === '1' ? 5 : 1
const startMsMax = slowness * 60_000
const stopMsMax = slowness * 15_000
const lineMsMax = slowness * 60_000
/** After its start it gives memory back. */
const settleMs = 1_000
/** It has settled when it takes less than this share of a core in each of so many windows. */
const calmShare = 0.01
const calmWindows = 15
const windowMs = 1_000
const calmMsMax = slowness * 60_000

const binary = join(root, 'bin/bulwark')

/** Whether filters run in the kernel: the argument `--filter on|off` of a benchmark. */
export type FilterChoice = 'on' | 'off'

const filterSwitch = '--no-kernel-filter'
/** What it says last when it starts. */
const filtersLine = 'filters in place'
let knowsFilters: boolean | undefined

/** Whether this build has filters in the kernel. */
export const hasFilters = (): boolean =>
  (knowsFilters ??= execFileSync(binary, ['run', '--help'], { encoding: 'utf8' }).includes(
    filterSwitch,
  ))

/** What the command line of this benchmark says. */
export const filterChoice = (): FilterChoice => {
  const at = process.argv.indexOf('--filter')
  const choice = at < 0 ? 'on' : process.argv[at + 1]
  if (choice !== 'on' && choice !== 'off') throw new Error('--filter is on or off')
  return choice
}

/** The options of `bulwark run` for it. */
export const filterArgs = (choice: FilterChoice): readonly string[] =>
  choice === 'off' && hasFilters() ? [filterSwitch] : []

const stateKinds = new Set(eventKinds.filter(({ state }) => state).map(({ name }) => name))

/** From `events by kind: open 12, fork 3`. */
const stateEventsOf = (text: string): number =>
  [...text.matchAll(/(\w+) (\d+)/g)]
    .filter(([, kind = '']) => stateKinds.has(kind))
    .reduce((sum, [, , count]) => sum + Number(count), 0)

/** Processor time of all threads of a process so far, to the nanosecond. */
export const processorSecondsOf = (pid: number): number => {
  const ns = readdirSync(`/proc/${pid}/task`).map((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
    return Number(text.split(' ')[0])
  })
  return ns.reduce((sum, each) => sum + each, 0) / 1e9
}

export class Sensor {
  /** As one would type it. */
  readonly command: string
  readonly #child: ChildProcess
  readonly #log: string[] = []
  readonly #abandon = (): boolean => this.#child.kill('SIGKILL')
  readonly #ended: () => void
  #onLine: (line: string) => void = () => {}
  #startSeconds = NaN
  #startMib = NaN

  private constructor(args: readonly string[], stdout: 'ignore' | number) {
    const shown = args.map((word) => (word.startsWith('/') ? relative(root, word) : word))
    this.command = ['bin/bulwark', 'run', ...shown].join(' ')
    const stdio: StdioOptions = ['ignore', stdout, 'pipe']
    this.#child = spawn(binary, ['run', ...args], { stdio })
    this.#ended = atEnd(this.#abandon)
    const { stderr } = this.#child
    if (stderr === null) throw new Error('the sensor has no log')
    createInterface(stderr).on('line', (line) => {
      this.#log.push(line)
      this.#onLine(line)
    })
  }

  /**
   * Starts one with these options of `bulwark run`; resolves when it watches, filters are in place,
   * and it has settled.
   *
   * @param stdout  where its alerts go: a file descriptor
   * @throws Error  its log, when it does not start
   */
  static async start(
    args: readonly string[],
    stdout: 'ignore' | number = 'ignore',
  ): Promise<Sensor> {
    const begin = performance.now()
    const sensor = new Sensor(args, stdout)
    await sensor.says(': watching ', startMsMax)
    sensor.#startSeconds = (performance.now() - begin) / 1e3
    if (hasFilters() && !args.includes(filterSwitch) && !args.includes('--record')) {
      const isSaid = sensor.#log.some((line) => line.includes(filtersLine))
      if (!isSaid) await sensor.says(filtersLine, startMsMax)
    }
    await pause(settleMs)
    sensor.#startMib = sensor.memoryMib()
    return sensor
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the sensor was not started')
    return this.#child.pid
  }

  /** Seconds from its start to the line that says that it watches. */
  get startSeconds(): number {
    return this.#startSeconds
  }

  /**
   * Resolves with the next line of its log that holds a text.
   *
   * @throws Error  its log, when it ends before, or does not say it in time
   */
  async says(text: string, msMax = lineMsMax): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const fail = (why: string) => (): void => {
      this.#child.kill('SIGKILL')
      reject(new Error(`the sensor ${why}:\n${this.#log.join('\n')}`))
    }
    const timer = setTimeout(fail(`does not say "${text}" in ${msMax} ms`), msMax)
    const onExit = fail('ended')
    this.#child.once('exit', onExit)
    this.#onLine = (line) => {
      if (line.includes(text)) resolve(line)
    }
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      this.#child.off('exit', onExit)
    }
  }

  /** A number of /proc/<pid>/status. */
  #status(name: string): number {
    const text = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1])
  }

  /** How often its main thread has gone to sleep, and so was woken up again. */
  wakeUps(): number {
    return this.#status('voluntary_ctxt_switches')
  }

  /** Resident memory. */
  memoryMib(): number {
    return this.#status('VmRSS') / 1024
  }

  /** Processor time of all its threads so far, to the nanosecond. */
  processorSeconds(): number {
    return processorSecondsOf(this.pid)
  }

  /**
   * Resolves when it does no more than it does for ever: the start is over, memory was given back,
   * and V8 has tidied up after it, which it does up to half a minute later. A second of more than a
   * hundredth of a core is not calm.
   *
   * @returns seconds that this took; more than a minute is not waited for
   */
  async calm(): Promise<number> {
    const begin = performance.now()
    let windows = 0
    while (windows < calmWindows && performance.now() - begin < calmMsMax) {
      const [before, from] = [this.processorSeconds(), performance.now()]
      await pause(windowMs)
      const share = (1e3 * (this.processorSeconds() - before)) / (performance.now() - from)
      windows = share < calmShare ? windows + 1 : 0
    }
    return (performance.now() - begin) / 1e3
  }

  /** Ends it; says what it was. */
  async stop(): Promise<SensorEnd> {
    const loadMib = this.memoryMib()
    const mostMib = this.#status('VmHWM') / 1024
    const processorSeconds = this.processorSeconds()
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(this.#abandon, stopMsMax)
    await ended
    clearTimeout(timer)
    this.#ended()
    const last = this.#log.findLast((line) => line.includes('stopped (')) ?? ''
    const kinds = this.#log.findLast((line) => line.includes('events by kind: ')) ?? ''
    const events = Number(/after (\d+) events/.exec(last)?.[1])
    const lostText = /lost: ([^;]*)/.exec(last)?.[1] ?? ''
    const lost = [...lostText.matchAll(/ (\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0)
    if (Number.isNaN(events)) throw new Error(`the sensor did not end well: ${last}`)
    return {
      startSeconds: this.#startSeconds,
      startMib: this.#startMib,
      loadMib,
      mostMib,
      processorSeconds,
      events,
      stateEvents: stateEventsOf(kinds.split('events by kind: ')[1] ?? ''),
      lost,
    }
  }
}

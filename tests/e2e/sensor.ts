/**
 * A real sensor for tests: `bin/bulwark run` as a child, its alerts as they come.
 *
 * Silence is proved, not waited for: observe() performs an act, then rings a bell that certainly
 * alerts, and returns what was told before the bell.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import type { Container } from '@bulwark/tools'

/** One line of the sensor's stdout, in Falco's JSON. */
export type Alert = {
  readonly rule: string
  readonly priority: string
  readonly output: string
  readonly source: string
  readonly tags: readonly string[]
  readonly time: string
  readonly hostname: string
  readonly uuid: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark?: { readonly truncated: readonly string[] }
}

export type SensorOptions = {
  readonly rules: readonly string[]
  /** Every rule of an event alerts, not only the first: for rules that another one hides. */
  readonly matching?: 'all'
  /** Size of the ring, for more events at a time than the usual one holds. */
  readonly ringMib?: number
  /** Lines of /etc/hosts that only the sensor sees: address and name. */
  readonly hosts?: readonly string[]
  /** Whether it keeps all events, for `replay`; it does when not said. For one that does not the
   * kernel drops what no rule can match. */
  readonly records?: boolean
}

/** The program that rings, as a path in the container that bears the bell. */
export const bellProgram = '/usr/bin/end-of-act'

/** All of an alert that a replay tells again. */
export const withoutUuid = (alert: Alert): Alert => ({ ...alert, uuid: '' })

const bulwark = join(import.meta.dirname, '../../bin/bulwark')
const bellRules = join(import.meta.dirname, 'sentinel.yaml')
const startMsMax = 60_000
const bellMsMax = 60_000
const stopMsMax = 60_000
const replayMsMax = 120_000
const logLinesMax = 200

export class Sensor {
  readonly #child: ChildProcess
  /** Options that a replay takes, too. */
  readonly #asked: readonly string[]
  readonly #capture: string
  readonly #alerts: Alert[] = []
  readonly #log: string[] = []
  #fault: Error | undefined
  #wake: () => void = () => {}

  private constructor(child: ChildProcess, asked: readonly string[], capture: string) {
    this.#child = child
    this.#asked = asked
    this.#capture = capture
  }

  /**
   * Starts the sensor; resolves when it watches, and its filters are in place. Rejects with its log
   * when it does not.
   *
   * @param folder  where it runs and keeps what it needs; the caller removes it
   */
  static async start(options: SensorOptions, folder: string): Promise<Sensor> {
    const rules = [...options.rules, bellRules].flatMap((path) => ['--rules', path])
    const asked = [...rules, '--rule-matching', options.matching ?? 'first', '-o', 'json']
    const capture = join(folder, 'all.bulwark')
    const record = options.records === false ? [] : ['--record', capture]
    const ring = options.ringMib === undefined ? [] : ['--ring-mib', String(options.ringMib)]
    const argv = [bulwark, 'run', ...asked, ...ring, ...record]
    // The kernel ends the sensor with this process, however that ends.
    const command = ['--pdeathsig', 'TERM', ...withHosts(argv, options.hosts ?? [], folder)]
    const child = spawn('setpriv', command, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const sensor = new Sensor(child, asked, capture)
    // Without filters it watches as soon as it says so.
    const last = options.records === false ? 'filters in place' : 'watching'
    const watching = sensor.#read(child.stdout, child.stderr, last)
    try {
      await sensor.#until(() => watching() || undefined, startMsMax, `the line of "${last}"`)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
    return sensor
  }

  /**
   * Does something and returns all alerts that came of it.
   *
   * @param bearer  a container with `bellProgram` in it
   */
  async observe(bearer: Container, act: () => Promise<void>): Promise<readonly Alert[]> {
    const [alerts = []] = await Sensor.observeBy([this], bearer, act)
    return alerts
  }

  /** The same for several sensors that watch at once: what each of them told. */
  static async observeBy(
    sensors: readonly Sensor[],
    bearer: Container,
    act: () => Promise<void>,
  ): Promise<readonly (readonly Alert[])[]> {
    const firsts = sensors.map((sensor) => [sensor, sensor.#alerts.length] as const)
    await act()
    const bell = randomUUID()
    await bearer.exec([bellProgram, 'say', bell])
    return await Promise.all(firsts.map(([sensor, first]) => sensor.#before(bell, first)))
  }

  /** The alerts from the one of that number on, until the bell. */
  async #before(bell: string, first: number): Promise<readonly Alert[]> {
    const isBell = ({ output }: Alert): boolean => output.includes(bell)
    const last = await this.#until(
      () => {
        const index = this.#alerts.findIndex((alert, i) => i >= first && isBell(alert))
        return index === -1 ? undefined : index
      },
      bellMsMax,
      'the bell',
    )
    return this.#alerts.slice(first, last)
  }

  /** Ends the sensor; rejects when it does not end well, or lost events: silence proved nothing. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    try {
      const ended = (): number | undefined => this.#child.exitCode ?? undefined
      const code = await this.#until(ended, stopMsMax, 'its end', true)
      const log = this.#log.join('\n')
      if (code !== 0) throw new Error(`the sensor ended with code ${code}:\n${log}`)
      if (/lost: (?!none)/.test(log)) throw new Error(`the sensor lost events:\n${log}`)
    } finally {
      this.#child.kill('SIGKILL')
    }
  }

  /** All that was told so far. */
  get alerts(): readonly Alert[] {
    return this.#alerts
  }

  /** What a replay of all that the sensor saw tells; it has to be stopped. */
  async replay(): Promise<readonly Alert[]> {
    const argv = ['replay', this.#capture, ...this.#asked]
    const bounds = { timeout: replayMsMax, maxBuffer: 512 * 1024 * 1024 }
    const { stdout } = await promisify(execFile)(bulwark, argv, bounds)
    const lines = stdout.split('\n').filter((line) => line !== '')
    return lines.map((line) => JSON.parse(line) as Alert)
  }

  /** Collects both streams. The result tells whether the last line of the start was said. */
  #read(stdout: Readable, stderr: Readable, last: string): () => boolean {
    let watching = false
    createInterface(stderr).on('line', (line) => {
      this.#log.push(line)
      if (this.#log.length > logLinesMax) this.#log.shift()
      watching ||= line.includes(last)
      this.#wake()
    })
    createInterface(stdout).on('line', (line) => {
      try {
        this.#alerts.push(JSON.parse(line) as Alert)
      } catch {
        this.#fault ??= new Error(`expected an alert on stdout, found: ${line}`)
      }
      this.#wake()
    })
    this.#child.once('error', (error) => {
      this.#fault ??= error
      this.#wake()
    })
    this.#child.once('close', () => this.#wake())
    return () => watching
  }

  /** Looks again after every line, until there is a value, the sensor ends or time is up. */
  async #until<T>(
    look: () => T | undefined,
    msMax: number,
    what: string,
    mayEnd = false,
  ): Promise<T> {
    const deadline = Date.now() + msMax
    for (;;) {
      const value = look()
      if (value !== undefined) return value
      if (this.#fault !== undefined) throw this.#fault
      const hasEnded = this.#child.exitCode !== null || this.#child.signalCode !== null
      const isLate = Date.now() >= deadline
      if (isLate || (hasEnded && !mayEnd)) {
        const how = hasEnded ? 'the sensor ended' : `${msMax} ms passed`
        // Kept: a sensor that has failed once fails all that follows, without another wait.
        this.#fault = new Error(`${how} before ${what} came:\n${this.#log.join('\n')}`)
        throw this.#fault
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
}

/** Runs `argv` in a mount name space of its own where /etc/hosts has more lines. */
function withHosts(argv: string[], hosts: readonly string[], folder: string): string[] {
  if (hosts.length === 0) return argv
  const file = join(folder, 'hosts')
  writeFileSync(file, ['127.0.0.1 localhost', ...hosts, ''].join('\n'))
  const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
  return ['unshare', '--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh', file, ...argv]
}

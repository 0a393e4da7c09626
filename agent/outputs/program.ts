/**
 * Alerts to a program's standard input: a line each, to a shell command that is started for each
 * alert, or that is kept running. What it prints goes to stderr: stdout is for alerts.
 */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

export interface ProgramSettings {
  /** For `/bin/sh -c`. */
  readonly command: string
  readonly keepAlive: boolean
  /** For one alert; of a program that is kept running, until it has read it. */
  readonly timeoutMs: number
}

type Child = ChildProcess & { readonly stdin: Writable }

const stderrFd = 2

/** In a process group of its own, so that all that the command starts can be ended with it. */
const startShell = (command: string): Child => {
  const stdio = ['pipe', stderrFd, stderrFd] as const
  const child = spawn('/bin/sh', ['-c', command], { stdio: [...stdio], detached: true })
  // Whoever waits for it is told, too; without this, an error nobody hears ends the agent.
  child.on('error', () => {})
  // So it is where no descriptor is left for it.
  if (!child.stdin) throw new SinkFault('cannot start the program: too many open files')
  return child as Child
}

const endGroup = ({ pid }: Child, signal: NodeJS.Signals): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It has ended.
  }
}

const howItEnded = (code: number | null, signal: string | null): string =>
  signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`

const withText = (entries: readonly Entry[]): string =>
  entries.map(({ line }) => `${line}\n`).join('')

/** Starts the command for each alert. */
export class EachProgramSink implements Sink {
  readonly batchMax = 1
  readonly #settings: ProgramSettings

  constructor(settings: ProgramSettings) {
    this.#settings = settings
  }

  async send(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const { command, timeoutMs } = this.#settings
    const child = startShell(command)
    let late = false
    const stop = (): void => endGroup(child, 'SIGKILL')
    const timer = setTimeout(() => {
      late = true
      stop()
    }, timeoutMs)
    signal.addEventListener('abort', stop, { once: true })
    // A program need not read what it is not interested in.
    child.stdin.on('error', () => {})
    child.stdin.end(withText(entries))
    const triesMax = limits.channelProgramTriesMax
    try {
      const [code, killer] = (await once(child, 'exit')) as [number | null, string | null]
      if (code === 0) return
      const how = late ? `took over ${timeoutMs / 1000} s` : howItEnded(code, killer)
      throw new SinkFault(`the program ${how}`, { triesMax })
    } catch (error) {
      if (error instanceof SinkFault) throw error
      throw new SinkFault(`cannot start the program: ${reasonOf(error)}`, { cause: error })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

  reopen(): void {
    // Nothing is held.
  }

  async close(): Promise<void> {
    // Nothing is held.
  }
}

/** A program that ends sooner after its start than this is started again only after a pause. */
const soonMs = 1_000

/** Keeps the command running, and starts it anew when it has ended. */
export class KeptProgramSink implements Sink {
  readonly batchMax = limits.channelBatchMax
  readonly #settings: ProgramSettings
  readonly #onUnread: (message: string, alerts: number) => void
  #child: Child | undefined
  /** Bytes of the newest lines, as many as it may not have read. */
  #given: number[] = []
  #givenBytes = 0
  #quickEnds = 0
  #notBeforeMs = 0
  /** Of the call of `send` that waits. */
  #fail: (message: string) => void = () => {}

  /** @param onUnread  it ended, and may not have read the last alerts that it was given */
  constructor(settings: ProgramSettings, onUnread: (message: string, alerts: number) => void) {
    this.#settings = settings
    this.#onUnread = onUnread
  }

  async send(entries: readonly Entry[]): Promise<void> {
    const pauseMs = this.#notBeforeMs - performance.now()
    if (!this.#child && pauseMs > 0) {
      throw new SinkFault('the program ends as soon as it is started', { pauseMs })
    }
    const child = (this.#child ??= this.#start())
    const { timeoutMs } = this.#settings
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#fail = (message) => reject(new SinkFault(message))
        timer = setTimeout(() => {
          reject(new SinkFault(`the program read nothing for ${timeoutMs / 1000} s, and was ended`))
          endGroup(child, 'SIGKILL')
        }, timeoutMs)
        // Why a write fails is told by how the program ended.
        child.stdin.write(withText(entries), (error) => {
          if (!error) resolve()
        })
      })
      this.#note(entries)
    } finally {
      clearTimeout(timer)
      this.#fail = () => {}
    }
  }

  #start(): Child {
    const child = startShell(this.#settings.command)
    const startedMs = performance.now()
    child.stdin.on('error', () => {})
    child.once('error', (error) => this.#onEnd(child, startedMs, `cannot start: ${error.message}`))
    child.once('exit', (code, signal) =>
      this.#onEnd(child, startedMs, `the program ${howItEnded(code, signal)}`),
    )
    return child
  }

  #onEnd(child: Child, startedMs: number, message: string): void {
    child.stdin.destroy()
    // One that was asked to end has read what it wanted.
    if (child !== this.#child) return
    const now = performance.now()
    this.#quickEnds = now - startedMs < soonMs ? this.#quickEnds + 1 : 0
    const { channelPauseMsMin: min, channelPauseMsMax: max } = limits
    if (this.#quickEnds > 0) this.#notBeforeMs = now + Math.min(min * 2 ** this.#quickEnds, max)
    const unread = this.#given.length
    this.#forget()
    this.#fail(message)
    if (unread > 0) this.#onUnread(message, unread)
  }

  #note(entries: readonly Entry[]): void {
    for (const { bytes } of entries) {
      this.#given.push(bytes + 1)
      this.#givenBytes += bytes + 1
    }
    while (this.#givenBytes > limits.channelPipeBytes) this.#givenBytes -= this.#given.shift() ?? 0
  }

  #forget(): void {
    this.#child = undefined
    this.#given = []
    this.#givenBytes = 0
  }

  /** The old one reads what it was given, and ends when it likes. */
  reopen(): void {
    this.#child?.stdin.end()
    this.#forget()
  }

  async close(): Promise<void> {
    const child = this.#child
    this.reopen()
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const timer = setTimeout(() => endGroup(child, 'SIGKILL'), limits.channelCloseMsMax / 2)
    await once(child, 'exit').catch(() => {})
    clearTimeout(timer)
  }
}

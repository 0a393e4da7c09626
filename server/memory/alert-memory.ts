/**
 * Alerts over a restart: which were told, so that none is told twice, and those of the last minutes
 * with the nodes that were taken over, so that what comes is joined with them. Lines of JSON, which
 * are written on before an agent is answered; a file that has grown is moved aside, and the one
 * before it is gone. What cannot be kept is told and counted, and holds no alert up.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { TakenNode } from '@bulwark/graph'
import type { Judged, ToldBefore } from '../judge/index.ts'
import { limits } from '../limits.ts'
import { readAlert } from '../link/read-alert.ts'
import type { ReceivedAlert } from '../link/read-alert.ts'
import { parseExact } from '../link/read-batch.ts'
import { alertLine } from '../link/write-alert.ts'
import type { StateFile, StateFiles } from './files.ts'
import type { KeptAlerts } from './read-lines.ts'
import { formVersion, readKept } from './read-lines.ts'

/** Where alerts are kept, and of which cluster. */
export interface AlertState {
  readonly files: StateFiles
  /** What is of another one is not taken. */
  readonly cluster: string
}

const currentName = 'alerts.jsonl'
const olderName = 'alerts.older.jsonl'

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** In one line of a file that is begun. */
const uuidsOfLine = 1_000

const none: KeptAlerts = { uuids: new Set(), told: new Map(), taken: [], bad: 0 }

export interface AlertMemoryOptions extends AlertState {
  readonly log: (line: string) => void
  /** Nodes that are known to be taken over by now. */
  readonly taken: () => Iterable<TakenNode>
  /** How long an answer waits for the disk, milliseconds; that of `limits` when not said. */
  readonly keepMsMax?: number
}

export class AlertMemory {
  readonly #options: AlertMemoryOptions
  /** Of an earlier run, until they are in the file of this one. */
  #before: KeptAlerts
  #file: StateFile | undefined
  /** Of the file, as it is. */
  #bytes = 0
  #alerts = 0
  /** Lines that are to be written, with their line ends. */
  #pending: string[] = []
  #pendingChars = 0
  #writing: Promise<void> | undefined
  #isTorn = false
  #isSlow = false
  #said = ''
  /** Lines that were not kept. */
  unkept = 0

  /** Reads what an earlier run has kept. Never throws: what is wrong is told. */
  constructor(options: AlertMemoryOptions) {
    this.#options = options
    this.#before = this.#read()
  }

  /** Those that were told, the oldest first. */
  get uuids(): Iterable<string> {
    return this.#before.uuids
  }

  /** Nodes that were taken over. */
  get taken(): readonly TakenNode[] {
    return this.#before.taken
  }

  /** The last of those that others may belong to, in the order in which they were told. */
  toldBefore(): readonly ToldBefore<ReceivedAlert>[] {
    const all: ToldBefore<ReceivedAlert>[] = []
    for (const { line, level } of this.#before.told.values()) {
      const { alert: value } = parseExact(line) as { readonly alert?: unknown }
      const alert = readAlert(value)
      if (!('reason' in alert)) all.push({ alert, level })
    }
    return all
  }

  /** Keeps an alert that was told, and what came of it. */
  keep(alert: ReceivedAlert, { level, raised, taken }: Judged<ReceivedAlert>): void {
    const { uuid } = alert
    this.#put(level ? alertLine(alert, { uuid, ...level }) : JSON.stringify({ uuid }))
    for (const each of raised) {
      this.#put(JSON.stringify({ uuid: each.alert.uuid, ...each.level }))
    }
    if (taken) this.#put(JSON.stringify({ taken }))
    this.#alerts++
  }

  #put(line: string): void {
    if (this.#pendingChars > limits.keptPendingCharsMax) {
      this.unkept++
      this.#sayOnce('the disk is too slow')
      return
    }
    this.#pending.push(`${line}\n`)
    this.#pendingChars += line.length + 1
  }

  /** Resolves when all was written, or cannot be, or takes too long. Never rejects. */
  async written(): Promise<void> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
      this.#isSlow = false
    })
    // One that hangs is waited for once.
    if (this.#isSlow) return
    const late = new AbortController()
    const { keepMsMax = limits.keepMsMax } = this.#options
    const tooLate = pause(keepMsMax, true, { signal: late.signal }).catch(() => false)
    this.#isSlow = (await Promise.race([this.#writing, tooLate])) === true
    late.abort()
    if (this.#isSlow) this.#sayOnce('the disk is too slow')
  }

  async close(): Promise<void> {
    await this.written()
    if (!this.#writing) await this.#file?.close().catch(() => {})
  }

  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = this.#pending
      this.#pending = []
      this.#pendingChars = 0
      try {
        const file = await this.#openFor()
        // After one that was cut, so that it spoils no other.
        const text = `${this.#isTorn ? '\n' : ''}${lines.join('')}`
        this.#isTorn = true
        await file.append(text)
        this.#isTorn = false
        this.#bytes += Buffer.byteLength(text)
        this.#said = ''
      } catch (error) {
        this.unkept += lines.length
        this.#sayOnce(messageOf(error))
      }
    }
  }

  /** The file to write on: one of this run, and of a bounded length. */
  async #openFor(): Promise<StateFile> {
    const { files, taken } = this.#options
    if (!this.#file) {
      // What was read is in one file then: a cut or foreign one has gone.
      const lines = [...linesOf(this.#before), ...takenLines(taken())]
      await this.#begin(lines)
      this.#before = none
      return this.#open()
    }
    const isFull =
      this.#bytes > limits.keptFileBytesMax || this.#alerts > limits.rememberedAlertsMax / 2
    if (!isFull) return this.#file
    const full = this.#file
    await files.rename(currentName, olderName)
    await this.#begin(takenLines(taken()))
    await full.close().catch(() => {})
    return this.#open()
  }

  async #begin(lines: readonly string[]): Promise<void> {
    const { files, cluster } = this.#options
    const text = [JSON.stringify({ version: formVersion, cluster }), ...lines, ''].join('\n')
    this.#file = await files.replace(currentName, text)
    this.#bytes = Buffer.byteLength(text)
    this.#alerts = this.#before.uuids.size
    this.#isTorn = false
  }

  #open(): StateFile {
    if (!this.#file) throw new Error('the file is not open')
    return this.#file
  }

  /** The older file, then the current one. What cannot be used is told, and the other is taken. */
  #read(): KeptAlerts {
    const { files, cluster, log } = this.#options
    const texts = [olderName, currentName].flatMap((name) => {
      const path = files.pathOf(name)
      try {
        const text = files.read(name, 2 * limits.keptFileBytesMax)
        return text === undefined ? [] : { path, text }
      } catch (error) {
        log(`warning: alerts kept in ${path} are not read: ${messageOf(error)}`)
        return []
      }
    })
    const all = readKept(texts, cluster, log)
    if (all.uuids.size > 0) {
      log(`alerts of an earlier run: ${all.uuids.size} were told, ${all.told.size} are joined`)
    }
    return all
  }

  #sayOnce(message: string): void {
    if (message === this.#said) return
    this.#said = message
    const help = 'alerts go on, and some may be told again after it; give another --state-dir'
    this.#options.log(`warning: alerts are not kept over a restart: ${message}; ${help}`)
  }
}

const takenLines = (taken: Iterable<TakenNode>): readonly string[] =>
  [...taken].map((each) => JSON.stringify({ taken: each }))

/** What was read, as lines again. */
const linesOf = ({ uuids, told }: KeptAlerts): readonly string[] => {
  const plain = [...uuids].filter((uuid) => !told.has(uuid))
  const lines: string[] = []
  for (let at = 0; at < plain.length; at += uuidsOfLine) {
    lines.push(JSON.stringify({ uuids: plain.slice(at, at + uuidsOfLine) }))
  }
  for (const [uuid, { line, level, isRaised }] of told) {
    lines.push(line)
    if (isRaised) lines.push(JSON.stringify({ uuid, ...level }))
  }
  return lines
}

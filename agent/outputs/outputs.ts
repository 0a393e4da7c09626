/**
 * Alerts out to their channels. Each alert is put into words once for each form; each channel has
 * a queue of its own. What a channel lost is told to all of them, itself included.
 */
import { isDeepStrictEqual } from 'node:util'
import { priorityNames } from '@bulwark/policy'
import type { Alert } from '../alert.ts'
import { alertJson, alertLinkJson, alertText, internalAlert, shownJson } from '../alert.ts'
import { onBeat } from '../beat.ts'
import { limits } from '../limits.ts'
import { Channel } from './channel.ts'
import { FileSink } from './file.ts'
import { HttpSink } from './http.ts'
import { EachProgramSink, KeptProgramSink } from './program.ts'
import type { Entry } from './queue.ts'
import { ServerSink } from './server.ts'
import type { OutputSettings } from './settings.ts'
import type { LossReason, Sink } from './sink.ts'
import { lossMeanings } from './sink.ts'
import { StdoutSink } from './stdout.ts'
import { SyslogSink } from './syslog.ts'

export const lostAlertsRule = 'Bulwark internal: alerts lost'

export interface OutputsOptions {
  readonly settings: OutputSettings
  readonly hostname: string
  /** Standard output is a terminal, and may be coloured. */
  readonly terminal: { readonly is: boolean; readonly coloured: boolean }
  readonly log: (line: string) => void
  /** Nobody reads the last channel any more. */
  readonly onGone: () => void
}

/** A channel with what it was made of, and what it has not been told yet of losses. */
interface Open {
  readonly channel: Channel
  readonly settings: unknown
  readonly form: Form
  readonly untold: Map<string, Loss>
  /** What was counted at the last look. */
  readonly seen: Map<LossReason, number>
  toldMs: number | undefined
}

interface Loss {
  readonly channel: string
  readonly reason: LossReason
  readonly count: number
}

type Name = 'stdout' | 'file' | 'syslog' | 'program' | 'http' | 'server'
const names: readonly Name[] = ['stdout', 'file', 'syslog', 'program', 'http', 'server']

/** Each form in which a channel may want its alerts. */
type Form = 'terminal' | 'lines' | 'link'

export class Outputs {
  readonly #options: OutputsOptions
  #settings: OutputSettings
  #open: readonly Open[] = []
  readonly #endBeat: () => void

  constructor(options: OutputsOptions) {
    this.#options = options
    this.#settings = options.settings
    this.#open = names.flatMap((name) => this.#make(name) ?? [])
    this.#endBeat = onBeat(() => this.#tellLosses())
  }

  /** Names of the channels that are open. */
  get channels(): readonly string[] {
    return this.#open.map(({ channel }) => channel.name)
  }

  /** Alerts that wait, by channel; those on their way among them. */
  get waiting(): ReadonlyMap<string, number> {
    return new Map(this.#open.map(({ channel }) => [channel.name, channel.waiting]))
  }

  /** Alerts that did not get to a channel. */
  get losses(): readonly Loss[] {
    return this.#open.flatMap(({ channel }) =>
      [...channel.lost].map(([reason, count]) => ({ channel: channel.name, reason, count })),
    )
  }

  #make(name: Name): Open | undefined {
    const settings = this.#settings[name]
    if (settings === undefined || settings === false) return undefined
    const { log, terminal } = this.#options
    const channel: Channel = new Channel({
      name,
      sink: this.#sinkOf(name, (message, alerts, reason) => {
        const what = reason === 'unread' ? 'it may not have read' : 'it will not have'
        log(`channel ${name}: ${message}; ${what} ${alerts} alerts`)
        channel.lose(reason, alerts)
      }),
      bounds: this.#settings.queue,
      log,
      onGone: () => this.#drop(channel),
    })
    const here = name === 'stdout' && terminal.is ? 'terminal' : 'lines'
    return {
      channel,
      settings,
      form: name === 'server' ? 'link' : here,
      untold: new Map(),
      seen: new Map(),
      toldMs: undefined,
    }
  }

  #sinkOf(name: Name, onLost: (message: string, alerts: number, reason: LossReason) => void): Sink {
    const { file, syslog, program, http, server } = this.#settings
    if (name === 'file' && file) return new FileSink(file)
    if (name === 'syslog' && syslog) return new SyslogSink(syslog)
    if (name === 'http' && http) return new HttpSink(http)
    if (name === 'server' && server) {
      return new ServerSink(server, (message, alerts) => onLost(message, alerts, 'refused'))
    }
    if (name === 'program' && program) {
      return program.keepAlive
        ? new KeptProgramSink(program, (message, alerts) => onLost(message, alerts, 'unread'))
        : new EachProgramSink(program)
    }
    return new StdoutSink()
  }

  /** Nobody reads that channel any more. */
  #drop(gone: Channel): void {
    this.#collectLosses()
    this.#open = this.#open.filter(({ channel }) => channel !== gone)
    if (this.#open.length === 0) this.#options.onGone()
  }

  /** Takes an alert for all channels, put into words once for each form. Never waits, never
   * throws. */
  send(alert: Alert): void {
    const made = this.#open.length > 1 ? new Map<Form, Entry>() : undefined
    for (const open of this.#open) {
      const entry = made?.get(open.form) ?? this.#entry(alert, open)
      made?.set(open.form, entry)
      open.channel.offer(entry)
    }
  }

  /** Puts an alert into the words of each channel, and tells nobody. */
  rehearse(alert: Alert): void {
    for (const open of this.#open) this.#entry(alert, open)
  }

  #entry(alert: Alert, { form }: Open): Entry {
    const line = this.#line(alert, form)
    const priority = priorityNames.indexOf(alert.priority)
    return { line, bytes: Buffer.byteLength(line), priority, form: this.#written(form) }
  }

  /** What is written in a form: where nothing else was said, text on a terminal. */
  #written(form: Form): 'json' | 'text' {
    if (form === 'link') return 'json'
    return this.#settings.form ?? (form === 'terminal' ? 'text' : 'json')
  }

  #line(alert: Alert, form: Form): string {
    if (form === 'link') return alertLinkJson(alert)
    const { alert: wanted } = this.#settings
    if (this.#written(form) === 'json') {
      const json = alertJson(alert, wanted)
      return form === 'terminal' ? shownJson(json) : json
    }
    const coloured = form === 'terminal' && this.#options.terminal.coloured
    return alertText(alert, coloured, wanted)
  }

  /** What was lost since the last look, noted for all channels. */
  #collectLosses(of: readonly Open[] = this.#open): void {
    for (const { channel, seen } of of) {
      for (const [reason, count] of channel.lost) {
        const more = count - (seen.get(reason) ?? 0)
        if (more === 0) continue
        seen.set(reason, count)
        this.#note({ channel: channel.name, reason, count: more })
      }
    }
  }

  #note(loss: Loss): void {
    this.#options.log(
      `channel ${loss.channel} lost ${loss.count} alerts: ${lossMeanings[loss.reason]}`,
    )
    for (const { untold } of this.#open) {
      const key = `${loss.channel} ${loss.reason}`
      untold.set(key, { ...loss, count: loss.count + (untold.get(key)?.count ?? 0) })
    }
  }

  /** Tells each channel what was lost: at once, and then not again for a while. */
  #tellLosses(): void {
    this.#collectLosses()
    const now = performance.now()
    for (const open of this.#open) {
      const { untold, channel } = open
      if (untold.size === 0) continue
      const pauseMs = Number(limits.lossPauseNs / 1_000_000n)
      if (open.toldMs !== undefined && now - open.toldMs < pauseMs) continue
      open.toldMs = now
      for (const [key, loss] of untold) {
        if (channel.offerLoss(this.#entry(this.#lossAlert(loss), open))) untold.delete(key)
      }
    }
  }

  #lossAlert({ channel, reason, count }: Loss): Alert {
    return internalAlert({
      rule: lostAlertsRule,
      priority: 'Error',
      hostname: this.#options.hostname,
      timeNs: BigInt(Date.now()) * 1_000_000n,
      message:
        `Alerts lost: ${count} for channel ${channel}: ${lossMeanings[reason]} | ` +
        `channel=${channel} count=${count} reason=${reason}`,
      fields: [
        ['lost.channel', channel],
        ['lost.count', count],
        ['lost.reason', reason],
      ],
    })
  }

  /** Files are opened anew, connections and programs started anew. */
  reopen(): void {
    for (const { channel } of this.#open) channel.reopen()
  }

  /**
   * Other settings from now on. Channels whose own did not change go on; of the others, what
   * waits goes to the channel of that name that takes its place.
   */
  async change(settings: OutputSettings): Promise<void> {
    this.#collectLosses()
    const before = this.#open
    const isSameQueue = isDeepStrictEqual(settings.queue, this.#settings.queue)
    this.#settings = settings
    const closing: Open[] = []
    const kept = new Map(before.map((open) => [open.channel.name, open]))
    this.#open = names.flatMap((name) => {
      const old = kept.get(name)
      const isSame = isSameQueue && old && isDeepStrictEqual(old.settings, settings[name])
      if (old && !isSame) closing.push(old)
      return isSame ? old : (this.#make(name) ?? [])
    })
    await Promise.all(closing.map((old) => this.#replace(old)))
  }

  async #replace(open: Open): Promise<void> {
    const { channel: old } = open
    const rest = await old.close(this.#settings.flushMs)
    const heir = this.#open.find(({ channel }) => channel.name === old.name)?.channel
    if (heir) for (const entry of rest) heir.offer(entry)
    else old.lose('stopped', rest.length)
    this.#collectLosses([open])
  }

  /** Delivers what waits, within a bound, and closes all channels; then says what was lost. */
  async close(): Promise<void> {
    this.#endBeat()
    this.#tellLosses()
    await Promise.all(
      this.#open.map(async ({ channel }) => {
        channel.lose('stopped', (await channel.close(this.#settings.flushMs)).length)
      }),
    )
    this.#collectLosses()
  }
}

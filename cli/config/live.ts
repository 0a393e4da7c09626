/**
 * Options of a run that watches, from a file that changes: read again when somebody asks, and taken
 * as far as that goes without a restart. What is wrong changes nothing, and raises an alert.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Outputs } from '@bulwark/agent'
import { internalAlert } from '@bulwark/agent'
import { clocks } from '@bulwark/native'
import type { LiveRules } from '../live-rules.ts'
import { explain, log } from '../report.ts'
import type { Configured } from './flags.ts'
import { faultText } from './read.ts'
import type { Settings } from './settings.ts'
import type { ConfigFault } from './tree.ts'

/** Name of the alert about options that could not be taken. */
export const refusedConfig = 'Bulwark internal: options not changed'

export interface LiveConfigOptions {
  readonly read: () => Configured
  readonly settings: Settings
  readonly hostname: string
  readonly outputs: Outputs
  readonly rules: LiveRules
}

/** What a running agent takes; the rest it was started with. */
const taken: ReadonlySet<keyof Settings> = new Set(['outputs', 'priority'])

export class LiveConfig {
  readonly #options: LiveConfigOptions
  #settings: Settings
  #busy = Promise.resolve()

  constructor(options: LiveConfigOptions) {
    this.#options = options
    this.#settings = options.settings
  }

  /** Reads options and rules again, and opens channels anew; one reading after another. */
  reload(): Promise<void> {
    this.#busy = this.#busy
      .then(() => this.#reload())
      .catch((error: unknown) => {
        log('warning: not all options could be taken')
        explain(error)
      })
    return this.#busy
  }

  async #reload(): Promise<void> {
    const { read, outputs, rules } = this.#options
    outputs.reopen()
    const configured = read()
    if ('faults' in configured) {
      this.#refuse(configured.faults)
      await rules.reload()
      return
    }
    const { settings } = configured
    const before = this.#settings
    this.#settings = { ...before, outputs: settings.outputs, priority: settings.priority }
    for (const name of Object.keys(settings) as readonly (keyof Settings)[]) {
      if (taken.has(name) || isDeepStrictEqual(settings[name], before[name])) continue
      log(`warning: options have changed that hold after a restart: ${name}`)
    }
    if (!isDeepStrictEqual(settings.outputs, before.outputs)) {
      await outputs.change(settings.outputs)
      log(`options changed: alerts go to: ${outputs.channels.join(', ') || 'nowhere'}`)
    }
    if (settings.priority === before.priority) await rules.reload()
    else await rules.choose(this.#settings)
  }

  #refuse(faults: readonly ConfigFault[]): void {
    for (const fault of faults) log(faultText(fault))
    const [first] = faults
    const { file = '', line = 0, column = 0 } = first?.place ?? {}
    const text = `${file}:${line}:${column}: ${first?.message ?? ''}`
    this.#options.outputs.send(
      internalAlert({
        rule: refusedConfig,
        priority: 'Warning',
        hostname: this.#options.hostname,
        timeNs: clocks().realNs,
        message: `Options not changed, those before go on: ${text}`,
        fields: [
          ['options.error', first?.message ?? ''],
          ['options.file', file],
          ['options.line', line],
        ],
      }),
    )
  }
}

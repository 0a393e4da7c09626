/**
 * The policies that a server judges by: the `context` of RuntimePolicies and SeverityPolicies, of
 * files and of the cluster, as they come, change and go. Their rules are for agents.
 */
import { PolicyFeed } from '@bulwark/agent'
import type { OperatorSettings } from '@bulwark/graph'
import type { ApiAccess } from '@bulwark/kubernetes'
import type { PolicyLoad } from '@bulwark/policy'
import { diagnosticText } from '@bulwark/policy'
import { SeverityFeed } from '@bulwark/server'
import type { RuleText } from '../load-rules.ts'
import { loadPolicyTexts } from '../load-rules.ts'
import { Quiet } from '../quiet.ts'
import type { ChosenTexts } from '../report.ts'
import { log, readChosen } from '../report.ts'
import { UsageError } from './doors.ts'

export interface PolicyOptions {
  readonly policy: readonly string[]
  readonly rules: readonly string[]
}

/** Policies of which one that becomes faulty stays what it was. */
export class ServerPolicies {
  readonly #files: ChosenTexts
  readonly #settings: OperatorSettings
  readonly #sound = new Map<string, RuleText>()
  #told = new Set<string>()
  #kept = new Set<RuleText>()

  constructor(files: ChosenTexts, settings: OperatorSettings) {
    this.#files = files
    this.#settings = settings
  }

  /** Takes what the cluster says now; each fault is told once. */
  take(cluster: readonly RuleText[]): void {
    const loaded = this.#load(cluster)
    const faulty = new Set(faultyIn(loaded))
    this.#tell(loaded)
    const names = new Set(cluster.map(({ name }) => name))
    for (const name of this.#sound.keys()) if (!names.has(name)) this.#sound.delete(name)
    const inForce = cluster.map((text) =>
      faulty.has(text.name) ? (this.#sound.get(text.name) ?? text) : text,
    )
    this.#tellKept(cluster.filter((text, index) => text !== inForce[index]))
    for (const text of cluster) if (!faulty.has(text.name)) this.#sound.set(text.name, text)
    const isSame = inForce.every((text, index) => text === cluster[index])
    const { policies } = isSame ? loaded : this.#load(inForce)
    const effects = policies.flatMap(({ context }) => context)
    this.#settings.setContext(effects)
    const sound = policies.filter(({ isDisabled }) => !isDisabled).length
    log(`${sound} of ${policies.length} policies hold; ${effects.length} items of context`)
  }

  /** Those that are faulty, and stay what they were: each once, for as long as it is so. */
  #tellKept(kept: readonly RuleText[]): void {
    const before = this.#kept
    this.#kept = new Set(kept)
    for (const text of kept) {
      if (!before.has(text)) log(`warning: ${text.name} stays what it was`)
    }
  }

  #load(cluster: readonly RuleText[]): PolicyLoad {
    const { rules, policies } = this.#files
    return loadPolicyTexts(rules, [...policies, ...cluster])
  }

  #tell({ policies }: PolicyLoad): void {
    const lines = policies
      .flatMap(({ found }) => found)
      .filter(({ severity }) => severity === 'error')
      .map(diagnosticText)
    for (const line of lines) if (!this.#told.has(line)) log(line)
    this.#told = new Set(lines)
  }
}

/** Files that faulty policies are of. */
const faultyIn = ({ policies }: PolicyLoad): readonly string[] =>
  policies.flatMap(({ isDisabled, place }) => (isDisabled ? [place.file] : []))

/**
 * Judges by policies from now on.
 *
 * @param access    of the cluster; `undefined`: files alone
 * @returns what ends it
 * @throws UsageError  a file cannot be read
 */
export const followPolicies = async (
  options: PolicyOptions,
  access: ApiAccess | undefined,
  settings: OperatorSettings,
): Promise<() => void> => {
  const files = readChosen({ rules: options.rules, policies: options.policy })
  if ('message' in files) throw new UsageError(files.message, files.help)
  const policies = new ServerPolicies(files, settings)
  if (!access) {
    if (options.policy.length > 0) policies.take([])
    return () => {}
  }
  const feed = new PolicyFeed({ access, log })
  const severity = new SeverityFeed({ access, settings, log })
  await Promise.all([feed.untilAnswered(), severity.untilAnswered()])
  policies.take(feed.texts)
  const quiet = new Quiet(() => policies.take(feed.texts))
  feed.attach(
    () => quiet.touch(),
    () => {},
  )
  return () => {
    quiet.stop()
    feed.stop()
    severity.stop()
  }
}

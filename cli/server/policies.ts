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
import type { KeptKind } from '../kept-policies.ts'
import { KeptPolicies, keptSeverity, keptText } from '../kept-policies.ts'
import type { RuleText } from '../load-rules.ts'
import { loadPolicyTexts } from '../load-rules.ts'
import { Quiet } from '../quiet.ts'
import type { ChosenTexts } from '../report.ts'
import { log, readChosen } from '../report.ts'
import { UsageError } from './doors.ts'

export interface PolicyOptions {
  readonly policy: readonly string[]
  readonly rules: readonly string[]
  readonly stateDir?: string
}

/** Policies of which one that becomes faulty stays what it was. */
export class ServerPolicies {
  readonly #files: ChosenTexts
  readonly #settings: OperatorSettings
  readonly #sound = new Map<string, RuleText>()
  #told = new Set<string>()
  #kept = new Set<RuleText>()

  /** @param before  sound texts of an earlier run */
  constructor(files: ChosenTexts, settings: OperatorSettings, before: readonly RuleText[] = []) {
    this.#files = files
    this.#settings = settings
    // Not sound any more where a rule file is another.
    const faulty = new Set(before.length === 0 ? [] : faultyIn(this.#load(before)))
    for (const text of before) if (!faulty.has(text.name)) this.#sound.set(text.name, text)
  }

  /** Those of the cluster that are sound, or what they were when they were. */
  get sound(): readonly RuleText[] {
    return [...this.#sound.values()]
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

/** Policies of the cluster over a restart. */
interface Kept {
  readonly policies: KeptPolicies
  readonly severity: KeptPolicies
}

/** What to do where nothing can be kept. */
const help = 'give another folder with --state-dir'

const keptOf = (folder: string | undefined, access: ApiAccess): Kept | undefined => {
  if (folder === undefined) return undefined
  const kept = (kind: Pick<KeptKind, 'file' | 'what'>): KeptPolicies =>
    new KeptPolicies(folder, access, log, { ...kind, help })
  // An agent beside it, with the same folder, keeps its own: it may have other rule files.
  return {
    policies: kept({ file: 'server-policies.json', what: 'policies' }),
    severity: kept(keptSeverity),
  }
}

/** Says what is in force though the API server has not said it. */
const tellOld = ({ policies, severity }: Kept, isOld: boolean, isSeverityOld: boolean): void => {
  const tell = (what: string, of: KeptPolicies): void => {
    if (of.policies.length === 0) return
    const all = keptText(of.policies)
    log(`${what}: as they were kept, until the API server lists them: ${all}`)
  }
  if (isOld) tell('policies', policies)
  if (isSeverityOld) tell('severity policies', severity)
}

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
): Promise<() => Promise<void>> => {
  const files = readChosen({ rules: options.rules, policies: options.policy })
  if ('message' in files) throw new UsageError(files.message, files.help)
  if (!access) {
    if (options.policy.length > 0) new ServerPolicies(files, settings).take([])
    return async () => {}
  }
  const kept = keptOf(options.stateDir, access)
  const before = kept?.policies.policies ?? []
  const policies = new ServerPolicies(files, settings, before)
  const feed = new PolicyFeed({ access, before, log })
  const severity = new SeverityFeed({ access, settings, keeper: kept?.severity, log })
  await Promise.all([feed.untilAnswered(), severity.untilAnswered()])
  const take = (): void => {
    policies.take(feed.texts)
    kept?.policies.keep(policies.sound)
  }
  take()
  if (kept) tellOld(kept, feed.ageMs === undefined, severity.ageMs === undefined)
  const quiet = new Quiet(take)
  feed.attach(
    () => quiet.touch(),
    () => {},
  )
  return async () => {
    quiet.stop()
    feed.stop()
    severity.stop()
    await Promise.all([kept?.policies.whenWritten(), kept?.severity.whenWritten()])
  }
}

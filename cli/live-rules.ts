/**
 * Rules of a running agent, from files and from a cluster, which change: read, checked and compiled
 * beside those that run, and put in their place between two events. What is broken changes nothing,
 * and is told once with an alert of its own.
 */
import type { Agent, Alert } from '@bulwark/agent'
import { activeRules, inTurns, internalAlert } from '@bulwark/agent'
import { clocks } from '@bulwark/native'
import type { Diagnostic, FileResult, LoadedPolicy } from '@bulwark/policy'
import type { KeptText } from '@bulwark/server'
import { keptText } from './kept-policies.ts'
import type { RuleText } from './load-rules.ts'
import { filesOf, meantPaths } from './load-rules.ts'
import type { ChosenRules, ChosenTexts, RuleChoice } from './report.ts'
import { log, readChosen, reportRules } from './report.ts'
import { withMemory } from './memory.ts'
import { FileWatch } from './file-watch.ts'
import type { Settled } from './settle-policies.ts'
import { byName, isSecond, settleInSteps, soundOf } from './settle-policies.ts'

/** Name of the alert about rules that could not be taken. */
export const refusedRule = 'Bulwark internal: rules not changed'

/** Name of the alert about a policy that has a fault: of the cluster, or of a file at the start. */
export const refusedPolicy = 'Bulwark internal: policy not taken'

/** Name of the alert about policies of which nobody says that they are still so. */
export const keptRule = 'Bulwark internal: policies as they were kept'

/** Why rules are not taken. */
interface Refusal {
  readonly text: string
  readonly fields: Readonly<Record<string, string | number>>
}

/** RuntimePolicies that somebody else brings, and may change. */
export interface LivePolicies {
  readonly texts: readonly RuleText[]
}

export interface LiveRulesOptions {
  readonly agent: Agent
  readonly choice: RuleChoice
  /** Of this node, for alerts. */
  readonly hostname: string
  /** The rules that run. */
  readonly settled: Settled
  /** Of them the policies of the cluster that are as an earlier run has kept them, since the
   * cluster has not said what they are. */
  readonly kept?: readonly KeptText[]
  /** Those of the cluster, if it has any. */
  readonly policies?: LivePolicies | undefined
  readonly onAlert: (alert: Alert) => void
  /** Told of the policies that hold from now on, once their rules do. */
  readonly onPolicies?: (policies: readonly LoadedPolicy[]) => void
  /** Told of the policies of the cluster that are sound and hold. */
  readonly onSound?: (texts: readonly RuleText[]) => void
}

const keyOf = (...some: readonly (readonly RuleText[])[]): string =>
  JSON.stringify(some.map((texts) => texts.map(({ name, text }) => [name, text])))

const filesKey = ({ rules, policies }: ChosenTexts): string => keyOf(rules, policies)

export class LiveRules {
  readonly #options: LiveRulesOptions
  readonly #paths: Pick<RuleChoice, 'rules' | 'policies'>
  #choice: RuleChoice
  #running: ChosenRules
  #runningFiles: string
  /** What the cluster said when it was last taken, faults and all. */
  #runningCluster: string
  /** Files that were refused last, and told. */
  #refused = ''
  /** Texts of the cluster's policies that were told to be faulty, by their names. */
  #toldFaulty = new Map<string, string>()
  #again = false
  #withFiles = false
  #busy: Promise<void> | undefined

  constructor(options: LiveRulesOptions) {
    this.#options = options
    const { choice, settled, kept = [] } = options
    const { chosen, said } = settled
    this.#paths = { rules: meantPaths(choice.rules), policies: choice.policies }
    this.#choice = choice
    this.#running = chosen
    this.#runningFiles = filesKey(chosen.texts)
    this.#runningCluster = keyOf(said)
    this.#tellFaultyFiles(chosen)
    this.#tellFaulty(settled)
    if (kept.length > 0) this.#tellKept(kept)
    options.onSound?.(soundOf(chosen))
  }

  /** Watches the files from here on. */
  watch(): FileWatch {
    const { rules, policies } = this.#paths
    return new FileWatch({
      paths: [...rules, ...policies],
      filesOf,
      onChange: () => void this.reload(),
      log,
    })
  }

  /** Looks at the files; resolves when what they say is in force, or refused. */
  reload(): Promise<void> {
    this.#withFiles = true
    return this.reloadCluster()
  }

  /** The same of the policies of the cluster alone. */
  reloadCluster(): Promise<void> {
    this.#again = true
    this.#busy ??= this.#work().finally(() => (this.#busy = undefined))
    return this.#busy
  }

  /** Other rules of the same files from now on, such as those of another priority. */
  async choose(choice: RuleChoice): Promise<void> {
    this.#choice = choice
    this.#runningFiles = ''
    await this.reload()
  }

  async #work(): Promise<void> {
    while (this.#again) {
      this.#again = false
      const cluster = this.#options.policies?.texts ?? []
      const isOther = keyOf(cluster) !== this.#runningCluster
      const isTaken = this.#withFiles && (await this.#changeFiles(cluster))
      // What the cluster says does not wait for files that are broken.
      if (isOther && !isTaken) await this.#changeCluster(cluster)
    }
  }

  /** Takes other files, with what the cluster says now. Returns whether it did. */
  async #changeFiles(cluster: readonly RuleText[]): Promise<boolean> {
    this.#withFiles = false
    const choice = this.#choice
    const texts = readChosen(this.#paths)
    const key = 'message' in texts ? texts.message : filesKey(texts)
    if (key === this.#runningFiles) this.#refused = ''
    if (key === this.#runningFiles || key === this.#refused) return false
    const refusal =
      'message' in texts
        ? failed(texts.message)
        : await withMemory(async () => await this.#try(await this.#settle({ ...texts, cluster })))
    if (refusal) {
      this.#refused = key
      this.#tell(refusal)
      return false
    }
    this.#refused = ''
    // Another choice may have come meanwhile, and is still to be made.
    this.#runningFiles = this.#choice === choice ? key : ''
    this.#runningCluster = keyOf(cluster)
    return true
  }

  async #changeCluster(cluster: readonly RuleText[]): Promise<void> {
    const chosen = await this.#settle({ ...this.#running.texts, cluster })
    // A fault of one that goes on as it was changes nothing.
    if (keyOf(chosen.texts.cluster) !== keyOf(this.#running.texts.cluster)) {
      const refusal = await withMemory(() => this.#try(chosen))
      if (refusal) this.#tell(refusal)
    }
    // What was refused is tried again when something else is said.
    this.#runningCluster = keyOf(cluster)
  }

  /** Whatever goes wrong, the rules that run go on. */
  async #try(chosen: ChosenRules): Promise<Refusal | undefined> {
    return await this.#take(chosen).catch((error: unknown) => failed(messageOf(error)))
  }

  /** @returns why not, when nothing has changed */
  async #take(chosen: ChosenRules): Promise<Refusal | undefined> {
    const { agent } = this.#options
    const { files, policies } = chosen.loaded
    const broken = files.files.filter((file) => this.#isNewlyBroken(file, chosen.texts.rules))
    const refused = policies.filter((policy) => this.#isNewlyDisabled(policy, chosen.texts))
    if (broken.length + refused.length > 0) return faulty(errorsOf(broken, refused))
    const before = hooksOf(agent)
    await agent.changeRules(chosen.rules)
    const { loaded: loadedBefore } = this.#running
    this.#running = chosen
    this.#options.onPolicies?.(policies)
    this.#options.onSound?.(soundOf(chosen))
    const after = hooksOf(agent)
    const added = after.filter((name) => !before.includes(name))
    const gone = before.filter((name) => !after.includes(name))
    log('rules changed:')
    reportRules(chosen.loaded, activeRules(chosen.rules), loadedBefore)
    if (added.length > 0) log(`hooks attached: ${added.join(', ')}`)
    if (gone.length > 0) log(`hooks detached: ${gone.join(', ')}`)
    return undefined
  }

  /** Loads them, and tells of policies of the cluster that have a fault. */
  async #settle(texts: ChosenTexts): Promise<ChosenRules> {
    const sound = byName(soundOf(this.#running))
    const settled = await inTurns(settleInSteps(texts, this.#choice, sound), () => false)
    if (!settled) throw new Error('rules were not loaded')
    this.#tellFaulty(settled)
    return settled.chosen
  }

  /** Whether a file has faults that are not already those of the rules that run. */
  #isNewlyBroken({ name, successful }: FileResult, texts: readonly RuleText[]): boolean {
    if (successful) return false
    const now = this.#running.loaded.files.files.find((file) => file.name === name)
    if (!now || now.successful) return true
    return textOf(name, texts) !== textOf(name, this.#running.texts.rules)
  }

  /** The same of a policy: faults of its file, and what a changed rule file does not give it. Of a
   * policy of the cluster, the latter alone. */
  #isNewlyDisabled(policy: LoadedPolicy, { policies, cluster }: ChosenTexts): boolean {
    const { name, place, isDisabled } = policy
    if (!isDisabled) return false
    const { file } = place
    const { texts, loaded } = this.#running
    const isSame = (each: LoadedPolicy): boolean => each.name === name && each.place.file === file
    const now = loaded.policies.find(isSame)
    const inCluster = textOf(file, cluster)
    if (inCluster !== undefined) {
      const isKnown = inCluster === textOf(file, texts.cluster)
      return isKnown && now?.isDisabled === false && !isSecond(policy)
    }
    if (!now || !now.isDisabled) return true
    return textOf(file, policies) !== textOf(file, texts.policies)
  }

  /** At the start nothing was in force before: what is faulty in a file holds nowhere. */
  #tellFaultyFiles({ loaded, texts }: ChosenRules): void {
    for (const policy of loaded.policies) {
      const isOfCluster = textOf(policy.place.file, texts.cluster) !== undefined
      if (policy.isDisabled && !isOfCluster) this.#tellPolicy(policy, 'it holds nowhere')
    }
  }

  #tellKept(kept: readonly KeptText[]): void {
    const since = kept.map((policy) => policy.since).toSorted()
    const message = `The API server does not say what policies are: ${keptText(kept)}`
    this.#alert(keptRule, message, {
      'rules.policies': kept.length,
      'rules.since': since[0] ?? '',
    })
  }

  /** Tells of each faulty text of the cluster once. */
  #tellFaulty({ chosen, said, faulty: policies }: Settled): void {
    const told = new Map<string, string>()
    for (const policy of policies) {
      const { file } = policy.place
      const text = textOf(file, said) ?? ''
      told.set(file, text)
      if (this.#toldFaulty.get(file) === text) continue
      const holds = (textOf(file, chosen.texts.cluster) ?? text) !== text
      this.#tellPolicy(policy, holds ? 'as it was before it goes on' : 'it holds nowhere')
    }
    this.#toldFaulty = told
  }

  #tellPolicy(policy: LoadedPolicy, then: string): void {
    const { text, fields } = faulty(errorsOf([], [policy]))
    const named = policy.name === '' ? '' : ` ${policy.name}`
    const message = `Policy${named} not taken, ${then}: ${text}`
    this.#alert(refusedPolicy, message, { ...fields, 'rules.policy': policy.name })
  }

  #tell({ text, fields }: Refusal): void {
    this.#alert(refusedRule, `Rules not changed, those before go on: ${text}`, fields)
  }

  #alert(rule: string, message: string, fields: Refusal['fields']): void {
    log(`warning: ${message.charAt(0).toLowerCase()}${message.slice(1)}`)
    this.#options.onAlert(
      internalAlert({
        rule,
        priority: 'Warning',
        hostname: this.#options.hostname,
        timeNs: clocks().realNs,
        message,
        fields: Object.entries(fields),
      }),
    )
  }
}

const placeText = ({ place, code, message }: Diagnostic): string =>
  `${place.file}:${place.line}:${place.column}: ${message} [${code}]`

const textOf = (name: string, texts: readonly RuleText[]): string | undefined =>
  texts.find((each) => each.name === name)?.text

const hooksOf = ({ sensor }: Agent): readonly string[] => sensor.hooks.map(({ name }) => name)

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const failed = (message: string): Refusal => ({
  text: message,
  fields: { 'rules.error': message },
})

/** The first error of each. */
const errorsOf = (
  files: readonly FileResult[],
  policies: readonly LoadedPolicy[],
): readonly Diagnostic[] => [
  ...files.flatMap((file) => file.errors),
  ...policies.flatMap(({ found }) =>
    found.filter(({ severity }) => severity === 'error').slice(0, 1),
  ),
]

const faulty = (errors: readonly Diagnostic[]): Refusal => {
  const [first] = errors
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return {
    text: first ? placeText(first) + more : '',
    fields: {
      'rules.code': first?.code ?? '',
      'rules.error': first?.message ?? '',
      'rules.file': first?.place.file ?? '',
      'rules.line': first?.place.line ?? 0,
    },
  }
}

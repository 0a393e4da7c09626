/**
 * Rules of a running agent, from files that change: read, checked and compiled beside those that
 * run, and put in their place between two events. What is broken changes nothing, and is told once
 * with an alert of its own.
 */
import type { Agent, Alert } from '@bulwark/agent'
import { activeRules, internalAlert } from '@bulwark/agent'
import { clocks } from '@bulwark/native'
import type { Diagnostic, FileResult, LoadedPolicy } from '@bulwark/policy'
import type { RuleText } from './load-rules.ts'
import { meantPaths } from './load-rules.ts'
import type { ChosenRules, ChosenTexts, RuleChoice } from './report.ts'
import { chooseOf, log, readChosen, reportRules } from './report.ts'
import { RuleWatch } from './rule-watch.ts'

/** Name of the alert about rules that could not be taken. */
export const refusedRule = 'Bulwark internal: rules not changed'

/** Why rules are not taken. */
interface Refusal {
  readonly text: string
  readonly fields: Readonly<Record<string, string | number>>
}

export interface LiveRulesOptions {
  readonly agent: Agent
  readonly choice: RuleChoice
  /** Of this node, for alerts. */
  readonly hostname: string
  readonly chosen: ChosenRules
  readonly onAlert: (alert: Alert) => void
}

const keyOf = ({ rules, policies }: ChosenTexts): string =>
  JSON.stringify([rules, policies].map((some) => some.map(({ name, text }) => [name, text])))

const placeText = ({ place, code, message }: Diagnostic): string =>
  `${place.file}:${place.line}:${place.column}: ${message} [${code}]`

export class LiveRules {
  readonly #options: LiveRulesOptions
  readonly #paths: Pick<RuleChoice, 'rules' | 'policies'>
  #choice: RuleChoice
  #running: ChosenRules
  #runningKey: string
  /** What was refused last, and told. */
  #refused = ''
  #again = false
  #busy: Promise<void> | undefined

  constructor(options: LiveRulesOptions) {
    this.#options = options
    const { rules, policies } = options.choice
    this.#paths = { rules: meantPaths(rules), policies }
    this.#choice = options.choice
    this.#running = options.chosen
    this.#runningKey = keyOf(options.chosen.texts)
  }

  /** Watches the files from here on. */
  watch(): RuleWatch {
    const { rules, policies } = this.#paths
    return new RuleWatch([...rules, ...policies], () => void this.reload(), log)
  }

  /** Looks at the files; resolves when what they say is in force, or refused. */
  reload(): Promise<void> {
    this.#again = true
    this.#busy ??= this.#work().finally(() => (this.#busy = undefined))
    return this.#busy
  }

  /** Other rules of the same files from now on, such as those of another priority. */
  async choose(choice: RuleChoice): Promise<void> {
    this.#choice = choice
    this.#runningKey = ''
    await this.reload()
  }

  async #work(): Promise<void> {
    while (this.#again) {
      this.#again = false
      const texts = readChosen(this.#paths)
      const key = 'message' in texts ? texts.message : keyOf(texts)
      if (key === this.#runningKey) this.#refused = ''
      else if (key !== this.#refused) await this.#change(texts, key)
    }
  }

  async #change(texts: ReturnType<typeof readChosen>, key: string): Promise<void> {
    // Whatever goes wrong, the rules that run go on.
    const refusal =
      'message' in texts
        ? failed(texts.message)
        : await this.#take(texts).catch((error: unknown) => failed(messageOf(error)))
    if (refusal) {
      this.#refused = key
      this.#tell(refusal)
      return
    }
    this.#refused = ''
    this.#runningKey = key
  }

  /** @returns why not, when nothing has changed */
  async #take(texts: ChosenTexts): Promise<Refusal | undefined> {
    const { agent } = this.#options
    const chosen = chooseOf(texts, this.#choice)
    const { files, policies } = chosen.loaded
    const broken = files.files.filter((file) => this.#isNewlyBroken(file, texts.rules))
    const refused = policies.filter((policy) => this.#isNewlyDisabled(policy, texts.policies))
    if (broken.length + refused.length > 0) return faulty(errorsOf(broken, refused))
    const before = hooksOf(agent)
    await agent.changeRules(chosen.rules)
    this.#running = chosen
    const after = hooksOf(agent)
    const added = after.filter((name) => !before.includes(name))
    const gone = before.filter((name) => !after.includes(name))
    log('rules changed:')
    reportRules(chosen.loaded, activeRules(chosen.rules))
    if (added.length > 0) log(`hooks attached: ${added.join(', ')}`)
    if (gone.length > 0) log(`hooks detached: ${gone.join(', ')}`)
    return undefined
  }

  /** Whether a file has faults that are not already those of the rules that run. */
  #isNewlyBroken({ name, successful }: FileResult, texts: readonly RuleText[]): boolean {
    if (successful) return false
    const now = this.#running.loaded.files.files.find((file) => file.name === name)
    if (!now || now.successful) return true
    return textOf(name, texts) !== textOf(name, this.#running.texts.rules)
  }

  /** The same of a policy: faults of its file, and what a changed rule file does not give it. */
  #isNewlyDisabled({ name, place, isDisabled }: LoadedPolicy, texts: readonly RuleText[]): boolean {
    if (!isDisabled) return false
    const isSame = (each: LoadedPolicy): boolean =>
      each.name === name && each.place.file === place.file
    const now = this.#running.loaded.policies.find(isSame)
    if (!now || !now.isDisabled) return true
    const { file } = place
    return textOf(file, texts) !== textOf(file, this.#running.texts.policies)
  }

  #tell({ text, fields }: Refusal): void {
    log(`warning: rules not changed: ${text}`)
    this.#options.onAlert(
      internalAlert({
        rule: refusedRule,
        priority: 'Warning',
        hostname: this.#options.hostname,
        timeNs: clocks().realNs,
        message: `Rules not changed, those before go on: ${text}`,
        fields: Object.entries(fields),
      }),
    )
  }
}

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

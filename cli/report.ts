/** What the commands say to people, on stderr; and alerts, on stdout. */
import { Option } from 'commander'
import type { Alert, OutputSettings } from '@bulwark/agent'
import { alertJson, alertText, losesEvents, shownJson } from '@bulwark/agent'
import { isNativeError } from '@bulwark/native'
import type { PolicyLoad, PriorityName, Rule, Steps } from '@bulwark/policy'
import { atOnce, diagnosticText, priorityNames } from '@bulwark/policy'
import { printAside } from './print.ts'
import type { RuleAdditions, RuleText, Unreadable } from './load-rules.ts'
import {
  diagnosticsOf,
  loadPolicyTextsInSteps,
  readPolicyFiles,
  readRuleFiles,
  severityFilesIn,
} from './load-rules.ts'

export const log = (line: string): void => {
  printAside(`bulwark: ${line}`)
}

/** A fault and what to do about it. */
export const logError = (message: string, help?: string): void => {
  log(`error: ${message}`)
  if (help !== undefined) log(`  help: ${help}`)
}

/**
 * An option that may be given again; none of it is an empty list.
 *
 * @param otherwise  what holds then, for the help
 */
export const again = (flags: string, description: string, otherwise = 'none'): Option =>
  new Option(flags, `${description}; may be given again`)
    .argParser((one: string, before: readonly string[]): readonly string[] => [...before, one])
    .default([], otherwise)

/** Rules that were loaded, and those of them that the priority lets run. */
export interface ChosenRules {
  readonly texts: ChosenTexts
  readonly loaded: PolicyLoad
  readonly rules: readonly Rule[]
}

/** What they are made of. */
export interface ChosenTexts {
  readonly rules: readonly RuleText[]
  readonly policies: readonly RuleText[]
  /** Policies of the cluster. Of two of one name, that of a file counts. */
  readonly cluster: readonly RuleText[]
}

/** What says which rules run. */
export interface RuleChoice extends RuleAdditions {
  readonly rules: readonly string[]
  readonly policies: readonly string[]
  readonly priority: PriorityName
}

/** `undefined` on wrong usage, which was said. */
export const chooseRules = (choice: RuleChoice): ChosenRules | undefined => {
  const texts = readChosen(choice)
  if ('message' in texts) {
    logError(texts.message, texts.help)
    return undefined
  }
  const others = severityFilesIn(texts.policies).join(', ')
  if (others !== '')
    log(`SeverityPolicies are read with --severity, and passed over here: ${others}`)
  return chooseOf(texts, choice)
}

/** Reads the files of a choice. */
export const readChosen = (
  choice: Pick<RuleChoice, 'rules' | 'policies'>,
): ChosenTexts | Unreadable => {
  const rules = readRuleFiles(choice.rules)
  if ('message' in rules) return rules
  const policies = readPolicyFiles(choice.policies)
  return 'message' in policies ? policies : { rules, policies, cluster: [] }
}

/** Of the rules in some texts those that the priority lets run. */
export const chooseOf = (texts: ChosenTexts, choice: RuleChoice): ChosenRules =>
  atOnce(chooseInSteps(texts, choice))

/** The same in steps. */
export function* chooseInSteps(texts: ChosenTexts, choice: RuleChoice): Steps<ChosenRules> {
  const policies = [...texts.policies, ...texts.cluster]
  const loaded = yield* loadPolicyTextsInSteps(texts.rules, policies, choice)
  const least = priorityNames.indexOf(choice.priority)
  const rules = loaded.rules.filter((rule) => priorityNames.indexOf(rule.priority) <= least)
  return { texts, loaded, rules }
}

/** All that is to be said of what was loaded. */
const remarksOn = ({ files, policies }: PolicyLoad): readonly string[] =>
  [...diagnosticsOf(files), ...policies.flatMap(({ found }) => found)].map(diagnosticText)

/**
 * Says what is wrong with what was loaded, and how much of it runs.
 *
 * @param before  what was loaded before: what was wrong with that is not said again
 */
export const reportRules = (
  loaded: PolicyLoad,
  active: readonly Rule[],
  before?: PolicyLoad,
): void => {
  const { policies, rules } = loaded
  const said = new Set(before && remarksOn(before))
  for (const remark of remarksOn(loaded)) if (!said.has(remark)) log(remark)
  log(`${active.length} of ${rules.length} rules run`)
  if (active.length === 0) log('warning: no rule runs, so that no alert can come')
  if (policies.length === 0) return
  const sound = policies.filter(({ isDisabled }) => !isDisabled)
  const enforcing = sound.filter(({ mode }) => mode === 'enforce').length
  const asAudit = enforcing > 0 ? `; ${enforcing} to enforce act as audit` : ''
  log(`${sound.length} of ${policies.length} policies hold${asAudit}`)
}

/** Says of standard output that it takes nothing more: a full disk. */
export const unwritten = (error: Error): string => `cannot write to stdout: ${error.message}`

/** Whether stdout is a terminal, and may have colours. */
export const terminal = (): { readonly is: boolean; readonly coloured: boolean } => {
  const is = process.stdout.isTTY
  return { is, coloured: is && process.env['NO_COLOR'] === undefined }
}

/** Writes alerts to stdout, in the form that was asked for or fits. */
export const writer = ({ form, alert: wanted }: OutputSettings): ((alert: Alert) => void) => {
  const { is, coloured } = terminal()
  const isJson = (form ?? (is ? 'text' : 'json')) === 'json'
  return (alert) => {
    const json = isJson ? alertJson(alert, wanted) : undefined
    const shown = json !== undefined && is ? shownJson(json) : json
    process.stdout.write(`${shown ?? alertText(alert, coloured, wanted)}\n`)
  }
}

/** Says what was thrown. */
export const explain = (error: unknown): void => {
  if (!isNativeError(error)) {
    logError(error instanceof Error ? error.message : String(error))
    return
  }
  log(`error: ${error.message} [${error.code}]`)
  if (error.code === 'EPERM')
    log('  help: run as root; kernel lockdown or seccomp may forbid bpf()')
  for (const line of error.log.trimEnd().split('\n').slice(-12)) log(`  ${line}`)
}

/**
 * What was lost whole, and what of events that were told otherwise.
 *
 * @param shed  events left out in floods: none of them is lost
 */
export const lossText = (lost: Readonly<Record<string, number>>, shed = 0): string => {
  const some = Object.entries(lost).filter(([, count]) => count > 0)
  const text = (whole: boolean): string =>
    some
      .filter(([place]) => losesEvents(place) === whole)
      .map(([place, count]) => `${place} ${count}`)
      .join(', ') || 'none'
  const floods = shed === 0 ? '' : `; shed in floods: ${shed}`
  return `lost: ${text(true)}; incomplete: ${text(false)}${floods}`
}

/** Resolves with the signal that ends the run. */
export const ending = (
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'],
): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve(signal))
  })

/** What the commands say to people, on stderr; and alerts, on stdout. */
import type { Alert, OutputSettings } from '@bulwark/agent'
import { alertJson, alertText, losesEvents } from '@bulwark/agent'
import { isNativeError } from '@bulwark/native'
import type { LoadResult, PriorityName, Rule } from '@bulwark/policy'
import { diagnosticText, priorityNames } from '@bulwark/policy'
import type { RuleAdditions, RuleText } from './load-rules.ts'
import { diagnosticsOf, loadRuleTexts, readRuleFiles } from './load-rules.ts'

export const log = (line: string): void => {
  process.stderr.write(`bulwark: ${line}\n`)
}

/** A fault and what to do about it. */
export const logError = (message: string, help?: string): void => {
  log(`error: ${message}`)
  if (help !== undefined) log(`  help: ${help}`)
}

/** For options that may be given again. */
export const collect = (path: string, before: readonly string[]): readonly string[] => [
  ...before,
  path,
]

/** Rules that were loaded, and those of them that the priority lets run. */
export interface ChosenRules {
  readonly texts: readonly RuleText[]
  readonly loaded: LoadResult
  readonly rules: readonly Rule[]
}

/** What says which rules run. */
export interface RuleChoice extends RuleAdditions {
  readonly rules: readonly string[]
  readonly priority: PriorityName
}

/** `undefined` on wrong usage, which was said. */
export const chooseRules = (choice: RuleChoice): ChosenRules | undefined => {
  const texts = readRuleFiles(choice.rules)
  if ('message' in texts) {
    logError(texts.message, texts.help)
    return undefined
  }
  return chooseOf(texts, choice)
}

/** Of the rules in some texts those that the priority lets run. */
export const chooseOf = (texts: readonly RuleText[], choice: RuleChoice): ChosenRules => {
  const loaded = loadRuleTexts(texts, choice)
  const least = priorityNames.indexOf(choice.priority)
  const rules = loaded.rules.filter((rule) => priorityNames.indexOf(rule.priority) <= least)
  return { texts, loaded, rules }
}

export const reportRules = (loaded: LoadResult, active: readonly Rule[]): void => {
  for (const diagnostic of diagnosticsOf(loaded)) log(diagnosticText(diagnostic))
  log(`${active.length} of ${loaded.rules.length} rules run`)
}

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
    const line = isJson ? alertJson(alert, wanted) : alertText(alert, coloured, wanted)
    process.stdout.write(`${line}\n`)
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

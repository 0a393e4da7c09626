/** What the commands say to people, on stderr; and alerts, on stdout. */
import type { Alert, RuleMatching } from '@bulwark/agent'
import { alertJson, alertText, losesEvents } from '@bulwark/agent'
import { isNativeError } from '@bulwark/native'
import type { LoadResult, PriorityName, Rule } from '@bulwark/policy'
import { diagnosticText, priorityNamed, priorityNames } from '@bulwark/policy'
import type { Command } from 'commander'
import { Option } from 'commander'
import type { RuleText } from './load-rules.ts'
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

/** The options of a command that runs rules. */
export interface AlertOptions {
  readonly rules: readonly string[]
  readonly output: 'json' | 'text' | undefined
  readonly ruleMatching: RuleMatching
  readonly priority: string
}

export const addAlertOptions = (command: Command): Command =>
  command
    .option('--rules <path>', 'rule file or folder; may be given again', collect, [])
    .addOption(
      new Option(
        '-o, --output <form>',
        'form of an alert (default: text on a terminal, else json)',
      ).choices(['json', 'text']),
    )
    .addOption(
      new Option('--rule-matching <which>', 'which rules of an event alert')
        .choices(['first', 'all'])
        .default('first'),
    )
    .option('--priority <name>', 'the least urgent priority that runs', 'debug')

/** Rules that were loaded, and those of them that the priority lets run. */
export interface ChosenRules {
  readonly texts: readonly RuleText[]
  readonly loaded: LoadResult
  readonly rules: readonly Rule[]
}

/** `undefined` on wrong usage, which was said. */
export const chooseRules = (
  paths: readonly string[],
  priority = 'debug',
): ChosenRules | undefined => {
  const least = priorityNamed(priority)
  if (!least) {
    logError(`unknown priority ${priority}; one of ${priorityNames.join(', ')}`)
    return undefined
  }
  const texts = readRuleFiles(paths)
  if ('message' in texts) {
    logError(texts.message, texts.help)
    return undefined
  }
  return chooseOf(texts, least)
}

/** Of the rules in some texts those that the priority lets run. */
export const chooseOf = (texts: readonly RuleText[], least: PriorityName): ChosenRules => {
  const loaded = loadRuleTexts(texts)
  const rules = loaded.rules.filter(
    (rule) => priorityNames.indexOf(rule.priority) <= priorityNames.indexOf(least),
  )
  return { texts, loaded, rules }
}

export const reportRules = (loaded: LoadResult, active: readonly Rule[]): void => {
  for (const diagnostic of diagnosticsOf(loaded)) log(diagnosticText(diagnostic))
  log(`${active.length} of ${loaded.rules.length} rules run`)
}

/** Writes alerts to stdout, in the form that was asked for or fits. */
export const writer = (output: 'json' | 'text' | undefined): ((alert: Alert) => void) => {
  const form = output ?? (process.stdout.isTTY ? 'text' : 'json')
  const coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  return (alert) => {
    process.stdout.write(`${form === 'json' ? alertJson(alert) : alertText(alert, coloured)}\n`)
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

/** What was lost whole, and what of events that were told otherwise. */
export const lossText = (lost: Readonly<Record<string, number>>): string => {
  const some = Object.entries(lost).filter(([, count]) => count > 0)
  const text = (whole: boolean): string =>
    some
      .filter(([place]) => losesEvents(place) === whole)
      .map(([place, count]) => `${place} ${count}`)
      .join(', ') || 'none'
  return `lost: ${text(true)}; incomplete: ${text(false)}`
}

/**
 * Resolves with the signal that ends the run, or when stdout has no reader any more.
 *
 * @param signals  that end it
 */
export const ending = (
  signals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'],
): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => resolve(signal))
    }
    process.stdout.once('error', () => resolve('stdout closed'))
  })

/** Prints what came of the acts: a line a scenario, then what did not happen, then the count. */
import type { Alert } from '../e2e/sensor.ts'
import type { Tried } from './catalogue.ts'
import type { Performed } from './perform.ts'

type Told = Performed & { readonly alerts: readonly Alert[] }

/** One scenario of the catalogue, performed. */
export type Outcome = {
  readonly tried: Tried
  readonly attack: Told
  readonly twin: Told | undefined
}

/** Prints the table; `verbose` adds each alert and what the acts wrote. */
export function printOutcomes(
  outcomes: readonly Outcome[],
  verbose: boolean,
  print: (line: string) => void,
): void {
  print(`${'scenario'.padEnd(10)}${'alerts'.padEnd(8)}${'twin'.padEnd(10)}rules`)
  for (const outcome of outcomes) {
    const { tried, attack, twin } = outcome
    const alerted = attack.missing !== undefined ? 'not here' : yesOrNo(attack.alerts.length > 0)
    const columns = [tried.id.padEnd(10), alerted.padEnd(8), twinWord(twin).padEnd(10)]
    print(`${columns.join('')} ${ruleNames(attack.alerts) || `- (${tried.title})`}`)
    if (twin !== undefined && twin.alerts.length > 0) {
      print(`${' '.repeat(19)}twin told by: ${ruleNames(twin.alerts)}`)
    }
    if (verbose) printDetails(outcome, print)
  }
  for (const { tried, attack } of outcomes) {
    if (attack.missing !== undefined) print(`${tried.id} did not happen here: ${attack.missing}`)
  }
  for (const { tried, twin } of outcomes) {
    if (twin?.missing !== undefined)
      print(`the twin of ${tried.id} lacks a program: ${twin.missing}`)
  }
  const happened = outcomes.filter(({ attack }) => attack.missing === undefined)
  const alerted = happened.filter(({ attack }) => attack.alerts.length > 0)
  const twins = outcomes.flatMap(({ twin }) => (twin === undefined ? [] : [twin]))
  const silent = twins.filter(({ alerts }) => alerts.length === 0)
  print(
    `kernel scenarios: ${alerted.length} of ${outcomes.length} alert, ` +
      `${silent.length} of ${twins.length} twins silent` +
      (happened.length < outcomes.length
        ? ` (${outcomes.length - happened.length} did not happen on this machine)`
        : ''),
  )
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'NO')

const twinWord = (twin: Told | undefined): string => {
  if (twin === undefined) return '-'
  return twin.alerts.length === 0 ? 'silent' : 'TOLD'
}

const ruleNames = (alerts: readonly Alert[]): string =>
  [...new Set(alerts.map(({ rule }) => rule))].join('; ')

function printDetails({ attack, twin }: Outcome, print: (line: string) => void): void {
  for (const [name, told] of [
    ['attack', attack],
    ['twin', twin],
  ] as const) {
    if (told === undefined) continue
    for (const line of told.output.trim().split('\n').slice(0, 12)) print(`    ${name}: ${line}`)
    for (const { output } of told.alerts) print(`    ${name} alert: ${output}`)
  }
}

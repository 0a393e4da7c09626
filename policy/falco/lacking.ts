/**
 * What this sensor lacks for a rule that is otherwise sound. Own diagnostics, not Falco's: errors
 * disable the rule, warnings say what it cannot see or print.
 */
import type { FieldRef } from '@bulwark/schema'
import type { Diagnostic } from '../diagnostics.ts'
import type { EventSet } from '../event-set.ts'
import type { Condition } from '../ir.ts'
import { fieldsOf } from '../ir.ts'
import type { OutputFormat } from '../output.ts'
import { fieldsOfOutput } from '../output.ts'
import type { Context } from './report.ts'
import { ownDiagnostic } from './report.ts'

const unsupported = (refs: readonly FieldRef[]): readonly (readonly [string, string])[] => [
  ...new Map(
    refs.flatMap(({ field: { name, unsupported: reason } }) =>
      reason === undefined ? [] : [[name, reason] as const],
    ),
  ),
]

/** Fields of a condition that the sensor does not give: each disables the rule. */
export const lackingFields = (condition: Condition, context: Context): readonly Diagnostic[] =>
  unsupported(fieldsOf(condition)).map(([name, reason]) => {
    const help = 'this rule is disabled; the others are not'
    const message = `${name}: not carried by this sensor: ${reason}`
    return ownDiagnostic('error', 'unsupported-field', message, context, help)
  })

/** Fields of an output that the sensor does not give. */
export const lackingOutputs = (format: OutputFormat, context: Context): readonly Diagnostic[] =>
  unsupported(fieldsOfOutput(format)).map(([name, reason]) => {
    const message = `${name}: not carried by this sensor, prints <NA>: ${reason}`
    return ownDiagnostic('warning', 'unsupported-output-field', message, context)
  })

/**
 * Events that no hook carries: all of those of a rule disable it, some of them are a warning. A
 * rule that restricts no events runs on those that there are.
 */
export const lackingEvents = (
  events: EventSet,
  carried: ReadonlySet<string> | undefined,
  context: Context,
): readonly Diagnostic[] => {
  if (events === 'all' || !carried) return []
  const missing = [...events].filter((event) => !carried.has(event))
  if (missing.length === 0) return []
  const message = `no hook carries ${missing.join(', ')}`
  const isAll = missing.length === events.size
  const help = isAll ? 'this rule is disabled' : 'the rule runs on its other events'
  const severity = isAll ? 'error' : 'warning'
  return [ownDiagnostic(severity, 'unsupported-event', message, context, help)]
}

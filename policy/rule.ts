/** A rule as the engine runs it, whichever language it was written in. */
import type { FieldRef, policyModes } from '@bulwark/schema'
import { severities } from '@bulwark/schema'
import type { Diagnostic, Place } from './diagnostics.ts'
import type { EventSet } from './event-set.ts'
import type { Condition } from './ir.ts'
import type { OutputFormat } from './output.ts'
import type { Scope } from './runtime/scope.ts'

/** Names of the priorities, by number: 0 is the most urgent. */
export const priorityNames = severities

/** Name of a priority. */
export type PriorityName = (typeof priorityNames)[number]

/** What a match leads to; `enforce` acts as `audit` until there is enforcement. */
export type PolicyMode = (typeof policyModes)[number]

/** The RuntimePolicy that a rule runs under. */
export interface RulePolicy {
  readonly name: string
  readonly mode: PolicyMode
  /** Where the rule holds; `undefined`: everywhere. */
  readonly scope: Scope | undefined
}

/** A rule without a fault. */
export interface Rule {
  readonly name: string
  readonly description: string
  readonly source: string
  readonly priority: PriorityName
  /** Sorted, each once. */
  readonly tags: readonly string[]
  /** What the file says; a rule runs when it is enabled and `disabledBy` is empty. */
  readonly enabled: boolean
  readonly condition: Condition
  /** Canonical text of the condition, macros and lists put in. */
  readonly conditionText: string
  /** What the kernel must send for it: nothing that the condition cannot hold on. */
  readonly eventTypes: EventSet
  /** Those that Falco tries it on: never fewer. */
  readonly falcoEventTypes: EventSet
  /** Fields that the condition reads, in order, with repeats. */
  readonly fields: readonly FieldRef[]
  readonly output: OutputFormat
  /** The output as the rule has it, without what is appended to every output. */
  readonly outputText: string
  /** Whether a match starts a capture, and how long one takes: 0 for the default. */
  readonly capture: boolean
  readonly captureDurationMs: number
  /** Whether equal alerts may become one: `fold`. `undefined` where the rule does not say. */
  readonly folds?: boolean | undefined
  readonly place: Place
  /** Why this sensor cannot run the rule. */
  readonly disabledBy: readonly Diagnostic[]
  /** What this sensor cannot see or print of it, though it runs. */
  readonly remarks: readonly Diagnostic[]
  /** None: it is of a rule file, and runs everywhere. */
  readonly policy?: RulePolicy
}

/** The priority that a text names, in any case; `undefined` when it names none. */
export const priorityNamed = (text: string): PriorityName | undefined => {
  const wanted = text.toLowerCase() === 'info' ? 'informational' : text.toLowerCase()
  return priorityNames.find((name) => name.toLowerCase() === wanted)
}

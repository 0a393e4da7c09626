/**
 * `context` of policies: conditions on what the graph knows of an alert's pod, in Falco's language,
 * with the macros and lists of the rule files. Unlike a condition of an event, one of them may be
 * undecided: what is not known is not taken for false, nor for true.
 */
import type { Answer, ContextEffect, ContextEffectName, ReadFact } from '@bulwark/schema'
import { allAnswers, anyAnswer } from '@bulwark/schema'
import type { Diagnostic } from '../diagnostics.ts'
import { evaluate } from '../evaluate.ts'
import { Collector } from '../falco/collector.ts'
import { contextCatalog } from '../falco/fields.ts'
import { Memo } from '../falco/memo.ts'
import type { Context } from '../falco/report.ts'
import { Report } from '../falco/report.ts'
import { resolve } from '../falco/resolve.ts'
import type { Condition } from '../ir.ts'
import { fieldsOf } from '../ir.ts'

/** An item of `context` as it was read. */
export interface ContextItem {
  readonly policy: string
  /** Whose alerts it is about; `undefined`: all of the policy. */
  readonly rule: string | undefined
  readonly path: string
  readonly when: string
  readonly effect: ContextEffectName
  readonly weight: number | undefined
  readonly reason: string
  readonly context: Context
}

/**
 * Whether a condition holds, by three-valued logic: a comparison of what is not known is not known,
 * and what is decided without it is decided.
 */
export const answerOf = (condition: Condition, read: ReadFact): Answer => {
  switch (condition.is) {
    case 'constant':
      return condition.value
    case 'and':
      return allAnswers(condition.members.map((member) => answerOf(member, read)))
    case 'or':
      return anyAnswer(condition.members.map((member) => answerOf(member, read)))
    case 'not': {
      const answer = answerOf(condition.member, read)
      return answer === undefined ? undefined : !answer
    }
    case 'exists':
    case 'compare': {
      const isKnown = fieldsOf(condition).every(
        ({ field, argument }) => read(field.name, argument) !== undefined,
      )
      if (!isKnown) return undefined
      return evaluate(condition, {
        field: ({ field, argument }) => read(field.name, argument)?.value,
        resolve: () => new Set(),
      })
    }
  }
}

const source = 'context'

/** What became of items, each under its own name. */
export interface ResolvedContext {
  /** `undefined` for an item with a fault, which is among those found. */
  readonly effects: readonly (ContextEffect | undefined)[]
  /** Faults and warnings of the items, and of no macro that none of them uses. */
  readonly found: readonly Diagnostic[]
}

/** Compiles items of `context`. Macros and lists are those of rule files. */
export const resolveContext = (
  items: readonly ContextItem[],
  base: Pick<Collector, 'lists' | 'macros'>,
): ResolvedContext => {
  if (items.length === 0) return { effects: [], found: [] }
  const collector = new Collector(() => contextCatalog, false)
  for (const [name, list] of base.lists) collector.lists.set(name, list)
  for (const [name, macro] of base.macros) collector.macros.set(name, macro)
  for (const [index, { when, context }] of items.entries()) {
    const definition = {
      name: `${index}`,
      source,
      condition: when,
      output: source,
      description: '',
      priority: 'Debug',
      enabled: true,
      capture: false,
      captureDurationMs: 0,
      folds: undefined,
      warnEventTypes: false,
      skipIfUnknownFilter: false,
      tags: [],
      exceptions: [],
      context,
      conditionContext: context,
      outputContext: context,
    } as const
    collector.defineRule(definition, new Report())
  }
  const options = {
    catalog: contextCatalog,
    eventNames: [],
    sources: new Set([source]),
    suggestedOutput: [],
  }
  const { rules, found } = resolve(collector, options, new Memo())
  const byName = new Map(rules.map((rule) => [rule.name, rule]))
  return {
    effects: items.map((item, index): ContextEffect | undefined => {
      const resolved = byName.get(`${index}`)
      if (!resolved) return undefined
      const { condition, conditionText } = resolved
      const { policy, rule, path, effect, weight, reason } = item
      const holds = (read: ReadFact): Answer => answerOf(condition, read)
      return { policy, rule, path, effect, weight, reason, when: conditionText, holds }
    }),
    found: found.map(withHelp),
  }
}

/** A fact alone is no condition. */
const withHelp = (diagnostic: Diagnostic): Diagnostic =>
  diagnostic.help === undefined && diagnostic.message.startsWith('expected a valid check operator')
    ? { ...diagnostic, help: 'say what the fact must be: `graph.internet_exposed = true`' }
    : diagnostic

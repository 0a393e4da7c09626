/**
 * What operators have asked for themselves: overrides of SeverityPolicies, and the `context` of
 * RuntimePolicies. Shown beside the factors of the table, with the policy that has them.
 */
import type { ContextEffect } from '@bulwark/schema'
import { policyKind, printableText } from '@bulwark/schema'
import type { ObjectRef } from '../diagnostics.ts'
import type { Factor, JudgedInput } from './factor.ts'
import { factSource } from './factor.ts'
import { factReader } from './facts.ts'
import type { Suppression } from './judge.ts'
import type { Override } from './settings.ts'
import { scale } from './table.ts'

const runtimePolicy = (name: string): ObjectRef => ({ kind: policyKind, namespace: '', name })

/**
 * The `context` of RuntimePolicies, for the alerts of their rules. What it raises, lowers and
 * suppresses is shown with the policy, the condition and the reason.
 */
export const overridesOfPolicies = (effects: readonly ContextEffect[]): readonly Override[] =>
  effects.map(({ policy, rule, path, effect, weight, reason, when, holds }) => ({
    name: `${policy}.${path.replace(/^spec\./, '')}`,
    effect,
    weight: weight ?? scale.levelWeight,
    reason,
    origin: { text: `when ${printableText(when)}`, object: runtimePolicy(policy), path },
    holds: (input, factors) => {
      const { alert } = input
      if (alert?.policy !== policy) return false
      if (rule !== undefined && alert.rule !== rule) return false
      return holds(factReader(input, factors))
    },
  }))

/** What the overrides make of an alert. */
export interface Overridden {
  readonly factors: readonly Factor[]
  /** In the order of their names. */
  readonly suppressions: readonly Suppression[]
  /** Those of which it is not known whether they hold, in words. */
  readonly unknown: readonly string[]
}

/** By name, whatever order they came in; of one name, by what has it. */
const inOrder = (a: Override, b: Override): number => {
  const [one, other] = [a, b].map(({ name, origin }) => [name, factSource(origin)].join('\0'))
  return (one ?? '') < (other ?? '') ? -1 : 1
}

/** Asks each override whether it holds. One of which that is not known does not. */
export const overridesOf = (input: JudgedInput, found: readonly Factor[]): Overridden => {
  const ids = new Set(found.map(({ id }) => id))
  const factors: Factor[] = []
  const suppressions: Suppression[] = []
  const unknown: string[] = []
  for (const { name, effect, weight, reason, origin, holds } of input.settings.overrides.toSorted(
    inOrder,
  )) {
    const answer = holds(input, ids)
    const source = factSource(origin)
    if (answer === undefined) unknown.push(`whether ${name} holds (${source})`)
    if (answer !== true) continue
    if (effect === 'suppress') suppressions.push({ name, reason, source })
    else {
      const text = `${name}: ${reason}`
      factors.push({ id: `override.${name}`, direction: effect, weight, text, facts: [origin] })
    }
  }
  return { factors, suppressions, unknown }
}

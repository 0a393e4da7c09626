/** What an operator may change of judgements, and what holds when nobody does. */
import type { Answer, Selector } from '@bulwark/schema'
import type { Factor, JudgedInput } from './factor.ts'
import type { MoreIndicators } from './indicators.ts'
import type { Suppression } from './judge.ts'

export const overrideEffects = ['raise', 'lower', 'suppress'] as const
export type OverrideEffect = (typeof overrideEffects)[number]

/**
 * A user's own factor, or a suppression. Whatever it is written in, a file or a RuntimePolicy, its
 * condition comes as a function.
 */
export interface Override {
  readonly name: string
  readonly effect: OverrideEffect
  /** Of `raise` and `lower`: 10 is one level. */
  readonly weight: number
  readonly reason: string
  /** File or object that has it. */
  readonly source: string
  /**
   * Whether it holds; `undefined`: something that decides it is not known.
   *
   * @param factors  ids of those that hold
   */
  readonly holds: (input: JudgedInput, factors: ReadonlySet<string>) => Answer
}

export interface SeveritySettings {
  /** Weights of factors of the table, by id; of those that differ. */
  readonly weights: ReadonlyMap<string, number>
  readonly indicators: MoreIndicators
  /** From which EPSS probability on something is likely, 0 to 1. */
  readonly epssLikely: number
  /** After how many days a report is old. */
  readonly staleDays: number
  /** How many steps are near. */
  readonly nearSteps: number
  /** Namespaces for development: any of these selects their labels. */
  readonly development: readonly Selector[]
  readonly overrides: readonly Override[]
}

const developmentWords = ['dev', 'development', 'sandbox', 'test', 'testing']
const environmentKeys = ['env', 'environment', 'stage', 'tier']

/** What holds without a severity policy. */
export const defaultSettings: SeveritySettings = {
  weights: new Map(),
  indicators: { tags: [], rules: [] },
  epssLikely: 0.1,
  staleDays: 30,
  nearSteps: 3,
  development: environmentKeys.map((key) => [{ key, operator: 'In', values: developmentWords }]),
  overrides: [],
}

/** What the overrides make of an alert. */
export interface Overridden {
  readonly factors: readonly Factor[]
  /** In the order of their names. */
  readonly suppressions: readonly Suppression[]
  /** Those of which it is not known whether they hold, in words. */
  readonly unknown: readonly string[]
}

/** Asks each override whether it holds. One of which that is not known does not. */
export const overridesOf = (input: JudgedInput, found: readonly Factor[]): Overridden => {
  const ids = new Set(found.map(({ id }) => id))
  const factors: Factor[] = []
  const suppressions: Suppression[] = []
  const unknown: string[] = []
  const named = input.settings.overrides.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  for (const { name, effect, weight, reason, source, holds } of named) {
    const answer = holds(input, ids)
    if (answer === undefined) unknown.push(`whether ${name} holds (${source})`)
    if (answer !== true) continue
    if (effect === 'suppress') suppressions.push({ name, reason, source })
    else {
      const text = `${name}: ${reason} (${source})`
      factors.push({ id: `override.${name}`, direction: effect, weight, text, facts: [] })
    }
  }
  return { factors, suppressions, unknown }
}

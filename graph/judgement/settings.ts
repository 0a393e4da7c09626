/** What an operator may change of judgements, and what holds when nobody does. */
import type { Answer, ContextEffectName, Selector } from '@bulwark/schema'
import type { Fact } from '../edges.ts'
import type { JudgedInput } from './factor.ts'
import type { MoreIndicators } from './indicators.ts'

/**
 * A user's own factor, or a suppression. Whatever it is written in, a SeverityPolicy or the
 * `context` of a RuntimePolicy, its condition comes as a function.
 */
export interface Override {
  readonly name: string
  readonly effect: ContextEffectName
  /** Of `raise` and `lower`: 10 is one level. */
  readonly weight: number
  readonly reason: string
  /** What it asks for, with the policy that has it and its place in there. */
  readonly origin: Fact
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

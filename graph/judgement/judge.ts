/**
 * Judges an alert in its context. Two numbers are kept apart and both shown: how sure and bad the
 * detection is by its rule, and what the context adds or takes. Pure: the same input gives the same
 * words, and no order of anything matters.
 */
import type { AlertFacts, ContextPart, PathThrough, PodContext, WalkedEdge } from './context.ts'
import { contextParts } from './context.ts'
import type { Factor, JudgedInput } from './factor.ts'
import { indicatorOf } from './indicators.ts'
import { overridesOf } from './overrides.ts'
import type { SeveritySettings } from './settings.ts'
import type { Level } from './severity.ts'
import { levelAt, levelOf, rankOf } from './severity.ts'
import { factorTable, scale } from './table.ts'

/** An alert that somebody has asked not to hear of; it is kept, and can be found. */
export interface Suppression {
  readonly name: string
  readonly reason: string
  /** File or object that has it. */
  readonly source: string
}

/** What the factors come to. */
export interface Combined {
  readonly effective: Level
  /** Raising weights less lowering ones, as they counted. */
  readonly score: number
  /** Bounds that have held, as sentences. */
  readonly notes: readonly string[]
}

export interface Judgement extends Combined {
  /** Of the rule. */
  readonly detection: Level
  /** Raising first, then lowering, the heaviest first. */
  readonly factors: readonly Factor[]
  /** Why it is of indicator grade. */
  readonly indicator: string | undefined
  readonly suppression: Suppression | undefined
  /** Edges that the alert shows to have been walked. */
  readonly walked: readonly WalkedEdge[]
  /** The attack path that the pod is on; where an edge of one was walked, that one. */
  readonly path: PathThrough | undefined
  /** What is not known, in words. */
  readonly unknown: readonly string[]
}

const directions = ['raise', 'lower', 'none'] as const

const order = (a: Factor, b: Factor): number =>
  directions.indexOf(a.direction) - directions.indexOf(b.direction) ||
  b.weight - a.weight ||
  (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** The factors that hold of a pod, and of an alert of it. */
export const factorsOf = (input: JudgedInput): readonly Factor[] => {
  const { context, settings } = input
  const factors = factorTable.flatMap((row): readonly Factor[] => {
    const weight = settings.weights.get(row.id) ?? row.weight
    if (weight === 0 && row.direction !== 'none') return []
    if (row.part !== 'alert' && context[row.part] === undefined) return []
    const found = row.find(input)
    return found ? [{ id: row.id, direction: row.direction, weight, ...found }] : []
  })
  return factors.toSorted(order)
}

/** What is not known of a pod. */
export const unknownsOf = (context: PodContext): readonly string[] =>
  Object.entries(contextParts)
    .filter(([part]) => context[part as ContextPart] === undefined)
    .map(([, text]): string => text)
    .concat(context.notLookedAt)

const sum = (factors: readonly Factor[]): number =>
  factors.reduce((total, { weight }) => total + weight, 0)

const overridePrefix = 'override.'

/**
 * Adds factors up. Those of the table lower by two levels at the most, and not below low; what a
 * user has asked for has no such bound. An alert of indicator grade ends below high by neither.
 */
export const combine = (
  detection: Level,
  factors: readonly Factor[],
  indicator: string | undefined,
): Combined => {
  const notes: string[] = []
  const isOwn = ({ id }: Factor): boolean => id.startsWith(overridePrefix)
  const lowering = factors.filter(({ direction }) => direction === 'lower')
  const raised = sum(factors.filter(({ direction }) => direction === 'raise'))
  const ofTable = sum(lowering.filter((each) => !isOwn(each)))
  if (ofTable > scale.lowerMost) notes.push('lowered by two levels at the most')
  const ownLowered = sum(lowering.filter(isOwn))
  const net = raised - Math.min(ofTable, scale.lowerMost)
  const rank = (score: number): number => rankOf(detection) + Math.round(score / scale.levelWeight)
  const least = Math.min(rankOf(detection), rankOf('low'))
  if (rank(net) < least) notes.push('context alone lowers no further than low')
  const score = Math.max(net, (least - rankOf(detection)) * scale.levelWeight) - ownLowered
  let end = rankOf(levelAt(rank(score)))
  const floor = Math.min(rankOf(detection), rankOf('high'))
  if (indicator !== undefined && end < floor) {
    notes.push(`never lowered below high: ${indicator}`)
    end = floor
  }
  return { effective: levelAt(end), score, notes }
}

/** Judges an alert of a pod. */
export const judge = (
  alert: AlertFacts,
  context: PodContext,
  settings: SeveritySettings,
): Judgement => {
  const input = { alert, context, settings }
  const found = factorsOf(input)
  const { factors: own, suppressions, unknown } = overridesOf(input, found)
  const factors = [...found, ...own].toSorted(order)
  const indicator = indicatorOf(alert, context, settings.indicators)
  const detection = levelOf(alert.priority)
  const combined = combine(detection, factors, indicator)
  const refused = indicator === undefined ? [] : suppressions
  const [suppression, ...others] = indicator === undefined ? suppressions : []
  return {
    ...combined,
    notes: [
      ...combined.notes,
      ...refused.map(({ name }) => `${name} does not suppress it: ${indicator ?? ''}`),
      ...others.map(({ name, reason }) => `also suppressed by ${name} (${reason})`),
    ],
    detection,
    factors,
    indicator,
    suppression,
    walked: alert.walked,
    path: context.path,
    unknown: [...unknownsOf(context), ...unknown],
  }
}

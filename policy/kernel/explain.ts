/** What becomes of a rule in the kernel, for people: plans in words and in instructions. */
import { eventKinds } from '@bulwark/schema'
import type { Rule } from '../rule.ts'
import { needsSecondLook } from './ancestors.ts'
import { generateFilter } from './generate.ts'
import { isFiltered } from './kinds.ts'
import { Optimiser } from './optimise.ts'
import type { PrintOptions } from './print.ts'
import { printPlan } from './print.ts'
import { residualText } from './residual-text.ts'
import type { RuleSplit } from './split.ts'

/** What is left to user space, and why. */
export interface ExplainedPart {
  readonly condition: string
  readonly why: string
}

/** What the kernel decides on one kind of record and some types of its events. */
export interface ExplainedHook {
  /** Name of the kind. */
  readonly kind: string
  readonly types: readonly string[]
  /** An outline of the plan. */
  readonly plan: string
  /** Tests on ancestors are made in a second look, at what the others let through. */
  readonly looksTwice: boolean
  /** Empty: the kernel decides it all. */
  readonly residual: readonly ExplainedPart[]
  /** The program of this rule alone, annotated. */
  readonly listing: string
  readonly instructionCount: number
  /** Programs that it is cut into: more than one where it is too large for one. */
  readonly parts: number
}

const kindName = (kind: number): string => eventKinds.find((each) => each.kind === kind)?.name ?? ''

/** Kinds that a rule gets all of: state of processes is kept by them. */
export const unfilteredOf = ({ eventTypes }: Rule): readonly string[] =>
  eventKinds
    .filter((kind) => {
      const isOf = kind.types.some((type) => eventTypes === 'all' || eventTypes.has(type))
      return isOf && !isFiltered(kind)
    })
    .map(({ name }) => name)

/** The hooks of a rule's split, in the order in which records are numbered. */
export const explainSplit = (
  { hooks }: RuleSplit,
  options: PrintOptions = {},
): readonly ExplainedHook[] =>
  hooks.map(({ kind, types, plan, residual }) => {
    const best = new Optimiser().optimise(plan)
    const { listing, instructionCount, parts } = generateFilter(best)
    const left = residual.map(({ condition, why }) => [residualText(condition), why] as const)
    return {
      kind: kindName(kind),
      types,
      plan: printPlan(best, kind, options),
      looksTwice: needsSecondLook(best),
      residual: Array.from(new Map(left), ([condition, why]) => ({ condition, why })),
      listing,
      instructionCount,
      parts: parts.length,
    }
  })

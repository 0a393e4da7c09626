/**
 * What a condition lets through, from above and from below, and which parts of it leave a gap
 * between the two. All that is undecidable goes through `between`; everything else is exact.
 */
import type { Condition } from '../ir.ts'
import { allOf, anyOf, inverse, isEverything, isNothing } from './make-plan.ts'
import { keyOf } from './plan-key.ts'
import type { Plan } from './plan.ts'
import { everything, nothing } from './plan.ts'

/** A part of a condition that the kernel cannot decide on some records. */
export interface Residual {
  readonly condition: Condition
  /** In a few words, for people. */
  readonly why: string
  /** The records; never too few. */
  readonly gap: Plan
}

/** Two plans: each record of `under` meets the condition, and each that meets it is of `over`. */
export interface Bounds {
  readonly over: Plan
  readonly under: Plan
  /** Empty: the two are equal, on records that lack nothing. */
  readonly residual: readonly Residual[]
}

export const exactly = (plan: Plan): Bounds => ({ over: plan, under: plan, residual: [] })

/** Parts that still matter on some record of `where`. */
const within = (where: Plan, parts: readonly Residual[]): readonly Residual[] => {
  const known = new Map<Plan, boolean>([[where, true]])
  return parts.filter(({ gap }) => {
    const matters = known.get(gap) ?? (isEverything(gap) || !isNothing(allOf([where, gap])))
    known.set(gap, matters)
    return matters
  })
}

/** Joins what members let through, from above and from below. */
const both = (
  join: (plans: readonly Plan[]) => Plan,
  members: readonly Bounds[],
): readonly [over: Plan, under: Plan] => {
  const over = join(members.map((member) => member.over))
  const isExact = members.every((member) => member.over === member.under)
  return [over, isExact || isNothing(over) ? over : join(members.map((member) => member.under))]
}

/** All of them. */
export const allBounds = (members: readonly Bounds[]): Bounds => {
  const [over, under] = both(allOf, members)
  if (isNothing(over)) return exactly(nothing)
  const parts = members.flatMap(({ residual }) => residual)
  return { over, under, residual: within(over, parts) }
}

/** Any of them. */
export const anyBounds = (members: readonly Bounds[]): Bounds => {
  const [over, under] = both(anyOf, members)
  if (isEverything(under)) return exactly(everything)
  const parts = members.flatMap(({ residual }) => residual)
  const open = parts.length === 0 ? everything : inverse(under)
  return { over, under, residual: within(open, parts) }
}

/** The opposite. */
export const inverseBounds = ({ over, under, residual }: Bounds): Bounds => ({
  over: inverse(under),
  under: inverse(over),
  residual,
})

/** All between two plans is `open`, where they differ. */
export const between = (over: Plan, under: Plan, open: Bounds): Bounds =>
  keyOf(over) === keyOf(under)
    ? exactly(over)
    : {
        over,
        under,
        residual: open.residual.map(({ condition, why }) => ({ condition, why, gap: over })),
      }

/** A comparison that is decided on all records. */
export const always = (value: boolean): Bounds => exactly(value ? everything : nothing)

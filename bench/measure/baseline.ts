/**
 * What bench/baseline.json holds: every figure of the newest run of all benchmarks (`now`); earlier
 * runs that changes are held against (`before`, the oldest first), each with its day, commit and
 * machine; and what is to be reached, with the figure of both beside it (`targets`). Figures of
 * different machines do not compare, and ratios of one run compare best.
 */
import type { Figure } from './figures.ts'
import type { Target } from './targets.ts'

/** All benchmarks, run once. */
export interface BaselineRun {
  /** As in a calendar: 2026-11-26. */
  readonly day: string
  /** Of the work tree that was measured. */
  readonly commit: string
  readonly machine: Readonly<Record<string, string | number>>
  readonly commands: readonly {
    readonly command: string
    readonly figures: readonly Figure[]
    /** Where it was run again alone, after the others: of the work tree then. */
    readonly commit?: string
  }[]
}

/** A figure beside what it may be at the most, or at the least. */
export interface TargetReached {
  readonly what: string
  readonly unit: string
  readonly most?: number
  readonly least?: number
  /** `undefined` where it was not measured. */
  readonly before?: number
  readonly now?: number
  readonly reached?: boolean
}

export interface Baseline {
  readonly targets: readonly TargetReached[]
  readonly now?: BaselineRun
  readonly before: readonly BaselineRun[]
}

/** A figure by its name: of the command that should print it, or, long ago, of another one. */
const valueOf = (
  run: BaselineRun | undefined,
  names: readonly string[],
  command: string,
): number | undefined => {
  const all = run?.commands.toSorted(
    (a, b) => Number(b.command === command) - Number(a.command === command),
  )
  const figures = all?.flatMap((each) => each.figures) ?? []
  for (const name of names) {
    const found = figures.find(({ what }) => what === name)
    if (found) return found.value
  }
  return undefined
}

const reachedOf = (
  { what, command, bound, value, unit, formerly = what }: Target,
  now: BaselineRun | undefined,
  before: BaselineRun | undefined,
): TargetReached => {
  const isNow = valueOf(now, [what], command)
  const wasBefore = valueOf(before, [what, formerly], command)
  return {
    what,
    unit,
    [bound]: value,
    ...(wasBefore !== undefined && { before: wasBefore }),
    ...(isNow !== undefined && {
      now: isNow,
      reached: bound === 'most' ? isNow <= value : isNow >= value,
    }),
  }
}

/** @param before  the oldest first; the newest of them stands beside the figures of now */
export const baselineOf = (
  targets: readonly Target[],
  now: BaselineRun | undefined,
  before: readonly BaselineRun[],
): Baseline => ({
  targets: targets.map((target) => reachedOf(target, now, before.at(-1))),
  ...(now && { now }),
  before,
})

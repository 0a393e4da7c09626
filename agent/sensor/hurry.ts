/** Which kinds of records are in no hurry: those that wake nobody, and those that are held back. */
import {
  EventNumber,
  HOLD_EXECS,
  HOLD_EXITS,
  HOLD_FORKS,
  HOLD_TRACK,
  eventKinds,
} from '@bulwark/schema'
import type { SensorWants } from './wants.ts'

/**
 * A bit for each kind that nobody waits for: those of processes that no rule is about. A cgroup is
 * not: the files of a short container are there for as long as it is.
 */
export const quietKinds = ({ types }: SensorWants): number =>
  eventKinds
    .filter(({ state, kind }) => state || kind === EventNumber.file_used)
    .filter(({ kind }) => kind !== EventNumber.cgroup)
    .filter(({ types: own }) => types !== 'all' && !own.some((type) => types.has(type)))
    .reduce((bits, { kind }) => bits | (1 << kind), 0)

/** How many processes were held back, and how that ended. */
export interface HoldCounts {
  /** Ended, and nobody has heard of them. */
  readonly dropped: number
  /** There was no room: they were told at once. */
  readonly full: number
  /** Changed while they were told: of these the agent reads from /proc what it was not told. */
  readonly torn: number
}

/** `held`: processes are held back; `told`: they were once. */
export type Hold = 'held' | 'told' | undefined

/** Bits HOLD_*. Once some were set, the kernel side goes on keeping count of processes. */
export const heldKinds = ({ types }: SensorWants, hold: Hold): number => {
  const isAskedFor = (kind: number): boolean =>
    types === 'all' ||
    eventKinds.some((each) => each.kind === kind && each.types.some((type) => types.has(type)))
  if (hold === undefined) return 0
  if (hold === 'told') return HOLD_TRACK
  return (
    HOLD_TRACK |
    (isAskedFor(EventNumber.exec) ? 0 : HOLD_EXECS) |
    (isAskedFor(EventNumber.fork) ? 0 : HOLD_FORKS) |
    (isAskedFor(EventNumber.exit) ? 0 : HOLD_EXITS)
  )
}

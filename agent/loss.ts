/**
 * Losses as events of their own: which hook lost how many, in which interval. The kernel side
 * counts; `LossMeter` takes the differences; `LossAlerts` tells them, some together where they come
 * one after another, so that a flood of events makes no flood of alerts and no count is hidden.
 */
import { eventKinds, places } from '@bulwark/schema'
import type { PriorityName } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { internalAlert } from './alert.ts'
import type { Counted } from './held-counts.ts'
import { HeldCounts } from './held-counts.ts'
import { limits } from './limits.ts'
import { dateParts } from './time.ts'

/** Events of one hook that were lost at one place. */
export interface Loss {
  /** See `places` in the schema; or `recursion`, or `not_handed_over`. */
  readonly place: string
  /** The type of event as rules have it, such as `openat`; `anyCall`, or `unknown`. */
  readonly hook: string
  readonly count: number
}

/** What was lost in an interval. Times are nanoseconds since boot. */
export interface LossReport {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly losses: readonly Loss[]
}

const keyOf = ({ place, hook }: Loss): string => `${place} ${hook}`

/** From counts that only go up to what came since the last look. */
export class LossMeter {
  readonly #before = new Map<string, number>()
  #lookedNs: bigint

  /** @param nowNs  nanoseconds since boot; the counts are zero then */
  constructor(nowNs: bigint) {
    this.#lookedNs = nowNs
  }

  /**
   * @param counts  all that was lost so far
   * @returns `undefined` when nothing was lost since the last look
   */
  look(counts: readonly Loss[], nowNs: bigint): LossReport | undefined {
    const startNs = this.#lookedNs
    this.#lookedNs = nowNs
    const losses: Loss[] = []
    for (const loss of counts) {
      const more = loss.count - (this.#before.get(keyOf(loss)) ?? 0)
      if (more > 0) losses.push({ ...loss, count: more })
      this.#before.set(keyOf(loss), loss.count)
    }
    return losses.length > 0 ? { startNs, endNs: nowNs, losses } : undefined
  }
}

/** The hook of all system calls, where nobody can tell which one it was. */
export const anyCall = 'any system call'

/** Hooks whose losses leave the process table behind; where nobody can tell the hook, it may be. */
export const keepsTable: ReadonlySet<string> = new Set([
  ...eventKinds.filter(({ state }) => state).flatMap(({ types }) => types),
  anyCall,
  'unknown',
])

export const lossRule = 'Bulwark internal: events lost'

const priorityOf = (count: number): PriorityName => {
  if (count >= limits.lossCriticalMin) return 'Critical'
  return count >= limits.lossErrorMin ? 'Error' : 'Warning'
}

/** Of places that the agent counts by other means. */
const otherMeanings: Readonly<Record<string, string>> = {
  recursion: 'the hook was running on that CPU already',
  not_handed_over: 'a filter in the kernel let them through, and could not hand them over',
}

const meaningOf = (place: string): string =>
  places.find(({ name }) => name === place)?.meaning ?? otherMeanings[place] ?? place

/** Tells losses at once; those that follow soon are held together for a while. */
export class LossAlerts {
  readonly #hostname: string
  readonly #onAlert: (alert: Alert) => void
  readonly #held = new HeldCounts<Loss>(keyOf)

  constructor(hostname: string, onAlert: (alert: Alert) => void) {
    this.#hostname = hostname
    this.#onAlert = onAlert
  }

  add({ startNs, endNs, losses }: LossReport, wallOffsetNs: bigint): void {
    this.#held.add({ startNs, endNs, items: losses })
    this.pass(endNs, wallOffsetNs)
  }

  /** Time has passed: tells what waits, if it has waited long enough. */
  pass(nowNs: bigint, wallOffsetNs: bigint): void {
    this.#tell(this.#held.takeDue(nowNs), wallOffsetNs)
  }

  /** Tells what waits. */
  flush(wallOffsetNs: bigint): void {
    this.#tell(this.#held.take(), wallOffsetNs)
  }

  #tell({ startNs, endNs, items }: Counted<Loss>, wallOffsetNs: bigint): void {
    const [start, end] = [startNs + wallOffsetNs, endNs + wallOffsetNs]
    for (const loss of items) this.#onAlert(this.#alert(loss, start, end))
  }

  #alert({ place, hook, count }: Loss, start: bigint, end: bigint): Alert {
    const priority = priorityOf(count)
    const [from, to] = [dateParts(start).time, dateParts(end).time]
    const text = `Events lost: ${count} of ${hook} from ${from} to ${to}: ${meaningOf(place)}`
    return internalAlert({
      rule: lossRule,
      priority,
      hostname: this.#hostname,
      timeNs: end,
      message: `${text} | hook=${hook} count=${count} place=${place}`,
      fields: [
        ['lost.count', count],
        ['lost.end', end],
        ['lost.hook', hook],
        ['lost.place', place],
        ['lost.start', start],
      ],
    })
  }
}

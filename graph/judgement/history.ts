/**
 * What was alerted before, for the judgement of what comes: alerts of the same pod a few minutes
 * earlier, and nodes that something has got out to. Bounded; the caller gives the times.
 */
import type { ObjectRef } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import { limits } from '../limits.ts'
import type { AlertFacts } from './context.ts'
import { isWalkedEscape } from './indicators.ts'

/** An alert that was told. */
interface Told {
  readonly rule: string
  readonly timeMs: number
}

/** Whose alert it is. */
export interface AlertedPod {
  readonly pod: ObjectRef
  /** Empty: not known. */
  readonly node: string
}

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace}/${name}`

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`

export class AlertHistory {
  readonly #byPod = new Map<string, Told[]>()
  readonly #takenNodes = new Map<string, { readonly told: Told; readonly pod: ObjectRef }>()

  /** What is to be known of an alert that comes, before it is noted. */
  of(
    { rule, timeMs }: Pick<AlertFacts, 'rule' | 'timeMs'>,
    { pod, node }: AlertedPod,
  ): Pick<AlertFacts, 'related' | 'nodeTaken'> {
    const since = timeMs - limits.relatedAlertsMs
    // The same rule again is no second step.
    const earlier = (this.#byPod.get(keyOf(pod)) ?? []).filter(
      (told) => told.rule !== rule && told.timeMs >= since,
    )
    const taken = this.#takenNodes.get(node)
    return {
      related: earlier.map((told) => ({
        text: `${told.rule}, ${seconds(Math.max(0, timeMs - told.timeMs))} before`,
        object: pod,
        path: '',
      })),
      nodeTaken: taken === undefined || keyOf(taken.pod) === keyOf(pod) ? [] : [takenFact(taken)],
    }
  }

  /** Takes in an alert that was judged. */
  note(alert: AlertFacts, { pod, node }: AlertedPod): void {
    const { rule, timeMs } = alert
    const key = keyOf(pod)
    const before = (this.#byPod.get(key) ?? []).filter(
      (told) => told.rule !== rule && told.timeMs >= timeMs - limits.relatedAlertsMs,
    )
    this.#byPod.delete(key)
    if (this.#byPod.size >= limits.alertedPodsMax) dropOldest(this.#byPod)
    this.#byPod.set(key, [...before, { rule, timeMs }].slice(-limits.relatedAlertsMax))
    if (node === '' || !isWalkedEscape(alert)) return
    this.#takenNodes.delete(node)
    if (this.#takenNodes.size >= limits.takenNodesMax) dropOldest(this.#takenNodes)
    this.#takenNodes.set(node, { told: { rule, timeMs }, pod })
  }
}

const takenFact = ({ told, pod }: { readonly told: Told; readonly pod: ObjectRef }): Fact => ({
  text: `${told.rule} on the same node`,
  object: pod,
  path: '',
})

const dropOldest = (map: Map<string, unknown>): void => {
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

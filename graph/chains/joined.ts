/** What alerts add to one another: facts, each with the pod that it is about. */
import type { ObjectRef } from '../diagnostics.ts'
import { refText } from '../diagnostics.ts'
import type { Fact } from '../edges.ts'
import type { AlertFacts, Exposure, InheritedExposure } from '../judgement/context.ts'
import { limits } from '../limits.ts'
import type { Connection } from './connections.ts'
import type { NodeEscape } from './taken-nodes.ts'

/** An alert, as others see it. */
export interface Joined {
  readonly uuid: string
  readonly facts: AlertFacts
  readonly pod: ObjectRef
  readonly exposure: Exposure | undefined
  /** Alerts whose connections lead to its pod, and those of pods that its own leads to. */
  readonly incoming: ReadonlyMap<Joined, Connection>
  readonly outgoing: ReadonlyMap<Joined, Connection>
}

/** By their times, and then by their ids. */
export const isEarlier = (a: Joined, b: Joined): boolean =>
  a.facts.timeMs < b.facts.timeMs || (a.facts.timeMs === b.facts.timeMs && a.uuid < b.uuid)

/** In an order that does not depend on which came first. */
const inOrder = (
  connections: ReadonlyMap<Joined, Connection>,
): readonly (readonly [Joined, Connection])[] =>
  [...connections].toSorted(([a], [b]) => (isEarlier(a, b) ? -1 : 1))

/** An alert that belongs to another, and why. */
export interface RelatedAlert {
  readonly uuid: string
  readonly fact: Fact
}

const distanceText = (fromMs: number, toMs: number): string => {
  const seconds = Math.round(Math.abs(toMs - fromMs) / 1000)
  return `${seconds} s ${toMs > fromMs ? 'after' : 'before'}`
}

/**
 * Whether a connection may have led to what was alerted elsewhere: minutes later at the most, or
 * as much before as clocks of nodes differ.
 */
export const isInRange = (from: Joined, to: Joined): boolean => {
  const distance = to.facts.timeMs - from.facts.timeMs
  return distance >= -limits.clockSkewMs && distance <= limits.relatedAlertsMs
}

/** An alert and what it is to another one. */
interface Candidate {
  readonly alert: Joined
  readonly text: string
  readonly more: readonly Fact[]
}

/** The nearest in time of each pod and rule; equal distances by their ids. */
const nearest = (to: Joined, candidates: readonly Candidate[]): readonly Candidate[] => {
  const distance = ({ alert }: Candidate): number => Math.abs(alert.facts.timeMs - to.facts.timeMs)
  const sorted = candidates.toSorted(
    (a, b) => distance(a) - distance(b) || (a.alert.uuid < b.alert.uuid ? -1 : 1),
  )
  const first = new Map<string, Candidate>()
  for (const each of sorted) {
    const key = `${refText(each.alert.pod)} ${each.alert.facts.rule}`
    if (!first.has(key)) first.set(key, each)
  }
  return [...first.values()].slice(0, limits.relatedAlertsMax)
}

/** Steps before it in the same pod. The same rule again is none, nor is the same event. */
const before = (alert: Joined, ofPod: Iterable<Joined>): readonly Candidate[] =>
  [...ofPod]
    .filter(({ facts: { rule, timeMs } }) => {
      const distance = alert.facts.timeMs - timeMs
      return rule !== alert.facts.rule && distance > 0 && distance <= limits.relatedAlertsMs
    })
    .map((each) => ({ alert: each, text: each.facts.rule, more: [] }))

const led = (alert: Joined): readonly Candidate[] =>
  [...alert.incoming].map(([each, { facts }]) => ({
    alert: each,
    text: `${each.facts.rule}, a connection to this pod`,
    more: facts,
  }))

const leads = (alert: Joined): readonly Candidate[] =>
  [...alert.outgoing].map(([each, { facts }]) => ({
    alert: each,
    text: `${each.facts.rule} in the pod that it connected to`,
    more: facts,
  }))

/** The alerts that one belongs together with, the nearest of each sort first. */
export const relatedOf = (alert: Joined, ofPod: Iterable<Joined>): readonly RelatedAlert[] =>
  [before(alert, ofPod), led(alert), leads(alert)].flatMap((sort) =>
    nearest(alert, sort).flatMap(({ alert: each, text, more }) => {
      const when = distanceText(alert.facts.timeMs, each.facts.timeMs)
      const fact = { text: `${text}, ${when}`, object: each.pod, path: '' }
      return [fact, ...more].map((one) => ({ uuid: each.uuid, fact: one }))
    }),
  )

/** From this level on the internet reaches a pod. */
const openLevelMin = 5

const sureness = (certainty: Exposure['certainty']): number =>
  certainty === 'certain' || certainty === 'observed' ? 1 : 0

interface Source {
  readonly alert: Joined
  readonly exposure: Exposure
  readonly steps: number
  readonly first: Connection
}

const isBetter = (a: Source, b: Source | undefined): boolean => {
  if (!b) return true
  const order =
    a.exposure.level - b.exposure.level ||
    sureness(a.exposure.certainty) - sureness(b.exposure.certainty) ||
    b.steps - a.steps ||
    b.alert.facts.timeMs - a.alert.facts.timeMs
  return order === 0 ? a.alert.uuid < b.alert.uuid : order > 0
}

/**
 * The furthest that pods are open by which an alert's pod was reached, over connections that were
 * alerts themselves; `undefined`: none is open to the internet, or none more than the pod itself.
 */
export const inheritedOf = (alert: Joined): InheritedExposure | undefined => {
  let best: Source | undefined
  const seen = new Set<Joined>([alert])
  let now: { readonly alert: Joined; readonly first: Connection | undefined }[] = [
    { alert, first: undefined },
  ]
  for (let steps = 1; steps <= limits.chainStepsMax && now.length > 0; steps++) {
    const next: typeof now = []
    for (const { alert: to, first } of now) {
      for (const [from, connection] of inOrder(to.incoming)) {
        if (seen.has(from)) continue
        seen.add(from)
        next.push({ alert: from, first: first ?? connection })
        const { exposure } = from
        if (!exposure || exposure.level < openLevelMin) continue
        const source = { alert: from, exposure, steps, first: first ?? connection }
        if (isBetter(source, best)) best = source
      }
    }
    now = next
  }
  if (!best || best.exposure.level <= (alert.exposure?.level ?? 0)) return undefined
  const { exposure, steps, first } = best
  return {
    level: exposure.level,
    certainty: first.certainty === 'certain' ? exposure.certainty : 'possible',
    from: best.alert.pod,
    steps,
    facts: [...first.facts.slice(0, 1), ...exposure.facts.slice(0, limits.connectionFactsMax)],
  }
}

/** What has happened to the node of an alert's pod. */
export const takenFacts = (alert: Joined, escapes: readonly NodeEscape[]): readonly Fact[] =>
  escapes.map(({ rule, edge, pod, timeMs }) => ({
    text: `${rule} on the same node (${edge}), ${distanceText(alert.facts.timeMs, timeMs)}`,
    object: pod,
    path: '',
  }))

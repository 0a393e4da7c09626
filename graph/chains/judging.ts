/**
 * Judges the alerts of pods as they come: each in the context of its pod, with the edges that it
 * shows to have been walked, and joined with those before it.
 */
import type { ContextSources } from '../context/contexts.ts'
import { podContextOf } from '../context/contexts.ts'
import { isLearning } from '../context/learning.ts'
import { isAnomalyRule } from '../judgement/anomalies.ts'
import type { AlertFacts, KnownOfAlert } from '../judgement/context.ts'
import { plainAlert } from '../judgement/context.ts'
import { judge } from '../judgement/judge.ts'
import type { SeveritySettings } from '../judgement/settings.ts'
import { observedPath } from './observed-path.ts'
import { outcomeOf, walkedEdges } from './walked.ts'
import type { JoinedAlert } from './window.ts'
import { AlertWindow } from './window.ts'

/** An alert of a pod. */
export type PodAlert<Told> = KnownOfAlert & {
  readonly uuid: string
  /** Given back when it is raised. */
  readonly told: Told
  readonly namespace: string
  readonly podName: string
  /** What the alerting process and those above it run: see `programFiles`. */
  readonly executables: readonly string[]
}

export class AlertJudging<Told> {
  readonly window = new AlertWindow<Told>()

  /** Judges an alert, and those again that it raises. */
  judge(
    sources: ContextSources,
    alert: PodAlert<Told>,
    settings: SeveritySettings,
  ): JoinedAlert<Told> {
    const { uuid, told, namespace, podName, executables, ...own } = alert
    const { cluster } = sources
    const plain = plainAlert(own)
    const known = cluster.objects.get('Pod', namespace, podName)
    const question = { namespace, name: podName, container: plain.container, executables }
    const context = podContextOf(sources, question)
    const walked = known ? walkedEdges(cluster, known, plain) : []
    const isAnomaly = plain.isAnomaly || isAnomalyRule(plain.rule, plain.tags)
    const isNew =
      isAnomaly && known !== undefined && isLearning(cluster, known, plain.container, plain.timeMs)
    const facts: AlertFacts = {
      ...plain,
      outcome: outcomeOf(plain),
      isAnomaly,
      isLearning: plain.isLearning || isNew,
      walked,
    }
    const { exposure, pod } = context
    const seen = { ...context, path: observedPath(context.path, exposure, walked) }
    return this.window.add(cluster, {
      uuid,
      told,
      facts,
      pod,
      known,
      exposure,
      judge: (all) => judge(all, seen, settings),
    })
  }
}

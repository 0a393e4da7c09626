/** Judges alerts in the context of their pods, before they go out. */
import type { Alert, AlertSubject } from '@bulwark/agent'
import type { AlertFacts, ContextSources, SeveritySettings } from '@bulwark/graph'
import {
  AlertHistory,
  imageDigestsOf,
  judge,
  judgementJson,
  plainAlert,
  podContextOf,
  programFiles,
  summaryOf,
} from '@bulwark/graph'
import { log } from '../report.ts'
import { accessOf } from '../kubernetes.ts'
import { followCluster } from './relist.ts'
import { severitySettingsOf } from './severity.ts'
import { filesSource } from './source.ts'

/** What of a run's settings is about it. */
export interface JudgeChoice {
  readonly fromFiles: string | undefined
  readonly kubeconfig: string | undefined
  /** Asks the API server of `kubeconfig` for the cluster. */
  readonly context: boolean
  readonly severity: readonly string[]
}

const nsPerMs = 1_000_000n

/** Gives alerts their context. */
export interface Judging {
  readonly judge: (alert: Alert) => Alert
  /** Nobody is asked any more. */
  readonly stop: () => void
}

export class AlertJudge {
  readonly #sourcesNow: () => ContextSources | undefined
  readonly #settings: SeveritySettings
  readonly #history = new AlertHistory()
  #faults = 0

  /** @param sourcesNow  what is known when an alert comes; `undefined`: nothing yet */
  constructor(sourcesNow: () => ContextSources | undefined, settings: SeveritySettings) {
    this.#sourcesNow = sourcesNow
    this.#settings = settings
  }

  /** The alert with its context; as it is when it is of no pod. Never throws. */
  judge(alert: Alert): Alert {
    const { subject } = alert
    if (subject?.namespace === undefined || subject.podName === undefined) return alert
    try {
      const sources = this.#sourcesNow()
      if (!sources) return alert
      return this.#judged(sources, alert, subject, subject.namespace, subject.podName)
    } catch (error) {
      this.#faults++
      // An alert is worth more than its context.
      if (this.#faults === 1) log(`warning: an alert could not be judged: ${String(error)}`)
      return alert
    }
  }

  #judged(
    sources: ContextSources,
    alert: Alert,
    subject: AlertSubject,
    namespace: string,
    name: string,
  ): Alert {
    const executables = subject.programs.flatMap(programFiles)
    const { container, outcome } = subject
    const pod = sources.cluster.objects.get('Pod', namespace, name)
    if (pod && container !== undefined) {
      const digests = imageDigestsOf(pod).get(container) ?? []
      for (const digest of digests) {
        for (const path of executables) sources.used.markUsed(digest, path)
      }
    }
    const context = podContextOf(sources, { namespace, name, container, executables })
    const alerted = { pod: context.pod, node: pod?.nodeName ?? '' }
    const { rule, priority, tags } = alert
    const timeMs = Number(alert.timeNs / nsPerMs)
    const facts: AlertFacts = plainAlert({
      rule,
      priority,
      tags,
      container,
      outcome,
      timeMs,
      ...this.#history.of({ rule, timeMs }, alerted),
    })
    const judgement = judge(facts, context, this.#settings)
    this.#history.note(facts, alerted)
    const said = { ...judgementJson(judgement), summary: summaryOf(judgement) }
    return { ...alert, bulwark: { ...alert.bulwark, context: said } }
  }
}

/**
 * What judges the alerts of a run.
 *
 * @returns `judge` gives the alert back as it is when nobody has asked for contexts; `undefined` on
 *   wrong usage, which was said
 */
export const judgeOf = async (choice: JudgeChoice): Promise<Judging | undefined> => {
  const { fromFiles, kubeconfig, context } = choice
  const isLive = fromFiles === undefined && context && kubeconfig !== undefined
  if (fromFiles === undefined && !isLive) return { judge: (alert) => alert, stop: () => {} }
  const settings = severitySettingsOf(choice.severity)
  if (!settings) return undefined
  if (fromFiles !== undefined) {
    const source = await filesSource(fromFiles)
    if (!source) return undefined
    const { sources } = source.input
    const all = new AlertJudge(() => sources, settings)
    return { judge: (alert) => all.judge(alert), stop: () => {} }
  }
  const cluster = await followCluster(accessOf(kubeconfig ?? ''))
  const all = new AlertJudge(() => cluster.sources, settings)
  return { judge: (alert) => all.judge(alert), stop: () => cluster.stop() }
}

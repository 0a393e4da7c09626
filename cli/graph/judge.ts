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
import { severitySettingsOf } from './severity.ts'
import { filesSource } from './source.ts'

/** What of a run's settings is about it. */
export interface JudgeChoice {
  readonly fromFiles: string | undefined
  readonly severity: readonly string[]
}

const nsPerMs = 1_000_000n

export class AlertJudge {
  readonly #sources: ContextSources
  readonly #settings: SeveritySettings
  readonly #history = new AlertHistory()
  #faults = 0

  constructor(sources: ContextSources, settings: SeveritySettings) {
    this.#sources = sources
    this.#settings = settings
  }

  /** The alert with its context; as it is when it is of no pod. Never throws. */
  judge(alert: Alert): Alert {
    const { subject } = alert
    if (subject?.namespace === undefined || subject.podName === undefined) return alert
    try {
      return this.#judged(alert, subject, subject.namespace, subject.podName)
    } catch (error) {
      this.#faults++
      // An alert is worth more than its context.
      if (this.#faults === 1) log(`warning: an alert could not be judged: ${String(error)}`)
      return alert
    }
  }

  #judged(alert: Alert, subject: AlertSubject, namespace: string, name: string): Alert {
    const executables = subject.programs.flatMap(programFiles)
    const { container, outcome } = subject
    const pod = this.#sources.cluster.objects.get('Pod', namespace, name)
    if (pod && container !== undefined) {
      const digests = imageDigestsOf(pod).get(container) ?? []
      for (const digest of digests) {
        for (const path of executables) this.#sources.used.markUsed(digest, path)
      }
    }
    const context = podContextOf(this.#sources, { namespace, name, container, executables })
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
export const judgeOf = async (
  choice: JudgeChoice,
): Promise<{ readonly judge: (alert: Alert) => Alert } | undefined> => {
  if (choice.fromFiles === undefined) return { judge: (alert) => alert }
  const settings = severitySettingsOf(choice.severity)
  const source = settings && (await filesSource(choice.fromFiles))
  if (!source) return undefined
  const all = new AlertJudge(source.input.sources, settings)
  return { judge: (alert) => all.judge(alert) }
}

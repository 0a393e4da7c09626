/** Judges alerts in the context of their pods, before they go out. */
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
import type { AlertContext, AlertSubject } from '@bulwark/schema'

/** What is judged of an alert. */
export interface JudgedAlert extends Pick<AlertFacts, 'rule' | 'priority' | 'tags'> {
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
  /** Alerts about Bulwark itself have none. */
  readonly subject?: AlertSubject
}

export interface AlertJudgeOptions {
  /** What is known when an alert comes; `undefined`: nothing yet. */
  readonly sourcesNow: () => ContextSources | undefined
  readonly settings: SeveritySettings
  readonly log: (line: string) => void
}

const nsPerMs = 1_000_000n

export class AlertJudge {
  readonly #options: AlertJudgeOptions
  readonly #history = new AlertHistory()
  /** Alerts that could not be judged. */
  faults = 0

  constructor(options: AlertJudgeOptions) {
    this.#options = options
  }

  /** The context of an alert; `undefined`: it is of no pod, or nothing is known. Never throws. */
  judge(alert: JudgedAlert): AlertContext | undefined {
    const { subject } = alert
    if (subject?.namespace === undefined || subject.podName === undefined) return undefined
    try {
      const sources = this.#options.sourcesNow()
      if (!sources) return undefined
      return this.#judged(sources, alert, subject, subject.namespace, subject.podName)
    } catch (error) {
      this.faults++
      // An alert is worth more than its context.
      if (this.faults === 1) {
        this.#options.log(`warning: an alert could not be judged: ${String(error)}`)
      }
      return undefined
    }
  }

  #judged(
    sources: ContextSources,
    alert: JudgedAlert,
    subject: AlertSubject,
    namespace: string,
    name: string,
  ): AlertContext {
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
    const judgement = judge(facts, context, this.#options.settings)
    this.#history.note(facts, alerted)
    return { ...judgementJson(judgement), summary: summaryOf(judgement) }
  }
}

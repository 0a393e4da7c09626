/** Judges alerts in the context of their pods, before they go out. */
import type {
  AlertFacts,
  ContextSources,
  Priority,
  RaisedAlert,
  SeveritySettings,
  TakenNode,
  ToldLevel,
} from '@bulwark/graph'
import {
  AlertJudging,
  imageDigestsOf,
  judgementJson,
  priorityAt,
  programFiles,
  summaryOf,
  takeUsage,
} from '@bulwark/graph'
import type { AlertContext, AlertSubject, AlertUpdate, UsageReport } from '@bulwark/schema'

/** What is judged of an alert. */
export interface JudgedAlert extends Pick<AlertFacts, 'rule' | 'priority' | 'tags'> {
  readonly uuid: string
  /** Nanoseconds since 1970. */
  readonly timeNs: bigint
  /** `policy`: the RuntimePolicy that its rule runs under. */
  readonly bulwark: { readonly policy?: string }
  /** Alerts about Bulwark itself have none. */
  readonly subject?: AlertSubject
}

/** An alert that was told, and that another one has raised: it must be told again. */
export interface AlertRaise<Told> {
  /** As it was told. */
  readonly alert: Told
  /** Of what it is now. */
  readonly priority: Priority
  readonly context: AlertContext
  readonly update: AlertUpdate
  readonly level: ToldLevel
}

/** What came of an alert. */
export interface Judged<Told> {
  /** `undefined`: it is of no pod, or nothing is known. */
  readonly context: AlertContext | undefined
  /** In the order of their times. */
  readonly raised: readonly AlertRaise<Told>[]
  /** What others are raised from; not there where there is no context. */
  readonly level?: ToldLevel
  /** A node that it is the first to show to be taken over. */
  readonly taken?: TakenNode | undefined
}

/** An alert that an earlier run has told. */
export interface ToldBefore<Told> {
  readonly alert: Told
  readonly level: ToldLevel
}

export interface AlertJudgeOptions {
  /** What is known when an alert comes; `undefined`: nothing yet. */
  readonly sourcesNow: () => ContextSources | undefined
  /** What operators say by then. */
  readonly settings: { readonly now: SeveritySettings }
  readonly log: (line: string) => void
}

const nsPerMs = 1e6

const unjudged: Judged<never> = { context: undefined, raised: [] }

/** The same words of a judgement wherever it is told. */
const contextOf = (
  judgement: RaisedAlert<unknown>['judgement'],
  joined: readonly string[],
): AlertContext => ({
  ...judgementJson(judgement),
  ...(joined.length > 0 ? { joined } : {}),
  summary: summaryOf(judgement),
})

const levelOf = ({ effective, suppression }: RaisedAlert<unknown>['judgement']): ToldLevel => ({
  effective,
  isSuppressed: suppression !== undefined,
})

const raiseOf = <Told extends JudgedAlert>(
  { told, before, judgement, added, joined, uuid }: RaisedAlert<Told>,
  because: string,
): AlertRaise<Told> => ({
  alert: told,
  priority: priorityAt(judgement.effective, told.priority),
  context: contextOf(judgement, joined),
  level: levelOf(judgement),
  update: {
    of: uuid,
    because,
    before,
    severity: judgement.effective,
    reasons: added.map(({ text }) => text),
  },
})

/** @typeParam Told  alerts as they are told; they are kept for minutes, as far as the bound goes */
export class AlertJudge<Told extends JudgedAlert> {
  readonly #options: AlertJudgeOptions
  readonly #judging = new AlertJudging<Told>()
  #isUnjoinedSaid = false
  /** Alerts that could not be judged. */
  faults = 0

  constructor(options: AlertJudgeOptions) {
    this.#options = options
  }

  /** Alerts that were forgotten, or not looked at again, while others could belong to them. */
  get unjoined(): number {
    const { forgotten, unchecked } = this.#judging.window
    return forgotten + unchecked
  }

  /**
   * Takes in which files run in containers. Never throws.
   *
   * @returns `false`: it is lost, because nothing is known of the cluster yet
   */
  takeUsage(report: UsageReport): boolean {
    const sources = this.#options.sourcesNow()
    if (sources) takeUsage(sources, report)
    return sources !== undefined
  }

  /** Whether something was told of the files that run on a node. */
  knowsUsageOf(node: string): boolean {
    return this.#options.sourcesNow()?.used.knows(node) === true
  }

  /** The context of an alert, and the alerts that it raises. Never throws. */
  judge(alert: Told): Judged<Told> {
    const { subject } = alert
    if (subject?.namespace === undefined || subject.podName === undefined) return unjudged
    try {
      const sources = this.#options.sourcesNow()
      if (!sources) return unjudged
      return this.#judged(sources, alert, subject, subject.namespace, subject.podName)
    } catch (error) {
      this.faults++
      // An alert is worth more than its context.
      if (this.faults === 1) {
        this.#options.log(`warning: an alert could not be judged: ${String(error)}`)
      }
      return unjudged
    }
  }

  /** Nodes that were taken over, for a later run. */
  get taken(): Iterable<TakenNode> {
    return this.#judging.window.taken
  }

  /** What an earlier run has known of nodes. */
  restoreTaken(taken: Iterable<TakenNode>): void {
    for (const each of taken) this.#judging.window.restoreTaken(each)
  }

  /**
   * Takes up alerts that an earlier run has told, an alert a step: those that come are joined with
   * them, and raise them from what was told. To be gone through when the cluster is known.
   */
  *restore(told: readonly ToldBefore<Told>[]): Generator<void, void> {
    for (const { alert } of told) {
      this.judge(alert)
      yield
    }
    this.#judging.window.restoreTold(new Map(told.map(({ alert, level }) => [alert.uuid, level])))
  }

  #sayUnjoined(): void {
    if (this.#isUnjoinedSaid || this.unjoined === 0) return
    this.#isUnjoinedSaid = true
    this.#options.log('warning: there are too many alerts to join all that belong together')
  }

  #judged(
    sources: ContextSources,
    alert: Told,
    subject: AlertSubject,
    namespace: string,
    podName: string,
  ): Judged<Told> {
    const executables = subject.programs.flatMap(programFiles)
    const { container, outcome, act, imageDigest } = subject
    const pod = sources.cluster.objects.get('Pod', namespace, podName)
    // The pod may say it later than its node, and may be gone.
    const said = pod && container !== undefined ? imageDigestsOf(pod).get(container) : undefined
    for (const digest of said ?? (imageDigest === undefined ? [] : [imageDigest])) {
      for (const path of executables) sources.used.markUsed(digest, path)
    }
    const { uuid, rule, priority, tags } = alert
    const { policy } = alert.bulwark
    // With parts of a millisecond: of two events of one, the order tells.
    const timeMs = Number(alert.timeNs) / nsPerMs
    const known = { rule, policy, priority, tags, container, outcome, act, timeMs }
    const { judgement, joined, raised, taken } = this.#judging.judge(
      sources,
      { ...known, uuid, told: alert, namespace, podName, executables },
      this.#options.settings.now,
    )
    this.#sayUnjoined()
    return {
      context: contextOf(judgement, joined),
      raised: raised.map((each) => raiseOf(each, uuid)),
      level: levelOf(judgement),
      taken,
    }
  }
}

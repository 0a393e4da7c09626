/** What judges the alerts of a run, as its options say. */
import type { AgentOptions, Alert } from '@bulwark/agent'
import { raisedAlert } from '@bulwark/agent'
import type { ContextSources } from '@bulwark/graph'
import { prepare } from '@bulwark/graph'
import type { ApiAccess } from '@bulwark/kubernetes'
import type { LoadedPolicy } from '@bulwark/policy'
import type { UsageReport } from '@bulwark/schema'
import type { Judged } from '@bulwark/server'
import { AlertJudge, SeverityFeed } from '@bulwark/server'
import { KeptPolicies, keptSeverity } from '../kept-policies.ts'
import { accessOf } from '../kubernetes.ts'
import { log } from '../report.ts'
import { limits } from './limits.ts'
import { severitySettingsOf } from './severity.ts'
import { filesSource } from './source.ts'
import type { WatchedCluster } from './watched.ts'
import { watchedCluster } from './watched.ts'

/** What of a run's settings is about it. */
export interface JudgeChoice {
  readonly fromFiles: string | undefined
  readonly kubeconfig: string | undefined
  /** Asks the API server of `kubeconfig` for the cluster. */
  readonly context: boolean
  /** Files about vulnerabilities, beside the cluster of `kubeconfig`. */
  readonly vulnerabilities: readonly string[]
  readonly severity: readonly string[]
  /** The sensor tells which files run in containers. */
  readonly filesInUse: boolean
  /** Where the SeverityPolicies of the cluster are kept over a restart. */
  readonly stateFolder?: string | undefined
}

/** Gives alerts their context. */
export interface Judging {
  /** The alert with its context, and then those that it raises. */
  readonly judge: (alert: Alert) => readonly Alert[]
  /** What raises, lowers and suppresses alerts by the policies that hold from now on. */
  readonly takePolicies: (policies: readonly LoadedPolicy[]) => void
  /** Hears which files run in containers; not there where nobody asks. */
  readonly onUsage?: AgentOptions['onUsage']
  /** Nobody is asked any more. */
  readonly stop: () => void
}

/**
 * The cluster of an API server, watched; resolves when it is known, or that takes too long.
 * `undefined` where a file beside it cannot be read, which was said.
 */
const knownCluster = async (
  access: ApiAccess,
  files: readonly string[],
): Promise<WatchedCluster | undefined> => {
  const watched = await watchedCluster(access, files)
  if (!watched) return undefined
  const { cluster } = watched
  if (!(await cluster.isListedWithin(limits.firstListMsMax))) {
    log(`context: the cluster of ${cluster.place} is not known yet: alerts have none until it is`)
  }
  return watched
}

/** The alert with its context, as it is when nothing makes one; then those that it raises. */
export const withContext = (alert: Alert, { context, raised }: Judged<Alert>): readonly Alert[] => {
  const judged = context ? { ...alert, bulwark: { ...alert.bulwark, context } } : alert
  return [judged, ...raised.map((each) => raisedAlert(each.alert, each, alert.timeNs))]
}

/** Nobody has asked for contexts. */
const withoutContext = (): Judging => {
  let isSaid = false
  return {
    judge: (alert) => [alert],
    takePolicies: (policies) => {
      if (isSaid || policies.every(({ context }) => context.length === 0)) return
      isSaid = true
      log(
        'policies have `context`, and alerts are not judged here, but by a server (--server); ' +
          'or give --from-files, or --kubeconfig with --context',
      )
    },
    stop: () => {},
  }
}

/**
 * What judges the alerts of a run.
 *
 * @returns `judge` gives the alert back as it is when nobody has asked for contexts; `undefined` on
 *   wrong usage, which was said
 */
export const judgeOf = async (choice: JudgeChoice): Promise<Judging | undefined> => {
  const { fromFiles, kubeconfig, context, filesInUse } = choice
  const isLive = fromFiles === undefined && context && kubeconfig !== undefined
  if (fromFiles === undefined && !isLive) return withoutContext()
  const settings = severitySettingsOf(choice.severity)
  if (!settings) return undefined
  const judging = (sourcesNow: () => ContextSources | undefined, stop: () => void): Judging => {
    const judge = new AlertJudge<Alert>({ sourcesNow, settings, log })
    const onUsage = filesInUse ? (report: UsageReport) => judge.takeUsage(report) : undefined
    return {
      judge: (alert) => withContext(alert, judge.judge(alert)),
      takePolicies: (policies) => settings.setContext(policies.flatMap((each) => each.context)),
      onUsage,
      stop,
    }
  }
  if (fromFiles !== undefined) {
    const source = await filesSource(fromFiles)
    if (!source) return undefined
    const { sources } = source.input
    prepare(sources.cluster)
    return judging(
      () => sources,
      () => {},
    )
  }
  const access = accessOf(kubeconfig ?? '')
  const { stateFolder } = choice
  const keeper =
    stateFolder === undefined ? undefined : new KeptPolicies(stateFolder, access, log, keptSeverity)
  const policies = new SeverityFeed({ access, settings, keeper, log })
  const [watched] = await Promise.all([
    knownCluster(access, choice.vulnerabilities),
    policies.untilAnswered(),
  ])
  if (!watched) {
    policies.stop()
    return undefined
  }
  return judging(
    () => watched.cluster.sources,
    () => {
      policies.stop()
      watched.stop()
    },
  )
}

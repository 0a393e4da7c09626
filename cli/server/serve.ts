/** Runs `bulwark server` until it is told to stop. */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { Outputs } from '@bulwark/agent'
import { prepare } from '@bulwark/graph'
import type { ApiAccess } from '@bulwark/kubernetes'
import { AccessError, accessInCluster } from '@bulwark/kubernetes'
import type { AlertState, ClusterFeed, RunningServer } from '@bulwark/server'
import { inputJson, startServer } from '@bulwark/server'
import type { Command } from 'commander'
import { configure, givenByFlags } from '../config/flags.ts'
import { faultText } from '../config/read.ts'
import type { Settings } from '../config/settings.ts'
import { exitCodes } from '../exit.ts'
import { withContext } from '../graph/judge.ts'
import { severitySettingsOf } from '../graph/severity.ts'
import { filesSource } from '../graph/source.ts'
import { watchedCluster } from '../graph/watched.ts'
import { accessOf } from '../kubernetes.ts'
import { ending, log, logError, terminal } from '../report.ts'
import type { Hangups } from '../signals.ts'
import { hearHangups } from '../signals.ts'
import { StateFolder } from '../state-folder.ts'
import type { ServeOptions } from './doors.ts'
import { UsageError, doorsOf } from './doors.ts'
import { followPolicies } from './policies.ts'

/** The access to the cluster that is watched, and that tokens are asked of. */
const clusterAccess = ({ fromFiles, kubeconfig }: ServeOptions): ApiAccess | undefined => {
  if (kubeconfig !== undefined) return accessOf(kubeconfig)
  if (fromFiles !== undefined) return undefined
  const access = accessInCluster(process.env)
  if (access) return access
  throw new UsageError(
    'no cluster is given, and this is no pod of one',
    'give `--kubeconfig FILE` or `--from-files DIR`',
  )
}

/** Where alerts are kept over a restart. */
const stateOf = (
  { stateDir, fromFiles }: ServeOptions,
  access: ApiAccess | undefined,
): AlertState | undefined =>
  stateDir === undefined
    ? undefined
    : {
        files: new StateFolder(stateDir),
        cluster: access ? access.server.origin : `files of ${resolve(fromFiles ?? '')}`,
      }

interface Feed {
  readonly feed: ClusterFeed
  readonly stop: () => void
}

const none = new Map<string, number>()

const feedOf = async (
  { fromFiles, vulnerabilities }: ServeOptions,
  access: ApiAccess | undefined,
): Promise<Feed | undefined> => {
  if (access) {
    // Alerts that come before it is known are put off.
    const watched = await watchedCluster(access, vulnerabilities)
    return watched && { feed: watched.cluster, stop: watched.stop }
  }
  const source = await filesSource(fromFiles ?? '')
  if (!source) return undefined
  const { input, from } = source
  const { sources } = input
  prepare(sources.cluster)
  const told = { input: () => inputJson(input, from), ages: () => none, counts: none, files: none }
  return { feed: { sources, ...told }, stop: () => {} }
}

/** What is wrong is told; the options of channels are checked as those of a run are. */
const outputsOf = (command: Command): Settings['outputs'] | undefined => {
  const configured = configure(undefined, givenByFlags(command))
  if (!('faults' in configured)) return configured.settings.outputs
  for (const fault of configured.faults) log(faultText(fault))
  return undefined
}

/** Until a signal, or nobody reads the alerts any more. */
const serveWith = async (
  options: ServeOptions,
  settings: Settings['outputs'],
  hangups: Hangups | undefined,
): Promise<number> => {
  const { listen, tls, roles, reviews } = doorsOf(options)
  const severity = severitySettingsOf(options.severity)
  if (!severity) return exitCodes.usage
  const access = clusterAccess(options)
  if (!access && reviews) {
    const help = 'give --kubeconfig, or --agent-token-file in place of accounts'
    throw new UsageError('no API server is there to be asked about tokens', help)
  }
  const endPolicies = await followPolicies(options, access, severity)
  const fed = await feedOf(options, access)
  if (!fed) {
    await endPolicies()
    return exitCodes.usage
  }
  const { promise: gone, resolve: onGone } = Promise.withResolvers<string>()
  const outputs = new Outputs({
    settings,
    hostname: hostname(),
    terminal: terminal(),
    log,
    onGone: () => onGone('nobody reads the alerts any more'),
  })
  let server: RunningServer | undefined
  // Heard from the start, so that whoever ends it at once does not cut it off.
  const ended = ending(hangups ? ['SIGINT', 'SIGTERM'] : undefined)
  const reopen = (): void => {
    outputs.reopen()
    log('channels opened anew')
  }
  hangups?.take(reopen)
  process.on('SIGUSR1', reopen)
  try {
    server = await startServer({
      listen,
      tls,
      roles,
      audience: options.audience,
      access,
      feed: fed.feed,
      settings: severity,
      state: stateOf(options, access),
      log,
      tell: (alert, judged) => withContext(alert, judged).forEach((each) => outputs.send(each)),
      lost: () => outputs.losses.map(({ channel, count }) => [channel, count]),
    })
    log(`alerts go to: ${outputs.channels.join(', ') || 'nowhere'}`)
    log(`listening on ${server.url}`)
    const reason = await Promise.race([ended, gone])
    log(`ends: ${reason}`)
  } finally {
    process.off('SIGUSR1', reopen)
    await server?.close()
    await outputs.close()
    fed.stop()
    await endPolicies()
  }
  const { received, judged, unjudged, repeated, refused } = server.counts
  log(
    `${received} alerts received: ${judged} judged, ${unjudged} without context, ` +
      `${repeated} repeated, ${refused} refused`,
  )
  return exitCodes.done
}

const codesOfAddress: ReadonlySet<string | undefined> = new Set([
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EACCES',
  'EAFNOSUPPORT',
  'EAI_AGAIN',
  'ENOTFOUND',
])

export const serve = async (options: ServeOptions, command: Command): Promise<number> => {
  const settings = outputsOf(command)
  if (!settings) return exitCodes.usage
  const hangups = hearHangups()
  try {
    return await serveWith(options, settings, hangups)
  } catch (error) {
    if (error instanceof UsageError) {
      logError(error.message, error.help)
      return exitCodes.usage
    }
    if (error instanceof AccessError) {
      logError(`cannot use ${options.kubeconfig}: ${error.message}`, 'see docs/kubernetes.md')
      return exitCodes.usage
    }
    const { code, message } = error as NodeJS.ErrnoException
    if (codesOfAddress.has(code)) {
      logError(`cannot listen on ${options.listen}: ${message}`, 'give another --listen')
      return exitCodes.cannot
    }
    if (code?.startsWith('ERR_OSSL') === true) {
      logError(`certificate or key cannot be used: ${message}`, 'give both as PEM')
      return exitCodes.usage
    }
    throw error
  } finally {
    hangups?.stop()
  }
}

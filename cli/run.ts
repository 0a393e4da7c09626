/** `bulwark run`: this machine's sensor and rules, alerts on stdout, everything else on stderr. */
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { Command } from 'commander'
import type { Agent, PodOrigin, RecordOptions } from '@bulwark/agent'
import { Outputs, UsageSender, limits } from '@bulwark/agent'
import { readKernelTypes } from '@bulwark/native'
import type { Rule } from '@bulwark/policy'
import type { Machine } from '@bulwark/schema'
import type { KeptText } from '@bulwark/server'
import { addFlags, configure, givenByFlags, usualConfig } from './config/flags.ts'
import { faultText } from './config/read.ts'
import { LiveConfig } from './config/live.ts'
import type { Configured } from './config/flags.ts'
import type { Settings } from './config/settings.ts'
import { exitCodes } from './exit.ts'
import type { Judging } from './graph/judge.ts'
import { judgeOf } from './graph/judge.ts'
import type { ClusterPolicies } from './kubernetes.ts'
import { podOriginOf, policiesOf } from './kubernetes.ts'
import { keptText } from './kept-policies.ts'
import { LiveRules } from './live-rules.ts'
import { Quiet } from './quiet.ts'
import { replayDemo } from './replay.ts'
import type { ChosenRules } from './report.ts'
import { chooseRules, explain, log, logError, reportRules, terminal } from './report.ts'
import type { Settled } from './settle-policies.ts'
import { byName, settleAtStart, settledWithout } from './settle-policies.ts'
import type { Hangups } from './signals.ts'
import { hearHangups } from './signals.ts'
import { watchUnusedPolicies } from './unused-policies.ts'
import { exitCodeOf, openCaptureFile, probe, reportEnd, watch } from './watch.ts'

const optionsHelp = `
Every option is also one of the file: --http-url is \`http: {url: …}\` there. See docs/config.md.

Files of rules and of policies, and folders, are watched: what changes is checked, and put
in the place of the rules that run between two events; what is broken changes nothing, and
raises an alert. SIGHUP has them, and the file of options, read at once; SIGHUP and SIGUSR1 open
files and connections of the channels anew.
`

/** @param check  what is missing of the settings, in words */
const addWatching = (command: Command, check: (settings: Settings) => Lack | undefined): Command =>
  addFlags(
    command.option('--config <file>', `options (default: ${usualConfig}, if it is there)`),
    () => true,
  ).action(async (_: unknown, own: Command) => {
    const { config } = own.opts<{ readonly config?: string }>()
    const file = config ?? (existsSync(usualConfig) ? usualConfig : undefined)
    const read = (): Configured => configure(file, givenByFlags(own))
    const hangups = hearHangups()
    try {
      process.exitCode = await run(read, check, hangups)
    } finally {
      hangups?.stop()
    }
  })

/** What is missing, and what to do. */
interface Lack {
  readonly message: string
  readonly help: string
}

export const runCommand = (): Command =>
  addWatching(
    new Command('run').description(
      'watch this machine: one line an alert on stdout, until it is stopped',
    ),
    () => undefined,
  ).addHelpText(
    'after',
    `${optionsHelp}
Examples:
  bulwark run
  bulwark run --rules /etc/falco/falco_rules.yaml --rules /etc/falco/rules.d -o json
  bulwark run --policy /etc/bulwark/policies
  bulwark run --priority warning | jq -c '{rule, pod: .output_fields["k8s.pod.name"]}'
  bulwark run --file-path /var/log/bulwark.json --http-url http://falcosidekick:2801/
  bulwark run --server http://127.0.0.1:7676
  bulwark run --record night.bulwark`,
  )

/** One node of a cluster: `run`, which must have a server to hand its alerts over to. */
export const agentCommand = (): Command =>
  addWatching(
    new Command('agent').description(
      'watch this machine as a node of a cluster: as `run`, for the server of --server',
    ),
    ({ outputs }) =>
      outputs.server
        ? undefined
        : { message: 'no server is given', help: 'give `--server URL`, or use `bulwark run`' },
  ).addHelpText(
    'after',
    `${optionsHelp}
Examples:
  bulwark agent --server http://127.0.0.1:7676
  bulwark agent --server https://bulwark-server.bulwark:7676 --server-ca ca.crt \\
    --server-token-file token --kubeconfig in-cluster`,
  )

/** The rules by name where they are few. */
const rulesText = (rules: readonly Rule[]): string =>
  rules.length > 3
    ? `${rules.length} rules`
    : rules.map(({ name }) => JSON.stringify(name)).join(', ')

/** What hooks are for that no rule needs. */
const servesOthers: Readonly<Record<string, string>> = {
  file_used: 'tells which packages of images are in use',
}

/** Each kind of hook with the rules that need it. */
const reportHooks = (agent: Agent): void => {
  const byKind = Map.groupBy(agent.sensor.hooks, (hook) => hook.kind)
  for (const [kind, hooks] of byKind) {
    const names = hooks.map(({ name }) => name.replace(/^(?:sys_exit|fexit):/, ''))
    // A kind that stands for many calls has no types of its own: they are those calls.
    const types = kind.types.length > 0 ? kind.types : names
    const rules = agent.engine.active.filter(
      ({ eventTypes }) => eventTypes === 'all' || types.some((type) => eventTypes.has(type)),
    )
    // Of what rules want, whatever comes by a ring in place of a system call has its own kind.
    const own = kind.state
      ? 'keeps the process table'
      : (servesOthers[kind.name] ?? 'sees what is done without system calls')
    const serves = rules.length === 0 ? own : `serves ${rulesText(rules)}`
    log(`  ${kind.name}: ${names.join(', ')}: ${serves}`)
  }
}

/** @param read  the settings, as the file and the flags say now */
const run = async (
  read: () => Configured,
  check: (settings: Settings) => Lack | undefined,
  hangups: Hangups | undefined,
): Promise<number> => {
  const configured = read()
  if ('faults' in configured) {
    for (const fault of configured.faults) log(faultText(fault))
    return exitCodes.usage
  }
  const { settings, file: config } = configured
  const lack = check(settings)
  if (lack) {
    logError(lack.message, lack.help)
    return exitCodes.usage
  }
  if (config !== undefined) log(`options: ${config}`)
  // The probes ask for them, and reading them takes as long as reading the rules.
  const types = readKernelTypes()
  const chosen = chooseRules(settings)
  await types
  if (!chosen) return exitCodes.usage
  const pods = await podOriginOf(settings)
  const judging = pods && (await judgeOf(settings))
  if (!judging) return exitCodes.usage
  const policies = policiesOf(pods.origin, settings)
  const settled = settledWithout(chosen)
  try {
    const { origin } = pods
    return await runWith({ settings, read, settled, pods: origin, policies, judging, hangups })
  } finally {
    judging.stop()
    policies?.feed.stop()
    await policies?.kept?.whenWritten()
  }
}

/** @param given  with the rules of files alone */
const runWith = async (given: Omit<Watching, 'record' | 'kept'>): Promise<number> => {
  const { settings } = given
  const { chosen } = given.settled
  const found = settings.orDemo ? probe(settings, () => {}) : probe(settings)
  if ('lack' in found) return await without(found.lack, settings, chosen)
  const { record: path } = settings
  const file = path === undefined ? undefined : openCaptureFile(path, settings)
  if (path !== undefined && !file) return exitCodes.usage
  const record = file && {
    sink: file.sink,
    onFault: (error: unknown) => {
      log('warning: the recording ends here; watching goes on')
      explain(error)
    },
  }
  try {
    const all = { ...given, ...(await withPolicies(given)), record }
    return await watchHere(found.machine, all)
  } catch (error) {
    if (!settings.orDemo) explain(error)
    return await without(error instanceof Error ? error.message : String(error), settings, chosen)
  } finally {
    file?.close()
  }
}

/** The rules with those of the cluster's policies; and how long pods are waited for yet. */
const withPolicies = async ({
  settings,
  settled,
  policies,
  pods,
}: Omit<Watching, 'record' | 'kept'>): Promise<Pick<Watching, 'settled' | 'pods' | 'kept'>> => {
  if (!policies || pods?.from !== 'server') return { settled, pods, kept: [] }
  const begun = performance.now()
  await policies.feed.untilAnswered()
  const leftMs = limits.apiStartMsMax - (performance.now() - begun)
  const waitMsMax = Math.max(leftMs, limits.apiStartMsMin)
  const cluster = policies.feed.texts
  const kept = policies.kept?.policies ?? []
  const all =
    cluster.length === 0
      ? settled
      : settleAtStart({ ...settled.chosen.texts, cluster }, settings, byName(kept))
  const isAway = policies.feed.ageMs === undefined
  if (isAway && cluster.length > 0) {
    log(`policies: as they were kept, until the API server lists them: ${keptText(kept)}`)
  } else {
    const inForce = byName(all.chosen.texts.cluster)
    const saidTexts = byName(all.said)
    const old = kept.filter(
      ({ name, text }) => inForce.get(name) === text && saidTexts.get(name) !== text,
    )
    if (old.length > 0) log(`policies: as they were kept, not as they are: ${keptText(old)}`)
  }
  return { settled: all, pods: { ...pods, waitMsMax }, kept: isAway ? kept : [] }
}

/** The sensor does not load here. */
const without = async (
  lack: string,
  options: Settings,
  { rules, loaded }: ChosenRules,
): Promise<number> => {
  if (!options.orDemo) return exitCodes.cannot
  log(`this machine cannot load the sensor (${lack}): replaying a recorded attack session instead`)
  return await replayDemo(options, rules, loaded)
}

/** What a run that watches works with. */
interface Watching {
  readonly settings: Settings
  readonly read: () => Configured
  readonly settled: Settled
  readonly record: RecordOptions | undefined
  readonly pods: PodOrigin | undefined
  /** Policies that count as they were kept, since the API server has not listed them. */
  readonly kept: readonly KeptText[]
  readonly policies: ClusterPolicies | undefined
  readonly judging: Judging
  readonly hangups: Hangups | undefined
}

/** Takes changes of rules and options. Returns what stops it. */
const follow = (
  agent: Agent,
  { settings, read, settled, kept, policies, judging, hangups }: Watching,
  outputs: Outputs,
): (() => void) => {
  const node = settings.hostname ?? hostname()
  const onAlert = outputs.send.bind(outputs)
  const rules = new LiveRules({
    agent,
    choice: settings,
    hostname: node,
    settled,
    kept,
    policies: policies?.feed,
    onAlert,
    onPolicies: judging.takePolicies,
    onSound: (texts) => policies?.kept?.keep(texts),
  })
  const config = new LiveConfig({ read, settings, hostname: node, outputs, rules })
  const reload = (): void => void config.reload()
  const reopen = (): void => outputs.reopen()
  hangups?.take(reload)
  process.on('SIGUSR1', reopen)
  const watcher = settings.watchRules ? rules.watch() : undefined
  const quiet = new Quiet(() => void rules.reloadCluster())
  const { counters } = agent
  policies?.feed.attach(
    () => quiet.touch(),
    (place) => counters[place]++,
  )
  // What has come since they were loaded.
  if (policies) quiet.touch()
  const endUnused = watchUnusedPolicies(agent)
  return () => {
    endUnused()
    quiet.stop()
    process.off('SIGUSR1', reopen)
    watcher?.stop()
  }
}

const watchHere = async (machine: Machine, watching: Watching): Promise<number> => {
  const { settings, settled, record, pods, judging } = watching
  const { chosen } = settled
  judging.takePolicies(chosen.loaded.policies)
  const { promise: gone, resolve: onGone } = Promise.withResolvers<string>()
  const outputs = new Outputs({
    settings: settings.outputs,
    hostname: settings.hostname ?? hostname(),
    terminal: terminal(),
    log,
    onGone: () => onGone('nobody reads the alerts any more'),
  })
  const { server } = settings.outputs
  const usage = server && settings.filesInUse ? new UsageSender(server, log) : undefined
  let agent: Agent | undefined
  let stopFollowing = (): void => {}
  let code: number = exitCodes.cannot
  try {
    const watched = await watch(
      {
        rules: chosen.rules,
        matching: settings.matching,
        folding: settings.folding,
        hostname: settings.hostname,
        onAlert: (alert) => judging.judge(alert).forEach((each) => outputs.send(each)),
        onRehearsal: (alert) => outputs.rehearse(alert),
        kernelFilter: settings.kernelFilter,
        pods,
        onUsage: judging.onUsage ?? usage?.take.bind(usage),
        ...(record ? { record } : {}),
      },
      machine,
      settings,
      (started) => {
        agent = started
        reportRules(chosen.loaded, started.engine.active)
        log(`${started.sensor.hooks.length} hooks attached:`)
        reportHooks(started)
        if (!started.filters) log('no filters in the kernel: all of their events are delivered')
        const { missing } = started.sensor
        if (missing.length > 0) log(`this kernel does not have: ${missing.join(', ')}`)
        log(`alerts go to: ${outputs.channels.join(', ') || 'nowhere'}`)
        stopFollowing = follow(started, watching, outputs)
        log(`watching ${started.processCount} processes and ${started.containerCount} containers`)
      },
      gone,
      watching.hangups ? ['SIGINT', 'SIGTERM'] : undefined,
    )
    if (agent) reportEnd(agent, watched.reason, watching.policies?.feed)
    code = exitCodeOf(watched)
  } finally {
    stopFollowing()
    usage?.stop()
    await outputs.close()
  }
  // A reader that does not read must not hold the end up; what it has not read was counted.
  if (process.stdout.writableLength > 0) process.exit(code)
  return code
}

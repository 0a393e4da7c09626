/** `bulwark run`: this machine's sensor and rules, alerts on stdout, everything else on stderr. */
import { Command } from 'commander'
import type { Agent, Alert, RecordOptions } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import { priorityNamed } from '@bulwark/policy'
import type { Machine } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import { LiveRules } from './live-rules.ts'
import { replayDemo } from './replay.ts'
import type { AlertOptions, ChosenRules } from './report.ts'
import { addAlertOptions, chooseRules, explain, log, reportRules, writer } from './report.ts'
import type { WatchOptions } from './watch.ts'
import {
  backendOption,
  criOptions,
  exitCodeOf,
  openCaptureFile,
  probe,
  reportEnd,
  ringOption,
  sizeOption,
  watch,
} from './watch.ts'

type RunOptions = AlertOptions &
  WatchOptions & {
    readonly record?: string
    readonly orDemo?: boolean
    readonly watchRules: boolean
  }

export const runCommand = (): Command =>
  addAlertOptions(
    new Command('run').description(
      'watch this machine: one line an alert on stdout, until it is stopped',
    ),
  )
    .option('--record <file>', 'also keep all events in a capture file, for `bulwark replay`')
    .addOption(sizeOption())
    .addOption(ringOption())
    .addOption(backendOption())
    .addOption(criOptions().socket)
    .addOption(criOptions().none)
    .option('--no-watch-rules', 'do not take changes of rule files while it runs')
    .option('--or-demo', 'replay a recorded attack session where the sensor cannot load')
    .addHelpText(
      'after',
      `
Rule files and folders are watched: what changes is checked, and put in the place of
the rules that run between two events; what is broken changes nothing, and raises an
alert. SIGHUP has them read at once.

Examples:
  bulwark run
  bulwark run --rules /etc/falco/falco_rules.yaml --rules /etc/falco/rules.d -o json
  bulwark run --priority warning | jq -c '{rule, pod: .output_fields["k8s.pod.name"]}'
  bulwark run --record night.bulwark`,
    )
    .action(async (options: RunOptions) => {
      process.exitCode = await run(options)
    })

/** The rules by name where they are few. */
const rulesText = (rules: readonly Rule[]): string =>
  rules.length > 3
    ? `${rules.length} rules`
    : rules.map(({ name }) => JSON.stringify(name)).join(', ')

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
    const own = kind.state ? 'keeps the process table' : 'sees what is done without system calls'
    const serves = rules.length === 0 ? own : `serves ${rulesText(rules)}`
    log(`  ${kind.name}: ${names.join(', ')}: ${serves}`)
  }
}

const run = async (options: RunOptions): Promise<number> => {
  const chosen = chooseRules(options.rules, options.priority)
  if (!chosen) return exitCodes.usage
  const found = options.orDemo === true ? probe(options, () => {}) : probe(options)
  if ('lack' in found) return await without(found.lack, options, chosen)
  const file = options.record === undefined ? undefined : openCaptureFile(options.record, options)
  if (options.record !== undefined && !file) return exitCodes.usage
  const record = file && {
    sink: file.sink,
    onFault: (error: unknown) => {
      log('warning: the recording ends here; watching goes on')
      explain(error)
    },
  }
  try {
    return await watchHere(found.machine, options, chosen, record)
  } catch (error) {
    if (options.orDemo !== true) explain(error)
    return await without(error instanceof Error ? error.message : String(error), options, chosen)
  } finally {
    file?.close()
  }
}

/** The sensor does not load here. */
const without = async (
  lack: string,
  options: RunOptions,
  { rules, loaded }: ChosenRules,
): Promise<number> => {
  if (options.orDemo !== true) return exitCodes.cannot
  log(`this machine cannot load the sensor (${lack}): replaying a recorded attack session instead`)
  return await replayDemo(options, rules, loaded)
}

/** Takes changes of the rule files. Returns what stops it. */
const followRules = (
  agent: Agent,
  { rules: paths, priority, watchRules }: RunOptions,
  chosen: ChosenRules,
  onAlert: (alert: Alert) => void,
): (() => void) => {
  const least = priorityNamed(priority) ?? 'Debug'
  const live = new LiveRules({ agent, paths, priority: least, chosen, onAlert })
  const reload = (): void => void live.reload()
  if (!process.stdin.isTTY) process.on('SIGHUP', reload)
  const watcher = watchRules ? live.watch() : undefined
  return () => {
    process.off('SIGHUP', reload)
    watcher?.stop()
  }
}

const watchHere = async (
  machine: Machine,
  options: RunOptions,
  chosen: ChosenRules,
  record: RecordOptions | undefined,
): Promise<number> => {
  const { rules, loaded } = chosen
  const write = writer(options.output)
  let agent: Agent | undefined
  let stopFollowing = (): void => {}
  const watched = await watch(
    {
      rules,
      matching: options.ruleMatching,
      onAlert: write,
      ...(record ? { record } : {}),
    },
    machine,
    options,
    (started) => {
      agent = started
      reportRules(loaded, started.engine.active)
      log(`${started.sensor.hooks.length} hooks attached:`)
      reportHooks(started)
      const { missing } = started.sensor
      if (missing.length > 0) log(`this kernel does not have: ${missing.join(', ')}`)
      stopFollowing = followRules(started, options, chosen, write)
      log(`watching ${started.processCount} processes and ${started.containerCount} containers`)
    },
    new Promise(() => {}),
    // Whoever closes a terminal ends what runs in it.
    process.stdin.isTTY ? undefined : ['SIGINT', 'SIGTERM'],
  )
  stopFollowing()
  if (agent) reportEnd(agent, watched.reason)
  return exitCodeOf(watched)
}

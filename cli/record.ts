/** `bulwark record`: this machine's events into a capture file, for `bulwark replay`. */
import { Command } from 'commander'
import type { Agent, PodOrigin } from '@bulwark/agent'
import { activeRules } from '@bulwark/agent'
import type { Machine } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import type { ChosenRules } from './report.ts'
import { chooseRules, explain, log, lossText } from './report.ts'
import { addFlags, configure, givenByFlags } from './config/flags.ts'
import { faultText } from './config/read.ts'
import type { Settings } from './config/settings.ts'
import { podOriginOf } from './kubernetes.ts'
import { exitCodeOf, openCaptureFile, probe, watch, wholeNumber } from './watch.ts'

interface RecordOptions extends Settings {
  readonly output: string
  readonly seconds: number | undefined
}

const ofRecord: ReadonlySet<string> = new Set([
  'rules',
  'size_mib',
  'ring_mib',
  'flood.events_per_second',
  'backend',
  'cri',
  'kubeconfig',
  'node',
  'pods_from',
])

const weekSeconds = 7 * 24 * 3600
const progressMs = 1000

export const recordCommand = (): Command =>
  addFlags(
    new Command('record')
      .description('write events of this machine to a capture file, until it is stopped')
      .requiredOption('-o, --output <file>', 'the capture file; one that is there is replaced')
      .option('--seconds <n>', 'end after so long', wholeNumber(1, weekSeconds)),
    ({ name }) => ofRecord.has(name),
  )
    .addHelpText(
      'after',
      `
The capture holds what processes do on this machine: arguments, paths, addresses, users. Only its
owner can read it. With --rules, only the events that those rules want are kept; with --kubeconfig
or --pods-from, it has the pods that they are of, and their changes, and a replay knows them.

Examples:
  bulwark record -o night.bulwark --seconds 3600
  bulwark record -o some.bulwark --rules falco_rules.yaml
  bulwark record -o pods.bulwark --kubeconfig in-cluster --node "$NODE_NAME"
  bulwark replay night.bulwark --rules falco_rules.yaml`,
    )
    .action(async (_: unknown, command: Command) => {
      const { output, seconds } = command.opts<{ output: string; seconds?: number }>()
      const configured = configure(undefined, givenByFlags(command))
      if ('faults' in configured) {
        for (const fault of configured.faults) log(faultText(fault))
        process.exitCode = exitCodes.usage
        return
      }
      process.exitCode = await record({ ...configured.settings, output, seconds })
    })

const record = async (options: RecordOptions): Promise<number> => {
  const chosen = options.rules.length > 0 ? chooseRules(options) : 'all'
  if (!chosen) return exitCodes.usage
  const pods = await podOriginOf(options)
  if (!pods) return exitCodes.usage
  const found = probe(options)
  if ('lack' in found) return exitCodes.cannot
  const file = openCaptureFile(options.output, options)
  if (!file) return exitCodes.usage
  try {
    return await recordInto(file.sink, found.machine, { ...options, pods: pods.origin }, chosen)
  } catch (error) {
    explain(error)
    return exitCodes.cannot
  } finally {
    file.close()
  }
}

const recordInto = async (
  sink: (bytes: Uint8Array) => void,
  machine: Machine,
  options: RecordOptions & { readonly pods: PodOrigin | undefined },
  chosen: ChosenRules | 'all',
): Promise<number> => {
  let broken = false
  let stop: (reason: string) => void = () => {}
  const until = new Promise<string>((resolve) => {
    stop = resolve
  })
  const active = chosen === 'all' ? [] : activeRules(chosen.rules)
  const timers: NodeJS.Timeout[] = []
  let agent: Agent | undefined
  const watched = await watch(
    {
      rules: [],
      watchFor: chosen === 'all' ? 'all' : active,
      matching: 'first',
      onAlert: () => {},
      pods: options.pods,
      record: {
        sink,
        onFault: (error) => {
          broken = true
          explain(error)
          stop('the capture cannot go on')
        },
      },
    },
    machine,
    options,
    (started) => {
      agent = started
      const events = chosen === 'all' ? 'all events' : `the events of ${active.length} rules`
      log(`recording ${events} into ${options.output}; Ctrl-C ends it`)
      if (options.seconds !== undefined) {
        timers.push(setTimeout(() => stop('time is up'), options.seconds * 1000))
      }
      if (process.stderr.isTTY) timers.push(setInterval(() => progress(started), progressMs))
    },
    until,
  )
  for (const timer of timers) clearTimeout(timer)
  if (agent) {
    const { records, bytes } = agent.recorded
    log(
      `${watched.reason}: ${records} events in ${bytes} bytes; ${lossText(agent.lost, agent.shed)}`,
    )
  }
  return broken ? exitCodes.fault : exitCodeOf(watched)
}

/** One line that is written over again. */
const progress = ({ recorded: { records, bytes } }: Agent): void => {
  process.stderr.write(`\rbulwark: ${records} events, ${bytes} bytes `)
}

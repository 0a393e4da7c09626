/** `bulwark run`: this machine's sensor and rules, alerts on stdout, everything else on stderr. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import type { Alert, BackendChoice, ChosenBackend, RuleMatching } from '@bulwark/agent'
import {
  objectFile,
  Agent,
  alertJson,
  alertText,
  backendChoices,
  backendFindings,
  chooseBackend,
  kernelName,
  losesEvents,
  machineOf,
  probeMachine,
} from '@bulwark/agent'
import { isNativeError, releaseMemory } from '@bulwark/native'
import type { LoadResult, Rule } from '@bulwark/policy'
import { diagnosticText, priorityNamed, priorityNames } from '@bulwark/policy'
import { exitCodes } from './exit.ts'
import { diagnosticsOf, loadRules } from './load-rules.ts'

interface RunOptions {
  readonly rules: readonly string[]
  readonly output: 'json' | 'text' | undefined
  readonly ruleMatching: RuleMatching
  readonly priority: string
  readonly backend: BackendChoice
}

const log = (line: string): void => {
  process.stderr.write(`bulwark: ${line}\n`)
}

const collect = (path: string, before: readonly string[]): readonly string[] => [...before, path]

export const runCommand = (): Command =>
  new Command('run')
    .description('watch this machine: one line an alert on stdout, until it is stopped')
    .option('--rules <path>', 'rule file or folder; may be given again', collect, [])
    .addOption(
      new Option(
        '-o, --output <form>',
        'form of an alert (default: text on a terminal, else json)',
      ).choices(['json', 'text']),
    )
    .addOption(
      new Option('--rule-matching <which>', 'which rules of an event alert')
        .choices(['first', 'all'])
        .default('first'),
    )
    .option('--priority <name>', 'the least urgent priority that runs', 'debug')
    .addOption(
      new Option('--backend <name>', 'the way to system calls: auto takes what this kernel offers')
        .choices(backendChoices)
        .default('auto'),
    )
    .addHelpText(
      'after',
      `
Examples:
  bulwark run
  bulwark run --rules /etc/falco/falco_rules.yaml --rules /etc/falco/rules.d -o json
  bulwark run --priority warning | jq -c '{rule, pod: .output_fields["k8s.pod.name"]}'`,
    )
    .action(async (options: RunOptions) => {
      process.exitCode = await run(options)
    })

/** What the machine can do and what it lacks, in words; true when the sensor cannot load. */
const cannotLoad = (): boolean => {
  const findings = probeMachine()
  const there = findings.filter(({ probe }) => probe === 'yes').map(({ name }) => name)
  log(`this kernel has: ${there.join(', ')}`)
  const lacking = findings.filter(({ probe }) => probe !== 'yes')
  for (const finding of lacking) {
    const state = finding.probe === 'no' ? 'missing' : 'cannot tell'
    log(`${finding.needed ? 'error' : 'warning'}: ${finding.name}: ${state}; ${finding.without}`)
    log(`  help: ${finding.remedy}`)
  }
  return lacking.some(({ needed, probe }) => needed && probe === 'no')
}

const reportRules = (loaded: LoadResult, active: readonly Rule[]): void => {
  for (const diagnostic of diagnosticsOf(loaded)) log(diagnosticText(diagnostic))
  log(`${active.length} of ${loaded.rules.length} rules run`)
}

/** The rules by name where they are few. */
const rulesText = (rules: readonly Rule[]): string =>
  rules.length > 3
    ? `${rules.length} rules`
    : rules.map(({ name }) => JSON.stringify(name)).join(', ')

/** Each kind of hook with the rules that need it. */
const reportHooks = (agent: Agent): void => {
  const byKind = Map.groupBy(agent.sensor.hooks, (hook) => hook.kind)
  for (const [kind, hooks] of byKind) {
    const rules = agent.engine.active.filter(
      ({ eventTypes }) => eventTypes === 'all' || kind.types.some((type) => eventTypes.has(type)),
    )
    const names = hooks.map(({ name }) => name.replace(/^(?:sys_exit|fexit):/, '')).join(', ')
    const serves = rules.length === 0 ? 'keeps the process table' : `serves ${rulesText(rules)}`
    log(`  ${kind.name}: ${names}: ${serves}`)
  }
}

const writer = (form: 'json' | 'text'): ((alert: Alert) => void) => {
  const coloured = process.stdout.isTTY && process.env['NO_COLOR'] === undefined
  return (alert) => {
    process.stdout.write(`${form === 'json' ? alertJson(alert) : alertText(alert, coloured)}\n`)
  }
}

const explain = (error: unknown): void => {
  if (!isNativeError(error)) {
    log(`error: ${error instanceof Error ? error.message : String(error)}`)
    return
  }
  log(`error: ${error.message} [${error.code}]`)
  if (error.code === 'EPERM')
    log('  help: run as root; kernel lockdown or seccomp may forbid bpf()')
  for (const line of error.log.trimEnd().split('\n').slice(-12)) log(`  ${line}`)
}

/** Resolves with the signal that ends the run, or when stdout has no reader any more. */
const ending = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(signal))
    }
    process.stdout.once('error', () => resolve('stdout closed'))
  })

const run = async (options: RunOptions): Promise<number> => {
  const least = priorityNamed(options.priority)
  if (!least) {
    log(`error: unknown priority ${options.priority}; one of ${priorityNames.join(', ')}`)
    return exitCodes.usage
  }
  const loaded = loadRules(options.rules)
  if ('message' in loaded) {
    log(`error: ${loaded.message}`)
    log(`  help: ${loaded.help}`)
    return exitCodes.usage
  }
  log(`kernel: ${kernelName()}`)
  const machine = machineOf(process.arch)
  if (cannotLoad() || !machine) return exitCodes.cannot
  const backend = chooseBackend(options.backend, backendFindings(machine))
  log(`backend: ${backend.backend} (${backend.why})`)
  const form = options.output ?? (process.stdout.isTTY ? 'text' : 'json')
  const ended = ending()
  let failed = false
  let stop: (reason: string) => void = () => {}
  const faulted = new Promise<string>((resolve) => {
    stop = resolve
  })
  try {
    const agent = await Agent.start({
      object: readFileSync(objectPath(backend)),
      backend,
      machine,
      rules: loaded.rules.filter(
        ({ priority }) => priorityNames.indexOf(priority) <= priorityNames.indexOf(least),
      ),
      matching: options.ruleMatching,
      onAlert: writer(form),
      log,
      onFault: (error) => {
        failed = true
        explain(error)
        stop('fault')
      },
    })
    reportRules(loaded, agent.engine.active)
    log(`${agent.sensor.hooks.length} hooks attached:`)
    reportHooks(agent)
    const { missing } = agent.sensor
    if (missing.length > 0) log(`this kernel does not have: ${missing.join(', ')}`)
    log(`watching ${agent.processCount} processes and ${agent.containerCount} containers`)
    setImmediate(releaseMemory)
    const reason = await Promise.race([ended, faulted])
    agent.close()
    const { events } = agent.counters
    log(`stopped (${reason}) after ${events} events; ${lossText(agent.lost)}`)
  } catch (error) {
    explain(error)
    return exitCodes.cannot
  }
  return failed ? exitCodes.fault : exitCodes.done
}

/** What was lost whole, and what of events that were told otherwise. */
const lossText = (lost: Readonly<Record<string, number>>): string => {
  const some = Object.entries(lost).filter(([, count]) => count > 0)
  const text = (whole: boolean): string =>
    some
      .filter(([place]) => losesEvents(place) === whole)
      .map(([place, count]) => `${place} ${count}`)
      .join(', ') || 'none'
  return `lost: ${text(true)}; incomplete: ${text(false)}`
}

/** The BPF object of a backend for this kernel, beside the program. */
const objectPath = ({ backend }: ChosenBackend): string =>
  join(
    import.meta.dirname,
    process.argv[1]?.endsWith('.ts') === true ? '../dist' : '.',
    objectFile(backend),
  )

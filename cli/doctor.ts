/** `bulwark doctor`: what this kernel and machine can do, and what rules lose without it. */
import { readFileSync } from 'node:fs'
import { Command, Option } from 'commander'
import type { BackendChoice, ChosenBackend, Finding, TriedFilters } from '@bulwark/agent'
import {
  activeRules,
  chooseBackend,
  kernelName,
  machineOf,
  objectFile,
  probeMachine,
  trySensor,
} from '@bulwark/agent'
import { AccessError, ApiFault } from '@bulwark/kubernetes'
import type { LoadResult, PolicyLoad, Rule } from '@bulwark/policy'
import { diagnosticText } from '@bulwark/policy'
import type { Machine } from '@bulwark/schema'
import { untoldOn } from '@bulwark/schema'
import type { ServerFacts } from './cluster.ts'
import { serverFacts } from './cluster.ts'
import type { ClusterDiagnosis } from './doctor-cluster.ts'
import { clusterJson, clusterLines } from './doctor-cluster.ts'
import { usualStateFolder } from './config/settings.ts'
import { exitCodes } from './exit.ts'
import { keptLines } from './kept-policies.ts'
import { loadPolicyTexts } from './load-rules.ts'
import { lookAt } from './policy.ts'
import { print } from './print.ts'
import { again, logError, readChosen } from './report.ts'
import type { Delivered, KindShare } from './rules-kernel.ts'
import { alsoDelivered, filterLines, kernelShares, kindShareText } from './rules-kernel.ts'
import { allBackendFindings, besideProgram } from './watch.ts'

interface DoctorOptions {
  readonly rules: readonly string[]
  readonly policy: readonly string[]
  readonly kubeconfig?: string
  readonly node?: string
  readonly stateDir: string
  readonly output: 'json' | 'text'
}

/** A finding, and the rules that see less where it is not so. */
interface Diagnosis extends Finding {
  readonly rules: readonly string[]
}

const isLacking = ({ probe }: Finding): boolean => probe !== 'yes'

const stateOf = ({ probe }: Finding): string =>
  typeof probe === 'string' ? probe : `cannot tell (${probe.unknown})`

/** Names of the rules that look at events which a finding is about. */
const rulesBehind = (finding: Finding, rules: readonly Rule[]): readonly string[] =>
  rules
    .filter(
      ({ eventTypes }) =>
        finding.events.length > 0 &&
        (eventTypes === 'all' || finding.events.some((type) => eventTypes.has(type))),
    )
    .map(({ name }) => name)

/** The proof: the sensor as `run` would load it, attached and taken away again. */
const tryLoad = async (
  machine: Machine,
  rules: readonly Rule[],
  backends: readonly Finding[],
): Promise<{ readonly finding: Finding; readonly filters: TriedFilters | undefined }> => {
  const chosen = chooseBackend('auto' satisfies BackendChoice, backends)
  const object = besideProgram(objectFile(chosen))
  const tried = await trySensor(() => readFileSync(object), machine, rules, chosen)
  const { probe, words, filters } = tried
  const finding: Finding = {
    id: 'sensor',
    name: `the sensor as a whole (${chosen.backend} backend), loaded for a moment`,
    probe,
    needed: true,
    events: [],
    without: `nothing is watched: ${words}`,
    remedy: 'see what else is missing, and what the kernel answers',
  }
  return { finding, filters }
}

/** What was found out. */
interface Diagnoses {
  readonly found: readonly Diagnosis[]
  /** `undefined` where no sensor loads. */
  readonly filters: TriedFilters | undefined
}

/** Asks the machine all there is to ask. */
const diagnose = async (rules: readonly Rule[]): Promise<Diagnoses> => {
  const machine = machineOf(process.arch)
  const basics = probeMachine()
  const cannot = basics.some((finding) => finding.needed && finding.probe === 'no')
  const backends = machine ? allBackendFindings(machine) : []
  const tried = cannot || !machine ? undefined : await tryLoad(machine, rules, backends)
  const whole = tried ? [tried.finding] : []
  const found = [...basics, ...backends, ...whole].map((finding) =>
    Object.assign({ rules: rulesBehind(finding, rules) }, finding),
  )
  return { found, filters: tried?.filters }
}

const printText = ({ found, filters }: Diagnoses, loaded: LoadResult): void => {
  print(`kernel: ${kernelName()}; Node.js ${process.versions.node}`)
  for (const finding of found) {
    const { name, needed, without, remedy, rules } = finding
    print(`${name}: ${stateOf(finding)}`)
    if (!isLacking(finding)) continue
    print(`  without it: ${without}${needed ? ' (needed)' : ''}`)
    if (rules.length > 0) print(`  rules that see less: ${rules.join('; ')}`)
    print(`  to get it: ${remedy}`)
  }
  const chosen = backendOf(found)
  print(`backend: ${chosen.backend}${chosen.byPerf ? ' through perf' : ''}`)
  const untold = untoldHere(chosen)
  if (untold.length > 0) print(`  not told on it (docs/events.md): ${untold.join(', ')}`)
  const disabled = loaded.rules.filter((rule) => rule.disabledBy.length > 0)
  print(`rules: ${loaded.rules.length - disabled.length} of ${loaded.rules.length} can run`)
  for (const rule of disabled) {
    for (const reason of rule.disabledBy) print(`  ${rule.name}: ${diagnosticText(reason)}`)
  }
  if (filters) {
    print('filters in the kernel, loaded for a moment:')
    for (const line of filterLines(filters, deliveredHere(loaded))) print(line)
  }
  print('in the kernel (bulwark rules explain --kernel RULE):')
  for (const [{ name }, shares] of sharesHere(loaded, filters)) {
    const words = shares.map(kindShareText).join('; ')
    print(`  ${name}: ${words === '' ? 'no event that it could match is sent' : words}`)
  }
}

/** What comes beside what the rules that run here can match. */
const deliveredHere = ({ rules }: LoadResult): readonly Delivered[] => {
  const machine = machineOf(process.arch)
  return machine ? alsoDelivered(rules, machine) : []
}

/** What filters in the kernel decide of the rules that run here; nothing where they are refused. */
const sharesHere = (
  { rules }: LoadResult,
  filters: TriedFilters | undefined,
): ReadonlyMap<Rule, readonly KindShare[]> => {
  const machine = machineOf(process.arch)
  if (!machine) return new Map()
  const refused = filters?.states.filter((state) => state.refused !== undefined) ?? []
  return kernelShares(activeRules(rules), machine, new Set(refused.map(({ name }) => name)))
}

const backendOf = (found: readonly Finding[]): ChosenBackend => chooseBackend('auto', found)

/** What the schema has that is not told here; all that only one backend has is of LSM hooks. */
const untoldHere = ({ backend, hearsNames }: ChosenBackend): readonly string[] =>
  untoldOn(hearsNames ? backend : 'tracepoint')

const printJson = (
  { found, filters }: Diagnoses,
  loaded: LoadResult,
  cluster: ClusterDiagnosis,
): void => {
  const chosen = backendOf(found)
  const answer = {
    kernel: kernelName(),
    node: process.versions.node,
    backend: chosen.backend,
    byPerf: chosen.byPerf,
    untold: untoldHere(chosen),
    features: found.map(({ id, name, probe, needed, without, remedy, rules }) => ({
      id,
      name,
      state: typeof probe === 'string' ? probe : 'unknown',
      ...(typeof probe === 'string' ? {} : { error: probe.unknown }),
      needed,
      ...(probe === 'yes' ? {} : { without, remedy, rules }),
    })),
    rules: loaded.rules.map(({ name, disabledBy }) => ({
      name,
      runs: disabledBy.length === 0,
      reasons: disabledBy.map(diagnosticText),
    })),
    filters: Array.from(sharesHere(loaded, filters), ([{ name }, kinds]) => ({ name, kinds })),
    programs: filters?.states.map(({ name: kind, instructions, programs, refused, weakened }) => ({
      kind,
      instructions,
      programs,
      refused,
      weakened,
    })),
    delivered: deliveredHere(loaded),
    cgroupsUntold: filters?.cgroupsUntold,
    ...clusterJson(cluster),
  }
  print(JSON.stringify(answer))
}

/** What is to be known of the cluster, and its policies with those of files. */
const lookAround = async (
  options: DoctorOptions,
): Promise<{ readonly loaded: PolicyLoad; readonly cluster: ClusterDiagnosis } | undefined> => {
  const { rules, policy, kubeconfig, node, stateDir } = options
  const texts = readChosen({ rules, policies: policy })
  if ('message' in texts) {
    logError(texts.message, texts.help)
    process.exitCode = exitCodes.usage
    return undefined
  }
  const looked = await lookAt({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(node === undefined ? {} : { node }),
  })
  // Who may not list is told which right is missing, all the same.
  if (!looked && process.exitCode === exitCodes.usage) return undefined
  const view = looked?.view
  const server = kubeconfig === undefined ? undefined : await factsOf(kubeconfig)
  const all = [...texts.policies, ...(view?.policies ?? [])]
  const loaded = loadPolicyTexts(texts.rules, all)
  const kept = kubeconfig === undefined ? [] : keptLines(stateDir, view?.policies)
  return { loaded, cluster: { server, view, policies: loaded.policies, kept } }
}

const factsOf = async (kubeconfig: string): Promise<ServerFacts | undefined> => {
  try {
    return await serverFacts(kubeconfig)
  } catch (error) {
    if (!(error instanceof ApiFault) && !(error instanceof AccessError)) throw error
    logError(`cannot ask the API server: ${error.message}`, 'see docs/kubernetes.md')
    return undefined
  }
}

const doctor = async (options: DoctorOptions): Promise<void> => {
  const around = await lookAround(options)
  if (!around) return
  const { files, rules } = around.loaded
  const loaded = { ...files, rules }
  const all = await diagnose(rules.filter((rule) => rule.disabledBy.length === 0))
  if (options.output === 'json') printJson(all, loaded, around.cluster)
  else {
    printText(all, loaded)
    for (const line of clusterLines(around.cluster)) print(line)
  }
  const cannot = all.found.some(({ needed, probe }) => needed && probe === 'no')
  process.exitCode = cannot ? exitCodes.cannot : exitCodes.done
}

export const doctorCommand = (): Command =>
  new Command('doctor')
    .description('say what this kernel and machine can do, and what each rule loses without it')
    .addOption(again('--rules <path>', 'rule file or folder', "Bulwark's own"))
    .addOption(again('--policy <path>', 'RuntimePolicies'))
    .option('--kubeconfig <file>', 'ask this API server, too: its policies, pods, and your rights')
    .option('--node <name>', 'count what policies select on this node alone')
    .option(
      '--state-dir <folder>',
      'with --kubeconfig: where the agent of this node keeps policies over a restart',
      usualStateFolder,
    )
    .addOption(
      new Option('-o, --output <form>', 'form of the answer')
        .choices(['json', 'text'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 the sensor runs here; 2 a rule file cannot be read; 3 it does not run here.

Examples:
  bulwark doctor --rules falco_rules.yaml
  bulwark doctor --policy policies/ --kubeconfig in-cluster --node "$NODE_NAME"
  bulwark doctor -o json | jq '.features[] | select(.state != "yes")'`,
    )
    .action(doctor)

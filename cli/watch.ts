/** What `run` and `record` share: this machine's sensor, from its start to its end. */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { InvalidArgumentError } from 'commander'
import type {
  AgentOptions,
  BackendChoice,
  ChosenBackend,
  FilterCounts,
  HoldCounts,
  Finding,
  PolicyFeed,
} from '@bulwark/agent'
import {
  Agent,
  backendFindings,
  chooseBackend,
  kernelName,
  machineOf,
  objectFile,
  preemptionFindings,
  probeMachine,
} from '@bulwark/agent'
import { isNativeError } from '@bulwark/native'
import type { Machine } from '@bulwark/schema'
import { eventKinds, reasonOf } from '@bulwark/schema'
import { exitCodes } from './exit.ts'
import { keepMemorySmall } from './memory.ts'
import { ending, explain, log, logError, lossText } from './report.ts'

/** A number of whole units, within bounds. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`)
  }

const mib = 1024 * 1024

/** What the command line says of the sensor and of a recording. */
export interface WatchOptions {
  readonly ringMib: number | undefined
  readonly floodEventsPerSecond: number | undefined
  readonly backend: BackendChoice
  readonly sizeMib: number
  /** A socket; `false` for none. */
  readonly cri: string | false | undefined
}

/** A file that a capture goes to; readable by its owner alone, since it tells everything. */
export const captureFile = (
  path: string,
  { sizeMib }: WatchOptions,
): { readonly sink: (bytes: Uint8Array) => void; close(): void } => {
  const fd = openSync(path, 'w', 0o600)
  let room = sizeMib * mib
  return {
    sink: (bytes) => {
      room -= bytes.length
      if (room < 0) throw new Error(`the capture has ${sizeMib} MiB (--size-mib)`)
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
      } catch (error) {
        throw new Error(`the capture cannot be written to ${path}: ${reasonOf(error)}`, {
          cause: error,
        })
      }
    },
    close: () => closeSync(fd),
  }
}

/** Where the runtime may listen; `undefined` for the usual places. */
const criSocketsOf = (cri: WatchOptions['cri']): readonly string[] | undefined => {
  if (cri === false) return []
  return typeof cri === 'string' ? [cri] : undefined
}

/**
 * Says what the machine can do and what it lacks.
 *
 * @returns the machine; what is missing, in words, when the sensor cannot load
 */
export const probe = (
  options: Pick<WatchOptions, 'cri'>,
  logLack: (message: string, help: string, needed: boolean) => void = (message, help, needed) => {
    log(`${needed ? 'error' : 'warning'}: ${message}`)
    log(`  help: ${help}`)
  },
): { readonly machine: Machine } | { readonly lack: string } => {
  log(`kernel: ${kernelName()}`)
  const findings = probeMachine(criSocketsOf(options.cri))
  const there = findings.filter((finding) => finding.probe === 'yes').map(({ name }) => name)
  log(`this kernel has: ${there.join(', ')}`)
  const missing: string[] = []
  for (const { name, probe: answer, needed, missed, without, remedy } of findings) {
    if (answer === 'yes' || missed === false) continue
    const state = answer === 'no' ? 'missing' : 'cannot tell'
    logLack(`${name}: ${state}; ${without}`, remedy, needed)
    if (needed && answer === 'no') missing.push(`${name}: missing`)
  }
  const machine = machineOf(process.arch)
  if (missing.length === 0 && machine) return { machine }
  return { lack: missing.join(', ') || `no hook knows the machine ${process.arch}` }
}

/** All that decides between the backends and their forms. */
export const allBackendFindings = (machine: Machine): readonly Finding[] => {
  const findings = backendFindings(machine)
  const takesFunctions = findings.find(({ id }) => id === 'fexit')?.probe === 'yes'
  const readObject = (): Uint8Array => readFileSync(besideProgram('preemption.bpf.o'))
  return [...findings, ...preemptionFindings(machine, readObject, takesFunctions)]
}

/** How a watch ended. */
export interface Watched {
  readonly reason: string
  readonly failed: boolean
}

/**
 * Starts an agent, and ends it when a signal, a fault or `stop` says so.
 *
 * @param until  resolves with a reason to end
 * @param signals  that end it, if not all that do so
 * @throws NativeError  the sensor could not be loaded
 */
export const watch = async (
  options: Omit<AgentOptions, 'object' | 'backend' | 'machine' | 'log' | 'onFault'>,
  machine: Machine,
  { backend: choice, ringMib, floodEventsPerSecond, cri }: WatchOptions,
  onStart: (agent: Agent) => void,
  until: Promise<string>,
  signals?: readonly NodeJS.Signals[],
): Promise<Watched> => {
  const sockets = criSocketsOf(cri)
  const ended = ending(signals)
  let failed = false
  let stop: (reason: string) => void = () => {}
  const faulted = new Promise<string>((resolve) => {
    stop = resolve
  })
  const start = async (backend: ChosenBackend): Promise<Agent> => {
    const way = backend.byPerf ? `${backend.backend} through perf` : backend.backend
    log(`backend: ${way} (${backend.why})`)
    return await Agent.start({
      ...options,
      ...(sockets ? { criSockets: sockets } : {}),
      ...(ringMib === undefined ? {} : { ringBytes: ringMib * mib }),
      floodEventsPerSecond,
      object: readFileSync(besideProgram(objectFile(backend))),
      backend,
      machine,
      log,
      onFault: (error) => {
        failed = true
        explain(error)
        stop('fault')
      },
    })
  }
  const findings = allBackendFindings(machine)
  const chosen = chooseBackend(choice, findings)
  const agent = await start(chosen).catch((error: unknown) => {
    // Whoever asked for a backend is told; who left the choice gets the one that loads.
    const mayChange = choice === 'auto' && chosen.backend === 'security'
    if (!mayChange || !isNativeError(error)) throw error
    log(`warning: this kernel refuses that backend: ${error.message}`)
    return start(chooseBackend('tracepoint', findings))
  })
  onStart(agent)
  // Filters are the last of a start, and leave as much behind as all before them.
  void agent.filtersInPlace.then(() => setImmediate(keepMemorySmall))
  const reason = await Promise.race([ended, faulted, until])
  agent.close()
  return { reason, failed }
}

/** `open 12, fork 3`: the commonest first. */
const kindsText = ({ eventsByKind }: Agent): string =>
  eventKinds
    .map(({ kind, name }) => ({ name, count: eventsByKind[kind] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .map(({ name, count }) => `${name} ${count}`)
    .join(', ')

/** What the kernel has dropped because no rule could match it. */
const reportFiltered = ({ dropped }: FilterCounts, cgroupsUntold: number): void => {
  const parts = [...dropped].map(([kind, count]) => `${kind} ${count}`)
  const sum = [...dropped.values()].reduce((all, count) => all + count, 0)
  if (sum > 0) log(`filters in the kernel dropped ${sum} events (${parts.join(', ')})`)
  if (cgroupsUntold === 0) return
  log(
    `warning: the filters had no room for ${cgroupsUntold} cgroups: they may be host or container`,
  )
}

/** What nobody asked for of processes. */
const reportHeld = ({ dropped, full, torn }: HoldCounts): void => {
  if (dropped > 0) log(`${dropped} processes came and went that no rule asked for: none was told`)
  if (full > 0) log(`${full} processes found no room to be held back, and were told`)
  if (torn > 0) log(`${torn} processes changed while they were told, and were read from /proc`)
}

const seconds = (ms: number | undefined): string =>
  ms === undefined ? 'never told' : `of ${(ms / 1000).toFixed(1)} s ago`

/** How old what the API server told is, and what was wrong with it. */
const reportApi = ({ podsAge, counters }: Agent, policies: PolicyFeed | undefined): void => {
  if (!podsAge) return
  const faults = [
    ['requests failed', counters.apiFaults],
    ['stalls', counters.apiStalls],
    ['lists again', counters.apiRelists],
    ['versions went back in time', counters.apiBackInTime],
    ['bad objects', counters.apiBadObjects],
    ['parts of objects left out', counters.apiFlaws],
    ['without room', counters.apiOverflows],
    ['pods that claim what is of another', counters.disguisedPods],
  ] as const
  const bad = faults.filter(([, count]) => count > 0).map(([what, count]) => `${what}: ${count}`)
  const { podsMs, namespacesMs } = podsAge
  const ages = [`pods ${seconds(podsMs)}`, `namespaces ${seconds(namespacesMs)}`]
  if (policies) ages.push(`policies ${seconds(policies.ageMs)}`)
  log(`API server: ${[ages.join(', '), ...bad].join('; ')}`)
}

/** The last words. */
export const reportEnd = (agent: Agent, reason: string, policies?: PolicyFeed): void => {
  const { events, ringBytesMax, lagNsMax, unattributed } = agent.counters
  const full = Math.round((100 * ringBytesMax) / agent.sensor.ring.dataBytes)
  log(`the ring was ${full}% full at most, the agent ${(lagNsMax / 1e6).toFixed(1)} ms behind`)
  const unknown = unattributed === 0 ? '' : `; of unknown cgroups: ${unattributed} events`
  if (events > 0) log(`events by kind: ${kindsText(agent)}`)
  reportApi(agent, policies)
  if (agent.filters) reportFiltered(agent.filters.counts(), agent.filters.cgroupsUntold)
  reportHeld(agent.held)
  log(`stopped (${reason}) after ${events} events; ${lossText(agent.lost, agent.shed)}${unknown}`)
}

export const exitCodeOf = ({ failed }: Watched): number =>
  failed ? exitCodes.fault : exitCodes.done

/** A capture file of the command line, or `undefined` when it cannot be written, which was said. */
export const openCaptureFile = (
  path: string,
  options: WatchOptions,
): ReturnType<typeof captureFile> | undefined => {
  try {
    return captureFile(path, options)
  } catch (error) {
    const message = `cannot write ${path}: ${reasonOf(error, path)}`
    logError(message, 'give a file in a folder that there is')
    return undefined
  }
}

/** What was built, where the program lies or beside its sources. */
export const besideProgram = (name: string): string =>
  join(import.meta.dirname, process.argv[1]?.endsWith('.ts') === true ? '../dist' : '.', name)

/**
 * Records what the sensor sees while something is done, and of that only what is wanted: the
 * events of one tree of processes, or those that a test picks.
 *
 * Nothing waits for time to pass. What was done is followed by a bell, an exec with an argument
 * that no other has; whatever is in the ring before the bell is all that there is.
 */
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { chooseBackend, objectFile, preemptionFindings } from '@bulwark/agent'
import type { ChosenBackend } from '@bulwark/agent'
import {
  EventNumber,
  PEER_COPY,
  PEER_USER,
  RECORD_USER_MEMORY,
  RecordView,
  checkRecord,
  execOf,
  forkOf,
  headerOf,
  untoldOn,
} from '@bulwark/schema'
import { reasonToSkip } from '@bulwark/tools'
import type { Calls } from './calls.ts'
import type { Kind, Recorded } from './decode.ts'
import { decode } from './decode.ts'
import type { KernelCounters, Sensor, SensorOptions } from './inner.ts'
import { limits, machineOf, startSensor } from './inner.ts'
import type { Ended } from './program.ts'
import { callsProgram, start } from './program.ts'

const dist = join(import.meta.dirname, '../../dist')
const isSecurity = process.env['BULWARK_BACKEND'] === 'security'

/** Through perf where this kernel wants it; where it is not wanted, to try that form. */
const chooseForm = (): Pick<ChosenBackend, 'byPerf' | 'holdsCalls'> => {
  if (reasonToSkip() !== undefined) return { byPerf: false, holdsCalls: false }
  const readObject = (): Uint8Array => readFileSync(join(dist, 'preemption.bpf.o'))
  const choice = isSecurity ? 'security' : 'tracepoint'
  const { byPerf, holdsCalls } = chooseBackend(choice, preemptionFindings('x64', readObject, false))
  return { byPerf: byPerf || process.env['BULWARK_PERF'] === '1', holdsCalls }
}

/** The backend under test: every test here runs on either. Where it is not said, on tracepoints. */
export const chosen: ChosenBackend = {
  backend: isSecurity ? 'security' : 'tracepoint',
  hearsNames: isSecurity,
  ...chooseForm(),
  why: 'BULWARK_BACKEND',
}
/** How an address is told that a call names, and that its socket does not have. */
export const namedAddress = chosen.hearsNames
  ? { source: PEER_COPY, flags: 0 }
  : { source: PEER_USER, flags: RECORD_USER_MEMORY }
const bellMsMax = 60_000
const eventsMax = 200_000

/** The bytes of the BPF object for this kernel that `make build` leaves. */
export const readObject = (): Uint8Array => readFileSync(join(dist, objectFile(chosen)))

/** Whether an event is wanted. Called in the order of the ring; the record is valid meanwhile. */
export type Wanted = (r: RecordView, kind: number) => boolean

/** What rules ask for beside types of events. */
export type Asked = Pick<
  SensorOptions,
  | 'environment'
  | 'floodEventsPerSecond'
  | 'old'
  | 'payloadBytes'
  | 'questions'
  | 'ringBytes'
  | 'tellsUsage'
  | 'usedFilesShare'
  | 'writes'
>

/** Gets a record that has the form of its kind; it is valid until this returns. */
export type OnChecked = (r: RecordView, kind: number, name: string) => void

/** Events in the order of the ring. */
export class Recording {
  readonly all: readonly Recorded[]
  /** What the kernel side counted meanwhile, by place; of the whole machine. */
  readonly lost: KernelCounters

  constructor(all: readonly Recorded[], lost: KernelCounters) {
    this.all = all
    this.lost = lost
  }

  /** The events of one kind. */
  of<K extends Kind>(kind: K): readonly Recorded<K>[] {
    return this.all.filter((event): event is Recorded<K> => event.name === kind)
  }
}

/** What a list of calls did, and what was seen of it. */
export interface Run {
  /** Host's pid of the process that began. */
  readonly pid: number
  /** Of each call, as the kernel gave it: a number, or minus errno. */
  readonly results: readonly number[]
  readonly code: number
  readonly events: Recording
}

/** How to run a list of calls. */
export interface RunOptions {
  /** Words before the program: another program that starts it. */
  readonly wrapper?: readonly string[]
  readonly cwd?: string
}

/** Wants the events of a process, and of what it and its children start. */
export const treeOf = (root: number): Wanted => {
  const pids = new Set([root])
  return (r, kind) => {
    const pid = headerOf.pid(r)
    const isOurs = pids.has(pid)
    if (isOurs && kind === EventNumber.fork) pids.add(forkOf.childPid(r))
    if (isOurs && kind === EventNumber.exit) pids.delete(pid)
    return isOurs
  }
}

/** Of the wanted events, those after a program has begun; what came before started it. */
const afterExecOf = (program: string, wanted: Wanted): Wanted => {
  let hasBegun = false
  return (r, kind) => {
    if (!wanted(r, kind)) return false
    if (hasBegun) return true
    hasBegun = kind === EventNumber.exec && execOf.exePath(r) === program
    return false
  }
}

const untold = untoldOn(chosen.backend).map((member) => member.split('.'))

/** An event as it is; what the schema has for another backend alone must be empty in it. */
const asSchemaSays = (event: Recorded): Recorded => {
  const values: Readonly<Record<string, unknown>> = { ...event }
  for (const [kind, member = ''] of untold) {
    const name = member.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
    if (kind === event.name && values[name] !== '') {
      throw new Error(`the schema has no ${kind}.${member} on the ${chosen.backend} backend`)
    }
  }
  return event
}

export class Recorder {
  readonly sensor: Sensor
  readonly #record: RecordView

  constructor(sensor: Sensor) {
    this.sensor = sensor
    const { data } = sensor.ring
    const memory = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    this.#record = new RecordView(data, (from, to) => memory.toString('latin1', from, to))
  }

  /** Loads a sensor of its own, with the hooks for these types of events. */
  static start(types: ReadonlySet<string> | 'all' = 'all', more: Asked = {}): Recorder {
    const machine = machineOf(process.arch)
    if (machine === undefined) throw new Error(`no hook knows this machine, ${process.arch}`)
    const object = readObject()
    const options = { object, ...chosen, machine, types, pid: process.pid, ...more }
    return new Recorder(startSensor(options))
  }

  /** Does the calls in a process of their own, to its end. */
  async run(calls: Calls, { wrapper = [], cwd }: RunOptions = {}): Promise<Run> {
    const program = callsProgram()
    let pid = 0
    let ended: Ended | undefined
    const events = await this.record(
      async () => {
        const started = start([...wrapper, program, ...calls.words], cwd)
        pid = started.pid
        ended = await started.ended
        if (ended.stderr !== '') throw new Error(ended.stderr)
      },
      () => afterExecOf(program, treeOf(pid)),
    )
    const lines = ended?.stdout.split('\n').filter((line) => /^-?\d+$/.test(line)) ?? []
    return { pid, results: lines.map(Number), code: ended?.code ?? -1, events }
  }

  /**
   * Records while `act` runs. What the ring holds when it is done has to fit: an act is short.
   *
   * @param wanted  asked for once, when the act has ended
   */
  async record(act: () => Promise<void>, wanted: () => Wanted): Promise<Recording> {
    this.discard()
    const before = this.sensor.counters()
    await act()
    const events = await this.#untilBell(wanted())
    const after = Object.entries(this.sensor.counters())
    const lost = after.map(([place, count]) => [place, count - (before[place] ?? 0)] as const)
    return new Recording(events, Object.fromEntries(lost))
  }

  /** Empties the ring; what was in it is only checked. */
  discard(): void {
    while (this.drain(() => {}) > 0);
  }

  /** Hands over what waits, checked; returns how many records that were. */
  drain(onRecord: OnChecked): number {
    return this.sensor.ring.drain(
      (offset, lengthBytes) => this.check(offset, lengthBytes, onRecord),
      limits.drainRecordsMax,
    ).records
  }

  /** Hands over one record of the ring, checked. */
  check(offset: number, lengthBytes: number, onRecord: OnChecked): void {
    const r = this.#record
    r.at = offset
    const { kind, name } = checkRecord(r, lengthBytes)
    onRecord(r, kind, name)
  }

  async #untilBell(wanted: Wanted): Promise<readonly Recorded[]> {
    const bell = randomUUID()
    const events: Recorded[] = []
    let rang = false
    const look = (): number =>
      this.drain((r, kind, name) => {
        rang ||= kind === EventNumber.exec && execOf.arguments(r).includes(bell)
        if (rang || !wanted(r, kind)) return
        if (events.length === eventsMax) throw new Error(`more than ${eventsMax} events of an act`)
        events.push(asSchemaSays(decode(r, name)))
      })
    while (look() > 0); // The act may have left no room for the bell.
    spawnSync('/bin/true', [bell])
    for (const deadline = Date.now() + bellMsMax; !rang; await nextTurn()) {
      if (Date.now() > deadline) {
        throw new Error(`no bell within ${bellMsMax} ms: ${JSON.stringify(this.sensor.counters())}`)
      }
      look()
    }
    return events
  }

  close(): void {
    this.sensor.close()
  }
}

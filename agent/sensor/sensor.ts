/**
 * The kernel side: loads the object, with the hooks that the rules need, and hands its ring over.
 * Other rules get other hooks while it runs. What is loaded here is gone from the kernel when it is
 * closed, or when the process ends.
 */
import type { Backend, Machine } from '@bulwark/schema'
import {
  EventNumber,
  FLOOD_RECORD_BYTES,
  PAYLOAD_BYTES_MAX,
  RECORD_BYTES_MAX,
  WRITES_ELSEWHERE,
  WRITES_MESSAGES,
  WRITES_OPENINGS,
  WRITES_QUESTIONS,
  callShapeOf,
  compatPositions,
  eventKinds,
  recordShapes,
  syscallsMax,
} from '@bulwark/schema'
import type { BpfMap, BpfObject, Link, Ring } from '@bulwark/native'
import { isNativeError, openObject } from '@bulwark/native'
import type { CallPlan, CallWay, FilterSite } from './call-ways.ts'
import { byFunction, byNumber, dispatcher, lookerOf, nameHookPrefix } from './call-ways.ts'
import type { OldHierarchy } from '../container/cgroups.ts'
import type { FilterBase, FilterPlace } from '../filter/filter-places.ts'
import {
  execLooker,
  execPlaceOf,
  execSender,
  filterBaseOf,
  filterPlaceOf,
} from '../filter/filter-places.ts'
import type { AttachedHook, Plan, PlanFor } from './hook-plan.ts'
import { planHooks, tellsSocket, wantedSocketcalls } from './hook-plan.ts'
import { readShed } from './flood-counters.ts'
import type { Shed } from '../flood.ts'
import { limits } from '../limits.ts'
import type { KernelCounters } from './loss-counters.ts'
import { readLosses, readPlaces, recursion } from './loss-counters.ts'
import { anyCall } from '../loss.ts'
import type { Loss } from '../loss.ts'
import { Programs, wantedProgram } from './programs.ts'
import type { WantedProgram } from './programs.ts'
import { fillUringCalls, hasUring, uringMaps, uringSupport, wantsUring } from './uring.ts'
import type { UsagePlan } from './usage-hooks.ts'
import { planUsage, setAgentRoot, usageMaps } from './usage-hooks.ts'
import type { Hold, HoldCounts } from './hurry.ts'
import { heldKinds, quietKinds } from './hurry.ts'
import type { SensorWants } from './wants.ts'
import { wantsOfBoth } from './wants.ts'

/** What to load. */
export interface SensorOptions extends SensorWants {
  /** The bytes of the backend's object, `tracepoint.bpf.o` or `security.bpf.o`. */
  readonly object: Uint8Array
  /** `tracepoint` when not said. */
  readonly backend?: Backend
  /** For the security backend: whether LSM hooks tell names. */
  readonly hearsNames?: boolean
  readonly holdsCalls?: boolean // As `ChosenBackend` has it.
  readonly machine: Machine
  /** What a cgroup may send while there is little room in the ring; no flood control when not said,
   * or 0. */
  readonly floodEventsPerSecond?: number | undefined
  /** Size of the ring, a power of two of pages; `limits.ringBytes` when not said. */
  readonly ringBytes?: number | undefined
  /** This process, whose own events are left out. */
  readonly pid: number
  /** Records of kinds that no rule wants may lie until the ring is looked at for another reason; it
   * is woken for each when not said. */
  readonly mayWait?: boolean
  /** The v1 hierarchy in which containers are looked for beside v2, if any. */
  readonly old?: OldHierarchy | undefined
  /** Which files run in containers is told, once for each. */
  readonly tellsUsage?: boolean
  /** How many new ones a container may tell at once, and after how many nanoseconds one more;
   * USED_FILES_BURST and USED_FILE_NS when not said. */
  readonly usedFilesShare?: readonly [burst: number, ns: number]
}

const bytesOf = ({ buffer }: Uint32Array): Uint8Array => new Uint8Array(buffer)

/** Tells the programs of the shapes where the arguments of each call are. */
const fillPositions = (map: BpfMap, { handlers, compat }: Plan): void => {
  const key = new Uint32Array(1)
  const value = new Uint32Array(1)
  const fill = (slot: number, positions: number): void => {
    key[0] = slot
    value[0] = positions
    map.update(bytesOf(key), bytesOf(value))
  }
  for (const { call, slot } of handlers) fill(slot, callShapeOf(call).positions)
  for (const { call, slot } of compat) {
    fill(syscallsMax + slot, compatPositions(slot, callShapeOf(call)))
  }
}

/** The object's own types must have the layout that is decoded here. */
const checkLayout = (object: BpfObject): void => {
  const shape = recordShapes[1]
  const { bytes } = object.structLayout('event_exec')
  if (bytes === shape?.fixedBytes) return
  throw new Error('the BPF object is of another build; run "make build"')
}

/** Knobs of bpf/flood.bpf.h. */
const floodKnobs = ({
  ringBytes = limits.ringBytes,
  floodEventsPerSecond = 0,
}: SensorOptions): Readonly<Record<string, number>> => ({
  flood_record_ns: floodEventsPerSecond === 0 ? 0 : Math.ceil(1e9 / floodEventsPerSecond),
  flood_burst: Math.ceil((ringBytes * limits.floodBurst) / FLOOD_RECORD_BYTES),
  flood_from: ringBytes * limits.floodFrom,
  flood_state_from: ringBytes * limits.floodStateFrom,
})

const toldOfWrites = ({ questions, writes }: SensorWants, elsewhere: boolean): number =>
  (questions === 'writes' ? WRITES_QUESTIONS : 0) |
  (writes === 'openings' ? WRITES_OPENINGS : 0) |
  (writes === 'all' ? WRITES_MESSAGES : 0) |
  (elsewhere ? WRITES_ELSEWHERE : 0)

interface UringPlan {
  readonly hooks: readonly AttachedHook[]
  readonly missing: readonly string[]
}

const lostOfUring = {
  count: 'what is done through io_uring (it is only counted)',
  none: 'what is done through io_uring',
}

/** The hooks of io_uring, where something wanted can come through a ring. */
const planUring = ({ types }: SensorWants): UringPlan => {
  const kind = eventKinds.find(({ name }) => name === 'io_uring')
  if (!kind || !wantsUring(types)) return { hooks: [], missing: [] }
  const { sees, hooks } = uringSupport()
  return {
    hooks: hooks.map(({ program, tracepoint }) => ({ name: tracepoint, program, kind })),
    missing: sees === 'all' || !hasUring() ? [] : [lostOfUring[sees]],
  }
}

/** Everything that follows from what is wanted. */
interface Setting {
  readonly wants: SensorWants
  readonly plan: Plan
  readonly calls: CallPlan
  readonly uring: UringPlan
  readonly hooks: readonly AttachedHook[]
  readonly missing: readonly string[]
  readonly programs: readonly WantedProgram[]
  readonly sites: readonly FilterSite[]
  /** Programs that attach to what their sections say. */
  readonly entries: readonly string[]
  /** Maps that hold nothing then. */
  readonly unused: readonly string[]
}

/** Where the handlers of sockets keep which end each is. */
const socketMaps = ['socket_roles']

/** Maps that no program of a setting looks into. */
const unusedMaps = (
  { handlers, compat }: Plan,
  calls: CallPlan,
  uring: UringPlan,
  usage: UsagePlan,
): readonly string[] => {
  const goesByRings = uring.hooks.length > 0
  const hasSockets = goesByRings || [...handlers, ...compat].some(({ kind }) => tellsSocket(kind))
  return [
    ...calls.unused,
    ...(goesByRings ? [] : uringMaps),
    ...(hasSockets ? [] : socketMaps),
    ...(usage.hooks.length > 0 ? [] : usageMaps),
  ]
}

/** Kinds of the records that handlers may fill. */
const toldKinds = ({ handlers, compat, tellsWrites }: Plan): ReadonlySet<number> =>
  new Set([
    ...[...handlers, ...compat].map(({ kind }) => kind.kind),
    ...(tellsWrites ? [EventNumber.fd_call] : []),
  ])

const settingFor = (wants: SensorWants, way: CallWay, where: PlanFor): Setting => {
  const plan = planHooks(wants, where)
  const usage = planUsage(where)
  const calls = way.plan(plan, usage.slots)
  const uring = planUring(wants)
  const tracepoints = [...plan.attach, ...uring.hooks, ...usage.hooks]
  return {
    wants,
    plan,
    calls,
    uring,
    hooks: [...tracepoints, ...calls.hooks],
    missing: [...calls.missing, ...uring.missing],
    programs: [...tracepoints.map(({ program }) => wantedProgram(program)), ...calls.programs],
    sites: calls.sites.map((site) => ({ kinds: toldKinds(plan), ...site })),
    entries: [...tracepoints.map(({ program }) => program), ...calls.entries],
    unused: unusedMaps(plan, calls, uring, usage),
  }
}

/** What programs read while they run, in `.bss`. */
const knobsOf = ({ wants, plan }: Setting): Readonly<Record<string, number>> => ({
  send_environment: wants.environment === true ? 1 : 0,
  payload_bytes: wants.payloadBytes ?? 0,
  question_bytes: wants.questions === undefined ? 0 : PAYLOAD_BYTES_MAX,
  tell_writes: toldOfWrites(wants, plan.tellsWrites),
})

/** A change of what is wanted, all of which is loaded. Both steps are to be taken, in order. */
export interface SensorChange {
  /**
   * Attaches what the new rules want; what the old ones want is still told.
   *
   * @param between  called after each hook: hundreds of them take seconds, and the ring must be
   *   emptied meanwhile
   */
  widen(between: () => void): void
  /** Detaches what only the old rules wanted. */
  narrow(between: () => void): void
  /** Loads what lets their filters look twice; see `Sensor.loadLookers`. */
  loadLookers(): Promise<string | undefined>
  /** Where the filters of the new rules go. */
  readonly places: () => readonly FilterPlace[]
}

export class Sensor {
  readonly backend: Backend
  readonly ring: Ring
  readonly #options: SensorOptions
  readonly #programs: Programs
  readonly #way: CallWay
  readonly #links = new Map<string, Link>()
  /** Programs of security hooks that were attached once. */
  readonly #detached = new Set<string>()
  readonly #armed: Uint32Array
  readonly #losses: Uint32Array
  readonly #shed: BigUint64Array
  /** Takes one value of the map of processes that are held back. */
  readonly #heldEntry: Uint8Array
  /** Maps that have no room in the newest object that has them. */
  readonly #shrunk: Set<string>
  #setting: Setting
  /** A bit for each kind that wakes nobody. */
  #quiet = 0
  /** Whether processes are held back; `undefined`: they never were. */
  #hold: Hold

  /**
   * Makes the maps, and the ring with them.
   *
   * @throws NativeError  the kernel refuses; its log says what
   */
  constructor(options: SensorOptions) {
    const { backend = 'tracepoint', machine } = options
    this.backend = backend
    this.#options = options
    const programs = new Programs(() => openObject(options.object, 'bulwark'))
    this.#programs = programs
    this.#way = backend === 'security' ? byFunction(machine, programs) : byNumber(programs)
    try {
      this.#setting = settingFor(options, this.#way, options)
      this.#shrunk = new Set(this.#setting.unused)
      checkLayout(programs.first)
      programs.first.setMaxEntries('events', options.ringBytes ?? limits.ringBytes)
      for (const map of this.#shrunk) programs.first.setMaxEntries(map, 1)
      programs.prepare(this.#setting.programs, (object) => this.#setConstants(object, options))
      this.ring = programs.first.openRing('events', RECORD_BYTES_MAX)
      this.#armed = this.#word('armed')
      this.#heldEntry = new Uint8Array(programs.first.map('held').facts.transferBytes)
      this.#losses = this.#word('losses')
      const { first } = programs
      this.#shed = new BigUint64Array(first.memory('.bss'), first.offsetOf('.bss', 'shed'), 1)
    } catch (error) {
      this.#unload()
      throw error
    }
  }

  /** Begins to load the programs, on threads of their own. Nothing but `attach` and `close` may be
   * called until they are. */
  beginLoad(): void {
    this.#programs.beginLoad()
  }

  /**
   * Waits until the programs are loaded, and attaches the hooks: events collect in the ring from
   * here on. Close it when this throws.
   *
   * @throws NativeError  the kernel refuses; its log says what
   */
  attach(): void {
    this.#programs.endLoad()
    this.#apply(this.#setting, () => {})
  }

  /** Hooks that are attached. */
  get hooks(): readonly AttachedHook[] {
    return this.#setting.hooks
  }

  /** System calls that are wanted, and that this kernel does not have. */
  get missing(): readonly string[] {
    return this.#setting.missing
  }

  /** What its hooks are for. */
  get wants(): SensorWants {
    return this.#setting.wants
  }

  /** A global variable of 32 bits. */
  #word(name: string): Uint32Array {
    const { first } = this.#programs
    return new Uint32Array(first.memory('.bss'), first.offsetOf('.bss', name), 1)
  }

  #setConstants(object: BpfObject, { types }: SensorWants): void {
    const { pid, machine, old } = this.#options
    object.setVariable('.rodata', 'agent_pid', pid)
    object.setVariable('.rodata', 'are_calls_held', Number(this.#options.holdsCalls ?? false))
    if (machine === 'x64') object.setVariable('.rodata', 'socketcalls', wantedSocketcalls(types))
    const { tellsUsage = false, usedFilesShare } = this.#options
    if (tellsUsage) setAgentRoot(object)
    if (usedFilesShare) {
      object.setVariable('.rodata', 'used_files_burst', usedFilesShare[0])
      object.setVariable('.rodata', 'used_file_ns', usedFilesShare[1])
    }
    for (const [name, value] of Object.entries(floodKnobs(this.#options))) {
      object.setVariable('.rodata', name, value)
    }
    if (!old) return
    object.setVariable('.rodata', 'v1_controller', old.knob)
    object.setVariable('.rodata', 'v1_hierarchy', old.number)
  }

  /** Lets the hooks be those of a setting, whose programs are loaded. */
  #apply(setting: Setting, between: () => void): void {
    const { plan, uring, calls, wants, entries, sites } = setting
    this.#setting = setting
    for (const { prototype, sender } of sites) {
      this.#programs.tiedMap('filter_exits', prototype).setTailCall(0, this.#programs.of(sender))
    }
    this.#quiet = this.#options.mayWait === true ? quietKinds(wants) : 0
    Atomics.store(this.#word('quiet_kinds'), 0, this.#quiet)
    Atomics.store(this.#word('hold_back'), 0, heldKinds(wants, this.#hold))
    for (const [name, value] of Object.entries(knobsOf(setting))) {
      Atomics.store(this.#word(name), 0, value)
    }
    fillPositions(this.#programs.map('call_positions'), plan)
    if (uring.hooks.length > 0) {
      fillUringCalls(this.#programs.map('uring_calls'), this.#options.machine, wants.types)
    }
    calls.apply(between)
    for (const program of entries) {
      if (this.#links.has(program)) continue
      this.#links.set(program, this.#programs.attach(program))
      between()
    }
    for (const [program, link] of this.#links) {
      if (entries.includes(program)) continue
      link.detach()
      this.#links.delete(program)
      if (program.startsWith(nameHookPrefix)) this.#detached.add(program)
      between()
    }
  }

  /**
   * Linux before 5.13 attaches a program to a security hook once in its life: one that it refuses
   * is loaded anew. Until its calls have handlers, such a program does nothing.
   */
  #attachAgain(program: string): void {
    if (!this.#detached.has(program) || this.#links.has(program)) return
    try {
      this.#links.set(program, this.#programs.attach(program))
    } catch (error) {
      if (!isNativeError(error) || error.code !== 'ENOENT') throw error
      this.#programs.forget(program)
    }
    this.#detached.delete(program)
  }

  /**
   * Loads what other rules need beside what runs, while it runs.
   *
   * @returns `undefined` when the sensor was closed meanwhile
   * @throws NativeError  the kernel refuses; nothing has changed
   */
  async prepare(wants: SensorWants): Promise<SensorChange | undefined> {
    const both = settingFor(wantsOfBoth(this.wants, wants), this.#way, this.#options)
    const next = settingFor(wants, this.#way, this.#options)
    const own = [...this.#shrunk].filter((map) => !both.unused.includes(map))
    for (const program of new Set([...both.entries, ...next.entries])) this.#attachAgain(program)
    for (const setting of [both, next]) {
      const setUp = (object: BpfObject): void => this.#setConstants(object, setting.wants)
      const maps = setting === both ? own : []
      if (!(await this.#programs.add(setting.programs, setUp, maps))) return undefined
    }
    for (const map of own) this.#shrunk.delete(map)
    return {
      widen: (between) => this.#apply(both, between),
      narrow: (between) => this.#apply(next, between),
      loadLookers: () => this.#addAside(next.sites.map(lookerOf), next.wants),
      places: () => this.#placesOf(next),
    }
  }

  async #addAside(
    programs: readonly WantedProgram[],
    wants: SensorWants,
  ): Promise<string | undefined> {
    const setUp = (object: BpfObject): void => this.#setConstants(object, wants)
    try {
      await this.#programs.add(programs, setUp, [])
      return undefined
    } catch (error) {
      if (!isNativeError(error)) throw error
      return error.message
    }
  }

  /**
   * Loads what lets filters look at a record twice, while everything runs; without it they look
   * once. Nothing happens when the sensor was closed meanwhile.
   *
   * @returns what the kernel says when it refuses
   */
  loadLookers(): Promise<string | undefined> {
    return this.#addAside(this.#setting.sites.map(lookerOf), this.wants)
  }

  /**
   * Loads what filters of execs end in, while everything runs: the verifier works on it for a
   * quarter of a second. Nothing happens when the sensor was closed meanwhile.
   *
   * @returns what the kernel says when it refuses
   */
  loadExecEnds(): Promise<string | undefined> {
    return this.#addAside([execSender, execLooker].map(wantedProgram), this.wants)
  }

  #placesOf({ sites }: Setting): readonly FilterPlace[] {
    const held = this.#options.holdsCalls
    const places = sites.map((site) => filterPlaceOf(this.#programs, site, held))
    return this.#programs.has(execSender) ? [...places, execPlaceOf(this.#programs)] : places
  }

  /** Where filters go. */
  get filterPlaces(): readonly FilterPlace[] {
    return this.#placesOf(this.#setting)
  }

  /** What filters share. */
  get filterBase(): FilterBase {
    return filterBaseOf(this.#programs.first)
  }

  /** Whether records of a kind wake nobody: there is no hurry with them. */
  mayWait(kind: number): boolean {
    return kind < 32 && ((this.#quiet >>> kind) & 1) === 1
  }

  /** Asks for a wake-up with the next event that wakes. Look at the ring once more after it. */
  arm(): void {
    Atomics.store(this.#armed, 0, 1)
  }

  /**
   * Lets the kernel side hold back what it tells of processes that nobody asks for, or not any
   * more. What a process is comes with its first record that is sent; one of which none is sent
   * leaves no trace. Rules about forks and ends get theirs at once.
   */
  holdBack(does: boolean): void {
    this.#hold = does ? 'held' : this.#hold && 'told'
    Atomics.store(this.#word('hold_back'), 0, heldKinds(this.wants, this.#hold))
  }

  /** Whether the kernel side holds a process back that has this pid. Asks the kernel. */
  isHeld(pid: number): boolean {
    const value = this.#heldEntry
    const isThere = this.#programs.map('held').lookup(bytesOf(Uint32Array.of(pid)), value)
    return isThere && value.subarray(8, 16).every((byte) => byte === 0)
  }

  /** What became of processes that were held back. */
  get held(): HoldCounts {
    const { first } = this.#programs
    const count = (name: string): number =>
      Number(new BigUint64Array(first.memory('.bss'), first.offsetOf('.bss', name), 1)[0])
    return { dropped: count('held_dropped'), full: count('held_full'), torn: count('held_torn') }
  }

  /** The loss counters, summed over the CPUs; and runs that the kernel left out. */
  counters(): KernelCounters {
    const found = readPlaces(this.#programs.first)
    found[recursion] = this.#programs.skippedRuns + this.#way.skippedRuns()
    return found
  }

  /** Runs that the kernel left out, by hook. */
  #skipped(): readonly (readonly [hook: string, count: number])[] {
    const ofPrograms = this.#programs.skipped.map(([name, count]) => {
      const kind = this.hooks.find(({ program }) => program === name)?.kind
      const hook = name === dispatcher ? anyCall : (kind?.types[0] ?? kind?.name ?? 'unknown')
      return [hook, count] as const
    })
    return [...ofPrograms, ...this.#way.skipped()]
  }

  /** Events lost so far for want of room, modulo 2^32: costs nothing to look at. */
  get lossMark(): number {
    return Atomics.load(this.#losses, 0)
  }

  /** Whole events that were lost so far, by place and hook. */
  losses(counters: KernelCounters): readonly Loss[] {
    const isSkipped = (counters[recursion] ?? 0) > 0
    const skipped = isSkipped ? this.#skipped() : []
    return readLosses(this.#programs.first, this.#options.machine, counters, skipped)
  }

  /** Events that were shed in floods so far: costs nothing to look at. */
  get shedCount(): number {
    return Number(Atomics.load(this.#shed, 0))
  }

  /** The same by cgroup and hook, as far as there was room to count them apart. */
  shed(): readonly Shed[] {
    return readShed(this.#programs.map('shed_hooks'), this.#options.machine)
  }

  /** Detaches all hooks: no event comes any more. What waits in the ring stays. */
  detach(): void {
    for (const link of this.#links.values()) link.detach()
    this.#links.clear()
    this.#way.detach()
  }

  #unload(): void {
    this.#way.close()
    this.#programs.close()
  }

  /** Detaches and unloads everything. */
  close(): void {
    this.ring.close()
    this.#unload()
  }
}

/**
 * Loads the sensor and attaches its hooks. Events collect in the ring from here on.
 *
 * @throws NativeError  the kernel refuses; its log says what
 */
export const startSensor = (options: SensorOptions): Sensor => {
  const sensor = new Sensor(options)
  try {
    sensor.beginLoad()
    sensor.attach()
    return sensor
  } catch (error) {
    sensor.close()
    throw error
  }
}

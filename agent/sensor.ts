/**
 * The kernel side: loads the object, with the hooks that the rules need, and hands its ring over.
 * What is loaded here is gone from the kernel when it is closed, or when the process ends.
 */
import type { Backend, EventKind, Machine, Shape } from '@bulwark/schema'
import {
  PAYLOAD_BYTES_MAX,
  RECORD_BYTES_MAX,
  WRITES_ELSEWHERE,
  WRITES_MESSAGES,
  WRITES_OPENINGS,
  WRITES_QUESTIONS,
  callShapeOf,
  compatPositions,
  eventKinds,
  isSeenCall,
  nameHooksOf,
  numbersNamed,
  ownEventTypes,
  recordShapes,
  socketcalls,
  syscallNumbers,
  syscallsByNumber,
  syscallsMax,
} from '@bulwark/schema'
import type { BpfObject, Link, Ring } from '@bulwark/native'
import { openObject } from '@bulwark/native'
import { CallReturns, aimPrograms, callStart, findCallTargets } from './call-returns.ts'
import type { OldHierarchy } from './cgroups.ts'
import { limits } from './limits.ts'
import type { KernelCounters } from './loss-counters.ts'
import { readLosses, readPlaces, recursion } from './loss-counters.ts'
import { anyCall } from './loss.ts'
import type { Loss } from './loss.ts'
import { takesHook } from './security-hooks.ts'
import { fillUringCalls, hasUring, shrinkUringMaps, uringSupport, wantsUring } from './uring.ts'

/** One hook that is attached. */
export interface AttachedHook {
  /** `sys_exit:openat` or `fexit:openat`, by backend; or the tracepoint's name. */
  readonly name: string
  readonly program: string
  readonly kind: EventKind
}

const dispatcher = 'on_sys_exit'
/** Maps through which names go from LSM hooks to handlers. */
const handOver = ['calls', 'names']

interface SensorParts {
  readonly backend: Backend
  readonly object: BpfObject
  readonly ring: Ring
  readonly hooks: readonly AttachedHook[]
  readonly missing: readonly string[]
  readonly machine: Machine
  readonly armed: Uint32Array
  readonly losses: Uint32Array
  readonly links: readonly Link[]
  readonly programs: readonly string[]
  readonly returns: CallReturns | undefined
}

export class Sensor {
  readonly backend: Backend
  readonly ring: Ring
  readonly hooks: readonly AttachedHook[]
  /** System calls that are wanted, and that this kernel does not have. */
  readonly missing: readonly string[]
  readonly #parts: SensorParts

  constructor(parts: SensorParts) {
    this.backend = parts.backend
    this.ring = parts.ring
    this.hooks = parts.hooks
    this.missing = parts.missing
    this.#parts = parts
  }

  /** Asks for a wake-up with the next event. Look at the ring once more after it. */
  arm(): void {
    Atomics.store(this.#parts.armed, 0, 1)
  }

  /** The loss counters, summed over the CPUs; and runs that the kernel left out. */
  counters(): KernelCounters {
    const found = readPlaces(this.#parts.object)
    found[recursion] = this.#skipped().reduce((sum, [, count]) => sum + count, 0)
    return found
  }

  /** Runs that the kernel left out, by hook. */
  #skipped(): readonly (readonly [hook: string, count: number])[] {
    const { object, programs, hooks, returns } = this.#parts
    const ofObject = programs.map((name) => {
      const kind = hooks.find(({ program }) => program === name)?.kind
      const hook = name === dispatcher ? anyCall : (kind?.types[0] ?? kind?.name ?? 'unknown')
      return [hook, object.info(name).recursionMisses] as const
    })
    return [...ofObject, ...(returns?.skipped ?? [])]
  }

  /** Events lost so far for want of room, modulo 2^32: costs nothing to look at. */
  get lossMark(): number {
    return Atomics.load(this.#parts.losses, 0)
  }

  /** Whole events that were lost so far, by place and hook. */
  losses(counters: KernelCounters): readonly Loss[] {
    const { object, machine } = this.#parts
    const isSkipped = (counters[recursion] ?? 0) > 0
    return readLosses(object, machine, counters, isSkipped ? this.#skipped() : [])
  }

  /** Detaches all hooks: no event comes any more. What waits in the ring stays. */
  detach(): void {
    for (const link of this.#parts.links) link.detach()
    this.#parts.returns?.detach()
  }

  /** Detaches and unloads everything. */
  close(): void {
    this.ring.close()
    this.#parts.returns?.close()
    this.#parts.object.close()
  }
}

const isShaped = (type: string): boolean => !ownEventTypes.has(type) && isSeenCall(type)

/** The types among these that are told in a shape. */
const shapedTypes = (types: ReadonlySet<string> | 'all', shape: Shape): readonly string[] =>
  types === 'all'
    ? []
    : [...types].filter((type) => isShaped(type) && callShapeOf(type).shape === shape)

/**
 * The kinds that rules over these events need; and those that the tables live on. A rule over all
 * events means those that have a meaning of their own, not every system call there is.
 */
export const neededKinds = (types: ReadonlySet<string> | 'all'): readonly EventKind[] =>
  eventKinds.filter(({ state, types: own, hooks }) => {
    const isOwn = types === 'all' ? own.length > 0 : own.some((type) => types.has(type))
    const hasShape = hooks.some(
      (hook) => 'shape' in hook && shapedTypes(types, hook.shape).length > 0,
    )
    return state || isOwn || hasShape
  })

/** Names of the events that hooks of this machine see. */
export const carriedEvents = (machine: Machine): ReadonlySet<string> => {
  const numbers = syscallNumbers[machine]
  const own = eventKinds.flatMap((kind) =>
    kind.hooks.flatMap((hook) => {
      if ('tracepoint' in hook) return kind.types
      if ('compat' in hook) return machine === 'x64' ? hook.for : []
      if ('shape' in hook || hook.only !== undefined) return []
      return hook.syscalls.filter((name) => name in numbers)
    }),
  )
  const compat = machine === 'x64' ? syscallsByNumber.ia32 : []
  const shaped = [...Object.keys(numbers), ...compat].filter((name) => name !== undefined)
  return new Set([...own, ...shaped.filter(isShaped)])
}

/** The machine this runs on, as the schema names it; `undefined` when no hook knows it. */
export const machineOf = (architecture: string): Machine | undefined =>
  architecture === 'x64' || architecture === 'arm64' ? architecture : undefined

/** What to load. */
export interface SensorOptions {
  /** The bytes of the backend's object, `tracepoint.bpf.o` or `security.bpf.o`. */
  readonly object: Uint8Array
  /** `tracepoint` when not said. */
  readonly backend?: Backend
  /** For the security backend: whether LSM hooks tell names. */
  readonly hearsNames?: boolean
  readonly machine: Machine
  /** Types of events that rules want. */
  readonly types: ReadonlySet<string> | 'all'
  /** How many of the first bytes of messages are copied; none when not said. */
  readonly payloadBytes?: number
  /** Size of the ring, a power of two of pages; `limits.ringBytes` when not said. */
  readonly ringBytes?: number | undefined
  /** Questions to name servers that are copied whole: those of messages of wanted types, or also
   * those that are written to a connected socket. */
  readonly questions?: 'messages' | 'writes' | undefined
  /** What else is told of writes on sockets as the messages that they are: the first bytes of
   * connections, or all. */
  readonly writes?: 'openings' | 'all' | undefined
  /** Whether some rule can hold on an exec that failed; true when not said. */
  readonly failures?: boolean | undefined
  /** This process, whose own events are left out. */
  readonly pid: number
  /** Some rule asks for the environment of programs, which costs time and room. */
  readonly environment?: boolean
  /** The v1 hierarchy in which containers are looked for beside v2, if any. */
  readonly old?: OldHierarchy | undefined
}

/** A hook in the slot of a system call. */
type Handler = AttachedHook & {
  readonly slot: number
  readonly call: string
  /** LSM hooks that tell its names; none on the tracepoint backend. */
  readonly names: readonly string[]
}

interface Plan {
  readonly attach: readonly AttachedHook[]
  readonly handlers: readonly Handler[]
  /** What is written anywhere is told too, by the handlers that look for messages in it. */
  readonly tellsWrites: boolean
  /** In slots of the 32-bit table. */
  readonly compat: readonly Handler[]
}

/** The handlers of 32-bit calls: those of the calls of the same names, but where one differs. */
const planCompat = (
  types: ReadonlySet<string> | 'all',
  byName: ReadonlyMap<string, Omit<Handler, 'slot'>>,
): readonly Handler[] => {
  const bySlot = new Map<number, Handler>()
  for (const [name, handler] of byName) {
    for (const slot of numbersNamed('ia32', name)) bySlot.set(slot, { ...handler, slot })
  }
  for (const kind of eventKinds) {
    for (const hook of kind.hooks) {
      if (!('compat' in hook)) continue
      const isWanted = types === 'all' || hook.for.some((type) => types.has(type))
      for (const slot of isWanted ? hook.compat : []) {
        const call = syscallsByNumber.ia32[slot] ?? ''
        const name = `sys_exit:${call}, 32-bit`
        bySlot.set(slot, { name, program: hook.program, kind, slot, call, names: [] })
      }
    }
  }
  return [...bySlot.values()]
}

const planHooks = (options: SensorOptions): Plan => {
  const { machine, types, questions, writes, failures = true, backend, hearsNames } = options
  const numbers = syscallNumbers[machine]
  const place = backend === 'security' ? 'fexit' : 'sys_exit'
  const attach: AttachedHook[] = []
  const handlers: Handler[] = []
  const byName = new Map<string, Omit<Handler, 'slot'>>()
  const needed = new Set(neededKinds(types))
  for (const kind of eventKinds) {
    for (const hook of kind.hooks) {
      if ('tracepoint' in hook) {
        if (needed.has(kind)) attach.push({ name: hook.tracepoint, program: hook.program, kind })
        continue
      }
      if ('compat' in hook) continue
      const isShape = 'shape' in hook
      for (const name of isShape ? shapedTypes(types, hook.shape) : hook.syscalls) {
        const slot = numbers[name]
        const isType = isShape || kind.state || types === 'all' || types.has(name)
        const isTold = questions === 'writes' || writes !== undefined
        const only = 'only' in hook ? hook.only : undefined
        const wanted = only === 'messages' ? isTold : isType && (only === undefined || failures)
        if (!wanted) continue
        const names = hearsNames ? nameHooksOf(name).filter(takesHook) : []
        const { program } = hook
        const handler = { name: `${place}:${name}`, program, kind, call: name, names }
        if (!byName.has(name)) byName.set(name, handler)
        if (slot !== undefined) handlers.push({ ...handler, slot })
      }
    }
  }
  const first = handlers.filter(
    ({ slot }, i) => handlers.findIndex((each) => each.slot === slot) === i,
  )
  const compat = machine === 'x64' ? planCompat(types, byName) : []
  return { attach, handlers: first, compat, tellsWrites: first.length < handlers.length }
}

/** A bit for each of the calls of socketcall(2) that is wanted. */
const wantedSocketcalls = (types: ReadonlySet<string> | 'all'): number =>
  socketcalls.reduce((bits, name, number) => {
    const isWanted = types === 'all' ? ownEventTypes.has(name) : types.has(name)
    return isWanted ? bits | (1 << number) : bits
  }, 0)

/** Tells the programs of the shapes where the arguments of each call are. */
const fillPositions = (object: BpfObject, { handlers, compat }: Plan): void => {
  const key = new Uint32Array(1)
  const value = new Uint32Array(1)
  const fill = (slot: number, positions: number): void => {
    key[0] = slot
    value[0] = positions
    object.update('call_positions', bytesOf(key), bytesOf(value))
  }
  for (const { call, slot } of handlers) fill(slot, callShapeOf(call).positions)
  for (const { call, slot } of compat) {
    fill(syscallsMax + slot, compatPositions(slot, callShapeOf(call)))
  }
}

const bytesOf = ({ buffer }: Uint32Array): Uint8Array => new Uint8Array(buffer)

/** The object's own types must have the layout that is decoded here. */
const checkLayout = (object: BpfObject): void => {
  const shape = recordShapes[1]
  const { bytes } = object.structLayout('event_exec')
  if (bytes === shape?.fixedBytes) return
  throw new Error('the BPF object is of another build; run "make build"')
}

/** The way of a backend to system calls. */
interface CallWay {
  /** What it attaches. */
  readonly hooks: readonly AttachedHook[]
  /** What this kernel does not have. */
  readonly missing: readonly string[]
  /** Programs of the object that it needs beside those of the hooks. */
  readonly programs: readonly string[]
  /** Programs that attach to what their sections say. */
  readonly entries: readonly string[]
  /** Before loading. */
  readonly aim: (object: BpfObject) => void
  /** After loading. */
  readonly connect: (object: BpfObject) => CallReturns | undefined
}

const byNumber = ({ handlers, compat }: Plan): CallWay => {
  const entries = handlers.length > 0 ? [dispatcher] : []
  return {
    hooks: handlers,
    missing: [],
    programs: [...entries, ...compat.map(({ program }) => program)],
    entries,
    aim: () => {},
    connect: (object) => {
      for (const { slot, program } of handlers) object.setTailCall('handlers', slot, program)
      for (const { slot, program } of compat) {
        object.setTailCall('compat_handlers', slot, program)
      }
      return undefined
    },
  }
}

/** The LSM hooks that tell the names of calls. */
const nameHooks = (handlers: readonly Handler[]): readonly AttachedHook[] => {
  const hooks = new Map<string, AttachedHook>()
  for (const { names, kind } of handlers) {
    for (const name of names) {
      hooks.set(name, { name: `lsm:${name}`, program: `hear_${name}`, kind })
    }
  }
  return [...hooks.values()]
}

const byFunction = (
  machine: Machine,
  { handlers, compat }: Plan,
  open: () => BpfObject,
): CallWay => {
  const { targets, missing } = findCallTargets(machine, handlers, compat)
  const there = handlers.filter(({ call }) => !missing.includes(call))
  const names = nameHooks(there)
  return {
    hooks: [...there, ...names],
    missing,
    programs: [...compat.map(({ program }) => program), ...(names.length > 0 ? [callStart] : [])],
    entries: names.map(({ program }) => program),
    aim: (object) => {
      aimPrograms(object, targets)
      if (names.length > 0) return
      for (const map of handOver) object.setMaxEntries(map, 1)
    },
    connect: (object) => new CallReturns(object, open, targets),
  }
}

const toldOfWrites = ({ questions, writes }: SensorOptions, elsewhere: boolean): number =>
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
const planUring = ({ types }: SensorOptions): UringPlan => {
  const kind = eventKinds.find(({ name }) => name === 'io_uring')
  if (!kind || !wantsUring(types)) return { hooks: [], missing: [] }
  const { sees, hooks } = uringSupport()
  return {
    hooks: hooks.map(({ program, tracepoint }) => ({ name: tracepoint, program, kind })),
    missing: sees === 'all' || !hasUring() ? [] : [lostOfUring[sees]],
  }
}

/**
 * Loads the sensor and attaches its hooks. Events collect in the ring from here on.
 *
 * @throws NativeError  the kernel refuses; its log says what
 */
export const startSensor = (options: SensorOptions): Sensor => {
  const plan = planHooks(options)
  const { attach, tellsWrites } = plan
  const { backend = 'tracepoint', machine } = options
  const open = (): BpfObject => openObject(options.object, 'bulwark')
  const way = backend === 'security' ? byFunction(machine, plan, open) : byNumber(plan)
  const uring = planUring(options)
  const hooks = [...attach, ...uring.hooks, ...way.hooks]
  const object = open()
  let returns: CallReturns | undefined
  try {
    const programs = new Set([...hooks.map(({ program }) => program), ...way.programs])
    for (const { name } of object.programs) object.setAutoload(name, programs.has(name))
    object.setMaxEntries('events', options.ringBytes ?? limits.ringBytes)
    if (uring.hooks.length === 0) shrinkUringMaps(object)
    object.setVariable('.rodata', 'agent_pid', options.pid)
    if (machine === 'x64') {
      object.setVariable('.rodata', 'socketcalls', wantedSocketcalls(options.types))
    }
    object.setVariable('.rodata', 'send_environment', options.environment ? 1 : 0)
    object.setVariable('.rodata', 'payload_bytes', options.payloadBytes ?? 0)
    if (options.old) {
      object.setVariable('.rodata', 'v1_controller', options.old.knob)
      object.setVariable('.rodata', 'v1_hierarchy', options.old.number)
    }
    const questionBytes = options.questions === undefined ? 0 : PAYLOAD_BYTES_MAX
    object.setVariable('.rodata', 'question_bytes', questionBytes)
    object.setVariable('.rodata', 'tell_writes', toldOfWrites(options, tellsWrites))
    checkLayout(object)
    way.aim(object)
    object.load()
    fillPositions(object, plan)
    if (uring.hooks.length > 0) fillUringCalls(object, machine, options.types)
    const ring = object.openRing('events', RECORD_BYTES_MAX)
    const word = (name: string): Uint32Array =>
      new Uint32Array(object.memory('.bss'), object.offsetOf('.bss', name), 1)
    const words = { armed: word('armed'), losses: word('losses') }
    returns = way.connect(object)
    const entries = [...attach, ...uring.hooks].map(({ program }) => program).concat(way.entries)
    const links = entries.map((program) => object.attach(program))
    const missing = [...way.missing, ...uring.missing]
    const kept = { backend, machine, object, ring, hooks, missing, links, returns, ...words }
    return new Sensor({ ...kept, programs: [...programs] })
  } catch (error) {
    returns?.close()
    object.close()
    throw error
  }
}

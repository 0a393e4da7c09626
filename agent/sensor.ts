/**
 * The kernel side: loads the object, with the hooks that the rules need, and hands its ring over.
 * What is loaded here is gone from the kernel when it is closed, or when the process ends.
 */
import type { EventKind, Machine } from '@bulwark/schema'
import { RECORD_BYTES_MAX, eventKinds, places, recordShapes, syscallNumbers } from '@bulwark/schema'
import type { BpfObject, Link, Ring } from '@bulwark/native'
import { openObject, possibleCpus } from '@bulwark/native'
import { limits } from './limits.ts'

/** One hook that is attached. */
export interface AttachedHook {
  /** `sys_exit:openat` or the tracepoint's name. */
  readonly name: string
  readonly program: string
  readonly kind: EventKind
}

/** What the kernel side counted, by place. */
export type KernelCounters = Readonly<Record<string, number>>

const dispatcher = 'on_sys_exit'
/** Runs that the kernel left out because the program was running on the CPU already. */
const recursion = 'recursion'

/** Whether whole events are lost at a place; at the others only parts are, and alerts say so. */
export const losesEvents = (place: string): boolean =>
  place === recursion || places.some(({ name, loses }) => name === place && loses === 'event')

export class Sensor {
  readonly #object: BpfObject
  readonly ring: Ring
  readonly hooks: readonly AttachedHook[]
  readonly #armed: Uint32Array
  readonly #links: readonly Link[]
  readonly #programs: readonly string[]

  constructor(
    object: BpfObject,
    ring: Ring,
    hooks: readonly AttachedHook[],
    armed: Uint32Array,
    links: readonly Link[],
    programs: readonly string[],
  ) {
    this.#object = object
    this.ring = ring
    this.hooks = hooks
    this.#armed = armed
    this.#links = links
    this.#programs = programs
  }

  /** Asks for a wake-up with the next event. Look at the ring once more after it. */
  arm(): void {
    Atomics.store(this.#armed, 0, 1)
  }

  /** The loss counters, summed over the CPUs; and runs that the kernel left out. */
  counters(): KernelCounters {
    const cpus = possibleCpus()
    const value = new Uint8Array(8 * cpus)
    const counts = new DataView(value.buffer)
    const found: Record<string, number> = {}
    places.forEach(({ name }, index) => {
      const key = new Uint8Array(4)
      new DataView(key.buffer).setUint32(0, index, true)
      this.#object.lookup('lost', key, value)
      let sum = 0
      for (let cpu = 0; cpu < cpus; cpu++) sum += Number(counts.getBigUint64(8 * cpu, true))
      found[name] = sum
    })
    found[recursion] = this.#programs.reduce(
      (sum, program) => sum + this.#object.info(program).recursionMisses,
      0,
    )
    return found
  }

  /** Detaches all hooks: no event comes any more. What waits in the ring stays. */
  detach(): void {
    for (const link of this.#links) link.detach()
  }

  /** Detaches and unloads everything. */
  close(): void {
    this.ring.close()
    this.#object.close()
  }
}

/** The kinds that rules over these events need; and those that the tables live on. */
export const neededKinds = (types: ReadonlySet<string> | 'all'): readonly EventKind[] =>
  eventKinds.filter(
    (kind) => kind.state || types === 'all' || kind.types.some((type) => types.has(type)),
  )

/** Names of the events that hooks of this machine see. */
export const carriedEvents = (machine: Machine): ReadonlySet<string> => {
  const numbers = syscallNumbers[machine]
  return new Set(
    eventKinds.flatMap((kind) =>
      kind.hooks.flatMap((hook) =>
        'tracepoint' in hook ? kind.types : hook.syscalls.filter((name) => name in numbers),
      ),
    ),
  )
}

/** The machine this runs on, as the schema names it; `undefined` when no hook knows it. */
export const machineOf = (architecture: string): Machine | undefined =>
  architecture === 'x64' || architecture === 'arm64' ? architecture : undefined

/** What to load. */
export interface SensorOptions {
  /** The bytes of `tracepoint.bpf.o`. */
  readonly object: Uint8Array
  readonly machine: Machine
  /** Types of events that rules want. */
  readonly types: ReadonlySet<string> | 'all'
  /** How many of the first bytes of messages are copied; none when not said. */
  readonly payloadBytes?: number
  /** This process, whose own events are left out. */
  readonly pid: number
  /** Some rule asks for the environment of programs, which costs time and room. */
  readonly environment?: boolean
}

interface Plan {
  readonly attach: readonly AttachedHook[]
  readonly handlers: readonly (AttachedHook & { readonly slot: number })[]
}

const planHooks = ({ machine, types }: SensorOptions): Plan => {
  const numbers = syscallNumbers[machine]
  const attach: AttachedHook[] = []
  const handlers: (AttachedHook & { readonly slot: number })[] = []
  for (const kind of neededKinds(types)) {
    for (const hook of kind.hooks) {
      if ('tracepoint' in hook) {
        attach.push({ name: hook.tracepoint, program: hook.program, kind })
        continue
      }
      for (const name of hook.syscalls) {
        const slot = numbers[name]
        const wanted = kind.state || types === 'all' || types.has(name)
        if (slot === undefined || !wanted) continue
        handlers.push({ name: `sys_exit:${name}`, program: hook.program, kind, slot })
      }
    }
  }
  return { attach, handlers }
}

/** The object's own types must have the layout that is decoded here. */
const checkLayout = (object: BpfObject): void => {
  const shape = recordShapes[1]
  const { bytes } = object.structLayout('event_exec')
  if (bytes === shape?.fixedBytes) return
  throw new Error('the BPF object is of another build; run "make build"')
}

/**
 * Loads the sensor and attaches its hooks. Events collect in the ring from here on.
 *
 * @throws NativeError  the kernel refuses; its log says what
 */
export const startSensor = (options: SensorOptions): Sensor => {
  const { attach, handlers } = planHooks(options)
  const object = openObject(options.object, 'bulwark')
  try {
    const programs = new Set([...attach, ...handlers].map(({ program }) => program))
    if (handlers.length > 0) programs.add(dispatcher)
    for (const { name } of object.programs) object.setAutoload(name, programs.has(name))
    object.setMaxEntries('events', limits.ringBytes)
    object.setVariable('.rodata', 'agent_pid', options.pid)
    object.setVariable('.rodata', 'send_environment', options.environment ? 1 : 0)
    object.setVariable('.rodata', 'payload_bytes', options.payloadBytes ?? 0)
    checkLayout(object)
    object.load()
    for (const { slot, program } of handlers) object.setTailCall('handlers', slot, program)
    const ring = object.openRing('events', RECORD_BYTES_MAX)
    const armed = new Uint32Array(object.memory('.bss'), object.offsetOf('.bss', 'armed'), 1)
    const entries = attach.map(({ program }) => program)
    if (handlers.length > 0) entries.push(dispatcher)
    const links = entries.map((program) => object.attach(program))
    return new Sensor(object, ring, [...attach, ...handlers], armed, links, [...programs])
  } catch (error) {
    object.close()
    throw error
  }
}

/**
 * The security backend's way to system calls: at the return of the function of each wanted call,
 * its handler. Nothing runs on any other call.
 *
 * The kernel ties a prog array to the prototype of the function that its programs attach to, names
 * of arguments included, and there are two: with `regs`, and with `__unused`. So there is an array
 * for each, and a handler that both need is loaded twice.
 */
import type { Machine } from '@bulwark/schema'
import type { BpfMap, BpfObject, Link, RawProgram } from '@bulwark/native'
import { createMap, loadProgram } from '@bulwark/native'
import type { CallFunction } from './call-functions.ts'
import { functionOfCall, functionsOfCompatCall } from './call-functions.ts'
import { license, stub } from './stub.ts'

const typeProgArray = 3

/** A handler of the object, and the call that it is for. */
export interface CallHandler {
  readonly program: string
  readonly call: string
  /** LSM hooks that tell its names. */
  readonly names: readonly string[]
}

/** A handler and the function that it attaches to. */
interface Target extends CallHandler {
  readonly function: CallFunction
}

/** The handlers of calls that have a function in this kernel; and the calls that have none, where
 * only the 32-bit call has none with `32-bit` before its name. */
export interface CallTargets {
  readonly targets: readonly Target[]
  readonly missing: readonly string[]
}

/** Looks the functions up. */
export const findCallTargets = (
  machine: Machine,
  handlers: readonly CallHandler[],
  compat: readonly (CallHandler & { readonly slot: number })[],
): CallTargets => {
  const targets: Target[] = []
  const missing: string[] = []
  for (const handler of handlers) {
    const found = functionOfCall(machine, handler.call)
    if (found) targets.push({ ...handler, function: found })
    else missing.push(handler.call)
  }
  // Calls without arguments have one function for both.
  const taken = new Set(targets.map((target) => target.function.name))
  const reached = new Map<string, boolean>()
  for (const handler of compat) {
    const functions = functionsOfCompatCall(handler.call, handler.slot)
    for (const found of functions) {
      if (!taken.has(found.name)) targets.push({ ...handler, function: found })
      taken.add(found.name)
    }
    // A call has several numbers, of which one that leads somewhere is enough.
    reached.set(handler.call, functions.length > 0 || reached.get(handler.call) === true)
  }
  // Without any the kernel takes no 32-bit calls, and nothing is missing.
  const takesCompat = [...reached.values()].includes(true)
  for (const [call, isReached] of takesCompat ? reached : []) {
    if (!isReached && !missing.includes(call)) missing.push(`32-bit ${call}`)
  }
  return { targets, missing }
}

/** Runs at the start of calls that have names. */
export const callStart = 'on_call'

/** Before the object is loaded: gives each program a function of its own to be loaded for. */
export const aimPrograms = (object: BpfObject, targets: readonly Target[]): void => {
  const aimed = new Set<string>()
  const aim = (program: string, { name }: CallFunction): void => {
    if (!aimed.has(program)) object.setAttachTarget(program, name)
    aimed.add(program)
  }
  for (const target of targets) {
    aim(target.program, target.function)
    if (target.names.length > 0) aim(callStart, target.function)
  }
}

/** What each program was loaded for, by prototype. */
const aimsOf = (targets: readonly Target[]): ReadonlyMap<string, number> => {
  const aims = new Map<string, number>()
  for (const { program, function: target } of targets) {
    if (!aims.has(program)) aims.set(program, target.prototype)
  }
  return aims
}

/**
 * The same object once more, with its maps: of its programs those that some of these targets need
 * and that the first one has for another prototype. `undefined` when there are none.
 */
const loadTwin = (
  object: BpfObject,
  open: () => BpfObject,
  others: readonly Target[],
): BpfObject | undefined => {
  if (others.length === 0) return undefined
  const twin = open()
  try {
    const wanted = new Set(others.map(({ program }) => program))
    for (const { name } of twin.programs) twin.setAutoload(name, wanted.has(name))
    aimPrograms(
      twin,
      others.map((target) => ({ ...target, names: [] })),
    )
    for (const { name } of twin.maps) twin.reuseMap(name, object.map(name))
    twin.load()
    return twin
  } catch (error) {
    twin.close()
    throw error
  }
}

/** The handlers for functions of one prototype. */
class Handlers {
  readonly #map: BpfMap
  readonly #slots = new Map<string, number>()
  readonly #twin: BpfObject | undefined

  constructor(object: BpfObject, open: () => BpfObject, targets: readonly Target[], aims: Aims) {
    const others = targets.filter(
      ({ program, function: { prototype } }) => aims.get(program) !== prototype,
    )
    this.#twin = loadTwin(object, open, others)
    const sizes = { keyBytes: 4, valueBytes: 4, maxEntries: targets.length }
    this.#map = createMap({ type: typeProgArray, name: 'returns', ...sizes })
    const copied = new Set(others.map(({ program }) => program))
    try {
      for (const { program } of targets) {
        if (this.#slots.has(program)) continue
        const from = copied.has(program) ? (this.#twin ?? object) : object
        this.#map.setTailCall(this.#slots.size, { fd: from.programFd(program) })
        this.#slots.set(program, this.#slots.size)
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** A stub for the function of a target. */
  stubFor({ program, function: { id } }: Target): RawProgram {
    return loadProgram(stub(id, this.#map.facts.fd, this.#slots.get(program) ?? 0))
  }

  close(): void {
    this.#map.close()
    this.#twin?.close()
  }
}

type Aims = ReadonlyMap<string, number>

/** Everything at the functions of system calls; `close` after `detach`. */
export class CallReturns {
  readonly #handlers: Handlers[] = []
  /** Each attached on its own: stubs, and copies of what runs at a call's start. */
  readonly #programs: { readonly call: string; readonly program: RawProgram }[] = []
  readonly #links: Link[] = []

  /**
   * Attaches the handlers of a loaded object.
   *
   * @param open  opens the object once more
   * @throws NativeError  the kernel refuses one; nothing is attached then
   */
  constructor(object: BpfObject, open: () => BpfObject, targets: readonly Target[]) {
    const aims = aimsOf(targets)
    try {
      for (const group of Map.groupBy(targets, (target) => target.function.prototype).values()) {
        const handlers = new Handlers(object, open, group, aims)
        this.#handlers.push(handlers)
        for (const target of group) {
          this.#attach(target, handlers.stubFor(target))
          if (target.names.length === 0) continue
          this.#attach(target, object.copyProgram(callStart, license, target.function.id))
        }
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  #attach(target: Target, program: RawProgram): void {
    this.#programs.push({ call: target.call, program })
    this.#links.push(program.attach(target.function.name))
  }

  /** Runs that the kernel left out because the program was running on that CPU already, by call. */
  get skipped(): readonly (readonly [call: string, count: number])[] {
    return this.#programs.map(({ call, program }) => [call, program.info().recursionMisses])
  }

  detach(): void {
    for (const link of this.#links) link.detach()
  }

  close(): void {
    for (const { program } of this.#programs) program.close()
    for (const handlers of this.#handlers) handlers.close()
  }
}

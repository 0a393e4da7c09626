/**
 * The security backend's way to system calls: at the return of the function of each wanted call,
 * its handler. Nothing runs on any other call.
 *
 * The kernel ties a prog array to the prototype of the function that its programs attach to, names
 * of arguments included, and there are two: with `regs`, and with `__unused`. So there is an array
 * for each, and a copy of a handler in each array that needs it.
 */
import type { Machine } from '@bulwark/schema'
import type { BpfMap, BpfObject, Link, RawProgram } from '@bulwark/native'
import { createMap, loadProgram } from '@bulwark/native'
import type { CallFunction } from './call-functions.ts'
import { functionOfCall } from './call-functions.ts'
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

/** The handlers of calls that have a function in this kernel; and the calls that have none. */
export interface CallTargets {
  readonly targets: readonly Target[]
  readonly missing: readonly string[]
}

/** Looks the functions up. */
export const findCallTargets = (
  machine: Machine,
  handlers: readonly CallHandler[],
): CallTargets => {
  const targets: Target[] = []
  const missing: string[] = []
  for (const handler of handlers) {
    const found = functionOfCall(machine, handler.call)
    if (found) targets.push({ ...handler, function: found })
    else missing.push(handler.call)
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

/** The handlers for functions of one prototype. */
class Handlers {
  readonly #object: BpfObject
  readonly #map: BpfMap
  readonly #slots = new Map<string, number>()
  readonly #copies: RawProgram[] = []

  constructor(object: BpfObject, slots: number) {
    this.#object = object
    const sizes = { keyBytes: 4, valueBytes: 4, maxEntries: slots }
    this.#map = createMap({ type: typeProgArray, name: 'returns', ...sizes })
  }

  get fd(): number {
    return this.#map.facts.fd
  }

  /** The slot that a handler is in. */
  slotOf(program: string, isAimedHere: boolean, target: CallFunction): number {
    const known = this.#slots.get(program)
    if (known !== undefined) return known
    const slot = this.#slots.size
    this.#slots.set(program, slot)
    if (isAimedHere) {
      this.#map.setTailCall(slot, { fd: this.#object.programFd(program) })
      return slot
    }
    const copy = this.#object.copyProgram(program, license, target.id)
    this.#copies.push(copy)
    this.#map.setTailCall(slot, copy)
    return slot
  }

  close(): void {
    for (const copy of this.#copies) copy.close()
    this.#map.close()
  }
}

/** Everything at the functions of system calls; `close` after `detach`. */
export class CallReturns {
  readonly #handlers = new Map<number, Handlers>()
  /** Each attached on its own: stubs, and copies of what runs at a call's start. */
  readonly #programs: RawProgram[] = []
  readonly #links: Link[] = []

  /**
   * Attaches the handlers of a loaded object.
   *
   * @throws NativeError  the kernel refuses one; nothing is attached then
   */
  constructor(object: BpfObject, targets: readonly Target[]) {
    const aims = new Map<string, number>()
    try {
      for (const { program, names, function: target } of targets) {
        const { prototype } = target
        if (!aims.has(program)) aims.set(program, prototype)
        let handlers = this.#handlers.get(prototype)
        if (!handlers) {
          handlers = new Handlers(object, targets.length)
          this.#handlers.set(prototype, handlers)
        }
        const slot = handlers.slotOf(program, aims.get(program) === prototype, target)
        this.#attach(loadProgram(stub(target.id, handlers.fd, slot)), target)
        if (names.length > 0) {
          this.#attach(object.copyProgram(callStart, license, target.id), target)
        }
      }
    } catch (error) {
      this.close()
      throw error
    }
  }

  #attach(program: RawProgram, { name }: CallFunction): void {
    this.#programs.push(program)
    this.#links.push(program.attach(name))
  }

  /** Runs that the kernel left out because the program was running on that CPU already. */
  get recursionMisses(): number {
    return this.#programs.reduce((sum, each) => sum + each.info().recursionMisses, 0)
  }

  detach(): void {
    for (const link of this.#links) link.detach()
  }

  close(): void {
    for (const each of this.#programs) each.close()
    for (const handlers of this.#handlers.values()) handlers.close()
  }
}

/**
 * The security backend's way to system calls: at the return of the function of each wanted call,
 * its handler. Nothing runs on any other call.
 *
 * The kernel ties a prog array to the prototype of the function that its programs attach to, names
 * of arguments included, and there are two: with `regs`, and with `__unused`. So there is an array
 * for each, and a handler that both need is loaded twice.
 */
import type { Machine } from '@bulwark/schema'
import type { BpfMap, RawProgram } from '@bulwark/native'
import { createMap, loadProgram, skippedRuns } from '@bulwark/native'
import type { CallFunction } from '../call-functions.ts'
import { functionOfCall, functionsOfCompatCall } from '../call-functions.ts'
import type { Programs } from './programs.ts'
import { license, stub } from './stub.ts'

const typeProgArray = 3

/** A handler of the object, and the call that it is for. */
export interface CallHandler {
  readonly program: string
  readonly form: string
  readonly call: string
  /** LSM hooks that tell its names. */
  readonly names: readonly string[]
}

/** A handler and the function that it attaches to. */
interface Target extends CallHandler {
  readonly function: CallFunction
  /** Of the program as it is loaded for that prototype. */
  readonly key: string
}

const targetOf = (handler: CallHandler, found: CallFunction): Target => ({
  ...handler,
  function: found,
  key: `${handler.form}@${found.prototype}`,
})

/** The same target, of a program that was loaded once more. */
export const withForm = (target: Target, form: string): Target => ({
  ...target,
  key: `${target.key}#${form}`,
})

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
    if (found) targets.push(targetOf(handler, found))
    else missing.push(handler.call)
  }
  // Calls without arguments have one function for both.
  const taken = new Set(targets.map((target) => target.function.name))
  const reached = new Map<string, boolean>()
  for (const handler of compat) {
    const functions = functionsOfCompatCall(handler.call, handler.slot)
    for (const found of functions) {
      if (!taken.has(found.name)) targets.push(targetOf(handler, found))
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

/** A prog array for functions of one prototype: a slot for each. */
class Handlers {
  readonly #map: BpfMap
  #used = 0

  constructor(targets: number) {
    const sizes = { keyBytes: 4, valueBytes: 4, maxEntries: targets }
    this.#map = createMap({ type: typeProgArray, name: 'returns', ...sizes })
  }

  /** The next free slot. */
  take(): number {
    return this.#used++
  }

  set(slot: number, program: { readonly fd: number }): void {
    this.#map.setTailCall(slot, program)
  }

  /** A stub for a function, with its slot. */
  stub({ id }: CallFunction, slot: number): RawProgram {
    return loadProgram(stub(id, this.#map.facts.fd, slot))
  }

  close(): void {
    this.#map.close()
  }
}

/** What is at one function. */
interface AtFunction {
  readonly call: string
  readonly handlers: Handlers
  readonly slot: number
  /** The handler in the slot. */
  key: string
  readonly stub: RawProgram
  /** What runs at the call's start, where it has names. */
  start: RawProgram | undefined
}

/** Everything at the functions of system calls; `close` after `detach`. */
export class CallReturns {
  readonly #programs: Programs
  readonly #handlers: Handlers[] = []
  readonly #at = new Map<string, AtFunction>()
  /** Runs left out of programs that are there no more, by call. */
  readonly #skipped = new Map<string, number>()

  constructor(programs: Programs) {
    this.#programs = programs
  }

  /**
   * Lets these calls reach their handlers, and no others. A function that has something already
   * keeps it: only what is in its slot changes.
   *
   * @param between  called after each function that is new or gone
   * @throws NativeError  the kernel refuses one
   */
  apply(targets: readonly Target[], between: () => void): void {
    const fresh = targets.filter(({ function: { name } }) => !this.#at.has(name))
    for (const group of Map.groupBy(fresh, (target) => target.function.prototype).values()) {
      const handlers = new Handlers(group.length)
      this.#handlers.push(handlers)
      for (const target of group) {
        this.#attach(target, handlers)
        between()
      }
    }
    for (const target of targets) this.#change(target)
    const wanted = new Set(targets.map(({ function: { name } }) => name))
    for (const [name, at] of this.#at) {
      if (wanted.has(name)) continue
      this.#remove(name, at)
      between()
    }
  }

  #attach(target: Target, handlers: Handlers): void {
    const { function: found, key, call } = target
    const slot = handlers.take()
    handlers.set(slot, this.#programs.of(key))
    const program = handlers.stub(found, slot)
    this.#at.set(found.name, { call, handlers, slot, key, stub: program, start: undefined })
    program.attach(found.name)
  }

  /** Of a function that has something: its handler, and whether its names are told. */
  #change(target: Target): void {
    const { function: found, key, names, call } = target
    const at = this.#at.get(found.name)
    if (!at) return
    if (at.key !== key) at.handlers.set(at.slot, this.#programs.of(key))
    at.key = key
    if (names.length > 0 && !at.start) {
      const { object } = this.#programs.at(callStart)
      at.start = object.copyProgram(callStart, license, found.id)
      at.start.attach(found.name)
    } else if (names.length === 0 && at.start) {
      this.#end(call, at.start)
      at.start = undefined
    }
  }

  #remove(name: string, at: AtFunction): void {
    this.#at.delete(name)
    for (const program of partsOf(at)) this.#end(at.call, program)
    const isUsed = [...this.#at.values()].some(({ handlers }) => handlers === at.handlers)
    if (isUsed) return
    at.handlers.close()
    this.#handlers.splice(this.#handlers.indexOf(at.handlers), 1)
  }

  #end(call: string, program: RawProgram): void {
    const skipped = (this.#skipped.get(call) ?? 0) + program.info().recursionMisses
    this.#skipped.set(call, skipped)
    program.close()
  }

  /** Runs that the kernel left out because the program was running on that CPU already, by call. */
  get skipped(): readonly (readonly [call: string, count: number])[] {
    const now = [...this.#at.values()].flatMap((at) =>
      partsOf(at).map((program) => [at.call, program.info().recursionMisses] as const),
    )
    return [...this.#skipped, ...now]
  }

  /** All of them together, for a look that costs little. */
  get skippedRuns(): number {
    const gone = [...this.#skipped.values()].reduce((sum, count) => sum + count, 0)
    const programs = [...this.#at.values()].flatMap(partsOf)
    return gone + skippedRuns(Int32Array.from(programs, ({ fd }) => fd))
  }

  detach(): void {
    for (const at of this.#at.values()) for (const program of partsOf(at)) program.detach()
  }

  close(): void {
    for (const at of this.#at.values()) for (const program of partsOf(at)) program.close()
    for (const handlers of this.#handlers) handlers.close()
  }
}

const partsOf = ({ stub: first, start }: AtFunction): readonly RawProgram[] =>
  start ? [first, start] : [first]

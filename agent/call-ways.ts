/**
 * The two ways to system calls. The tracepoint backend has one program at the end of all calls,
 * which looks the handler up by number; the security backend has something at each wanted call's
 * own function. In both, which handler runs is a slot of an array: so a call passes from one to
 * the other between two events, and none is told twice or by nobody.
 */
import type { Machine } from '@bulwark/schema'
import { CallReturns, callStart, findCallTargets, withForm } from './call-returns.ts'
import type { AttachedHook, Handler, Plan } from './hook-plan.ts'
import type { Programs, WantedProgram } from './programs.ts'
import { wantedProgram } from './programs.ts'

/** What a plan comes to on this kernel. */
export interface CallPlan {
  readonly hooks: readonly AttachedHook[]
  /** What this kernel does not have. */
  readonly missing: readonly string[]
  readonly programs: readonly WantedProgram[]
  /** Programs that attach to what their sections say. */
  readonly entries: readonly string[]
  /** Maps that hold nothing then, and need no room. */
  readonly unused: readonly string[]
  /** Lets calls reach their handlers, and no others; `between` is called after each that is new or
   * gone. */
  readonly apply: (between: () => void) => void
}

/** A way of a backend to system calls. */
export interface CallWay {
  readonly plan: (plan: Plan) => CallPlan
  /** Runs that the kernel left out, by call. */
  readonly skipped: () => readonly (readonly [call: string, count: number])[]
  readonly detach: () => void
  readonly close: () => void
}

/** The program at the end of all calls. */
export const dispatcher = 'on_sys_exit'

/** A prog array, and what is in it. */
class Slots {
  readonly #name: string
  readonly #programs: Programs
  readonly #filled = new Map<number, string>()

  constructor(name: string, programs: Programs) {
    this.#name = name
    this.#programs = programs
  }

  fill(handlers: readonly Handler[]): void {
    const map = this.#programs.map(this.#name)
    for (const { slot, form } of handlers) {
      if (this.#filled.get(slot) !== form) map.setTailCall(slot, this.#programs.of(form))
      this.#filled.set(slot, form)
    }
    const wanted = new Set(handlers.map(({ slot }) => slot))
    for (const slot of this.#filled.keys()) {
      if (wanted.has(slot)) continue
      map.delete(new Uint8Array(Uint32Array.of(slot).buffer))
      this.#filled.delete(slot)
    }
  }
}

const ofHandler = ({ form, program }: Handler): WantedProgram => ({ key: form, program })

/** The way of the tracepoint backend. */
export const byNumber = (programs: Programs): CallWay => {
  const native = new Slots('handlers', programs)
  const compatible = new Slots('compat_handlers', programs)
  return {
    plan: ({ handlers, compat }) => {
      const entries = handlers.length > 0 ? [dispatcher] : []
      return {
        hooks: handlers,
        missing: [],
        programs: [...entries.map(wantedProgram), ...[...handlers, ...compat].map(ofHandler)],
        entries,
        unused: [],
        apply: () => {
          native.fill(handlers)
          if (compat.length > 0) compatible.fill(compat)
        },
      }
    },
    skipped: () => [],
    detach: () => {},
    close: () => {},
  }
}

/** Maps through which names go from LSM hooks to handlers. */
const handOver = ['calls', 'names']

/** What the programs at LSM hooks are called, before the name of their hook. */
export const nameHookPrefix = 'hear_'

/** The LSM hooks that tell the names of calls. */
const nameHooks = (handlers: readonly Handler[]): readonly AttachedHook[] => {
  const hooks = new Map<string, AttachedHook>()
  for (const { names, kind } of handlers) {
    for (const name of names) {
      hooks.set(name, { name: `lsm:${name}`, program: nameHookPrefix + name, kind })
    }
  }
  return [...hooks.values()]
}

/** The way of the security backend. */
export const byFunction = (machine: Machine, programs: Programs): CallWay => {
  const returns = new CallReturns(programs)
  let isFirst = true
  let isShrunk = false
  return {
    plan: ({ handlers, compat }) => {
      const found = findCallTargets(machine, handlers, compat)
      const { missing } = found
      const there = handlers.filter(({ call }) => !missing.includes(call))
      const names = nameHooks(there)
      if (isFirst) isShrunk = names.length === 0
      isFirst = false
      // Where the first rules had no use for names, programs loaded then look where none are.
      const targets = found.targets.map((target) =>
        isShrunk && target.names.length > 0 ? withForm(target, 'names') : target,
      )
      const entries = names.map(({ program }) => program)
      const named = targets.find((target) => target.names.length > 0)
      const starts = named ? [{ ...wantedProgram(callStart), aim: named.function.name }] : []
      return {
        hooks: [...there, ...names],
        missing,
        programs: [
          ...targets.map(({ key, program, function: { name } }) => ({ key, program, aim: name })),
          ...starts,
          ...entries.map(wantedProgram),
        ],
        entries,
        unused: names.length > 0 ? [] : handOver,
        apply: (between) => returns.apply(targets, between),
      }
    },
    skipped: () => returns.skipped,
    detach: () => returns.detach(),
    close: () => returns.close(),
  }
}

/**
 * The two ways to system calls. The tracepoint backend has one program at the end of all calls,
 * which looks the handler up by number; the security backend has something at each wanted call's
 * own function. In both, which handler runs is a slot of an array: so a call passes from one to
 * the other between two events, and none is told twice or by nobody.
 */
import type { Machine } from '@bulwark/schema'
import { EventNumber, syscallsMax } from '@bulwark/schema'
import type { CallFunction } from '../call-functions.ts'
import type { CallTargets } from './call-returns.ts'
import { CallReturns, callStart, findCallTargets, withForm } from './call-returns.ts'
import type { AttachedHook, Handler, Plan } from './hook-plan.ts'
import type { Programs, WantedProgram } from './programs.ts'
import { wantedProgram } from './programs.ts'
import type { MapSlots } from './usage-hooks.ts'
import { afterMapHandler, mapHandler } from './usage-hooks.ts'

/** Handlers of one prototype, which share filters. */
export interface FilterSite {
  readonly prototype: number
  /** Key of the program that sends what a filter lets through. */
  readonly sender: string
  /** Key of the program that lets filters look again, and its name. */
  readonly looker: string
  /** The kernel function that programs are loaded for; none at a tracepoint. */
  readonly at?: CallFunction
  /** Numbers of the kinds that come by here; any when not said. */
  readonly kinds?: ReadonlySet<number>
}

/** What a plan comes to on this kernel. */
export interface CallPlan {
  readonly hooks: readonly AttachedHook[]
  /** What this kernel does not have. */
  readonly missing: readonly string[]
  readonly programs: readonly WantedProgram[]
  /** Where filters can go, between programs and the ring. */
  readonly sites: readonly FilterSite[]
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
  /** @param before  where calls have slots: those that a program of another use has first */
  readonly plan: (plan: Plan, before?: MapSlots) => CallPlan
  /** Runs that the kernel left out, by call. */
  readonly skipped: () => readonly (readonly [call: string, count: number])[]
  /** All of them together, for a look that costs little. */
  readonly skippedRuns: () => number
  readonly detach: () => void
  readonly close: () => void
}

/** The program at the end of all calls. */
export const dispatcher = 'on_sys_exit'

/** The program that sends what filters let through. */
const sender = 'on_offered'

/** The program that asks for the ancestors of a process, and has filters look again. */
const looker = 'on_looked'

/** The one prototype of the tracepoint backend. */
const tracepointPrototype = 0

/** A prog array, and what is in it. */
class Slots {
  readonly #name: string
  readonly #programs: Programs
  readonly #filled = new Map<number, string>()

  constructor(name: string, programs: Programs) {
    this.#name = name
    this.#programs = programs
  }

  fill(handlers: readonly Pick<Handler, 'slot' | 'form'>[]): void {
    if (handlers.length === 0 && this.#filled.size === 0) return
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

const ofHandler = ({ form, program }: Handler): WantedProgram => ({
  key: form,
  program,
  prototype: tracepointPrototype,
})

const mapProgram: WantedProgram = {
  key: mapHandler,
  program: mapHandler,
  prototype: tracepointPrototype,
}

type Slot = Pick<Handler, 'slot' | 'form'>

/** Puts a program before the handler of a slot; and that handler where it goes on. */
const withMapHandler = (
  handlers: readonly Handler[],
  slot: number | undefined,
  goesOnAt: number,
): { readonly slots: readonly Slot[]; readonly after: readonly Slot[] } => {
  if (slot === undefined) return { slots: handlers, after: [] }
  const { true: before = [], false: others = [] } = Object.groupBy(handlers, (handler) =>
    handler.slot === slot ? 'true' : 'false',
  )
  return {
    slots: [...others, { slot, form: mapHandler }],
    after: before.map(({ form }) => ({ slot: goesOnAt, form })),
  }
}

/** Tells the dispatcher which numbers it need not look at. */
const markHandled = ({ first }: Programs, slots: readonly Slot[]): void => {
  const words = new Uint32Array(syscallsMax / 32)
  for (const { slot } of slots) words[slot >>> 5] = (words[slot >>> 5] ?? 0) | (1 << (slot & 31))
  const offset = first.offsetOf('.bss', 'handled_calls')
  const shared = new Uint32Array(first.memory('.bss'), offset, words.length)
  for (const [i, word] of words.entries()) Atomics.store(shared, i, word)
}

/** The way of the tracepoint backend. */
export const byNumber = (programs: Programs): CallWay => {
  const native = new Slots('handlers', programs)
  const compatible = new Slots('compat_handlers', programs)
  const afterMap = new Slots(afterMapHandler, programs)
  return {
    plan: ({ handlers, compat }, before) => {
      const entries = handlers.length > 0 || before ? [dispatcher] : []
      const own = withMapHandler(handlers, before?.native, 0)
      const other = withMapHandler(compat, before?.compat, 1)
      return {
        hooks: handlers,
        missing: [],
        programs: [
          ...entries.map(wantedProgram),
          ...[...handlers, ...compat].map(ofHandler),
          ...(before ? [mapProgram] : []),
          ...entries.map(() => ({ ...wantedProgram(sender), prototype: tracepointPrototype })),
        ],
        sites: entries.map(() => ({ prototype: tracepointPrototype, sender, looker })),
        entries,
        unused: [],
        apply: () => {
          const after = own.after.concat(other.after)
          if (before) afterMap.fill(after)
          native.fill(own.slots)
          compatible.fill(other.slots)
          markHandled(programs, own.slots.concat(other.slots))
        },
      }
    },
    skipped: () => [],
    skippedRuns: () => 0,
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

/** A site at a kernel function. */
type Site = FilterSite & { readonly at: CallFunction }

/** The handler of plain calls, and what it tells. */
const plainCall = 'on_syscall'
const plainKinds: ReadonlySet<number> = new Set([EventNumber.syscall])

const aimedAt = (key: string, program: string, at: CallFunction): WantedProgram => ({
  key,
  program,
  aim: at.name,
  prototype: at.prototype,
})

/** A site for each prototype. Calls without arguments have one of their own, and are told as
 * plain calls only. */
const sitesOf = (targets: CallTargets['targets']): readonly Site[] =>
  [...Map.groupBy(targets, ({ function: at }) => at.prototype)].flatMap(([prototype, group]) => {
    const [first] = group
    if (!first) return []
    const isPlain = group.every(({ program }) => program === plainCall)
    const at = first.function
    const keys = { sender: `${sender}@${prototype}`, looker: `${looker}@${prototype}` }
    const site = { prototype, ...keys, at }
    return [isPlain ? { ...site, kinds: plainKinds } : site]
  })

/** The program that lets the filters of a site look again: loaded when there are filters. */
export const lookerOf = ({ looker: key, prototype, at }: FilterSite): WantedProgram =>
  at ? aimedAt(key, looker, at) : { key, program: looker, prototype }

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
      const sites = sitesOf(targets)
      return {
        hooks: [...there, ...names],
        missing,
        programs: [
          ...targets.map(({ key, program, function: at }) => aimedAt(key, program, at)),
          ...sites.map((site) => aimedAt(site.sender, sender, site.at)),
          ...starts,
          ...entries.map(wantedProgram),
        ],
        sites,
        entries,
        unused: names.length > 0 ? [] : handOver,
        apply: (between) => returns.apply(targets, between),
      }
    },
    skipped: () => returns.skipped,
    skippedRuns: () => returns.skippedRuns,
    detach: () => returns.detach(),
    close: () => returns.close(),
  }
}

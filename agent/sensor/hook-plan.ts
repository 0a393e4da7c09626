/**
 * Which hooks rules need: handlers in the slots of system calls, and programs at tracepoints. Knows
 * the schema, and touches no kernel.
 */
import type { Backend, EventKind, Machine, Shape } from '@bulwark/schema'
import {
  EventNumber,
  callShapeOf,
  eventKinds,
  isSeenCall,
  nameHooksOf,
  numbersNamed,
  ownEventTypes,
  socketcalls,
  syscallNumbers,
  syscallsByNumber,
} from '@bulwark/schema'
import { takesHook } from './security-hooks.ts'
import type { SensorWants } from './wants.ts'

/** One hook that is attached. */
export interface AttachedHook {
  /** `sys_exit:openat` or `fexit:openat`, by backend; or the tracepoint's name. */
  readonly name: string
  readonly program: string
  readonly kind: EventKind
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

/** Whether records of a kind have the facts of a socket. */
export const tellsSocket = ({ members }: EventKind): boolean =>
  members.some(({ storage }) => storage.as === 'struct' && storage.name === 'socket_facts')

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

/** A hook in the slot of a system call. */
export type Handler = AttachedHook & {
  readonly slot: number
  readonly call: string
  /** Tells programs apart that were loaded with other constants. */
  readonly form: string
  /** LSM hooks that tell its names; none on the tracepoint backend. */
  readonly names: readonly string[]
}

/** The hooks for what is wanted. */
export interface Plan {
  readonly attach: readonly AttachedHook[]
  readonly handlers: readonly Handler[]
  /** What is written anywhere is told too, by the handlers that look for messages in it. */
  readonly tellsWrites: boolean
  /** In slots of the 32-bit table. */
  readonly compat: readonly Handler[]
}

/** The program whose constants say which calls it is for. */
const readsSocketcalls = 'on_socketcall'

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
        const { program } = hook
        const form =
          program === readsSocketcalls ? `${program}#${wantedSocketcalls(types)}` : program
        bySlot.set(slot, { name, program, form, kind, slot, call, names: [] })
      }
    }
  }
  return [...bySlot.values()]
}

/** Where hooks are planned for. */
export interface PlanFor {
  readonly machine: Machine
  readonly backend?: Backend
  readonly hearsNames?: boolean
  /** Which files run in containers is told, too. */
  readonly tellsUsage?: boolean
}

/** The hooks for what is wanted, on a machine and a backend. */
export const planHooks = (
  { types, questions, writes, failures = true, directories = true }: SensorWants,
  { machine, backend, hearsNames }: PlanFor,
): Plan => {
  const numbers = syscallNumbers[machine]
  const place = backend === 'security' ? 'fexit' : 'sys_exit'
  const attach: AttachedHook[] = []
  const handlers: Handler[] = []
  const byName = new Map<string, Omit<Handler, 'slot'>>()
  const needed = new Set(neededKinds(types))
  for (const kind of eventKinds) {
    const isKept = kind.state && (directories || kind.kind !== EventNumber.chdir)
    for (const hook of kind.hooks) {
      if ('tracepoint' in hook) {
        if (needed.has(kind)) attach.push({ name: hook.tracepoint, program: hook.program, kind })
        continue
      }
      if ('compat' in hook) continue
      const isShape = 'shape' in hook
      for (const name of isShape ? shapedTypes(types, hook.shape) : hook.syscalls) {
        const slot = numbers[name]
        const isType = isShape || isKept || types === 'all' || types.has(name)
        const isTold = questions === 'writes' || writes !== undefined
        const only = 'only' in hook ? hook.only : undefined
        const wanted = only === 'messages' ? isTold : isType && (only === undefined || failures)
        if (!wanted) continue
        const names = hearsNames ? nameHooksOf(name).filter(takesHook) : []
        const { program } = hook
        const handler = {
          name: `${place}:${name}`,
          program,
          form: program,
          kind,
          call: name,
          names,
        }
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
export const wantedSocketcalls = (types: ReadonlySet<string> | 'all'): number =>
  socketcalls.reduce((bits, name, number) => {
    const isWanted = types === 'all' ? ownEventTypes.has(name) : types.has(name)
    return isWanted ? bits | (1 << number) : bits
  }, 0)

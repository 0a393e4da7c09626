/** What one rule needs of a kernel side, by backend: for people who ask. */
import type { Backend, Machine } from '@bulwark/schema'
import { eventKinds, ownEventTypes, untoldOn } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import { planHooks } from './hook-plan.ts'
import { limits } from '../limits.ts'
import { wantedTypes } from '../pipeline.ts'
import { wantsUring } from './uring.ts'
import { wantsOf } from './wants.ts'

/** What a rule needs of one backend. */
export interface RuleHooks {
  readonly backend: Backend
  /** Hooks that are there for it; others keep the process table for all rules. */
  readonly hooks: readonly string[]
  /** Whether io_uring's requests are looked at for it, too. */
  readonly uring: boolean
  /** Members of its events that this backend does not tell: `kind.member`. */
  readonly untold: readonly string[]
}

/** The types of events that a rule gets; a broad one gets no system call without a record. */
export const typesGiven = (rule: Rule): ReadonlySet<string> => {
  const types = wantedTypes([rule])
  return types === 'all' ? ownEventTypes : types
}

/** Whether a rule restricts events so little that it gets only those with a record of their own. */
export const isBroad = ({ eventTypes }: Rule): boolean =>
  eventTypes === 'all' || eventTypes.size > limits.namedTypesMax

/** What a rule needs of a backend. Asks no kernel. */
export const hooksOfRule = (rule: Rule, machine: Machine, backend: Backend): RuleHooks => {
  const wants = wantsOf([rule])
  const always = planHooks({ types: new Set(), failures: false }, { machine, backend })
  const own = planHooks(wants, { machine, backend })
  const namesOf = ({ attach, handlers }: typeof own): readonly string[] =>
    [...attach, ...handlers].map(({ name }) => name)
  const stateTypes = typesGiven(rule)
  const isForRule = (name: string): boolean =>
    !namesOf(always).includes(name) || isStateOf(name, stateTypes)
  const kinds = eventKinds.filter(({ types }) => types.some((type) => stateTypes.has(type)))
  const untold = untoldOn(backend).filter((member) =>
    kinds.some(({ name }) => member.startsWith(`${name}.`)),
  )
  return {
    backend,
    hooks: [...new Set(namesOf(own).filter(isForRule))],
    uring: wantsUring(wants.types),
    untold,
  }
}

/** Whether a hook that is always there is one of a rule's own events. */
const isStateOf = (name: string, types: ReadonlySet<string>): boolean =>
  eventKinds.some(
    ({ state, types: own, hooks }) =>
      state &&
      own.some((type) => types.has(type)) &&
      hooks.some((hook) =>
        'tracepoint' in hook
          ? hook.tracepoint === name
          : 'syscalls' in hook && hook.syscalls.some((call) => name.endsWith(`:${call}`)),
      ),
  )

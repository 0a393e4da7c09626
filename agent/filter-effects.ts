/**
 * What rules see of an event may depend on events before it. Where an active rule reads such a
 * thing, the filters must let those events through, whatever the rules themselves say of them:
 *
 * - whether a socket has other ends than at the last event of which a rule has asked this;
 * - whether a container has ever connected to something.
 *
 * Nothing else does. Which end of a socket serves is in each record, and what tells of processes,
 * working directories and containers passes no filter.
 */
import { EventNumber, eventKinds } from '@bulwark/schema'
import type { FilterPlan, Rule } from '@bulwark/policy'
import { everything, fieldsOf, fieldsOfOutput, specialise } from '@bulwark/policy'
import { typesGiven } from './rule-hooks.ts'

/** A kind of record, the part of it that must come, and what it is good for. */
export interface Effect {
  readonly kind: number
  readonly plan: FilterPlan
  readonly why: string
}

const changed = 'fd.name_changed'
const connected = 'container.has_connected'

const fromContainers: FilterPlan = { is: 'cgroup', states: ['container', 'unknown'] }

const kindsOf = (type: string): readonly number[] => {
  const own = eventKinds.filter(({ types }) => types.includes(type)).map(({ kind }) => kind)
  return own.length > 0 ? own : [EventNumber.fd_call]
}

/** Kinds of the events on which a rule asks whether a socket has other ends. */
const kindsAsked = (rule: Rule): readonly number[] =>
  [...typesGiven(rule)]
    .filter((type) =>
      fieldsOf(specialise(rule.condition, type)).some(({ field }) => field.name === changed),
    )
    .flatMap(kindsOf)

/** Those of the output are asked on each match alone. */
const isRead = (rules: readonly Rule[], name: string): boolean =>
  rules.some(({ fields, output }) =>
    [...fields, ...fieldsOfOutput(output)].some(({ field }) => field.name === name),
  )

/** What must come for these rules beside what they match. */
export const effectsOf = (rules: readonly Rule[]): readonly Effect[] => {
  const asked = rules.filter((rule) => isRead([rule], changed)).flatMap(kindsAsked)
  const ends = [...new Set(asked)].map((kind) => ({
    kind,
    plan: everything,
    why: 'says whether a socket has other ends than before',
  }))
  const connections = [EventNumber.connect, EventNumber.send].map((kind) => ({
    kind,
    plan: fromContainers,
    why: 'says whether a container has ever connected',
  }))
  return [...ends, ...(isRead(rules, connected) ? connections : [])]
}

/** Plans that let through what such effects need, too. A kind without a plan is not filtered. */
export const withEffects = (
  byKind: ReadonlyMap<number, FilterPlan>,
  needed: readonly Effect[],
): ReadonlyMap<number, FilterPlan> =>
  new Map(
    [...byKind].map(([kind, plan]) => {
      const more = needed.filter((effect) => effect.kind === kind)
      if (more.length === 0) return [kind, plan]
      if (more.some((effect) => effect.plan === everything)) return [kind, everything]
      return [kind, { is: 'or', members: [plan, ...more.map((effect) => effect.plan)] }]
    }),
  )

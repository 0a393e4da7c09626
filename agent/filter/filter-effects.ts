/**
 * What rules see of an event may depend on events before it. Where an active rule reads such a
 * thing, the filters must let those events through, whatever the rules themselves say of them:
 *
 * - those on which a rule asks whether a socket has other ends than when this was last asked;
 * - those by which a container connects to something.
 *
 * Nothing else does. Which end of a socket serves is in each record, and what tells of processes,
 * working directories and containers passes no filter.
 */
import { EventNumber } from '@bulwark/schema'
import type { FilterPlan, Rule } from '@bulwark/policy'
import { askedAndTrue, fieldsOfOutput } from '@bulwark/policy'

/** A kind of record, and the part of it that must come. */
export interface Effect {
  readonly kind: number
  readonly plan: FilterPlan
  /** Its events and what they are good for, in words. */
  readonly what: string
}

const changed = 'fd.name_changed'
const connected = 'container.has_connected'

const fromContainers: FilterPlan = { is: 'cgroup', states: ['container', 'unknown'] }

/** Those of the output are asked on each match alone. */
const isRead = (rules: readonly Rule[], name: string): boolean =>
  rules.some(({ fields, output }) =>
    [...fields, ...fieldsOfOutput(output)].some(({ field }) => field.name === name),
  )

/**
 * Rules that stand for what others ask: they hold where one of these finds that a socket has other
 * ends than before, and so remembers them. Where it has not, nothing is changed by the question.
 * No agent runs them; filters let through what they hold on.
 */
export const askingRules = (rules: readonly Rule[]): readonly Rule[] =>
  rules
    .filter(({ fields }) => fields.some(({ field }) => field.name === changed))
    .map((rule) => Object.assign({}, rule, { condition: askedAndTrue(rule.condition, changed) }))

/** What must come for these rules beside what they match and ask. */
export const effectsOf = (rules: readonly Rule[]): readonly Effect[] =>
  isRead(rules, connected)
    ? [EventNumber.connect, EventNumber.send].map((kind) => ({
        kind,
        plan: fromContainers,
        what: 'those of containers, which say whether one has ever connected',
      }))
    : []

/** A plan that lets through what such effects need, too. */
export const withEffects = (
  kind: number,
  plan: FilterPlan,
  needed: readonly Effect[],
): FilterPlan => {
  const more = needed.filter((effect) => effect.kind === kind)
  if (more.length === 0) return plan
  return { is: 'or', members: [plan, ...more.map((effect) => effect.plan)] }
}

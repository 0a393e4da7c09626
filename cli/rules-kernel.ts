/** What filters in the kernel decide of rules: of one at length for `bulwark rules explain
 * --kernel`, of many in a line each for `bulwark doctor`. */
import type { ExplainedHook, Rule, RuleSplit } from '@bulwark/policy'
import { explainSplit, splitRules, unfilteredOf } from '@bulwark/policy'
import type { Machine } from '@bulwark/schema'
import { eventKinds } from '@bulwark/schema'
import type { TriedFilters } from '@bulwark/agent'
import { activeRules, askingRules, effectsOf, hostUsers } from '@bulwark/agent'
import { wrap } from './wrap.ts'

/** What the kernel decides of a rule. */
export interface KernelShare {
  /** Kinds of event that come whole, whatever rules say. */
  readonly unfiltered: readonly string[]
  readonly hooks: readonly ExplainedHook[]
}

/** Values of a set that are told; the listing has all that matter. */
const valuesMax = 12

/** What the kernel decides of a rule on a machine whose containers it is told, and which has the
 * users of this one. */
export const kernelShare = (rule: Rule, machine: Machine): KernelShare => {
  const split = splitRules([rule], {
    machine,
    tellsCgroups: true,
    hostUsers: hostUsers(),
  }).rules.get(rule)
  return {
    unfiltered: unfilteredOf(rule),
    hooks: split ? explainSplit(split, { valuesMax }) : [],
  }
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

const hookLines = (
  { kind, types, plan, looksTwice, residual, listing, instructionCount, parts }: ExplainedHook,
  columns: number,
): readonly string[] => {
  const left = residual.flatMap(({ condition, why }) =>
    wrap(`${condition} (${why})`, columns).map((line, i) => (i === 0 ? line : `  ${line}`)),
  )
  return [
    `${kind}: ${types.join(', ')}`,
    ...indented(['lets through', ...indented(plan.split('\n'))]),
    ...indented(looksTwice ? ['asks for ancestors in a second look, where the rest holds'] : []),
    ...indented(
      left.length === 0 ? ['decides all of it'] : ['left to the agent', ...indented(left)],
    ),
    ...indented([
      `as ${parts === 1 ? 'a program' : `${parts} programs`}: ${instructionCount} instructions`,
      ...listing.trimEnd().split('\n'),
    ]),
  ]
}

/** The section of the text. */
export const kernelText = ({ unfiltered, hooks }: KernelShare, columns: number): string => {
  const whole = unfiltered.map((kind) => `${kind}: not filtered, the tables live on it`)
  const lines = [...whole, ...hooks.flatMap((hook) => hookLines(hook, columns))]
  return (lines.length === 0 ? ['no event that it could match is sent'] : lines).join('\n')
}

/** What the kernel decides of a rule on one kind of event. */
export interface KindShare {
  readonly kind: string
  /** Nothing of it: all events of the kind are delivered. */
  readonly delivered: boolean
  /** Comparisons that are left to the agent, and why; each reason once. */
  readonly left: number
  readonly reasons: readonly string[]
}

const kindShares = (rule: Rule, split: RuleSplit | undefined): readonly KindShare[] => {
  const shares = new Map<string, { delivered: boolean; left: number; reasons: Set<string> }>()
  const of = (kind: string) => {
    const known = shares.get(kind) ?? { delivered: false, left: 0, reasons: new Set<string>() }
    shares.set(kind, known)
    return known
  }
  for (const kind of unfilteredOf(rule)) of(kind).delivered = true
  for (const { kind, plan, residual } of split?.hooks ?? []) {
    const share = of(eventKinds.find((each) => each.kind === kind)?.name ?? '')
    share.delivered ||= plan.is === 'constant' && plan.value
    share.left = Math.max(share.left, residual.length)
    for (const { why } of residual) share.reasons.add(why)
  }
  return Array.from(shares, ([kind, { delivered, left, reasons }]) => ({
    kind,
    delivered,
    left,
    reasons: Array.from(reasons),
  }))
}

/**
 * By rule, what the kernel decides of each kind of event that it can match.
 *
 * @param refused  names of kinds whose filter this kernel refuses
 */
export const kernelShares = (
  rules: readonly Rule[],
  machine: Machine,
  refused: ReadonlySet<string> = new Set(),
): ReadonlyMap<Rule, readonly KindShare[]> => {
  const split = splitRules(rules, { machine, tellsCgroups: true })
  const sharesOf = (rule: Rule): readonly KindShare[] =>
    kindShares(rule, split.rules.get(rule)).map((share) =>
      Object.assign(share, { delivered: share.delivered || refused.has(share.kind) }),
    )
  return new Map(rules.map((rule) => [rule, sharesOf(rule)]))
}

/** One kind in a few words. */
export const kindShareText = ({ kind, delivered, left, reasons }: KindShare): string => {
  if (delivered) return `all of ${kind} delivered`
  if (left === 0) return `${kind} decided`
  const comparisons = left === 1 ? '1 comparison' : `${left} comparisons`
  return `${kind} decided but for ${comparisons} (${reasons.join(', ')})`
}

/** Events of a kind that come beside those that rules can match. */
export interface Delivered {
  readonly kind: string
  /** Which, in words. */
  readonly what: string
}

const nameOf = (kind: number): string => eventKinds.find((each) => each.kind === kind)?.name ?? ''

/** What rules see of later events by: it comes, whether they can match it or not. */
export const alsoDelivered = (rules: readonly Rule[], machine: Machine): readonly Delivered[] => {
  const active = activeRules(rules)
  const asking = splitRules(askingRules(active), { machine, tellsCgroups: true }).rules
  const asked = Array.from(asking.values(), ({ hooks }) => hooks.map(({ kind }) => kind)).flat()
  return [
    ...[...new Set(asked)].map((kind) => ({
      kind: nameOf(kind),
      what: 'those on which a rule asks whether a socket has other ends than before',
    })),
    ...effectsOf(active).map(({ kind, what }) => ({ kind: nameOf(kind), what })),
  ]
}

/** What became of filters that were tried, a line each, and what comes beside them. */
export const filterLines = (
  { states, looksOnce, execsWhole, cgroupsUntold }: TriedFilters,
  delivered: readonly Delivered[],
): readonly string[] => [
  ...states.flatMap(({ name, instructions, programs, looksTwice, refused, weakened }) => {
    const looks = looksTwice ? 2 : 1
    const form =
      (looksTwice ? ' for two looks' : '') + (programs > looks ? `, in ${programs} programs` : '')
    const more = weakened.length === 0 ? '' : `; lets more through: ${weakened.join('; ')}`
    const [reason = '', ...verifier] = refused?.split('\n') ?? []
    const refusal = `    refused, all of its events are delivered: ${reason}`
    return [
      `  ${name}: ${instructions} instructions${form}${more}`,
      ...(refused === undefined ? [] : [refusal, ...verifier.map((line) => `      ${line}`)]),
    ]
  }),
  ...delivered.map(({ kind, what }) => `  ${kind}: also ${what}`),
  ...(looksOnce === undefined ? [] : [`  ancestors are left to the agent: ${looksOnce}`]),
  ...(execsWhole === undefined ? [] : [`  execs that a rule may be about all come: ${execsWhole}`]),
  ...(cgroupsUntold === 0
    ? []
    : [`  no room for ${cgroupsUntold} cgroups: they may be host or container`]),
]

/** `bulwark rules explain --kernel`: what a filter in the kernel decides of one rule. */
import type { ExplainedHook, Rule } from '@bulwark/policy'
import { explainSplit, splitRules, unfilteredOf } from '@bulwark/policy'
import type { Machine } from '@bulwark/schema'
import { wrap } from './wrap.ts'

/** What the kernel decides of a rule. */
export interface KernelShare {
  /** Kinds of event that come whole, whatever rules say. */
  readonly unfiltered: readonly string[]
  readonly hooks: readonly ExplainedHook[]
}

/** Values of a set that are told; the listing has all that matter. */
const valuesMax = 12

/** What the kernel decides of a rule on a machine whose containers it is told. */
export const kernelShare = (rule: Rule, machine: Machine): KernelShare => {
  const split = splitRules([rule], { machine, tellsCgroups: true }).rules.get(rule)
  return {
    unfiltered: unfilteredOf(rule),
    hooks: split ? explainSplit(split, { valuesMax }) : [],
  }
}

const indented = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`)

const hookLines = (
  { kind, types, plan, residual, listing, instructionCount }: ExplainedHook,
  columns: number,
): readonly string[] => {
  const left = residual.flatMap(({ condition, why }) =>
    wrap(`${condition} (${why})`, columns).map((line, i) => (i === 0 ? line : `  ${line}`)),
  )
  return [
    `${kind}: ${types.join(', ')}`,
    ...indented(['lets through', ...indented(plan.split('\n'))]),
    ...indented(
      left.length === 0 ? ['decides all of it'] : ['left to the agent', ...indented(left)],
    ),
    ...indented([
      `as a program: ${instructionCount} instructions`,
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

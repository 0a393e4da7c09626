/** Runs the cases of the type check and of evaluation: the reference and the compiled form. */
import { isDeepStrictEqual } from 'node:util'
import type { FieldRef, FieldValue } from '@bulwark/schema'
import { printableText, syscallNames } from '@bulwark/schema'
import {
  checkCondition,
  compileCondition,
  evaluate,
  falcoEventsOf,
  parseCondition,
} from '@bulwark/policy'
import type { Catalog, Condition, EventSet } from '@bulwark/policy'
import type { CompileCase, EvalCase, Outcome } from './cases.ts'
import { catalog, catalogFor, pluginCatalog } from './catalog.ts'
import type { CaseEvent } from './events.ts'
import { events, eventsById, valueOfCase } from './events.ts'

type Loaded =
  | {
      readonly ok: true
      readonly condition: Condition
      readonly warnings: readonly string[]
      /** The events of the rule; those of a filter are nobody's concern. */
      readonly events: EventSet
    }
  | { readonly ok: false; readonly message: string }

/** @param types  all there are, where the condition is a rule's, which must tell its own */
const load = (text: string, names: Catalog, types?: ReadonlySet<string>): Loaded => {
  const parsed = parseCondition(text)
  if (!parsed.ok) return { ok: false, message: printableText(parsed.error.message) }
  const checked = checkCondition(parsed.node, names)
  if (!checked.ok) return { ok: false, message: printableText(checked.fault.message) }
  const warnings = checked.remarks.map((remark) => printableText(remark.message))
  if (!types) return { ok: true, condition: checked.condition, warnings, events: 'all' }
  const found = falcoEventsOf(parsed.node, types)
  if ('message' in found) return { ok: false, message: found.message }
  return { ok: true, condition: checked.condition, warnings, events: found.types }
}

/** The value of a condition, by both ways; in words when they differ. */
const run = (condition: Condition, event: CaseEvent): string => {
  const field = (ref: FieldRef): FieldValue => {
    const { argument } = ref
    const name = ref.field.name
    if (argument === undefined) return event[name]
    return event[`${name}[${argument}]`] ?? event[`${name}.${argument}`]
  }
  const resolve = (): ReadonlySet<number | bigint> => new Set()
  const slow = evaluate(condition, { field, resolve })
  const fast = compileCondition<undefined>(condition, {
    field: (ref) => () => field(ref),
    resolve: () => resolve,
  })(undefined)
  return slow === fast ? String(slow) : `reference ${slow}, compiled ${fast}`
}

const mocks: CaseEvent = {
  'c.true': '1',
  'c.false': '0',
  'c.singlequote': "hello 'quoted'",
  'c.doublequote': 'hello "quoted"',
}

/** What is wrong; `undefined` when nothing is. */
export const runCompile = (wanted: CompileCase): Outcome => {
  const loaded = load(wanted.expr, catalog, syscallNames)
  if (!loaded.ok) {
    if (wanted.expect === 'ok') return `refused: ${loaded.message}`
    return loaded.message === wanted.error ? undefined : `says: ${loaded.message}`
  }
  if (wanted.expect === 'error') return 'accepted'
  const { condition, warnings, events: found } = loaded
  if (warnings.join('\n') !== (wanted.warnings ?? []).join('\n')) {
    return `warns: ${warnings.join('; ')}`
  }
  // Events that are no system calls have no place in the files' counts.
  const set = found === 'all' ? syscallNames : found
  const names = [...set].filter((name) => syscallNames.has(name)).sort()
  if (wanted.n_events !== undefined && names.length !== wanted.n_events) {
    return `${names.length} events`
  }
  if (wanted.events && !isDeepStrictEqual(names, [...wanted.events].sort())) {
    return `for ${names.join(', ')}`
  }
  if (wanted.expect_result === undefined) return undefined
  const answer = run(condition, mocks)
  return answer === String(wanted.expect_result) ? undefined : `is ${answer}`
}

/** What is wrong; `undefined` when nothing is. */
export const runEval = (wanted: EvalCase): Outcome => {
  const given = Object.entries(wanted.fields ?? {})
  const loaded = load(wanted.expr, catalogFor(pluginCatalog, given))
  if (!loaded.ok) return wanted.expect === 'throws' ? undefined : `refused: ${loaded.message}`
  if (wanted.expect === 'throws') return 'accepted'
  const known = events[wanted.test] ?? eventsById[wanted.id]
  if (!known && wanted.fields === null) return { skip: `gives no event, of ${wanted.test}` }
  const values = given.map(([name, field]) => [name, valueOfCase(field)] as const)
  const event = { ...events[wanted.test], ...eventsById[wanted.id], ...Object.fromEntries(values) }
  const answer = run(loaded.condition, event)
  return answer === wanted.expect ? undefined : `is ${answer}`
}

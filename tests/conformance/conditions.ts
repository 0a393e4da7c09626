/** Runs the cases of the type check and of evaluation: the reference and the compiled form. */
import type { FieldRef, FieldValue, Scalar } from '@bulwark/schema'
import { fieldNamed, syscallNames } from '@bulwark/schema'
import {
  checkCondition,
  compileCondition,
  evaluate,
  eventSetOf,
  eventTypeFault,
  parseCondition,
} from '@bulwark/policy'
import type { Condition } from '@bulwark/policy'
import type { CaseField, CompileCase, EvalCase } from './cases.ts'
import { catalog, pluginCatalog } from './catalog.ts'
import type { CaseEvent } from './events.ts'
import { events, eventsById } from './events.ts'

type Loaded =
  | { readonly ok: true; readonly condition: Condition; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly message: string }

/** @param forRule  a rule's condition must also tell its events */
const load = (text: string, forRule: boolean): Loaded => {
  const parsed = parseCondition(text)
  if (!parsed.ok) return { ok: false, message: parsed.error.message }
  const checked = checkCondition(parsed.node, forRule ? catalog : pluginCatalog)
  if (!checked.ok) return { ok: false, message: checked.fault.message }
  const fault = forRule ? eventTypeFault(parsed.node) : undefined
  if (fault) return { ok: false, message: fault.message }
  const warnings = checked.remarks.map((remark) => remark.message)
  return { ok: true, condition: checked.condition, warnings }
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
export const runCompile = (wanted: CompileCase): string | undefined => {
  const loaded = load(wanted.expr, true)
  if (!loaded.ok) {
    if (wanted.expect === 'ok') return `refused: ${loaded.message}`
    return loaded.message === wanted.error ? undefined : `says: ${loaded.message}`
  }
  if (wanted.expect === 'error') return 'accepted'
  const { condition, warnings } = loaded
  if (warnings.join('\n') !== (wanted.warnings ?? []).join('\n')) {
    return `warns: ${warnings.join('; ')}`
  }
  const set = eventSetOf(condition, syscallNames)
  const size = set === 'all' ? syscallNames.size : set.size
  if (size !== wanted.n_events) return `${size} events`
  if (wanted.expect_result === undefined) return undefined
  const answer = run(condition, mocks)
  return answer === String(wanted.expect_result) ? undefined : `is ${answer}`
}

const scalarOf = (field: CaseField, name: string): FieldValue => {
  if (field.value === null) return undefined
  const type = fieldNamed(name)?.type
  if (type === undefined) throw new Error(`no field ${name}`)
  return field.value as Scalar | readonly Scalar[]
}

/** What is wrong; `undefined` when nothing is. */
export const runEval = (wanted: EvalCase): string | undefined => {
  const loaded = load(wanted.expr, false)
  if (!loaded.ok) return wanted.expect === 'throws' ? undefined : `refused: ${loaded.message}`
  if (wanted.expect === 'throws') return 'accepted'
  const given = Object.entries(wanted.fields ?? {}).map(
    ([name, field]) => [name, scalarOf(field, name)] as const,
  )
  const event = { ...events[wanted.test], ...eventsById[wanted.id], ...Object.fromEntries(given) }
  const answer = run(loaded.condition, event)
  return answer === wanted.expect ? undefined : `is ${answer}`
}

/** Runs trials over rules, and compares what came with what must. Pure. */
import type { FieldRef, FieldValue } from '@bulwark/schema'
import { closest } from '@bulwark/schema'
import { compileRules } from './compile.ts'
import { specialise } from './event-set.ts'
import type { Value } from './ir.ts'
import { renderOutput } from './output.ts'
import type { PriorityName, Rule } from './rule.ts'
import type { ExpectedAlert, Trial, TrialEvent } from './trial.ts'
import { keyOfField } from './trial.ts'

/** An alert that came. */
export interface RaisedAlert {
  readonly rule: string
  readonly priority: PriorityName
  /** The rule's output, rendered. */
  readonly output: string
  /** The number of the event, from 1; `undefined` for those of a capture. */
  readonly event: number | undefined
}

/** An event among others. */
interface Numbered extends TrialEvent {
  readonly number: number
}

/** What every event has, said or not. */
const given = (name: string, { type, number }: Numbered): FieldValue => {
  switch (name) {
    case 'evt.num':
      return number
    case 'evt.source':
      return 'syscall'
    case 'evt.dir':
      return '<'
    case 'syscall.type':
      return type
    default:
      return undefined
  }
}

/** The value of a field: said, or one of the ancestors that were said together. */
const valueIn = (event: Numbered, ref: FieldRef): FieldValue => {
  const { field, argument } = ref
  const key = keyOfField(ref)
  if (event.values.has(key)) return event.values.get(key)
  if (field.comparison === 'ancestors' && typeof argument === 'number') {
    const all = event.values.get(field.name)
    return Array.isArray(all) ? (all as readonly FieldValue[])[argument - 1] : undefined
  }
  return given(field.name, event)
}

/** The alerts of some rules on one event. */
const raise = (
  rules: readonly Rule[],
  event: Numbered,
  matching: 'first' | 'all',
  print: (value: FieldValue, piece: Value) => FieldValue,
): readonly RaisedAlert[] => {
  const tried = rules.filter(({ eventTypes }) => eventTypes === 'all' || eventTypes.has(event.type))
  const run = compileRules<Numbered>(
    tried.map((rule) => specialise(rule.condition, event.type)),
    { field: (ref) => (each) => valueIn(each, ref), resolve: () => () => new Set() },
  )
  const reader = { field: (ref: FieldRef) => valueIn(event, ref), resolve: () => new Set<never>() }
  const raised: RaisedAlert[] = []
  run(
    event,
    (index) => {
      const rule = tried[index]
      if (!rule) return false
      const { text } = renderOutput(rule.output, reader, print)
      raised.push({ rule: rule.name, priority: rule.priority, output: text, event: event.number })
      return matching === 'first'
    },
    (_, error) => {
      throw error
    },
  )
  return raised
}

/**
 * Tries rules on the events of a trial.
 *
 * @param rules  those that run
 * @param print  see `renderOutput`
 */
export const runTrial = (
  { events }: Pick<Trial, 'events'>,
  rules: readonly Rule[],
  matching: 'first' | 'all',
  print: (value: FieldValue, piece: Value) => FieldValue,
): readonly RaisedAlert[] =>
  events.flatMap((event, i) =>
    raise(rules, Object.assign({ number: i + 1 }, event), matching, print),
  )

/** What differs: `-` must come and did not, `+` came and must not. */
export interface Difference {
  readonly sign: '+' | '-'
  readonly text: string
  readonly help: string | undefined
}

const fits = (expected: ExpectedAlert, alert: RaisedAlert): boolean =>
  expected.rule === alert.rule &&
  (expected.priority === undefined || expected.priority === alert.priority) &&
  (expected.event === undefined || expected.event === alert.event) &&
  expected.output.every((part) => alert.output.includes(part))

const expectedText = ({ rule, count, priority, output, event }: ExpectedAlert): string =>
  [
    ...(event === undefined ? [] : [`event ${event}:`]),
    rule,
    ...(priority === undefined ? [] : [`(${priority})`]),
    ...(count === 1 ? [] : [count === undefined ? 'at least once' : `${count} times`]),
    ...output.map((part) => JSON.stringify(part)),
  ].join(' ')

const raisedText = ({ rule, priority, output, event }: RaisedAlert): string =>
  `${event === undefined ? '' : `event ${event}: `}${rule} (${priority}) ${JSON.stringify(output)}`

/** Why an alert may not have come. */
const reasonOf = (
  expected: ExpectedAlert,
  rules: readonly Rule[],
  all: readonly RaisedAlert[],
  came: readonly RaisedAlert[],
): string | undefined => {
  const rule = rules.find(({ name }) => name === expected.rule)
  if (!rule) {
    const near = closest(
      expected.rule,
      rules.map(({ name }) => name),
    )
    return `there is no such rule${near === undefined ? '' : `; did you mean "${near}"?`}`
  }
  const [lack] = rule.disabledBy
  if (lack) return `the rule cannot run here: ${lack.message}`
  if (!rule.enabled) return 'the rule is not enabled'
  const own = all.find((alert) => fits({ ...expected, output: [], priority: undefined }, alert))
  if (!own) return 'its condition does not hold'
  const other = came.find(({ event }) => event === own.event)
  if (other && other.rule !== rule.name) return `"${other.rule}" was told of that event first`
  return `it came as ${raisedText(own)}`
}

/**
 * Compares the alerts that came with those that must.
 *
 * @param all  those that would come if every rule of an event alerted, to say what hides one
 */
export const judge = (
  { alerts, allowsOthers }: Pick<Trial, 'alerts' | 'allowsOthers'>,
  came: readonly RaisedAlert[],
  rules: readonly Rule[],
  all: readonly RaisedAlert[] = came,
): readonly Difference[] => {
  const left = new Set(came)
  const found: Difference[] = []
  for (const expected of alerts) {
    const fitting = [...left].filter((alert) => fits(expected, alert))
    const wanted = expected.count ?? fitting.length
    for (const alert of fitting.slice(0, wanted)) left.delete(alert)
    const isShort = fitting.length < (expected.count ?? 1)
    if (!isShort) continue
    const help =
      fitting.length > 0 ? `it came ${fitting.length} times` : reasonOf(expected, rules, all, came)
    found.push({ sign: '-', text: expectedText(expected), help })
  }
  if (allowsOthers) return found
  const others = [...left].map((alert) => ({
    sign: '+' as const,
    text: raisedText(alert),
    help: undefined,
  }))
  return [...found, ...others]
}

/** `bulwark rules explain`: what becomes of one rule, and what it gets on this machine. */
import { Command } from 'commander'
import type { Finding, RuleHooks } from '@bulwark/agent'
import {
  chooseBackend,
  hooksOfRule,
  isBroad,
  kernelName,
  machineOf,
  probeMachine,
  typesGiven,
} from '@bulwark/agent'
import type { Described, DescribedRule, Rule } from '@bulwark/policy'
import { diagnosticText, fieldsOfOutput } from '@bulwark/policy'
import type { Backend, FieldRef, Machine } from '@bulwark/schema'
import { contextText, loadPoliciesIn, saidErrors, scopeText, stateOf } from './policy.ts'
import { print } from './print.ts'
import type { InternalAlert } from './alerts-explained.ts'
import { internalAlerts, ruleOfAlert } from './alerts-explained.ts'
import { again, log } from './report.ts'
import type { KernelShare } from './rules-kernel.ts'
import { kernelShare, kernelText } from './rules-kernel.ts'
import type { FormOptions } from './rules.ts'
import { formOption, readTexts, unknownRule } from './rules.ts'
import { describeRuleTexts } from './load-rules.ts'
import { allBackendFindings } from './watch.ts'
import { wrap } from './wrap.ts'

const backends: readonly Backend[] = ['security', 'tracepoint']

interface ExplainOptions extends FormOptions {
  readonly rules: readonly string[]
  readonly policy: readonly string[]
  readonly kernel?: boolean
}

/** A policy that a rule runs under. */
interface ExplainedPolicy {
  readonly name: string
  readonly mode: string
  readonly where: string
  readonly priority: string
  /** What raises, lowers and suppresses the alerts that it makes there. */
  readonly context: readonly string[]
}

interface ExplainedField {
  readonly name: string
  readonly in: readonly ('condition' | 'output')[]
  readonly type: string
  readonly meaning: string
  readonly absent: string
  /** Why this sensor does not give it. */
  readonly unsupported?: string
}

/** What keeps a rule from seeing something here. */
interface Lack {
  readonly name: string
  readonly without: string
  readonly remedy: string
}

interface Explained {
  readonly described: DescribedRule
  readonly state: 'runs' | 'off' | 'disabled'
  readonly condition: string
  readonly events: readonly string[]
  readonly hooks: readonly RuleHooks[]
  readonly fields: readonly ExplainedField[]
  readonly never: readonly { readonly events: readonly string[]; readonly why: string }[]
  readonly machine: {
    readonly kernel: string
    readonly backend: string
    readonly lacks: readonly Lack[]
  }
  readonly reasons: readonly string[]
  readonly remarks: readonly string[]
  readonly policies: readonly ExplainedPolicy[]
  /** When asked for. */
  readonly kernelFilter?: KernelShare
}

const fieldsIn = (rule: Rule): readonly ExplainedField[] => {
  const places = new Map<
    string,
    { readonly ref: FieldRef; readonly in: Set<'condition' | 'output'> }
  >()
  const add = (ref: FieldRef, place: 'condition' | 'output'): void => {
    const { name } = ref.field
    const known = places.get(name) ?? { ref, in: new Set() }
    places.set(name, known)
    known.in.add(place)
  }
  for (const ref of rule.fields) add(ref, 'condition')
  for (const ref of fieldsOfOutput(rule.output)) add(ref, 'output')
  return [...places.entries()].map(([name, { ref, in: where }]) => {
    const { type, list, meaning, absent, unsupported } = ref.field
    const told = { name, in: [...where], type: list ? `list of ${type}` : type, meaning, absent }
    return unsupported === undefined ? told : Object.assign(told, { unsupported })
  })
}

const neverOf = (rule: Rule, given: ReadonlySet<string>): Explained['never'] => {
  const { eventTypes, falcoEventTypes, disabledBy, remarks } = rule
  const parts: { events: readonly string[]; why: string }[] = []
  const uncarried = [...disabledBy, ...remarks].filter(({ code }) => code === 'unsupported-event')
  for (const { message } of uncarried) {
    parts.push({
      events: message.replace(/^no hook carries /, '').split(', '),
      why: 'no hook of this sensor carries them',
    })
  }
  if (eventTypes !== 'all' && falcoEventTypes !== 'all') {
    const impossible = [...falcoEventTypes].filter((type) => !eventTypes.has(type))
    const why = 'Falco tries the rule on them, but its condition cannot hold there'
    if (impossible.length > 0) parts.push({ events: impossible, why })
  }
  if (isBroad(rule)) {
    const generic = eventTypes === 'all' ? [] : [...eventTypes].filter((type) => !given.has(type))
    const why =
      'the condition restricts evt.type so little that it gets only events with a record of ' +
      'their own: name the others to get them'
    parts.push({ events: generic, why })
  }
  return parts
}

const machineFor = (rule: Rule, machine: Machine | undefined): Explained['machine'] => {
  const isAbout = ({ events }: Finding): boolean =>
    events.length > 0 &&
    (rule.eventTypes === 'all' || events.some((type) => (rule.eventTypes as Set<string>).has(type)))
  const backendsHere = machine ? allBackendFindings(machine) : []
  const found = [...probeMachine(), ...backendsHere]
  const lacks = found
    .filter((each) => each.probe !== 'yes' && (each.needed || isAbout(each)))
    .map(({ name, without, remedy }) => ({ name, without, remedy }))
  return { kernel: kernelName(), backend: chooseBackend('auto', backendsHere).backend, lacks }
}

/** What policies make of a rule; `undefined` when one has a fault, which was said. */
const policiesOf = (
  name: string,
  { policy, rules }: Pick<ExplainOptions, 'policy' | 'rules'>,
): readonly ExplainedPolicy[] | undefined => {
  if (policy.length === 0) return []
  const loaded = loadPoliciesIn(policy, rules)
  if (!loaded || saidErrors(loaded)) return undefined
  return loaded.policies.flatMap((each) =>
    each.rules
      .filter((rule) => rule.name === name)
      .map(({ priority }) => ({
        name: each.name,
        mode: stateOf(each),
        where: scopeText(each.scope),
        priority,
        context: each.context
          .filter(({ rule }) => rule === undefined || rule === name)
          .map(contextText),
      })),
  )
}

const explainRule = (
  name: string,
  { loaded, described, pretty }: Described,
  policies: readonly ExplainedPolicy[],
  withKernel: boolean,
): Explained | undefined => {
  const rule = loaded.rules.find((each) => each.name === name)
  const whole = described.rules.find(({ info }) => info.name === name)
  if (!rule || !whole) return undefined
  const machine = machineOf(process.arch)
  const given = typesGiven(rule)
  return {
    described: whole,
    state: rule.disabledBy.length > 0 ? 'disabled' : rule.enabled ? 'runs' : 'off',
    condition: pretty(name) ?? rule.conditionText,
    events: [...given].toSorted(),
    hooks: machine ? backends.map((backend) => hooksOfRule(rule, machine, backend)) : [],
    fields: fieldsIn(rule),
    never: neverOf(rule, given),
    machine: machineFor(rule, machine),
    reasons: rule.disabledBy.map(diagnosticText),
    remarks: rule.remarks.map(diagnosticText),
    policies,
    ...(withKernel && machine ? { kernelFilter: kernelShare(rule, machine) } : {}),
  }
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')

const paragraph = (title: string, body: string): string => `${title}\n${indented(body)}\n`

const columns = 90

const textOf = (explained: Explained): string => {
  const { described, state, condition, events, hooks, fields, never, policies, machine } = explained
  const { info, details } = described
  const parts = [
    paragraph(
      info.name,
      [`${info.priority}, ${state}`, ...wrap(info.description.trim(), columns)].join('\n'),
    ),
    paragraph('condition', condition),
  ]
  const made = [
    ['macros', details.macros],
    ['lists', details.lists],
    ['exceptions', details.exception_names],
  ] as const
  const lines = made
    .filter(([, names]) => names.length > 0)
    .flatMap(([what, names]) => wrap(`${what}: ${names.join(', ')}`, columns))
  if (lines.length > 0) parts.push(paragraph('made of', lines.join('\n')))
  parts.push(paragraph('events', wrap(events.join(', ') || 'none', columns).join('\n')))
  const hookLines = hooks.flatMap(({ backend, hooks: names, uring, untold }) => {
    const text = `${backend}: ${names.join(', ') || 'none'}${uring ? '; and io_uring' : ''}`
    const missing = untold.length > 0 ? `  not told by it: ${untold.join(', ')}` : ''
    return wrap(text, columns).concat(missing === '' ? [] : wrap(missing, columns))
  })
  parts.push(paragraph('hooks', hookLines.join('\n')))
  const fieldLines = fields.map(({ name, in: places, type, meaning, absent, unsupported }) => {
    const when = absent.startsWith('always there') ? absent : `absent: ${absent}`
    const missing = unsupported === undefined ? when : `NOT GIVEN: ${unsupported}`
    const told = [`${name} (${type}; ${places.join(', ')})`, meaning, missing]
    return told.filter((line) => line !== '').join('\n  ')
  })
  parts.push(paragraph('fields', fieldLines.join('\n')))
  if (explained.kernelFilter) {
    parts.push(paragraph('kernel filter', kernelText(explained.kernelFilter, columns)))
  }
  const policyLines = policies.flatMap(({ name, mode, where, priority, context }) =>
    wrap(`${name} (${mode}): ${where}; ${priority}`, columns).concat(
      context.flatMap((each) => wrap(each, columns - 2).map((line) => `  ${line}`)),
    ),
  )
  if (policyLines.length > 0) parts.push(paragraph('policies', policyLines.join('\n')))
  if (never.length > 0) {
    const neverLines = never.flatMap(({ events: types, why }) =>
      wrap(`${types.length > 0 ? `${types.join(', ')}: ` : ''}${why}`, columns),
    )
    parts.push(paragraph('never runs on', neverLines.join('\n')))
  }
  const lackLines = machine.lacks.flatMap(({ name, without, remedy }) =>
    wrap(`${name}: ${without}`, columns).concat(wrap(`  to get it: ${remedy}`, columns)),
  )
  const here = [`kernel ${machine.kernel}, backend ${machine.backend}`, ...lackLines]
  parts.push(
    paragraph('this machine', [...here, ...explained.reasons, ...explained.remarks].join('\n')),
  )
  return parts.join('\n')
}

const jsonOf = (explained: Explained): unknown => {
  const { described, ...rest } = explained
  return { ...described, ...rest }
}

const internalText = ({ rule, meaning, next }: InternalAlert): string =>
  [
    paragraph(rule, ['about Bulwark itself', ...wrap(meaning, columns)].join('\n')),
    paragraph('what to do', wrap(next, columns).join('\n')),
  ].join('\n')

const explain = (given: string, { rules: paths, policy, output, kernel }: ExplainOptions): void => {
  const texts = readTexts(paths)
  if (!texts) return
  const whole = describeRuleTexts(texts)
  const infos = whole.described.rules.map(({ info }) => info)
  const name = infos.some((info) => info.name === given) ? given : ruleOfAlert(given, infos)
  const internal = internalAlerts.find(({ rule }) => rule === name)
  if (internal) {
    const { rule, meaning, next } = internal
    print(output === 'json' ? JSON.stringify({ rule, meaning, next }) : internalText(internal))
    return
  }
  const policies = policiesOf(name, { policy, rules: paths })
  if (!policies) return
  const explained = explainRule(name, whole, policies, kernel === true)
  if (explained) {
    print(output === 'json' ? JSON.stringify(jsonOf(explained)) : textOf(explained).trimEnd())
    return
  }
  const reasons = whole.loaded.disabled.find((each) => each.name === name)?.reasons ?? []
  for (const reason of reasons) log(diagnosticText(reason))
  unknownRule(
    name,
    infos.map((info) => info.name),
  )
}

/** `rules explain`. */
export const explainCommand = (): Command =>
  new Command('explain')
    .description(
      'one rule after macros, lists and exceptions; its events, hooks and fields; what this ' +
        "machine can't give it",
    )
    .argument('<rule>', 'its name, or a line of its alerts')
    .addOption(again('--rules <path>', 'rule file or folder', "Bulwark's own"))
    .addOption(
      again(
        '--policy <path>',
        'file or folder of RuntimePolicies: which of them apply, and what their `context` does',
      ),
    )
    .option('--kernel', 'what a filter in the kernel decides of it, in words and as a program')
    .addOption(formOption())
    .addHelpText(
      'after',
      `
Examples:
  bulwark rules explain "Terminal shell in container" --rules falco_rules.yaml
  bulwark rules explain "$(tail -n 1 alerts.json)"`,
    )
    .action(explain)

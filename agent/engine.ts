/**
 * Rules over events. Rules are compiled together for each type of event that they can match, and
 * for each set of scopes that containers are in, with both known; an event runs the one function of
 * its type and scopes. A rule that throws counts as not matching, and is disabled when it does so
 * again and again.
 */
import type { FieldRef, FieldSpec, IpAddress, RecordView } from '@bulwark/schema'
import {
  EventNumber,
  RECORD_USER_MEMORY,
  headerOf,
  recordShapes,
  TEXT_LENGTH_UNKNOWN,
  eventKinds,
} from '@bulwark/schema'
import type { CompiledRules, Rule, Steps } from '@bulwark/policy'
import { atOnce, compileRulesInSteps, isAlikeOn, renderOutput, specialise } from '@bulwark/policy'
import type { Alert } from './alert.ts'
import { spoken } from './alert.ts'
import { subjectOf } from './alert-subject.ts'
import { BoundedMap } from './bounded.ts'
import type { Container } from './container/container.ts'
import type { Counters } from './counters.ts'
import { accessorOf, printable } from './fields/index.ts'
import type { Accessor, Surroundings } from './fields/reader.ts'
import { limits } from './limits.ts'
import type { LiveEvent } from './live-event.ts'
import type { ScopeClass } from './container/scopes.ts'
import { Scopes, isInScope } from './container/scopes.ts'
import { Subjects } from './subjects.ts'
import { randomUuid } from './uuid.ts'

/** Which rules of an event raise an alert: the first that matches, as Falco has it, or all. */
export type RuleMatching = 'first' | 'all'

export interface EngineOptions {
  readonly rules: readonly Rule[]
  readonly matching: RuleMatching
  readonly surroundings: Surroundings
  readonly counters: Counters
  readonly resolve: (hostname: string) => () => ReadonlySet<IpAddress>
  /** Called for each alert, while its event is valid. */
  readonly onAlert: (alert: Alert, rule: Rule) => void
  readonly log: (line: string) => void
}

/** The rules that can run. */
export const activeRules = (rules: readonly Rule[]): readonly Rule[] =>
  rules.filter((rule) => rule.enabled && rule.disabledBy.length === 0)

/** Times are text in an output, and in `output_fields` nanoseconds since 1970, as in Falco. */
const timeFields = [
  'evt.time',
  'evt.time.s',
  'evt.time.iso8601',
  'evt.datetime',
  'evt.datetime.s',
] as const

interface TypeRules {
  readonly type: string
  /** Of its records, where they are of one. */
  readonly kind: number | undefined
  readonly rules: readonly Rule[]
  readonly run: CompiledRules<LiveEvent>
  readonly onMatch: (index: number, event: LiveEvent) => boolean
  readonly onFault: (index: number, error: unknown) => void
}

/** Kinds of event by the names of their types; a type that several kinds have is in none. */
const kindOfType: ReadonlyMap<string, number> = (() => {
  const found = new Map<string, number>()
  const several = new Set<string>()
  for (const { kind, types } of eventKinds) {
    for (const type of types) {
      if (found.has(type)) several.add(type)
      found.set(type, kind)
    }
  }
  for (const type of several) found.delete(type)
  return found
})()

export class Engine {
  readonly #options: EngineOptions
  readonly #scopes: Scopes
  /** By class of scopes, and type. */
  #byClass = new WeakMap<ScopeClass, Map<string, TypeRules>>()
  /** The same by the type and the rules that are in scope: many classes share them. */
  #compiled = new BoundedMap<string, TypeRules>(limits.scopedRuleSetsMax, () => {})
  /** Those of the type that an event of each kind had last; where no rule has a scope. */
  readonly #byKind: (TypeRules | undefined)[] = []
  readonly #accessors = new Map<FieldSpec, Map<FieldRef['argument'], Accessor>>()
  readonly #resolved = new Map<string, () => ReadonlySet<IpAddress>>()
  readonly #faults = new Map<Rule, number>()
  readonly #subjects = new Subjects()
  #active: readonly Rule[]

  constructor(options: EngineOptions) {
    this.#options = options
    this.#active = activeRules(options.rules)
    this.#scopes = new Scopes(this.#active)
  }

  /** The scopes of the rules. */
  get scopes(): Scopes {
    return this.#scopes
  }

  /** Rules that run. */
  get active(): readonly Rule[] {
    return this.#active
  }

  #field(ref: FieldRef): Accessor {
    const { field, argument } = ref
    let ofField = this.#accessors.get(field)
    if (!ofField) {
      ofField = new Map<FieldRef['argument'], Accessor>()
      this.#accessors.set(field, ofField)
    }
    let accessor = ofField.get(argument)
    if (!accessor) {
      accessor = accessorOf(ref, this.#options.surroundings)
      ofField.set(argument, accessor)
    }
    return accessor
  }

  #resolve(hostname: string): () => ReadonlySet<IpAddress> {
    let resolved = this.#resolved.get(hostname)
    if (!resolved) {
      resolved = this.#options.resolve(hostname)
      this.#resolved.set(hostname, resolved)
    }
    return resolved
  }

  /** Compiles the rules of all types that events will have, so that none is compiled in haste;
   * those of containers with scopes when such a container is seen. */
  prepare(types: Iterable<string>): void {
    atOnce(this.prepareInSteps(types))
  }

  /** The same in steps, between which events may be judged by another engine. */
  *prepareInSteps(types: Iterable<string>): Steps<void> {
    for (const type of types) {
      yield
      yield* this.#find(type, this.#scopes.host)
    }
  }

  #rulesOf(type: string, of: ScopeClass): TypeRules {
    return this.#byClass.get(of)?.get(type) ?? atOnce(this.#find(type, of))
  }

  *#find(type: string, of: ScopeClass): Steps<TypeRules> {
    let byType = this.#byClass.get(of)
    if (!byType) {
      byType = new Map()
      this.#byClass.set(of, byType)
    }
    let rules = byType.get(type)
    if (!rules) {
      rules = yield* this.#inScope(type, of)
      byType.set(type, rules)
    }
    return rules
  }

  *#inScope(type: string, of: ScopeClass): Steps<TypeRules> {
    const chosen: Rule[] = []
    let name = type
    this.#active.forEach((rule, i) => {
      if (rule.eventTypes !== 'all' && !rule.eventTypes.has(type)) return
      if (!isInScope(rule, of)) return
      chosen.push(rule)
      if (rule.policy?.scope) name += ` ${i}`
    })
    const known = this.#compiled.get(name)
    if (known) return known
    const alike = this.#alike(type, chosen)
    const compiled = alike ? { ...alike, type } : yield* this.#compile(type, chosen)
    this.#compiled.set(name, compiled)
    return compiled
  }

  /** Those of another type that come down to the same: most rules mean all calls of a kind. */
  #alike(type: string, rules: readonly Rule[]): TypeRules | undefined {
    const kind = kindOfType.get(type)
    for (const each of this.#compiled.values()) {
      if (each.kind !== kind || each.rules.length !== rules.length) continue
      if (!rules.every((rule, i) => rule === each.rules[i])) continue
      if (rules.every(({ condition }) => isAlikeOn(condition, each.type, type))) return each
    }
    return undefined
  }

  #rulesOfKind(type: string, kind: number): TypeRules {
    const last = this.#byKind[kind]
    return last?.type === type ? last : this.#turnTo(type, kind)
  }

  #turnTo(type: string, kind: number): TypeRules {
    return (this.#byKind[kind] = this.#rulesOf(type, this.#scopes.host))
  }

  *#compile(type: string, rules: readonly Rule[]): Steps<TypeRules> {
    const conditions = rules.map((rule) => specialise(rule.condition, type))
    const kind = kindOfType.get(type)
    const run = yield* compileRulesInSteps<LiveEvent>(conditions, {
      field: (ref) => this.#field(ref),
      resolve: (hostname) => this.#resolve(hostname),
      subjectOf: (ref) => this.#subjects.of(ref, kind),
      isCheap: (ref) => this.#subjects.isCheap(ref),
    })
    return {
      type,
      kind,
      rules,
      run,
      onMatch: (index, event) => {
        const rule = rules[index]
        return rule !== undefined && this.#match(rule, event)
      },
      onFault: (index, error) => {
        const rule = rules[index]
        if (rule) this.#fault(rule, error)
      },
    }
  }

  /** Tries the rules on an event. */
  run(event: LiveEvent): void {
    const { type, kind } = event
    const { rules, run, onMatch, onFault } = this.#scopes.isTrivial
      ? this.#rulesOfKind(type, kind)
      : this.#rulesOf(type, this.#scopes.classOf(event.container))
    if (rules.length > 0) run(event, onMatch, onFault)
  }

  /**
   * Tries the rules on an event that never was, and puts an alert about it into words.
   *
   * @returns the alert, which nobody has been told; none where no rule is about such events
   */
  rehearse(event: LiveEvent): Alert | undefined {
    const { rules, run } = this.#rulesOf(event.type, this.#scopes.host)
    const [rule] = rules
    if (!rule) return undefined
    run(
      event,
      () => false,
      () => {},
    )
    return this.#alert(rule, event)
  }

  /** Whether that is all of the event: a rule whose output cannot be read has not matched. */
  #match(rule: Rule, event: LiveEvent): boolean {
    let alert: Alert
    try {
      alert = this.#alert(rule, event)
    } catch (error) {
      this.#fault(rule, error)
      return false
    }
    this.#options.onAlert(alert, rule)
    return this.#options.matching === 'first'
  }

  #fault(rule: Rule, error: unknown): void {
    const { counters, log } = this.#options
    const faults = (this.#faults.get(rule) ?? 0) + 1
    counters.ruleFaults++
    this.#faults.set(rule, faults)
    const message = error instanceof Error ? error.message : String(error)
    log(`rule "${rule.name}" failed on an event: ${message}`)
    if (faults < limits.ruleFaultsMax) return
    log(`rule "${rule.name}" is disabled after ${faults} failures; please report it`)
    this.#active = this.#active.filter((each) => each !== rule)
    this.#byClass = new WeakMap()
    this.#compiled = new BoundedMap(limits.scopedRuleSetsMax, () => {})
    this.#byKind.length = 0
  }

  /** What comes after a while of nothing finds nothing in the caches: so this does little. */
  #alert(rule: Rule, event: LiveEvent): Alert {
    const { text, fields: outputFields } = renderOutput(
      rule.output,
      { field: (ref) => this.#field(ref)(event), resolve: () => new Set() },
      printable,
    )
    const { timeNs, container, record, process } = event
    for (const name of timeFields) if (outputFields.has(name)) outputFields.set(name, timeNs)
    const { time, priority, message, output } = spoken(timeNs, rule.priority, text)
    const bulwark = {
      pid: process.pid,
      containerId: container?.id,
      podUid: container?.podUid ?? container?.metadata?.podUid,
      truncated: truncatedOf(event),
      fromUserMemory: (headerOf.flags(record) & RECORD_USER_MEMORY) !== 0,
    }
    return {
      uuid: randomUuid(),
      rule: rule.name,
      source: rule.source,
      tags: rule.tags,
      hostname: this.#options.surroundings.hostname,
      timeNs,
      time,
      priority,
      message,
      output,
      outputFields,
      bulwark: rule.policy ? { ...bulwark, ...this.#policyOf(rule.policy, container) } : bulwark,
      subject: subjectOf(event),
    }
  }

  /** What an alert says of the policy of its rule. */
  #policyOf(
    { name, scope }: NonNullable<Rule['policy']>,
    container: Container | undefined,
  ): Pick<Alert['bulwark'], 'policy' | 'scopeUnknown'> {
    const of = container && this.#scopes.classOf(container)
    const isUnknown = scope !== undefined && of?.scopes.get(scope.key) === 'unknown'
    return { policy: name, ...(isUnknown ? { scopeUnknown: true } : {}) }
  }
}

const nothingCut: readonly string[] = []

/** What of an event was cut: texts of the record, and of the process when it started. */
const truncatedOf = ({ kind, record, process }: LiveEvent): readonly string[] => {
  if (kind === EventNumber.exec || !isCut(record, kind)) {
    return process.truncated.length === 0 ? nothingCut : process.truncated
  }
  return ['event', ...process.truncated]
}

const isCut = (r: RecordView, kind: number): boolean => {
  for (const offset of recordShapes[kind]?.texts ?? []) {
    const stored = r.data.getUint16(r.at + offset + 2, true)
    const whole = r.data.getUint32(r.at + offset + 4, true)
    if (whole === TEXT_LENGTH_UNKNOWN || whole !== stored) return true
  }
  return false
}

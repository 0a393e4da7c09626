/**
 * Splits rules in two: for each kind of record a plan, which the kernel runs before it sends, and
 * what is left to user space, with the reason. Never narrows: a record on which a rule matches is
 * let through, whatever the kernel cannot decide. Pure: the same rules and facts give the same
 * plans.
 */
import type { EventKind, FieldRef, IpAddress, RecordValues } from '@bulwark/schema'
import { encodeRecord } from '@bulwark/schema'
import { fieldKey, sameCondition } from '../condition-key.ts'
import { Specialiser } from '../event-set.ts'
import type { Compare, Condition, Constant, Value } from '../ir.ts'
import { comparisonOf, textOf } from '../ir.ts'
import { needsEvery } from '../evaluate.ts'
import type { Rule } from '../rule.ts'
import type { Bounds, Residual } from './bounds.ts'
import { allBounds, anyBounds, exactly, inverseBounds } from './bounds.ts'
import { compareReading } from './compare.ts'
import { filteredKinds, isOfType, isShape, typesOf } from './kinds.ts'
import { allOf, anyOf, inverse, isNothing, scopeIn } from './make-plan.ts'
import { accepts } from './model.ts'
import { Places } from './places.ts'
import { keyOf } from './plan-key.ts'
import type { Plan } from './plan.ts'
import { cgroupNumbers, everything, nothing } from './plan.ts'
import type { Reading } from './reading.ts'
import { readingOf } from './record-fields.ts'
import type { KernelFacts } from './record-kind.ts'
import { RecordKind } from './record-kind.ts'
import { shareScans, withFewScans } from './share-scans.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'

export type { KernelFacts, ToldClass } from './record-kind.ts'

/** What the kernel decides of one rule, on one kind of record and some types of its events. */
export interface HookSplit {
  readonly kind: number
  /** Names of the events for which all of this is the same; sorted. */
  readonly types: readonly string[]
  readonly plan: Plan
  /** Parts that user space must decide; empty: the plan is the condition, where the record lacks
   * nothing and its cgroup is known. */
  readonly residual: readonly Residual[]
}

/** What becomes of one rule. Kinds on which it cannot match are not listed. */
export interface RuleSplit {
  readonly hooks: readonly HookSplit[]
}

/** What `splitRules` gives. */
export interface FilterPlans {
  /** By kind of record; one that is missing is not filtered. */
  readonly byKind: ReadonlyMap<number, Plan>
  readonly rules: ReadonlyMap<Rule, RuleSplit>
}

// --- One condition ------------------------------------------------------------------------------

/** What is known of one kind of record whatever the type of its events: by field, by condition. */
class Known {
  readonly readings = new Map<string, Reading>()
  readonly bounds = new Map<string, Bounds>()
}

/** Whether what is left to user space is named, or only left. */
type Names = 'residuals' | 'nothing'

/** Splits conditions on one kind of record. Most mean the same on all types of its events. */
class Splitter {
  readonly #of: RecordKind
  readonly #shared: Known
  readonly #own = new Known()
  readonly #names: Names

  constructor(of: RecordKind, shared: Known, names: Names) {
    this.#of = of
    this.#shared = shared
    this.#names = names
  }

  /** Makes something, or takes what was made before; notes whether it depends on the type. */
  #once<T>(which: (known: Known) => Map<string, T>, key: string, make: () => T): T {
    const shared = which(this.#shared).get(key)
    if (shared !== undefined) return shared
    const of = this.#of
    const own = which(this.#own).get(key)
    if (own !== undefined) {
      of.usesType = true
      return own
    }
    const usedType = of.usesType
    of.usesType = false
    const made = make()
    which(of.usesType ? this.#own : this.#shared).set(key, made)
    of.usesType ||= usedType
    return made
  }

  #reading(ref: FieldRef): Reading {
    const make = (): Reading => readingOf(ref, this.#of)
    return this.#once(({ readings }) => readings, fieldKey(ref), make)
  }

  /** The records on which a value may be there. */
  #isThere(value: Value): Plan {
    if (value.is === 'field') return anyOf(this.#reading(value.ref).map(({ when }) => when))
    if (value.is === 'constant') return everything
    return allOf(value.values.map((each) => this.#isThere(each)))
  }

  #open(condition: Condition, why: string, over: Plan = everything): Bounds {
    const residual = this.#names === 'residuals' ? [{ condition, why, gap: over }] : []
    return { over, under: nothing, residual }
  }

  #compare(condition: Compare): Bounds {
    const { left, operator, right } = condition
    const isThere = this.#isThere(left)
    if (left.is !== 'field') return this.#open(condition, 'a changed value', isThere)
    if (right.is === 'value') {
      const over = allOf([isThere, this.#isThere(right.value)])
      return this.#open(condition, 'two values of the event', over)
    }
    if (comparisonOf(left) === 'resolved-name') {
      const bounds = this.#compareNames(condition, left.ref, right.values)
      return (
        bounds ??
        this.#open(condition, 'addresses of host names, until they are looked up', isThere)
      )
    }
    return compareReading(this.#reading(left.ref), {
      operator,
      constants: right.values,
      quantifier: right.quantifier,
      needsEvery: needsEvery(left, operator),
      open: (why) => this.#open(condition, why),
    })
  }

  /** An address with those of host names; `undefined` where those of a name are not known. */
  #compareNames(condition: Compare, ref: FieldRef, names: readonly Constant[]): Bounds | undefined {
    const addresses: IpAddress[] = []
    for (const name of names) {
      const known = this.#of.facts.hostAddresses?.get(textOf(name))
      if (!known) return undefined
      addresses.push(...known)
    }
    const reading = this.#reading(ref)
    const isAny = compareReading(reading, {
      operator: 'in',
      constants: addresses,
      quantifier: 'anyof',
      needsEvery: false,
      open: (why) => this.#open(condition, why),
    })
    if (condition.operator !== '!=') return isAny
    const isThere = exactly(anyOf(reading.map(({ when }) => when)))
    return allBounds([isThere, inverseBounds(isAny)])
  }

  #exists(condition: Condition & { readonly is: 'exists' }): Bounds {
    const { left } = condition
    if (left.is !== 'field') return this.#open(condition, 'a changed value', this.#isThere(left))
    return anyBounds(
      this.#reading(left.ref).map(({ when, value, isLack }) => {
        if (value.is !== 'unknown') return exactly(when)
        const open = this.#open(condition, value.why, when)
        return isLack === true ? { over: open.over, under: open.under, residual: [] } : open
      }),
    )
  }

  /** A condition, as `specialise` has left it for the type. */
  bounds(condition: Condition): Bounds {
    const make = (): Bounds => this.#bounds(condition)
    return this.#once(({ bounds }) => bounds, sameCondition(condition), make)
  }

  #bounds(condition: Condition): Bounds {
    switch (condition.is) {
      case 'constant':
        return exactly(condition.value ? everything : nothing)
      case 'and':
        return allBounds(condition.members.map((member) => this.bounds(member)))
      case 'or':
        return anyBounds(condition.members.map((member) => this.bounds(member)))
      case 'not':
        return inverseBounds(this.bounds(condition.member))
      case 'exists':
        return this.#exists(condition)
      case 'compare':
        return this.#compare(condition)
    }
  }
}

// --- All rules ----------------------------------------------------------------------------------

/** Rules of which bounds are found in one step. */
const rulesAtOnce = 100

/** Types of events that get the same plan. */
interface Group {
  readonly types: string[]
  readonly plan: Plan
}

const isTriedOn = ({ eventTypes }: Rule, type: string): boolean =>
  eventTypes === 'all' || eventTypes.has(type)

/** Of a file that is read, in the terms of an open. */
const plainValues: RecordValues = { syscall: 0, path: '/usr/lib/a', raw_path: '/usr/lib/a' }

/** One kind of record: its plan, and what each rule adds to it. */
class KindSplitter {
  readonly #kind: EventKind
  readonly #facts: KernelFacts
  readonly #rules: readonly Rule[]
  readonly #known = new Known()
  readonly #specialiser = new Specialiser()
  /** By the key of a scope. */
  readonly #scopes = new Map<string, Bounds>()
  readonly #inScopes = new Map<Bounds, Map<Bounds, Bounds>>()
  /** What came of the plans of all rules: mostly these are the same ones for each type. */
  readonly #joined: { readonly plans: readonly Plan[]; readonly plan: Plan }[] = []
  /** A record of a call that nothing is special about. */
  readonly #plain: Uint8Array
  /** By rule, in order of types. */
  readonly hooks = new Map<Rule, HookSplit[]>()
  readonly #names: Names

  constructor(kind: EventKind, rules: readonly Rule[], facts: KernelFacts, names: Names) {
    this.#names = names
    this.#kind = kind
    this.#facts = facts
    this.#rules = rules
    const places = new Places(kind.kind)
    const values = Object.entries(plainValues).filter(([name]) => places.has(name))
    this.#plain = encodeRecord(kind.name, Object.fromEntries(values))
  }

  #note(rule: Rule, type: string, { over, residual }: Bounds): void {
    if (this.#names === 'nothing') return
    const hooks = this.hooks.get(rule) ?? []
    this.hooks.set(rule, hooks)
    const isSame = (each: HookSplit): boolean =>
      keyOf(each.plan) === keyOf(over) &&
      each.residual.length === residual.length &&
      each.residual.every(({ why }, i) => why === residual[i]?.why)
    const index = hooks.findIndex(isSame)
    const known = hooks[index]
    if (known) hooks[index] = { ...known, types: [...known.types, type] }
    else hooks.push({ kind: this.#kind.kind, types: [type], plan: over, residual })
  }

  /**
   * Where a rule is judged: in the classes of scopes that the kernel can be told of a container. Of
   * one that it was told nothing of, or no class of, user space decides; the host is in no scope.
   */
  #scopeBounds({ policy }: Rule): Bounds {
    const scope = policy?.scope
    if (!scope) return exactly(everything)
    const known = this.#scopes.get(scope.key)
    if (known) return known
    const { tellsCgroups, scopeClasses = [] } = this.#facts
    const judged = scopeClasses.filter(({ isJudged }) => isJudged(scope.key))
    const numbers = judged.map(({ number }) => number)
    const open = [cgroupNumbers.unknown, cgroupNumbers.container]
    const bounds: Bounds = {
      over: tellsCgroups ? scopeIn([...open, ...numbers]) : everything,
      under: scopeIn(numbers),
      residual: [],
    }
    this.#scopes.set(scope.key, bounds)
    return bounds
  }

  /** The bounds of a condition where its rule is judged. */
  #scoped(rule: Rule, ofCondition: Bounds): Bounds {
    if (!rule.policy?.scope) return ofCondition
    const scope = this.#scopeBounds(rule)
    let known = this.#inScopes.get(scope)
    if (!known) this.#inScopes.set(scope, (known = new Map<Bounds, Bounds>()))
    let bounds = known.get(ofCondition)
    if (!bounds) known.set(ofCondition, (bounds = allBounds([scope, ofCondition])))
    return bounds
  }

  *#planOf(type: string): Steps<Plan> {
    const record = new RecordKind(this.#kind.kind, type, this.#facts)
    const splitter = new Splitter(record, this.#known, this.#names)
    const plans: Plan[] = []
    for (const [i, rule] of this.#rules.entries()) {
      if (i % rulesAtOnce === 0) yield
      if (!isTriedOn(rule, type)) continue
      const condition = this.#specialiser.of(rule.condition, type)
      const bounds = this.#scoped(rule, splitter.bounds(condition))
      if (isNothing(bounds.over)) continue
      this.#note(rule, type, bounds)
      plans.push(bounds.over)
    }
    return this.#join(plans)
  }

  #join(plans: readonly Plan[]): Plan {
    const isSame = (others: readonly Plan[]): boolean =>
      others.length === plans.length && others.every((other, i) => other === plans[i])
    const known = this.#joined.find((each) => isSame(each.plans))
    if (known) return known.plan
    const plan = anyOf(withFewScans(plans, (each) => accepts(each, this.#plain, 'container')))
    this.#joined.push({ plans, plan })
    return plan
  }

  *#groups(): Steps<readonly Group[]> {
    const byPlan = new Map<string, Group>()
    for (const type of typesOf(this.#kind, this.#rules)) {
      const plan = yield* this.#planOf(type)
      const group = byPlan.get(keyOf(plan)) ?? { types: [], plan }
      byPlan.set(keyOf(plan), group)
      group.types.push(type)
    }
    return [...byPlan.values()]
  }

  /**
   * The plan of all rules. A record with the number of no call, or of one that is not of this kind,
   * is taken for one of the first type, as the agent does; of a shape, where no rule has named the
   * call, only a rule over all events can match.
   */
  *plan(): Steps<Plan> {
    const groups = yield* this.#groups()
    const [first = ''] = this.#kind.types
    const isOverAll = this.#rules.some(({ eventTypes }) => eventTypes === 'all')
    const rest = isShape(this.#kind)
      ? { types: [], plan: isOverAll ? everything : nothing }
      : groups.find(({ types }) => types.includes(first))
    const others = groups.filter((group) => group !== rest)
    if (others.every(({ plan }) => rest && keyOf(plan) === keyOf(rest.plan))) {
      return rest?.plan ?? nothing
    }
    const guarded = others.map(({ types, plan }) =>
      allOf([isOfType(this.#kind.kind, types, this.#facts), plan]),
    )
    const named = isOfType(
      this.#kind.kind,
      others.flatMap(({ types }) => types),
      this.#facts,
    )
    return anyOf([...guarded, allOf([inverse(named), rest?.plan ?? nothing])])
  }
}

/**
 * The plans of all kinds of record that can be left out, for rules that run.
 *
 * @param rules  in any order
 */
export const splitRules = (rules: readonly Rule[], facts: KernelFacts): FilterPlans => {
  const byKind = new Map<number, Plan>()
  const hooks = new Map<Rule, HookSplit[]>(rules.map((rule) => [rule, []]))
  for (const kind of filteredKinds) {
    const splitter = new KindSplitter(kind, rules, facts, 'residuals')
    byKind.set(kind.kind, shareScans(atOnce(splitter.plan())))
    for (const [rule, found] of splitter.hooks) hooks.get(rule)?.push(...found)
  }
  return {
    byKind,
    rules: new Map(Array.from(hooks, ([rule, found]) => [rule, { hooks: found }])),
  }
}

/**
 * The same plans alone, one kind at a time, each made when it is asked for: all of them take a
 * quarter of a second the first time, and much memory at once where rules are many. Between two,
 * and after some rules each, it yields `undefined`.
 *
 * @param isWanted  whether there will be a filter of this kind
 */
export function* plansByKind(
  rules: readonly Rule[],
  facts: KernelFacts,
  isWanted: (kind: number) => boolean = () => true,
): Generator<readonly [kind: number, plan: Plan] | undefined, void, undefined> {
  for (const kind of filteredKinds) {
    if (!isWanted(kind.kind)) continue
    const splitter = new KindSplitter(kind, rules, facts, 'nothing')
    const plan = yield* splitter.plan()
    yield [kind.kind, shareScans(plan)]
  }
}

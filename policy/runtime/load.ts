/**
 * From RuntimePolicies to rules. Conditions are in Falco's language, and may use the macros and
 * lists of the rule files that are loaded with them, as these stand after the last file. A policy
 * with a fault is disabled as a whole: half of one would be another policy.
 */
import type { ContextEffect } from '@bulwark/schema'
import { closest } from '@bulwark/schema'
import type { Diagnostic, Place } from '../diagnostics.ts'
import { Collector } from '../falco/collector.ts'
import type { RuleDefinition } from '../falco/collector.ts'
import type { Exception } from '../falco/exceptions.ts'
import type { Loaded, LoadResult, RuleFile } from '../falco/load.ts'
import { loadWholeInSteps } from '../falco/load.ts'
import { Memo } from '../falco/memo.ts'
import { LoadFault, Report } from '../falco/report.ts'
import type { ResolveOptions } from '../falco/resolve.ts'
import { resolveInSteps } from '../falco/resolve.ts'
import type { PolicyMode, Rule, RulePolicy } from '../rule.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
import { resolveContext } from './context.ts'
import type { PolicyDefinition, PolicyRule, ReadPolicy } from './read.ts'
import { readPolicies } from './read.ts'
import type { Scope } from './scope.ts'

/** A policy, and what comes of it. */
export interface LoadedPolicy {
  /** Empty where the file has none. */
  readonly name: string
  readonly description: string
  readonly place: Place
  readonly mode: PolicyMode
  readonly scope: Scope | undefined
  /** It has a fault, and holds nowhere. */
  readonly isDisabled: boolean
  /** Those of its own, and the rules of rule files that it applies to. */
  readonly rules: readonly Rule[]
  /** What changes the severity of its alerts. */
  readonly context: readonly ContextEffect[]
  readonly found: readonly Diagnostic[]
}

/** What comes of rule files and policies together. */
export interface PolicyLoad {
  /** Of the rule files alone. */
  readonly files: LoadResult
  readonly policies: readonly LoadedPolicy[]
  /**
   * All rules: those of policies first, so that of several that match an event the more specific is
   * told; then those of the files, each as the policies have it that apply to it.
   */
  readonly rules: readonly Rule[]
}

/** A policy while it is loaded. */
class Draft {
  readonly definition: PolicyDefinition | undefined
  readonly report = new Report()
  readonly own: Rule[] = []
  readonly applied: Rule[] = []
  readonly context: ContextEffect[] = []
  readonly #read: ReadPolicy

  constructor(read: ReadPolicy) {
    this.#read = read
    this.definition = read.definition
    this.report.found.push(...read.found)
  }

  get isDisabled(): boolean {
    return !this.definition || this.report.found.some(({ severity }) => severity === 'error')
  }

  get policy(): RulePolicy {
    const { name = '', mode = 'audit', scope } = this.definition ?? {}
    return { name, mode, scope }
  }

  finish(): LoadedPolicy {
    const { isDisabled, report } = this
    const { mode, scope } = this.policy
    return {
      name: this.#read.name,
      description: this.definition?.description ?? '',
      place: this.#read.context.place,
      mode,
      scope,
      isDisabled,
      rules: isDisabled ? [] : [...this.own, ...this.applied],
      context: isDisabled ? [] : this.context,
      found: report.found,
    }
  }
}

/** Refuses a policy that has the name of an earlier one. */
const refuseRepeated = (drafts: readonly Draft[]): void => {
  const known = new Map<string, Place>()
  for (const { definition, report } of drafts) {
    if (!definition) continue
    const { name, context } = definition
    const before = known.get(name)
    if (before) {
      const message = 'another policy has this name'
      const help = `that at ${before.file}:${before.line}:${before.column} counts`
      report.error(new LoadFault('policy-repeated-name', message, context, help))
    } else known.set(name, context.place)
  }
}

type Written = Omit<RuleDefinition, 'index' | 'visibility'>

const writtenRule = (rule: PolicyRule, policy: PolicyDefinition, name: string): Written => ({
  name,
  source: 'syscall',
  condition: rule.condition,
  output: rule.output,
  description: rule.description,
  priority: rule.severity ?? policy.severity ?? 'Warning',
  enabled: true,
  capture: false,
  captureDurationMs: 0,
  folds: undefined,
  warnEventTypes: true,
  skipIfUnknownFilter: false,
  tags: [...rule.tags, ...policy.tags],
  exceptions: [...rule.exceptions, ...policy.exceptions],
  context: rule.context,
  conditionContext: rule.conditionContext,
  outputContext: rule.outputContext,
})

/** Where a rule that was resolved belongs, and its own name. */
interface Owner {
  readonly draft: Draft
  readonly name: string
  /** The rule of a rule file that it stands for. */
  readonly base: Rule | undefined
}

class Loader {
  readonly #base: Loaded
  readonly #options: ResolveOptions
  readonly #collector: Collector
  readonly #owners = new Map<string, Owner>()
  readonly #added: Draft[] = []

  constructor(base: Loaded, options: ResolveOptions) {
    this.#base = base
    this.#options = options
    const { catalog, sources } = options
    this.#collector = new Collector((each) => (sources.has(each) ? catalog : undefined), false)
    for (const [name, list] of base.collector.lists) this.#collector.lists.set(name, list)
    for (const [name, macro] of base.collector.macros) this.#collector.macros.set(name, macro)
  }

  /** Under a name of its own: policies may have rules of one name. */
  #define(owner: Owner, written: (name: string) => Written): void {
    const name = `${this.#owners.size}`
    const { report } = owner.draft
    try {
      this.#collector.defineRule(written(name), report)
      this.#owners.set(name, owner)
    } catch (fault) {
      if (!(fault instanceof LoadFault)) throw fault
      report.error(fault)
    }
  }

  /** Takes in what a policy says; `resolve` makes rules of it. */
  add(draft: Draft): void {
    const { definition } = draft
    if (!definition) return
    this.#added.push(draft)
    for (const rule of definition.rules) {
      this.#define({ draft, name: rule.name, base: undefined }, (name) =>
        writtenRule(rule, definition, name),
      )
    }
    for (const rule of this.#selected(draft, definition)) {
      if (definition.exceptions.length > 0) this.#except(rule, draft, definition.exceptions)
      else draft.applied.push(this.#under(draft, rule, rule))
    }
  }

  /** A rule of a rule file with more exceptions. */
  #except(base: Rule, draft: Draft, exceptions: readonly Exception[]): void {
    const known = this.#base.collector.rules.get(base.name)
    const context = draft.definition?.context
    if (!known || !context) return
    const at = context.at('applyTo', '', context.place).at('rule', base.name, context.place)
    this.#define({ draft, name: base.name, base }, (name) => ({
      ...known,
      name,
      exceptions: [...known.exceptions, ...exceptions],
      context: at,
      conditionContext: at,
      outputContext: at,
      // Said of the rule itself, where it stands.
      warnEventTypes: false,
    }))
  }

  /** The rules of rule files that a policy is for, each once. */
  #selected({ report }: Draft, { applyTo, context }: PolicyDefinition): readonly Rule[] {
    if (!applyTo) return []
    const { rules, disabled } = this.#base.result
    const selected = new Set<Rule>()
    for (const { name, context: at } of applyTo.rules) {
      const rule = rules.find((each) => each.name === name)
      if (rule) selected.add(rule)
      else if (disabled.some((each) => each.name === name)) {
        report.warn('policy-faulty-rule', `the rule "${name}" has a fault of its own`, at)
      } else {
        const near = closest(
          name,
          rules.map((each) => each.name),
        )
        const help = near === undefined ? undefined : `did you mean "${near}"?`
        report.warn('policy-no-such-rule', `no rule file has a rule "${name}"`, at, help)
      }
    }
    for (const { name, context: at } of applyTo.tags) {
      const tagged = rules.filter(({ tags }) => tags.includes(name))
      for (const rule of tagged) selected.add(rule)
      if (tagged.length > 0) continue
      const near = closest(name, [...new Set(rules.flatMap(({ tags }) => tags))])
      const help = near === undefined ? undefined : `did you mean \`${near}\`?`
      report.warn('policy-no-such-tag', `no rule has the tag \`${name}\``, at, help)
    }
    if (selected.size === 0) {
      report.warn('policy-selects-nothing', 'it applies to no rule', context)
    }
    return rules.filter((rule) => selected.has(rule))
  }

  #under({ definition, policy }: Draft, rule: Rule, base: Rule | undefined): Rule {
    if (!base || !definition) return { ...rule, policy }
    const { name, description, place, remarks, tags, priority } = base
    return {
      ...rule,
      name,
      description,
      place,
      remarks,
      priority: definition.severity ?? priority,
      tags: [...new Set([...tags, ...definition.tags])].toSorted(),
      policy,
    }
  }

  *resolve(): Steps<void> {
    const resolved = yield* resolveInSteps(this.#collector, this.#options, new Memo())
    for (const rule of resolved.rules) {
      const owner = this.#owners.get(rule.name)
      if (!owner) continue
      const { draft, name, base } = owner
      const named = this.#under(draft, { ...rule, name }, base)
      if (base) draft.applied.push(named)
      else draft.own.push(named)
    }
    this.#attribute(resolved.found)
    this.#resolveContext()
  }

  /** Items of `context`: in the language of rules, with words of their own. */
  #resolveContext(): void {
    const items = this.#added.flatMap((draft) =>
      (draft.definition?.judged ?? []).map((item) => ({ draft, item })),
    )
    const { effects, found } = resolveContext(
      items.map(({ item }) => item),
      this.#base.collector,
    )
    for (const [index, { draft }] of items.entries()) {
      const effect = effects[index]
      if (effect) draft.context.push(effect)
    }
    this.#attribute(found)
  }

  /** Gives what was found to the policies that it stands in. */
  #attribute(found: readonly Diagnostic[]): void {
    const drafts = new Map(this.#added.map((draft) => [draft.policy.name, draft]))
    for (const each of found) {
      const step = each.context.find(({ itemType }) => itemType === 'policy')
      const draft = step && drafts.get(step.itemName)
      if (draft) draft.report.found.push(each)
    }
  }
}

/** Rules of rule files, in the place of those that policies apply to what these make of them. */
const withApplied = (rules: readonly Rule[], drafts: readonly Draft[]): readonly Rule[] => {
  const applied = drafts.filter(({ isDisabled }) => !isDisabled).flatMap((draft) => draft.applied)
  const byName = Map.groupBy(applied, ({ name }) => name)
  return rules.flatMap((rule) => byName.get(rule.name) ?? [rule])
}

/**
 * Loads rule files and policies.
 *
 * @param ruleFiles    in order; a later file changes an earlier one
 * @param policyFiles  in order; of two policies of one name the first counts
 */
export function* loadPoliciesInSteps(
  ruleFiles: readonly RuleFile[],
  policyFiles: readonly RuleFile[],
  options: ResolveOptions,
): Steps<PolicyLoad> {
  const base = yield* loadWholeInSteps(ruleFiles, options)
  const read = policyFiles.flatMap(({ name, text }) => readPolicies(name, text))
  const drafts = read.map((each) => new Draft(each))
  refuseRepeated(drafts)
  const loader = new Loader(base, options)
  for (const draft of drafts) if (!draft.isDisabled) loader.add(draft)
  yield* loader.resolve()
  const own = drafts.flatMap((draft) => (draft.isDisabled ? [] : draft.own))
  return {
    files: base.result,
    policies: drafts.map((draft) => draft.finish()),
    rules: [...own, ...withApplied(base.result.rules, drafts)],
  }
}

/** The same at once. */
export const loadPolicies = (...of: Parameters<typeof loadPoliciesInSteps>): PolicyLoad =>
  atOnce(loadPoliciesInSteps(...of))

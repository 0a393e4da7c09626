/**
 * From what was collected to rules that can run: lists and exceptions put into the text, the text
 * parsed, macros put into the tree, the tree checked and typed. A fault ends its rule only.
 */
import { printableText } from '@bulwark/schema'
import type { Diagnostic } from '../diagnostics.ts'
import type { EventSet } from '../event-set.ts'
import { fieldsOf } from '../ir.ts'
import type { Condition } from '../ir.ts'
import type { ExtraField, OutputAppend, OutputFormat } from '../output.ts'
import { appendsTo } from '../output.ts'
import { priorityNames } from '../rule.ts'
import type { PriorityName, Rule } from '../rule.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
import type { Collector, RuleDefinition } from './collector.ts'
import { withExceptions } from './exceptions.ts'
import type { Catalog } from './fields.ts'
import { Macros, parseText } from './macros.ts'
import type { Memo } from './memo.ts'
import { deprecatedFields, remarksOnTree } from './remarks.ts'
import type { Remark } from './remark.ts'
import type { Context } from './report.ts'
import { LoadFault, Report, ownDiagnostic } from './report.ts'
import type { Node } from './syntax.ts'
import type { ExpandedLists } from './text.ts'
import { expandLists, putLists } from './text.ts'
import { lackingEvents, lackingFields, lackingOutputs } from './lacking.ts'

/** Rules that are resolved in one step. */
const rulesAtOnce = 100

/** What rules are resolved against. */
export interface ResolveOptions {
  readonly catalog: Catalog
  /** Names of all events that rules can be for. */
  readonly eventNames: Iterable<string>
  /** Names of events that this sensor sees; all when not said. */
  readonly carriedEvents?: ReadonlySet<string>
  /** Sources whose rules are loaded; others are skipped with a warning. */
  readonly sources: ReadonlySet<string>
  /** Label and field of what an output is suggested to have, where it does not have the field. */
  readonly suggestedOutput: readonly (readonly [label: string, field: string])[]
  /** What is added to outputs, in order; what is suggested when not said. */
  readonly appendOutput?: readonly OutputAppend[]
  /** Rules less urgent than this are left out; none when not said. */
  readonly minimumPriority?: PriorityName
}

/** Codes of events over which Falco says that a rule is slow. */
const eventCodesMax = 100

/** What is suggested, for all. */
const suggestedForAll: readonly OutputAppend[] = [
  {
    match: { rule: undefined, source: undefined, tags: [] },
    extraOutput: undefined,
    extraFields: [],
    suggestedOutput: true,
  },
]

/** A rule that does not run. */
export interface DisabledRule {
  readonly name: string
  /** The faults of its text, or what the sensor lacks for it. At least one. */
  readonly reasons: readonly Diagnostic[]
}

/** A macro, macros and lists put in. */
export interface ResolvedMacro {
  /** `undefined` when it has a fault. */
  readonly node: Node | undefined
  readonly isUsed: boolean
}

export interface Resolved {
  readonly rules: readonly Rule[]
  readonly disabled: readonly DisabledRule[]
  /** In Falco's order: of macros, of rules, of what nobody uses. */
  readonly found: readonly Diagnostic[]
  /** The condition of a rule, macros and lists put in; `undefined` when it has a fault. */
  readonly tree: (rule: string) => Node | undefined
  readonly macro: (name: string) => ResolvedMacro
  /** Items of a list, lists inside put in; and whether anybody uses it. */
  readonly list: (name: string) => { readonly items: readonly string[]; readonly isUsed: boolean }
}

/** Faults of names, which `skip-if-unknown-filter` makes a warning. */
const isUnknownName = (code: string): boolean =>
  code === 'unknown-field' || code === 'unknown-event'

class Resolver {
  readonly #collected: Collector
  readonly #options: ResolveOptions
  readonly #memo: Memo
  readonly #report = new Report()
  readonly #lists: ExpandedLists
  readonly #usedLists: Set<string>
  readonly #macros: Macros
  readonly #disabled: DisabledRule[] = []
  readonly #trees = new Map<string, Node>()

  constructor(collected: Collector, options: ResolveOptions, memo: Memo) {
    this.#collected = collected
    this.#memo = memo
    this.#options = options
    this.#lists = expandLists(collected.lists)
    this.#usedLists = new Set(this.#lists.used)
    this.#macros = new Macros(
      collected,
      (macro) => this.#putLists(macro.condition, macro.conditionContext),
      this.#report,
      memo,
    )
  }

  *run(): Steps<Resolved> {
    const found = this.#report.found
    const rules: Rule[] = []
    let count = 0
    for (const definition of this.#collected.rules.values()) {
      if (++count % rulesAtOnce === 0) yield
      const rule = this.#guarded(definition)
      if (!rule) continue
      if (rule.disabledBy.length > 0) this.#disable(rule.name, rule.disabledBy)
      if (this.#isWanted(rule)) rules.push(rule)
    }
    // A rule with a fault may use what nobody else does.
    if (found.every((each) => each.severity !== 'error')) this.#reportUnused()
    return {
      rules,
      disabled: this.#disabled,
      found,
      tree: (rule) => this.#trees.get(rule),
      macro: (name) => ({ node: this.#macros.at(name), isUsed: this.#macros.used.has(name) }),
      list: (name) => ({
        items: this.#lists.lists.get(name)?.items ?? [],
        isUsed: this.#usedLists.has(name),
      }),
    }
  }

  #isWanted(rule: Rule): boolean {
    const { minimumPriority } = this.#options
    if (minimumPriority === undefined) return true
    return priorityNames.indexOf(rule.priority) <= priorityNames.indexOf(minimumPriority)
  }

  #reportUnused(): void {
    const unused = 'not referred to by any other rule/macro'
    for (const { name, context } of this.#collected.macros.values()) {
      if (this.#macros.used.has(name)) continue
      this.#report.warn('LOAD_UNUSED_MACRO', `Macro ${unused}`, context)
    }
    for (const { name, context } of this.#collected.lists.values()) {
      if (this.#usedLists.has(name)) continue
      this.#report.warn('LOAD_UNUSED_LIST', `List ${unused}`, context)
    }
  }

  #disable(name: string, reasons: readonly Diagnostic[]): undefined {
    this.#disabled.push({ name, reasons })
    return undefined
  }

  #putLists(text: string, context: Context): string {
    return putLists(text, this.#lists, (name) => this.#usedLists.add(name), context)
  }

  #guarded(definition: RuleDefinition): Rule | undefined {
    const { name, source, context } = definition
    if (!this.#options.sources.has(source)) {
      const message = `unknown source ${source}`
      return this.#disable(name, [ownDiagnostic('warning', 'unknown-source', message, context)])
    }
    try {
      return this.#rule(definition)
    } catch (fault) {
      if (!(fault instanceof LoadFault)) throw fault
      return this.#disable(name, [this.#report.error(fault)])
    }
  }

  #rule(definition: RuleDefinition): Rule | undefined {
    const { name, source, context, conditionContext } = definition
    const text = withExceptions(definition.condition, definition.exceptions)
    const output = this.#output(definition)
    if (!output) return undefined
    const tree = this.#tree(definition, text)
    this.#trees.set(name, tree)
    const condition = this.#check(definition, tree, text)
    if (!condition) return undefined
    const { carriedEvents, eventNames } = this.#options
    const eventTypes = this.#memo.events(condition, eventNames)
    const falcoEventTypes = source === 'syscall' ? this.#events(definition, tree, text) : 'all'
    const disabledBy = [
      ...lackingFields(condition, conditionContext),
      ...lackingEvents(eventTypes, carriedEvents, conditionContext),
    ]
    const { description, priority, enabled, capture, captureDurationMs, folds } = definition
    return {
      name,
      description,
      source,
      priority,
      tags: [...new Set(definition.tags)].sort(),
      enabled,
      condition,
      conditionText: this.#memo.print(tree),
      eventTypes,
      falcoEventTypes,
      fields: fieldsOf(condition),
      output,
      outputText: definition.output,
      capture,
      captureDurationMs,
      folds,
      place: context.place,
      disabledBy: disabledBy.filter((each) => each.severity === 'error'),
      remarks: [
        ...disabledBy.filter((each) => each.severity === 'warning'),
        ...lackingOutputs(output, definition.outputContext),
      ],
    }
  }

  /** @returns `undefined` when the rule asks to be skipped over it */
  #output(definition: RuleDefinition): OutputFormat | undefined {
    const { context, outputContext, skipIfUnknownFilter, name } = definition
    const info = '%container.info'
    if (definition.output.includes(info)) {
      this.#report.warn(
        'LOAD_DEPRECATED_ITEM',
        '%container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. ' +
          'The container plugin will automatically add required fields to the output message.',
        context,
      )
    }
    const { catalog, appendOutput = suggestedForAll } = this.#options
    const appends = appendOutput.filter((append) => appendsTo(append, definition))
    const own = definition.output.replaceAll(info, '')
    const whole = this.#withAppends(own, appends)
    const parsed = this.#memo.output(whole, catalog)
    if (!parsed.ok) {
      const { message, help } = parsed
      if (!skipIfUnknownFilter || !message.startsWith('unknown filter:')) {
        throw new LoadFault('LOAD_ERR_COMPILE_OUTPUT', message, outputContext, help)
      }
      const warning = this.#report.warn('LOAD_UNKNOWN_FILTER', message, outputContext, help)
      return this.#disable(name, [warning])
    }
    const extraFields = this.#extraFields(appends, outputContext)
    const printed = [whole, ...extraFields.map(({ format }) => format.text)]
    for (const field of deprecatedFields.keys()) {
      if (!printed.some((text) => text.includes(field))) continue
      const message = `usage of deprecated field '${field}' has been detected in the rule output`
      this.#report.warn('LOAD_DEPRECATED_ITEM', message, outputContext)
    }
    return { ...parsed.format, extraFields }
  }

  /** The output with what is added to it. */
  #withAppends(own: string, appends: readonly OutputAppend[]): string {
    let text = own
    for (const { extraOutput, suggestedOutput } of appends) {
      if (extraOutput !== undefined) text += ` ${extraOutput}`
      if (!suggestedOutput) continue
      for (const [label, field] of this.#options.suggestedOutput) {
        if (!text.includes(`%${field}`)) text += ` ${label}=%${field}`
      }
    }
    return text
  }

  /** Fields that are added, of two with one name the later. */
  #extraFields(appends: readonly OutputAppend[], context: Context): readonly ExtraField[] {
    const found = new Map<string, ExtraField>()
    for (const { name, format, raw } of appends.flatMap(({ extraFields }) => extraFields)) {
      const parsed = this.#memo.output(format, this.#options.catalog)
      if (!parsed.ok) {
        throw new LoadFault('LOAD_ERR_COMPILE_OUTPUT', parsed.message, context, parsed.help)
      }
      found.set(name, { name, format: parsed.format, raw })
    }
    return [...found.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #tree(definition: RuleDefinition, text: string): Node {
    const { conditionContext, context } = definition
    const node = parseText(this.#putLists(text, conditionContext), conditionContext, this.#memo)
    const written = { text, place: conditionContext.place }
    const tree = this.#macros.resolve(node, Number.POSITIVE_INFINITY, context, written)
    const at = conditionContext.inCondition(text, 0)
    for (const { code, message, help } of remarksOnTree(tree)) {
      const isDeprecated = code === 'deprecated-field'
      const name = isDeprecated ? 'LOAD_DEPRECATED_ITEM' : 'LOAD_UNSAFE_NA_CHECK'
      this.#report.warn(name, message, at, help)
    }
    return tree
  }

  /** @returns `undefined` when the rule asks to be skipped over it */
  #check(definition: RuleDefinition, tree: Node, text: string): Condition | undefined {
    const { name, conditionContext, skipIfUnknownFilter } = definition
    const checked = this.#memo.check(tree, this.#options.catalog)
    const contextOf = (remark: Remark): Context => conditionContext.inCondition(text, remark.at)
    if (!checked.ok) {
      const { fault } = checked
      const message = printableText(fault.message)
      if (!skipIfUnknownFilter || !isUnknownName(fault.code)) {
        const code = 'LOAD_ERR_COMPILE_CONDITION'
        throw new LoadFault(code, message, contextOf(fault), fault.help)
      }
      const at = contextOf(fault)
      return this.#disable(name, [
        this.#report.warn('LOAD_UNKNOWN_FILTER', message, at, fault.help),
      ])
    }
    for (const remark of checked.remarks) {
      const message = printableText(remark.message)
      this.#report.warn('LOAD_COMPILE_CONDITION', message, contextOf(remark), remark.help)
    }
    return checked.condition
  }

  /** The events that Falco tries the rule on. */
  #events(definition: RuleDefinition, tree: Node, text: string): EventSet {
    const found = this.#memo.falcoEvents(tree, this.#options.eventNames)
    if ('message' in found) {
      const at = definition.conditionContext.inCondition(text, found.at)
      throw new LoadFault('LOAD_ERR_COMPILE_CONDITION', found.message, at)
    }
    if (found.codes > eventCodesMax && definition.warnEventTypes) {
      this.#report.warn(
        'LOAD_NO_EVTTYPE',
        'Rule matches too many evt.type values. This has a significant performance penalty.',
        definition.context,
        'restrict evt.type in the condition, or set warn_evttypes: false',
      )
    }
    return found.types
  }
}

/** Resolves everything that was collected so far. */
export const resolveInSteps = (
  collected: Collector,
  options: ResolveOptions,
  memo: Memo,
): Steps<Resolved> => new Resolver(collected, options, memo).run()

/** The same at once. */
export const resolve = (...of: Parameters<typeof resolveInSteps>): Resolved =>
  atOnce(resolveInSteps(...of))

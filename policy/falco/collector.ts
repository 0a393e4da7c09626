/**
 * Collects the items of all files into lists, macros and rules as they stand at the end:
 * redefined, appended to, overridden. A definition keeps its first place in the order, its
 * `index`; what it sees, and who sees it, follows its last change, its `visibility`.
 */
import { closest } from '@bulwark/schema'
import type { PriorityName } from '../rule.ts'
import type { Exception } from './exceptions.ts'
import { appendExceptions, checkDefined, uncheckedException } from './exceptions.ts'
import type { Catalog } from './fields.ts'
import type { Context, Report } from './report.ts'
import { reject } from './report.ts'

interface Definition {
  readonly name: string
  readonly context: Context
  readonly index: number
  readonly visibility: number
}

export interface ListDefinition extends Definition {
  readonly items: readonly string[]
}

export interface MacroDefinition extends Definition {
  readonly condition: string
  readonly conditionContext: Context
}

/** What a rule file says of a rule. */
export interface RuleParts {
  readonly condition: string
  readonly output: string
  readonly description: string
  readonly priority: PriorityName
  readonly enabled: boolean
  readonly capture: boolean
  /** Milliseconds; 0 for the default. */
  readonly captureDurationMs: number
  /** Bulwark's own `fold`; `undefined` where the rule does not say. */
  readonly folds: boolean | undefined
  readonly warnEventTypes: boolean
  readonly skipIfUnknownFilter: boolean
  readonly tags: readonly string[]
  readonly exceptions: readonly Exception[]
}

export interface RuleDefinition extends Definition, RuleParts {
  readonly source: string
  readonly conditionContext: Context
  readonly outputContext: Context
}

/** A change of a rule. */
export interface RuleUpdate {
  readonly name: string
  readonly context: Context
  /** Empty where the item says none. */
  readonly source: string
  readonly parts: Partial<RuleParts>
}

/** A plugin that a file requires, with a version. */
export interface PluginVersion {
  readonly name: string
  readonly version: string
}

/** One of some plugins that a file requires. */
export interface RequiredPlugin extends PluginVersion {
  readonly alternatives: readonly PluginVersion[]
}

/** The order that the collector gives. */
type Placed = 'index' | 'visibility'

/** What to do where an item is about another one that is not there. */
const helpForNone = (what: string, name: string, known: ReadonlyMap<string, unknown>): string => {
  const near = closest(name, [...known.keys()])
  if (near !== undefined) return `did you mean \`${near}\`?`
  return `define the ${what} before this item, or load the file that has it before this one`
}

const noPrevious =
  "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists"

export class Collector {
  readonly lists = new Map<string, ListDefinition>()
  readonly macros = new Map<string, MacroDefinition>()
  readonly rules = new Map<string, RuleDefinition>()
  /** The newest engine that a file requires. */
  engine = '0.0.0'
  readonly plugins: RequiredPlugin[] = []
  readonly #catalogOf: (source: string) => Catalog | undefined
  #next = 0

  readonly #keepsHalves: boolean

  /**
   * @param catalogOf    the fields of a source; `undefined` where there is no such source
   * @param keepsHalves  of an item with a fault, what it appended first stays, as in the engine
   */
  constructor(catalogOf: (source: string) => Catalog | undefined, keepsHalves: boolean) {
    this.#catalogOf = catalogOf
    this.#keepsHalves = keepsHalves
  }

  #define<D extends Definition>(into: Map<string, D>, definition: Omit<D, Placed>): void {
    const visibility = this.#next++
    const index = into.get(definition.name)?.index ?? visibility
    // The parts that `Omit` takes away are put back here.
    into.set(definition.name, { ...definition, index, visibility } as D)
  }

  defineList(list: Omit<ListDefinition, Placed>): void {
    this.#define(this.lists, list)
  }

  /** @throws LoadFault  there is no such list */
  appendList(name: string, items: readonly string[], context: Context): void {
    const known = this.lists.get(name)
    if (!known) {
      reject(
        "List uses 'append' or 'override.items: append' but no list by that name already exists",
        context,
        helpForNone('list', name, this.lists),
      )
      return
    }
    this.#change(this.lists, known, { items: [...known.items, ...items] })
  }

  defineMacro(macro: Omit<MacroDefinition, Placed>): void {
    this.#define(this.macros, macro)
  }

  /** @throws LoadFault  there is no such macro */
  appendMacro(name: string, condition: string, context: Context): void {
    const known = this.macros.get(name)
    if (!known) {
      reject(
        "Macro uses 'append' or 'override.condition: append' but no macro by that name already " +
          'exists',
        context,
        helpForNone('macro', name, this.macros),
      )
      return
    }
    this.#change(this.macros, known, { condition: `${known.condition} ${condition}` })
  }

  #change<D extends Definition>(into: Map<string, D>, known: D, parts: Partial<D>): void {
    into.set(known.name, { ...known, ...parts, visibility: this.#next++ })
  }

  /** @throws LoadFault  it changes the source of a rule, or has a faulty exception */
  defineRule(rule: Omit<RuleDefinition, Placed>, report: Report): void {
    this.#known(rule)
    const catalog = this.#catalogOf(rule.source)
    if (!catalog) {
      const message = `Unknown source ${rule.source}, skipping`
      report.warn('LOAD_UNKNOWN_SOURCE', message, rule.context)
    }
    const exceptions = rule.exceptions.map((exception) => checkDefined(exception, catalog))
    this.#define(this.rules, { ...rule, exceptions })
  }

  /** @throws LoadFault  there is no such rule, or nothing to append */
  appendToRule(update: RuleUpdate): void {
    const { parts, context } = update
    const known = this.#known(update)
    if (!known) {
      reject(
        "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists",
        context,
        helpForNone('rule', update.name, this.rules),
      )
      return
    }
    if (Object.keys(parts).length === 0) {
      reject('Appended rule must have exceptions or condition property', context)
    }
    const joined = (before: string, after: string | undefined): string =>
      after === undefined || after === '' ? before : `${before} ${after}`
    const catalog = this.#catalogOf(known.source)
    const changed = {
      condition: joined(known.condition, parts.condition),
      output: joined(known.output, parts.output),
      description: joined(known.description, parts.description),
      tags: [...known.tags, ...(parts.tags ?? [])],
    }
    let { exceptions } = known
    for (const each of parts.exceptions ?? []) {
      if (this.#keepsHalves) this.rules.set(known.name, { ...known, ...changed, exceptions })
      exceptions = appendExceptions(exceptions, [each], catalog)
    }
    this.#change(this.rules, known, { ...changed, exceptions })
  }

  /** @throws LoadFault  there is no such rule, or nothing to replace */
  replaceInRule(update: RuleUpdate): void {
    const { parts, context } = update
    const known = this.#known(update)
    if (!known) {
      reject(noPrevious, context, helpForNone('rule', update.name, this.rules))
      return
    }
    if (Object.keys(parts).length === 0) {
      reject('The rule must have at least one field that can be replaced', context)
    }
    const exceptions = parts.exceptions?.map(uncheckedException)
    this.#change<RuleDefinition>(this.rules, known, exceptions ? { ...parts, exceptions } : parts)
  }

  /** @throws LoadFault  there is no such rule */
  enableRule(name: string, enabled: boolean, context: Context): void {
    const known = this.rules.get(name)
    if (known) this.rules.set(name, { ...known, enabled })
    else {
      const help = helpForNone('rule', name, this.rules)
      reject("Rule has 'enabled' key but no rule by that name already exists", context, help)
    }
  }

  /** @throws LoadFault  both say a source, and not the same */
  #known(rule: Pick<RuleUpdate, 'name' | 'source' | 'context'>): RuleDefinition | undefined {
    const known = this.rules.get(rule.name)
    if (known && rule.source !== '' && known.source !== rule.source) {
      reject('Rule has been re-defined with a different source', rule.context)
    }
    return known
  }
}

/**
 * What rule files define, as `falco -L` tells it: each rule, macro and list as written, and what
 * came of it. The keys are Falco's. Where Falco's order is that of a hash table, names are sorted.
 */
import type { RuleDefinition } from './collector.ts'
import type { ConditionDetails } from './details.ts'
import { detailsOf } from './details.ts'
import type { EventSet } from '../event-set.ts'
import type { Rule } from '../rule.ts'
import { falcoEventsOf } from './event-codes.ts'
import type { Exception, Entry } from './exceptions.ts'
import type { Loaded, LoadResult, RuleFile } from './load.ts'
import { loadWhole } from './load.ts'
import { parseCondition } from './parse.ts'
import { prettyCondition } from './pretty.ts'
import type { ResolveOptions } from './resolve.ts'
import type { Node } from './syntax.ts'
import { printCondition } from './syntax.ts'

/** A rule as written, and what came of it. */
export interface DescribedRule {
  readonly info: {
    readonly name: string
    readonly condition: string
    readonly priority: string
    readonly output: string
    readonly description: string
    readonly enabled: boolean
    readonly source: string
    readonly capture: boolean
    readonly capture_duration: number
    readonly tags: readonly string[]
  }
  readonly details: {
    readonly macros: readonly string[]
    readonly lists: readonly string[]
    readonly condition_operators: readonly string[]
    readonly condition_fields: readonly string[]
    readonly output_fields: readonly string[]
    readonly exception_fields: readonly string[]
    readonly exception_names: readonly string[]
    readonly exception_operators: readonly string[]
    readonly events: readonly string[]
    readonly condition_compiled: string
    readonly output_compiled: string
    readonly plugins: readonly string[]
  }
}

/** A macro as written, and what came of it. */
export interface DescribedMacro {
  readonly info: { readonly name: string; readonly condition: string }
  readonly details: {
    readonly used: boolean
    readonly macros: readonly string[]
    readonly lists: readonly string[]
    readonly condition_operators: readonly string[]
    readonly condition_fields: readonly string[]
    readonly events: readonly string[]
    readonly condition_compiled: string
    readonly plugins: readonly string[]
  }
}

/** A list as written, and what came of it. */
export interface DescribedList {
  readonly info: { readonly name: string; readonly items: readonly string[] }
  readonly details: {
    readonly used: boolean
    readonly lists: readonly string[]
    readonly items_compiled: readonly string[]
    readonly plugins: readonly string[]
  }
}

/** All that rule files define. */
export interface DescribedFiles {
  readonly required_engine_version: string
  readonly required_plugin_versions: readonly {
    readonly name: string
    readonly version: string
    readonly alternatives: readonly { readonly name: string; readonly version: string }[]
  }[]
  readonly rules: readonly DescribedRule[]
  readonly macros: readonly DescribedMacro[]
  readonly lists: readonly DescribedList[]
}

const sorted = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort()

const textsIn = (entry: Entry | undefined): readonly string[] => {
  if (entry === undefined) return []
  return typeof entry === 'string' ? [entry] : entry.flatMap(textsIn)
}

/** Falco's container plugin gives them. */
const ofContainers = /^(?:container|k8s)\./

class Describer {
  readonly #loaded: Loaded
  readonly #eventNames: readonly string[]

  constructor(loaded: Loaded, eventNames: readonly string[]) {
    this.#loaded = loaded
    this.#eventNames = eventNames
  }

  /** What a condition names as it is written: lists and macros are still there. */
  #written(text: string): ConditionDetails | undefined {
    const parsed = parseCondition(text)
    const { lists } = this.#loaded.collector
    return parsed.ok ? detailsOf(parsed.node, (name) => lists.has(name)) : undefined
  }

  #events(types: EventSet): readonly string[] {
    return types === 'all' ? this.#eventNames : [...types]
  }

  rule(rule: Rule, definition: RuleDefinition): DescribedRule {
    const { name, priority, description, enabled, source, capture, tags } = rule
    const written = this.#written(definition.condition)
    const { exceptions } = definition
    const outputFields = rule.output.pieces.flatMap((piece) =>
      piece.is === 'value' ? [piece.name] : [],
    )
    const tree = this.#loaded.resolved.tree(name)
    const compiled = tree && detailsOf(tree, () => false)
    const fields = sorted(compiled?.fields ?? [])
    const isOfContainer = [...fields, ...outputFields].some((field) => ofContainers.test(field))
    return {
      info: {
        name,
        condition: definition.condition,
        priority,
        output: rule.outputText,
        description,
        enabled,
        source,
        capture,
        capture_duration: rule.captureDurationMs,
        tags,
      },
      details: {
        macros: sorted(written?.macros ?? []),
        lists: sorted(written?.lists ?? []),
        condition_operators: sorted(compiled?.operators ?? []),
        condition_fields: fields,
        output_fields: outputFields,
        exception_fields: sorted(exceptions.flatMap(({ fields: own }) => textsIn(own))),
        exception_names: sorted(exceptions.map((exception: Exception) => exception.name)),
        exception_operators: sorted(exceptions.flatMap(({ comps }) => textsIn(comps))),
        events: this.#events(rule.falcoEventTypes),
        condition_compiled: rule.conditionText,
        output_compiled: rule.output.text,
        plugins: isOfContainer ? ['container'] : [],
      },
    }
  }

  #eventsOf(node: Node): readonly string[] {
    const found = falcoEventsOf(node, this.#eventNames)
    return 'message' in found ? [] : this.#events(found.types)
  }

  macro(name: string, condition: string): DescribedMacro {
    const { node, isUsed } = this.#loaded.resolved.macro(name)
    const written = this.#written(condition)
    const compiled = node && detailsOf(node, () => false)
    return {
      info: { name, condition },
      details: {
        used: isUsed,
        macros: sorted(written?.macros ?? []),
        lists: sorted(written?.lists ?? []),
        condition_operators: sorted(compiled?.operators ?? []),
        condition_fields: sorted(compiled?.fields ?? []),
        events: node ? this.#eventsOf(node) : [],
        condition_compiled: node ? printCondition(node) : '',
        plugins: [],
      },
    }
  }

  list(name: string, items: readonly string[]): DescribedList {
    const compiled = this.#loaded.resolved.list(name)
    // What is not among the compiled items is the name of a list.
    const isItem = (item: string): boolean => compiled.items.includes(item)
    return {
      info: { name, items: items.filter(isItem) },
      details: {
        used: compiled.isUsed,
        lists: sorted(items.filter((item) => !isItem(item))),
        items_compiled: compiled.items,
        plugins: [],
      },
    }
  }
}

/** What comes of loading, and what there is to tell of it. */
export interface Described {
  readonly loaded: LoadResult
  readonly described: DescribedFiles
  /** The condition of a rule over several lines; `undefined` when it has a fault. */
  readonly pretty: (rule: string) => string | undefined
}

/** Loads rule files, and tells all that they define. */
export const describeRuleFiles = (
  files: readonly RuleFile[],
  options: ResolveOptions,
): Described => {
  const loaded = loadWhole(files, options)
  const { collector, result } = loaded
  const describer = new Describer(loaded, [...options.eventNames])
  const described = {
    required_engine_version: collector.engine,
    required_plugin_versions: collector.plugins,
    rules: result.rules.flatMap((rule) => {
      const definition = collector.rules.get(rule.name)
      return definition ? [describer.rule(rule, definition)] : []
    }),
    macros: [...collector.macros.values()].map(({ name, condition }) =>
      describer.macro(name, condition),
    ),
    lists: [...collector.lists.values()].map(({ name, items }) => describer.list(name, items)),
  }
  const pretty = (rule: string): string | undefined => {
    const tree = loaded.resolved.tree(rule)
    return tree && prettyCondition(tree)
  }
  return { loaded: result, described, pretty }
}

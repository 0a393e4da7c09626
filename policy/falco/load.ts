/**
 * Loads Falco rule files. Files are collected in order, so that a later one changes what an
 * earlier one defined. Two answers come of it: for each file Falco's own, which ends at the first
 * fault; and the rules, of which a fault disables only the one that it is in.
 */
import type { Diagnostic } from '../diagnostics.ts'
import { limits } from '../limits.ts'
import type { Rule } from '../rule.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
import { Collector } from './collector.ts'
import { readItem } from './items.ts'
import { Memo } from './memo.ts'
import { Context, LoadFault, Report, invalid } from './report.ts'
import type { DisabledRule, Resolved, ResolveOptions } from './resolve.ts'
import { resolve, resolveInSteps } from './resolve.ts'
import type { Yaml, YamlFile } from './yaml.ts'
import { parseYamlInSteps } from './yaml.ts'

/** Falco's answer for one file: what `falco -V` prints. */
export interface FileResult {
  readonly name: string
  /** No errors. Rules without a fault are loaded all the same. */
  readonly successful: boolean
  /** The first error, where there is one. */
  readonly errors: readonly Diagnostic[]
  /** What was found before the first error. */
  readonly warnings: readonly Diagnostic[]
  /** Everything found in this file, also after the first error; what later files use is used. */
  readonly found: readonly Diagnostic[]
}

/** What comes of loading: Falco's answers, and the rules. */
export interface LoadResult {
  readonly files: readonly FileResult[]
  /**
   * All rules without a fault, in order of definition; also those that are not enabled, and those
   * that this sensor lacks something for (`disabledBy`).
   */
  readonly rules: readonly Rule[]
  /** Rules that do not run though their file has them: faulty, unknown to us, or unsupported. */
  readonly disabled: readonly DisabledRule[]
}

const isError = (diagnostic: Diagnostic): boolean => diagnostic.severity === 'error'

/** Items that are read in one step. */
const itemsAtOnce = 200

class FileReader {
  readonly report = new Report()
  readonly #collector: Collector
  readonly #context: Context
  readonly #stops: boolean

  /** @param stops  at the first fault, as the engine does; else each fault costs its item only */
  constructor(name: string, collector: Collector, stops: boolean) {
    this.#collector = collector
    this.#context = Context.ofFile(name)
    this.#stops = stops
  }

  get hasFault(): boolean {
    return this.report.found.some(isError)
  }

  #guarded(read: () => void): void {
    if (this.#stops && this.hasFault) return
    try {
      read()
    } catch (fault) {
      if (!(fault instanceof LoadFault)) throw fault
      this.report.error(fault)
    }
  }

  *read(yaml: YamlFile): Steps<void> {
    if (!yaml.ok) {
      const context = yaml.isBare ? this.#context : this.#context.at('value for', '', yaml.place)
      const help = yaml.message.includes('illegal tab') ? 'indent with blanks, not tabs' : undefined
      this.report.error(new LoadFault('LOAD_ERR_YAML_PARSE', yaml.message, context, help))
      return
    }
    const reading = { collector: this.#collector, report: this.report, context: this.#context }
    for (const document of yaml.documents) {
      let items: readonly Yaml[] = []
      this.#guarded(() => (items = this.#itemsOf(document)))
      for (const [i, item] of items.entries()) {
        if (i % itemsAtOnce === 0) yield
        if (item.is !== 'null') this.#guarded(() => readItem(item, reading))
      }
    }
    if (!yaml.unread) return
    const context = this.#context.at('value for', '', yaml.unread)
    const help = 'take the empty document out: a `---` or `...` with nothing before the next one'
    this.report.warn('unread', 'Falco reads nothing behind an empty document', context, help)
  }

  #itemsOf(document: Yaml): readonly Yaml[] {
    const help = 'write a list of items: "- rule: ...", "- macro: ...", "- list: ..."'
    const context = this.#context
    if (document.is === 'scalar') invalid('Rules content is not yaml', context, help)
    if (document.is === 'map') {
      invalid('Rules content is not yaml array of objects', context, help)
    }
    if (document.is !== 'sequence') return []
    if (document.items.length > limits.itemsMax) {
      const message = `${document.items.length} items, over ${limits.itemsMax}`
      invalid(message, context, 'split the file, or use lists')
    }
    return document.items
  }
}

/** Whether Falco has it too: its codes are in upper case. */
const isFalcos = ({ code }: Diagnostic): boolean => code.startsWith('LOAD_')

/** A fault in the YAML of a rule: there is no such rule, or it stays as it was before. */
const isUnreadRule = ({ severity, context }: Diagnostic): boolean =>
  severity === 'error' && context.some((step) => step.itemType === 'rule')

/** Falco's answer: it reads, and only then resolves, and stops at the first error. */
const answer = (
  name: string,
  read: readonly Diagnostic[],
  resolved: readonly Diagnostic[],
): FileResult => {
  const all = (read.some(isError) ? read : [...read, ...resolved]).filter(isFalcos)
  const first = all.findIndex(isError)
  const heard = first < 0 ? all : all.slice(0, first + 1)
  return {
    name,
    successful: first < 0,
    errors: heard.filter(isError),
    warnings: heard.filter((diagnostic) => !isError(diagnostic)),
    found: [...read, ...resolved].filter((diagnostic) => diagnostic.place.file === name),
  }
}

/** A rule file, parsed. */
interface ParsedFile {
  readonly name: string
  readonly yaml: YamlFile
}

/** A rule file: its name is for messages. */
export interface RuleFile {
  readonly name: string
  readonly text: string
}

/** What comes of loading, and what it comes from. */
export interface Loaded {
  readonly result: LoadResult
  readonly collector: Collector
  readonly resolved: Resolved
}

const collectorFor = (options: ResolveOptions, keepsHalves: boolean): Collector => {
  const catalogOf = (source: string) => (options.sources.has(source) ? options.catalog : undefined)
  return new Collector(catalogOf, keepsHalves)
}

/** The engine's answers: a file with a fault leaves what stands before it to the later ones. */
const answersOf = (
  files: readonly ParsedFile[],
  options: ResolveOptions,
  memo: Memo,
): readonly FileResult[] => {
  const collector = collectorFor(options, true)
  return files.map(({ name, yaml }) => {
    const reader = new FileReader(name, collector, true)
    atOnce(reader.read(yaml))
    const resolved = reader.hasFault ? [] : resolve(collector, options, memo).found
    return answer(name, reader.report.found, resolved)
  })
}

/** Loads rule files and keeps what they define. */
export function* loadWholeInSteps(
  files: readonly RuleFile[],
  options: ResolveOptions,
): Steps<Loaded> {
  const collector = collectorFor(options, false)
  const memo = new Memo()
  const parsed: ParsedFile[] = []
  for (const { name, text } of files) {
    parsed.push({ name, yaml: yield* parseYamlInSteps(name, text) })
  }
  let isFaulty = false
  const results: FileResult[] = []
  const unread: Diagnostic[] = []
  let resolved: Resolved = resolve(collector, options, memo)
  for (const { name, yaml } of parsed) {
    const reader = new FileReader(name, collector, false)
    yield* reader.read(yaml)
    isFaulty ||= reader.hasFault
    resolved = yield* resolveInSteps(collector, options, memo)
    unread.push(...reader.report.found.filter(isUnreadRule))
    results.push(answer(name, reader.report.found, resolved.found))
  }
  const { found } = resolved
  // What a file does not use itself, a later one may.
  const isStill = (each: Diagnostic): boolean =>
    !each.code.startsWith('LOAD_UNUSED') ||
    found.some(({ code, item }) => code === each.code && item === each.item)
  // Where one has a fault, the engine's collector holds less than this one.
  const heard = isFaulty && files.length > 1 ? answersOf(parsed, options, memo) : results
  const answers = results.map((file, i) =>
    Object.assign({}, file, heard[i], { found: file.found.filter(isStill) }),
  )
  // A rule that was not read at one place may stand at another.
  const missing = unread.filter(({ item }) => item !== undefined && !collector.rules.has(item))
  const disabled = missing.map((reason) => ({ name: reason.item ?? '', reasons: [reason] }))
  const { rules } = resolved
  const result = { files: answers, rules, disabled: [...resolved.disabled, ...disabled] }
  return { result, collector, resolved }
}

/** The same at once. */
export const loadWhole = (files: readonly RuleFile[], options: ResolveOptions): Loaded =>
  atOnce(loadWholeInSteps(files, options))

/**
 * Loads rule files.
 *
 * @param files  in order; a later file changes an earlier one
 */
export const loadRuleFiles = (files: readonly RuleFile[], options: ResolveOptions): LoadResult =>
  loadWhole(files, options).result

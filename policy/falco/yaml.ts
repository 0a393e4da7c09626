/**
 * Reads YAML as Falco's reader does: scalars are the text that stands there, the first of two
 * equal keys counts, and every value knows its place. Never throws.
 */
import type { Document, Node } from 'yaml'
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import type { Place } from '../diagnostics.ts'

/** A YAML value with its place. */
export type Yaml =
  | { readonly is: 'null'; readonly place: Place }
  | { readonly is: 'scalar'; readonly text: string; readonly place: Place }
  | { readonly is: 'sequence'; readonly items: readonly Yaml[]; readonly place: Place }
  | { readonly is: 'map'; readonly entries: ReadonlyMap<string, Yaml>; readonly place: Place }

export type YamlMap = Yaml & { readonly is: 'map' }

export type YamlFile =
  | { readonly ok: true; readonly documents: readonly Yaml[] }
  | { readonly ok: false; readonly message: string; readonly place: Place }

/** Nodes that one document may have, those behind aliases counted as often as they are used. */
const nodesMax = 1_000_000

const nullTexts: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])

/** One document; throws where it is too large, or deeper than the stack. */
class Converter {
  readonly #file: string
  readonly #lines: LineCounter
  readonly #document: Document
  #nodes = 0

  constructor(file: string, lines: LineCounter, document: Document) {
    this.#file = file
    this.#lines = lines
    this.#document = document
  }

  /** @param before  the place of what the value belongs to, for a value that has no text */
  value(node: unknown, before: Place): Yaml {
    if (++this.#nodes > nodesMax) throw new Error(`more than ${nodesMax} YAML nodes`)
    if (isAlias(node)) return this.value(node.resolve(this.#document), before)
    const place = this.#placeOf(node as Node | null | undefined) ?? before
    if (isMap(node)) {
      const entries = new Map<string, Yaml>()
      for (const { key, value } of node.items) {
        const name = this.value(key, place)
        const text = name.is === 'scalar' ? name.text : ''
        if (!entries.has(text)) entries.set(text, this.value(value, name.place))
      }
      return { is: 'map', entries, place }
    }
    if (isSeq(node)) {
      return { is: 'sequence', items: node.items.map((item) => this.value(item, place)), place }
    }
    if (!isScalar(node)) return { is: 'null', place }
    const text = typeof node.value === 'string' ? node.value : ''
    const isPlain = node.type === 'PLAIN' || node.type === undefined
    return isPlain && nullTexts.has(text) ? { is: 'null', place } : { is: 'scalar', text, place }
  }

  #placeOf(node: Node | null | undefined): Place | undefined {
    const start = node?.range?.[0]
    if (start === undefined) return undefined
    const { line, col } = this.#lines.linePos(start)
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/** Parses a file. A document without content is null. */
export const parseYaml = (file: string, text: string): YamlFile => {
  const start = { file, line: 1, column: 1 }
  try {
    const lines = new LineCounter()
    const documents = parseAllDocuments(text, {
      lineCounter: lines,
      schema: 'failsafe',
      uniqueKeys: false,
      logLevel: 'silent',
    })
    if (!Array.isArray(documents)) return { ok: true, documents: [] }
    const fault = documents.flatMap((document) => document.errors).at(0)
    if (fault) {
      const { line, col } = fault.linePos?.[0] ?? { line: 1, col: 1 }
      const [reason = ''] = fault.message.replace(/ at line \d+, column \d+:?/, '').split('\n')
      const message = `error at line ${line}, column ${col}: ${reason}`
      return { ok: false, message, place: { file, line, column: col } }
    }
    const made = documents.map((document) =>
      new Converter(file, lines, document).value(document.contents, start),
    )
    return { ok: true, documents: made }
  } catch (error) {
    // A hostile file: aliases that never end, or nesting deeper than the stack.
    return { ok: false, message: error instanceof Error ? error.message : 'no YAML', place: start }
  }
}

/**
 * Reads YAML as Falco's reader does, yaml-cpp: scalars are the text that stands there, the first of
 * two equal keys counts, and every value knows its place. Never throws. For files that are not
 * Falco's: `parseDocuments`, which gives up no document for a fault in another one.
 */
import type { Place } from '../diagnostics.ts'
import { limits } from '../limits.ts'
import type { Steps } from '../steps.ts'
import { atOnce } from '../steps.ts'
import { YamlFault } from './yaml-scalar.ts'
import type { Token } from './yaml-scan.ts'
import { scanYaml } from './yaml-scan.ts'

/** A YAML value with its place. */
export type Yaml =
  | { readonly is: 'null'; readonly place: Place }
  | { readonly is: 'scalar'; readonly text: string; readonly place: Place }
  | { readonly is: 'sequence'; readonly items: readonly Yaml[]; readonly place: Place }
  | {
      readonly is: 'map'
      readonly entries: ReadonlyMap<string, Yaml>
      /** Where the keys stand. */
      readonly keys: ReadonlyMap<string, Place>
      /** Keys that stood there before, each with its place: what does not count. */
      readonly repeated: readonly (readonly [key: string, place: Place])[]
      readonly place: Place
    }

export type YamlMap = Yaml & { readonly is: 'map' }

export type YamlFile =
  | {
      readonly ok: true
      readonly documents: readonly Yaml[]
      /** Where there is more, behind an empty document: the engine reads no further. */
      readonly unread: Place | undefined
    }
  | {
      readonly ok: false
      readonly message: string
      readonly place: Place
      /** It is no fault of the syntax, and Falco knows no place for it. */
      readonly isBare: boolean
    }

/** A value that the engine's reader takes, and its check against a schema does not. */
class BadConversion extends YamlFault {}

const nullTexts: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL'])

/** Where lines begin, to find the line of an offset. */
class Lines {
  readonly #file: string
  readonly #starts: number[] = [0]
  readonly #first: number

  /** @param first  the number of its first line */
  constructor(file: string, text: string, first: number) {
    this.#file = file
    this.#first = first
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1)
    }
  }

  placeOf(at: number): Place {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    const line = low + this.#first
    return { file: this.#file, line, column: at - (this.#starts[low] ?? 0) + 1 }
  }
}

/** What a map is read into. */
class Entries {
  readonly entries = new Map<string, Yaml>()
  readonly keys = new Map<string, Place>()
  readonly repeated: [key: string, place: Place][] = []

  at(place: Place): Yaml {
    const { entries, keys, repeated } = this
    return { is: 'map', entries, keys, repeated, place }
  }
}

/** From tokens to values. */
class Composer {
  readonly #tokens: readonly Token[]
  readonly #lines: Lines
  readonly #length: number
  #next = 0
  #depth = 0
  /** Nodes, those behind an alias counted as often as it is used. */
  #nodes = 0
  #anchors = new Map<string, { readonly value: Yaml; readonly nodes: number }>()

  constructor(tokens: readonly Token[], lines: Lines, length: number) {
    this.#tokens = tokens
    this.#lines = lines
    this.#length = length
  }

  documents(): { readonly documents: readonly Yaml[]; readonly unread: Place | undefined } {
    const documents: Yaml[] = []
    for (;;) {
      this.#directives()
      if (!this.#token) return { documents, unread: undefined }
      const before = this.#next
      this.#anchors = new Map()
      this.#take('document-start')
      const document = this.#value()
      documents.push(document)
      while (this.#take('document-end'));
      if (document.is === 'null' && this.#token) {
        return { documents, unread: this.#lines.placeOf(this.#at) }
      }
      if (this.#next === before) this.#fail('unexpected token')
    }
  }

  get #token(): Token | undefined {
    return this.#tokens[this.#next]
  }

  get #at(): number {
    return this.#token?.at ?? this.#length
  }

  #fail(message: string): never {
    throw new YamlFault(message, this.#at)
  }

  /** Passes a token of a kind over, where it is the next. */
  #take(kind: Token['kind']): boolean {
    if (this.#token?.kind !== kind) return false
    this.#next++
    return true
  }

  #directives(): void {
    for (let token = this.#token; token?.kind === 'directive'; token = this.#token) {
      const [name = '', ...words] = token.text
        .slice(1)
        .trim()
        .split(/[ \t]+/)
      const [version = ''] = words
      if (name === 'YAML') {
        if (words.length !== 1) this.#fail('YAML directives must have exactly one argument')
        if (!/^\d+\.\d+$/.test(version)) this.#fail(`bad YAML version: ${version}`)
        if (Number.parseInt(version, 10) > 1) this.#fail('YAML major version too large')
      }
      if (name === 'TAG' && words.length !== 2) {
        this.#fail('TAG directives must have exactly two arguments')
      }
      this.#next++
    }
  }

  #count(nodes: number): void {
    this.#nodes += nodes
    if (this.#nodes > limits.yamlNodesMax) {
      this.#fail(`more than ${limits.yamlNodesMax} YAML nodes, aliases followed`)
    }
  }

  #null(at: number): Yaml {
    return { is: 'null', place: this.#lines.placeOf(at) }
  }

  #value(): Yaml {
    if (++this.#depth > limits.yamlDepthMax) {
      this.#fail(`YAML nested deeper than ${limits.yamlDepthMax}`)
    }
    const value = this.#node()
    this.#depth--
    return value
  }

  #node(): Yaml {
    this.#count(1)
    const start = this.#at
    if (this.#token?.kind === 'value') return this.#compactMap(start)
    if (this.#token?.kind === 'alias') return this.#alias(this.#token)
    const before = this.#nodes
    let tag = ''
    let anchor = ''
    for (let token = this.#token; token; token = this.#token) {
      if (token.kind === 'tag') {
        if (tag !== '') this.#fail('cannot assign multiple tags to the same node')
        tag = token.text
      } else if (token.kind === 'anchor') {
        if (anchor !== '') this.#fail('cannot assign multiple anchors to the same node')
        anchor = token.text
        // An alias inside of what it names stands for no value that there is yet.
        const place = this.#lines.placeOf(start)
        this.#anchors.set(anchor, { value: { is: 'sequence', items: [], place }, nodes: 1 })
      } else break
      this.#next++
    }
    const value = this.#content(tag, start)
    if (anchor !== '') this.#anchors.set(anchor, { value, nodes: this.#nodes - before + 1 })
    return value
  }

  #alias({ text, at }: Token): Yaml {
    const known = this.#anchors.get(text)
    if (!known) throw new YamlFault(`the referenced anchor is not defined: ${text}`, at)
    this.#count(known.nodes - 1)
    this.#next++
    return known.value
  }

  /** What stands behind the tag and the anchor of a node. */
  #content(tag: string, start: number): Yaml {
    const token = this.#token
    const place = this.#lines.placeOf(start)
    const scalar = (text: string): Yaml => ({ is: 'scalar', text, place })
    switch (token?.kind) {
      case 'plain':
        this.#next++
        return tag === '' && nullTexts.has(token.text) ? this.#null(start) : scalar(token.text)
      case 'quoted':
        this.#next++
        return scalar(token.text)
      case 'flow-sequence-start':
        return this.#flowSequence(place)
      case 'sequence-start':
        return this.#blockSequence(place)
      case 'flow-map-start':
        return this.#flowMap(place)
      case 'map-start':
        return this.#blockMap(place)
      default:
        return tag === '' ? this.#null(start) : scalar('')
    }
  }

  #blockSequence(place: Place): Yaml {
    this.#next++
    const items: Yaml[] = []
    while (!this.#take('sequence-end')) {
      if (!this.#take('block-entry')) this.#fail('end of sequence not found')
      const kind = this.#token?.kind
      if (kind === 'block-entry' || kind === 'sequence-end') items.push(this.#null(this.#at))
      else items.push(this.#value())
    }
    return { is: 'sequence', items, place }
  }

  #flowSequence(place: Place): Yaml {
    this.#next++
    const items: Yaml[] = []
    while (!this.#take('flow-sequence-end')) {
      // Between brackets, a key makes a map of one entry.
      items.push(this.#token?.kind === 'key' ? this.#compactMap(this.#at) : this.#value())
      if (!this.#take('flow-entry') && this.#token?.kind !== 'flow-sequence-end') {
        this.#fail('end of sequence flow not found')
      }
    }
    return { is: 'sequence', items, place }
  }

  #blockMap(place: Place): Yaml {
    this.#next++
    const map = new Entries()
    while (!this.#take('map-end')) {
      const kind = this.#token?.kind
      if (kind !== 'key' && kind !== 'value') this.#fail('end of map not found')
      this.#entry(map)
    }
    return map.at(place)
  }

  #flowMap(place: Place): Yaml {
    this.#next++
    const map = new Entries()
    while (!this.#take('flow-map-end')) {
      const before = this.#next
      this.#entry(map)
      if (!this.#take('flow-entry') && this.#token?.kind !== 'flow-map-end') {
        this.#fail('end of map flow not found')
      }
      if (this.#next === before) this.#fail('end of map flow not found')
    }
    return map.at(place)
  }

  #compactMap(at: number): Yaml {
    const map = new Entries()
    this.#entry(map)
    return map.at(this.#lines.placeOf(at))
  }

  /** A key, or none, and its value, or none. The first of two equal keys counts. */
  #entry({ entries, keys, repeated }: Entries): void {
    const at = this.#at
    const key = this.#take('key') ? this.#value() : this.#null(at)
    const value = this.#take('value') ? this.#value() : this.#null(at)
    if (key.is !== 'null' && key.is !== 'scalar') throw new BadConversion('bad conversion', at)
    const name = key.is === 'scalar' ? key.text : 'null'
    if (entries.has(name)) {
      repeated.push([name, key.place])
      return
    }
    entries.set(name, value)
    keys.set(name, key.place)
  }
}

function* parse(file: string, text: string, firstLine: number): Steps<YamlFile> {
  const lines = new Lines(file, text, firstLine)
  try {
    const tokens = yield* scanYaml(text)
    yield
    return { ok: true, ...new Composer(tokens, lines, text.length).documents() }
  } catch (fault) {
    if (!(fault instanceof YamlFault)) throw fault
    const place = lines.placeOf(fault.at)
    const message = `error at line ${place.line}, column ${place.column}: ${fault.message}`
    return { ok: false, message, place, isBare: fault instanceof BadConversion }
  }
}

const tooLong = (file: string): YamlFile & { readonly ok: false } => ({
  ok: false,
  message: `more than ${limits.fileCharactersMax} characters`,
  place: { file, line: 1, column: 1 },
  isBare: false,
})

const normalLines = (text: string): string => text.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n')

/** Parses a file. A document without content is null. */
export function* parseYamlInSteps(file: string, text: string): Steps<YamlFile> {
  if (text.length > limits.fileCharactersMax) return tooLong(file)
  return yield* parse(file, normalLines(text), 1)
}

/** The same at once. */
export const parseYaml = (file: string, text: string): YamlFile =>
  atOnce(parseYamlInSteps(file, text))

/** A document, or why there is none. */
export type YamlDocument =
  | { readonly ok: true; readonly value: Yaml }
  | { readonly ok: false; readonly message: string; readonly place: Place }

/**
 * Parses the documents of a file each for itself. Empty ones are passed over, and so is what stands
 * before the first `---` as a directive.
 */
export const parseDocuments = (file: string, text: string): readonly YamlDocument[] => {
  if (text.length > limits.fileCharactersMax) return [tooLong(file)]
  const documents: YamlDocument[] = []
  let firstLine = 1
  for (const part of normalLines(text).split(/^(?=---(?:[ \t]|$))/m)) {
    const lines = part.split('\n')
    if (!lines.every((line) => /^(?:[ \t]*|---[ \t]*|[ \t]*#.*|%.*)$/.test(line))) {
      const read = atOnce(parse(file, part, firstLine))
      if (!read.ok) documents.push(read)
      else for (const value of read.documents) documents.push({ ok: true, value })
    }
    firstLine += lines.length - 1
  }
  return documents
}

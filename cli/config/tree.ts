/** Reads YAML as texts, lists and maps with their places, for options. Never throws. */
import type { Node } from 'yaml'
import { LineCounter, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'

/** Lines and columns from 1. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

export type Tree =
  | { readonly is: 'none'; readonly place: Place }
  | { readonly is: 'text'; readonly text: string; readonly place: Place }
  | { readonly is: 'list'; readonly items: readonly Tree[]; readonly place: Place }
  | { readonly is: 'map'; readonly entries: readonly MapEntry[]; readonly place: Place }

export interface MapEntry {
  readonly key: string
  readonly keyPlace: Place
  readonly value: Tree
}

/** Something wrong in a file of options, and what to do. */
export interface ConfigFault {
  readonly place: Place
  readonly message: string
  readonly help?: string
}

/** Values that one file may have, aliases counted as often as they are used. */
const nodesMax = 100_000

/** `${NAME}`, `${NAME:-what else}`; `$${NAME}` is the text `${NAME}`. */
const variableForm = /\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g

class Reader {
  readonly faults: ConfigFault[] = []
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #environment: NodeJS.ProcessEnv
  #nodes = 0

  constructor(file: string, environment: NodeJS.ProcessEnv) {
    this.#file = file
    this.#environment = environment
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  read(text: string): Tree {
    const document = parseDocument(text, {
      lineCounter: this.#lines,
      schema: 'failsafe',
      logLevel: 'silent',
    })
    for (const { message, pos } of document.errors) {
      const [reason = ''] = message.replace(/ at line \d+, column \d+:?/, '').split('\n')
      this.faults.push({ place: this.#place(pos[0]), message: reason })
    }
    const start = { file: this.#file, line: 1, column: 1 }
    if (this.faults.length > 0) return { is: 'none', place: start }
    return this.#tree(document.contents, start, (node) =>
      isAlias(node) ? node.resolve(document) : node,
    )
  }

  #tree(node: unknown, before: Place, resolve: (node: unknown) => unknown): Tree {
    if (++this.#nodes > nodesMax) throw new Error(`more than ${nodesMax} values`)
    const real = resolve(node)
    const offset = (node as Node | null | undefined)?.range?.[0]
    const place = offset === undefined ? before : this.#place(offset)
    if (isMap(real)) {
      const entries = real.items.map(({ key, value }) => {
        const name = this.#tree(key, place, resolve)
        const keyText = name.is === 'text' ? name.text : ''
        return { key: keyText, keyPlace: name.place, value: this.#tree(value, name.place, resolve) }
      })
      return { is: 'map', entries, place }
    }
    if (isSeq(real)) {
      const items = real.items.map((item) => this.#tree(item, place, resolve))
      return { is: 'list', items, place }
    }
    const text = isScalar(real) && typeof real.value === 'string' ? real.value : ''
    const isPlain = !isScalar(real) || real.type === 'PLAIN'
    if (isPlain && /^(?:~|null)?$/i.test(text)) return { is: 'none', place }
    return { is: 'text', text: this.#expand(text, place), place }
  }

  #expand(text: string, place: Place): string {
    return text.replace(variableForm, (whole, escape: string, name: string, other?: string) => {
      if (escape !== '') return whole.slice(1)
      const value = this.#environment[name] ?? other
      if (value !== undefined) return value
      const help = `set it, or say what else: \${${name}:-…}; a plain \${${name}} is $\${${name}}`
      this.faults.push({ place, message: `no environment variable ${name}`, help })
      return ''
    })
  }
}

/** Reads a file of options, or the YAML of a flag; variables of the environment are put in. */
export const readTree = (
  file: string,
  text: string,
  environment: NodeJS.ProcessEnv,
): { readonly tree: Tree; readonly faults: readonly ConfigFault[] } => {
  const reader = new Reader(file, environment)
  const none = { is: 'none', place: { file, line: 1, column: 1 } } as const
  try {
    const tree = reader.read(text)
    return { tree, faults: reader.faults }
  } catch (error) {
    const isEndless = error instanceof RangeError
    const endless = 'an alias has itself in it, or there are too many maps in maps'
    const message = isEndless ? endless : error instanceof Error ? error.message : 'no YAML'
    return { tree: none, faults: [{ place: none.place, message }] }
  }
}

/** Options with parts of their own: `append_output` and `static_fields`. */
import type { Catalog, OutputAppend } from '@bulwark/policy'
import { parseOutput } from '@bulwark/policy'
import { closest } from '@bulwark/schema'
import type { ConfigFault, MapEntry, Place, Tree } from './tree.ts'
import { switchOf } from './value.ts'

/** What was read, and what is wrong with it. */
export interface ReadAppends {
  readonly appends: readonly OutputAppend[]
  readonly faults: readonly ConfigFault[]
}

type Field = OutputAppend['extraFields'][number]

const itemKeys = ['match', 'extra_output', 'extra_fields', 'suggested_output'] as const
const matchKeys = ['rule', 'source', 'tags'] as const

class AppendReader {
  readonly faults: ConfigFault[] = []
  readonly #catalog: Catalog

  constructor(catalog: Catalog) {
    this.#catalog = catalog
  }

  #fault(place: Place, message: string, help?: string): undefined {
    this.faults.push(help === undefined ? { place, message } : { place, message, help })
    return undefined
  }

  /** The entries of a map whose keys are known. */
  #entries(tree: Tree, keys: readonly string[], what: string): ReadonlyMap<string, Tree> {
    if (tree.is !== 'map') {
      this.#fault(tree.place, `${what} is no map`, `write its keys: ${keys.join(', ')}`)
      return new Map()
    }
    for (const { key, keyPlace } of tree.entries) {
      if (keys.includes(key)) continue
      const near = closest(key, keys)
      const help = near === undefined ? `one of ${keys.join(', ')}` : `did you mean \`${near}\`?`
      this.#fault(keyPlace, `unknown key \`${key}\` in ${what}`, help)
    }
    return new Map(tree.entries.map(({ key, value }) => [key, value]))
  }

  #text(tree: Tree | undefined, what: string): string | undefined {
    if (!tree) return undefined
    return tree.is === 'text' ? tree.text : this.#fault(tree.place, `${what} is no text`)
  }

  #texts(tree: Tree | undefined, what: string): readonly string[] {
    if (!tree) return []
    if (tree.is === 'list' && tree.items.every((item) => item.is === 'text')) {
      return tree.items.flatMap((item) => (item.is === 'text' ? item.text : []))
    }
    this.#fault(tree.place, `${what} is no list of texts`, 'write `[...]`')
    return []
  }

  #switch(tree: Tree | undefined, what: string): boolean {
    if (!tree) return false
    const value = tree.is === 'text' ? switchOf(tree.text) : undefined
    if (value === undefined) this.#fault(tree.place, `${what} is neither true nor false`)
    return value ?? false
  }

  /** The format when it is one. */
  #format(text: string | undefined, place: Place): string | undefined {
    if (text === undefined) return undefined
    const parsed = parseOutput(text, this.#catalog)
    if (parsed.ok) return text
    return this.#fault(
      place,
      `${JSON.stringify(text)} is no output: ${parsed.message}`,
      parsed.help,
    )
  }

  #field(item: Tree): Field | undefined {
    if (item.is === 'text') {
      const format = this.#format(`%${item.text}`, item.place)
      return format === undefined ? undefined : { name: item.text, format, raw: true }
    }
    const [entry, ...more] = item.is === 'map' ? item.entries : []
    if (!entry || more.length > 0) {
      const help = 'write a field, such as `proc.env[HOME]`, or `name: format`'
      return this.#fault(item.place, 'an item of extra_fields is neither', help)
    }
    return this.#named(entry)
  }

  #named({ key, value }: MapEntry): Field | undefined {
    const format = this.#format(this.#text(value, `\`${key}\``), value.place)
    return format === undefined ? undefined : { name: key, format, raw: false }
  }

  #fields(tree: Tree | undefined): readonly Field[] {
    if (!tree) return []
    if (tree.is !== 'list') {
      this.#fault(tree.place, 'extra_fields is no list', 'write `[...]`')
      return []
    }
    const found = new Map<string, Field>()
    for (const item of tree.items) {
      const field = this.#field(item)
      if (!field) continue
      if (found.has(field.name)) this.#fault(item.place, `\`${field.name}\` is there already`)
      found.set(field.name, field)
    }
    return [...found.values()]
  }

  item(tree: Tree): OutputAppend {
    const entries = this.#entries(tree, itemKeys, 'an item of append_output')
    const matchTree = entries.get('match')
    const match = matchTree && this.#entries(matchTree, matchKeys, '`match`')
    const output = entries.get('extra_output')
    return {
      match: {
        rule: this.#text(match?.get('rule'), '`rule`'),
        source: this.#text(match?.get('source'), '`source`'),
        tags: this.#texts(match?.get('tags'), '`tags`'),
      },
      extraOutput: output && this.#format(this.#text(output, '`extra_output`'), output.place),
      extraFields: this.#fields(entries.get('extra_fields')),
      suggestedOutput: this.#switch(entries.get('suggested_output'), '`suggested_output`'),
    }
  }
}

/** Reads `append_output`, a list; its fields and formats are checked. */
export const readAppends = (tree: Tree, catalog: Catalog): ReadAppends => {
  const reader = new AppendReader(catalog)
  const appends = tree.is === 'list' ? tree.items.map((item) => reader.item(item)) : []
  return { appends, faults: reader.faults }
}

/** Reads `static_fields`, a map of texts. */
export const readStaticFields = (
  tree: Tree,
): {
  readonly fields: ReadonlyMap<string, string>
  readonly faults: readonly ConfigFault[]
} => {
  const fields = new Map<string, string>()
  const faults: ConfigFault[] = []
  for (const { key, keyPlace, value } of tree.is === 'map' ? tree.entries : []) {
    if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(key)) {
      const help = 'a letter, then letters, digits and _'
      faults.push({
        place: keyPlace,
        message: `${JSON.stringify(key)} is no name of a field`,
        help,
      })
    } else if (value.is === 'text') fields.set(key, value.text)
    else faults.push({ place: value.place, message: `static field \`${key}\` is no text` })
  }
  return { fields, faults }
}

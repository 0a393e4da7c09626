/**
 * Reads values out of objects that somebody else wrote. Each function gives a value of the wanted
 * form or `undefined`; where something else stands it reports the fault with its path. None throws.
 */
import type { Labels, Requirement, Selector } from '@bulwark/schema'
import type { Diagnostics, ObjectRef } from '../diagnostics.ts'
import { limits } from '../limits.ts'

/** An object of JSON, as it was parsed. */
export interface Json {
  readonly [key: string]: unknown
}

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const join = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`)

/** Reads one object. `at` is the path of `from`; what is missing or null is no fault. */
export class Reader {
  readonly object: ObjectRef
  readonly #diagnostics: Diagnostics

  constructor(object: ObjectRef, diagnostics: Diagnostics) {
    this.object = object
    this.#diagnostics = diagnostics
  }

  fault(path: string, message: string): void {
    this.#diagnostics.report({ object: this.object, path, message })
  }

  #typed<Value>(
    from: Json | undefined,
    key: string,
    at: string,
    what: string,
    is: (value: unknown) => value is Value,
  ): Value | undefined {
    const value = from?.[key]
    if (value === undefined || value === null) return undefined
    if (is(value)) return value
    this.fault(join(at, key), `is no ${what}`)
    return undefined
  }

  /** A map. */
  map(from: Json | undefined, key: string, at: string): Json | undefined {
    return this.#typed(from, key, at, 'map', isJson)
  }

  flag(from: Json | undefined, key: string, at: string): boolean | undefined {
    const is = (value: unknown): value is boolean => typeof value === 'boolean'
    return this.#typed(from, key, at, 'true or false', is)
  }

  /** A whole number that is exact. */
  whole(from: Json | undefined, key: string, at: string): number | undefined {
    const is = (value: unknown): value is number => Number.isSafeInteger(value)
    return this.#typed(from, key, at, 'whole number', is)
  }

  text(
    from: Json | undefined,
    key: string,
    at: string,
    charsMax: number = limits.textCharsMax,
  ): string | undefined {
    const is = (value: unknown): value is string =>
      typeof value === 'string' && value.length <= charsMax
    return this.#typed(from, key, at, `text of at most ${charsMax} characters`, is)
  }

  /** A name of an object, user or group. */
  name(from: Json | undefined, key: string, at: string): string | undefined {
    return this.text(from, key, at, limits.nameCharsMax)
  }

  /** Items of a list, up to the bound. */
  list(from: Json | undefined, key: string, at: string): readonly unknown[] {
    const items = this.#typed(from, key, at, 'list', (value): value is unknown[] =>
      Array.isArray(value),
    )
    if (items === undefined) return []
    if (items.length <= limits.itemsMax) return items
    this.fault(join(at, key), `has ${items.length} items, ${limits.itemsMax} are read`)
    return items.slice(0, limits.itemsMax)
  }

  /** Calls `read` with each map of a list, and its path. What it has no answer for is left out. */
  maps<Value>(
    from: Json | undefined,
    key: string,
    at: string,
    read: (item: Json, at: string) => Value | undefined,
  ): readonly Value[] {
    const values: Value[] = []
    const list = this.list(from, key, at)
    for (let index = 0; index < list.length; index++) {
      const item = list[index]
      const path = `${join(at, key)}[${index}]`
      if (isJson(item)) {
        const value = read(item, path)
        if (value !== undefined) values.push(value)
      } else {
        this.fault(path, 'is no map')
      }
    }
    return values
  }

  /** Texts of a list. */
  texts(from: Json | undefined, key: string, at: string): readonly string[] {
    return this.list(from, key, at).filter((item, index): item is string => {
      if (typeof item === 'string' && item.length <= limits.textCharsMax) return true
      this.fault(`${join(at, key)}[${index}]`, 'is no text of a length that is read')
      return false
    })
  }

  /** A map of texts, as labels and annotations are; of those in `keys`, when it is given. */
  labels(from: Json | undefined, key: string, at: string, keys?: ReadonlySet<string>): Labels {
    const map = this.map(from, key, at)
    if (map === undefined) return []
    const kept: [string, string][] = []
    for (const [name, value] of Object.entries(map)) {
      if (keys && !keys.has(name)) continue
      if (typeof value !== 'string' || value.length + name.length > limits.textCharsMax) {
        this.fault(`${join(at, key)}[${name.slice(0, limits.nameCharsMax)}]`, 'is no short text')
      } else if (kept.length >= limits.labelsMax) {
        this.fault(join(at, key), `has more than the ${limits.labelsMax} entries that are read`)
        break
      } else {
        kept.push([name, value])
      }
    }
    return kept.sort(([a], [b]) => (a < b ? -1 : 1))
  }

  /**
   * A LabelSelector; `undefined` when there is none. One that is not understood in part selects
   * nothing at all, as the API server refuses it: the third form.
   */
  selector(from: Json | undefined, key: string, at: string): Selector | undefined | 'broken' {
    const map = this.map(from, key, at)
    if (map === undefined)
      return from?.[key] === undefined || from[key] === null ? undefined : 'broken'
    const path = join(at, key)
    const requirements: Requirement[] = []
    let isBroken = false
    for (const [name, value] of Object.entries(this.map(map, 'matchLabels', path) ?? {})) {
      if (typeof value === 'string') {
        requirements.push({ key: name, operator: 'In', values: [value] })
      } else {
        this.fault(`${path}.matchLabels`, 'has a value that is no text: it selects nothing')
        isBroken = true
      }
    }
    const expressions = this.list(map, 'matchExpressions', path)
    const read = this.maps(map, 'matchExpressions', path, (item, itemAt) =>
      this.#requirement(item, itemAt),
    )
    if (isBroken || read.length < expressions.length) return 'broken'
    return [...requirements, ...read]
  }

  #requirement(item: Json, at: string): Requirement | undefined {
    const key = this.name(item, 'key', at)
    const operator = this.text(item, 'operator', at)
    const values = [...new Set(this.texts(item, 'values', at))].toSorted()
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (key !== undefined && values.length > 0) return { key, operator, values }
        break
      case 'Exists':
      case 'DoesNotExist':
        if (key !== undefined && values.length === 0) return { key, operator, values }
        break
      default:
    }
    this.fault(at, 'is no requirement of a selector: the whole selector selects nothing')
    return undefined
  }
}

/**
 * Reads values of documents that others wrote. Whatever is not as it should be gives `undefined`
 * and a diagnostic with the path to it; nothing throws.
 */
import { cveLimits as limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import { isJson } from '../objects/reader.ts'

/** What is wrong in a document, and where. */
export interface CveDiagnostic {
  /** Name of the document, as the caller gave it. */
  readonly document: string
  /** Such as `report.vulnerabilities[3].vulnerabilityID`; empty: the whole of it. */
  readonly path: string
  readonly message: string
}

const isAbsent = (value: unknown): value is undefined | null =>
  value === undefined || value === null

/** The reading of one document: the place that is being read, and what was wrong so far. */
export class DocumentReader {
  readonly document: string
  readonly #found: CveDiagnostic[] = []
  readonly #path: (string | number)[] = []
  #untold = 0

  constructor(document: string) {
    this.document = document
  }

  /** What was wrong, the last of it a count of what is not listed. */
  get found(): readonly CveDiagnostic[] {
    if (this.#untold === 0) return this.#found
    const message = `${this.#untold} more things are wrong in this document`
    return [...this.#found, { document: this.document, path: '', message }]
  }

  /** @param key  below the place that is being read */
  tell(message: string, ...keys: readonly (string | number)[]): void {
    if (this.#found.length >= limits.diagnosticsMax) {
      this.#untold++
      return
    }
    const path = [...this.#path, ...keys]
      .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
      .join('')
      .replace(/^\./, '')
    this.#found.push({ document: this.document, path: path.slice(0, 256), message })
  }

  /** Reads below a key. */
  within<Value>(key: string | number, read: () => Value): Value {
    this.#path.push(key)
    try {
      return read()
    } finally {
      this.#path.pop()
    }
  }

  /** A text, when there is one and it is not empty. */
  text(from: Json, key: string, charsMax: number = limits.nameCharsMax): string | undefined {
    const value = from[key]
    if (isAbsent(value) || value === '') return undefined
    if (typeof value !== 'string') {
      this.tell('must be a text', key)
      return undefined
    }
    if (value.length > charsMax) {
      this.tell(`has more than ${charsMax} characters`, key)
      return undefined
    }
    return value
  }

  /** A text that must be there. */
  must(from: Json, key: string, charsMax: number = limits.nameCharsMax): string | undefined {
    const value = this.text(from, key, charsMax)
    if (value === undefined && (isAbsent(from[key]) || from[key] === '')) {
      this.tell('is missing', key)
    }
    return value
  }

  /** A number, or a text that is one. */
  number(from: Json, key: string, least: number, most: number): number | undefined {
    const value = from[key]
    if (isAbsent(value) || value === '') return undefined
    const number = typeof value === 'string' ? Number(value) : value
    if (typeof number !== 'number' || !(number >= least && number <= most)) {
      this.tell(`must be a number from ${least} to ${most}`, key)
      return undefined
    }
    return number
  }

  /** Milliseconds since 1970 of a time that is written out. */
  timeMs(from: Json, key: string): number | undefined {
    const value = this.text(from, key, 64)
    if (value === undefined) return undefined
    const time = Date.parse(value)
    if (Number.isNaN(time)) {
      this.tell('must be a time, such as 2026-01-31T00:00:00Z', key)
      return undefined
    }
    return time
  }

  object(from: Json, key: string): Json | undefined {
    const value = from[key]
    if (isAbsent(value)) return undefined
    if (isJson(value)) return value
    this.tell('must be an object', key)
    return undefined
  }

  #list(from: Json, key: string, most: number): readonly unknown[] {
    const value = from[key]
    if (isAbsent(value)) return []
    if (!Array.isArray(value)) {
      this.tell('must be a list', key)
      return []
    }
    if (value.length > most) this.tell(`has ${value.length} items, of which ${most} are read`, key)
    return value.length > most ? (value.slice(0, most) as unknown[]) : (value as unknown[])
  }

  /** Reads each object of a list; what is none is told. */
  each<Value>(
    from: Json,
    key: string,
    most: number,
    read: (item: Json) => Value | undefined,
  ): Value[] {
    const values: Value[] = []
    const items = this.#list(from, key, most)
    const depth = this.#path.push(key)
    try {
      for (let at = 0; at < items.length; at++) {
        const item = items[at]
        if (!isJson(item)) {
          this.tell('must be an object', at)
          continue
        }
        this.#path[depth] = at
        const value = read(item)
        this.#path.length = depth
        if (value !== undefined) values.push(value)
      }
    } finally {
      this.#path.length = depth - 1
    }
    return values
  }

  /** Texts of a list. */
  texts(
    from: Json,
    key: string,
    most: number = limits.identitiesMax,
    charsMax: number = limits.pathCharsMax,
  ): string[] {
    const texts: string[] = []
    for (const [at, item] of this.#list(from, key, most).entries()) {
      if (typeof item === 'string' && item.length <= charsMax) texts.push(item)
      else this.tell(`must be a text of at most ${charsMax} characters`, key, at)
    }
    return texts
  }
}

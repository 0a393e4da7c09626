/** The packages of one report while it is read: each once, with all that is said of its files. */
import { readPurl } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import { kindOf, placesOf } from './places.ts'
import type { DocumentReader } from './reader.ts'
import type { PackageFacts } from './report.ts'
import { textsKey } from './sharing.ts'

/** A package as a document names it. */
export interface NamedPackage {
  readonly name: string
  readonly version: string
  readonly purl: string | undefined
  /** Words for its kind, the surest first. */
  readonly types: readonly (string | undefined)[]
  /** Files that belong to it, and files that describe it. */
  readonly files: readonly string[]
  readonly paths: readonly string[]
}

export class PackageList {
  readonly #packages: PackageFacts[] = []
  readonly #positions = new Map<string, number>()
  readonly #reader: DocumentReader

  constructor(reader: DocumentReader) {
    this.#reader = reader
  }

  get packages(): readonly PackageFacts[] {
    return this.#packages
  }

  /** The package's position; `undefined`: there are too many, which is told. */
  add(named: NamedPackage): number | undefined {
    const { name, version, purl } = named
    const key = textsKey([purl ?? '', name, version, ...named.paths])
    const known = this.#positions.get(key)
    if (known !== undefined) return known
    if (this.#packages.length >= limits.packagesMax) {
      this.#reader.tell(`more than ${limits.packagesMax} packages: the others are left out`)
      return undefined
    }
    const kind = kindOf(...named.types, purl === undefined ? undefined : readPurl(purl)?.type)
    const places = placesOf(kind, name, named.files, named.paths)
    this.#positions.set(key, this.#packages.length)
    return this.#packages.push({ name, version, kind, purl, places }) - 1
  }
}

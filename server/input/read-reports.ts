/** What one file about images and vulnerabilities says, on its own: no cluster is asked. */
import { basename } from 'node:path'
import type { CveDocument, TypeOfItem } from '@bulwark/graph'
import { readCveJson } from '@bulwark/graph'
import { limits } from '../limits.ts'
import type { FileTaker } from './files.ts'
import { readFile } from './files.ts'
import type { InputFault, Place } from './input.ts'
import { isJson, isReport } from './input.ts'

export type PlacedDocument = readonly [place: Place, document: CveDocument]

/** Plain data: it may come from another thread. */
export interface FileContents {
  readonly documents: readonly PlacedDocument[]
  /** Of the file; documents have their own. */
  readonly faults: readonly InputFault[]
  /** It was read to its end. */
  readonly isWhole: boolean
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

const kindOf = ({ kind }: { readonly kind?: unknown }): string =>
  typeof kind === 'string' ? kind.slice(0, 64) : 'thing of no kind'

class Taker implements FileTaker {
  readonly documents: PlacedDocument[] = []
  readonly faults: InputFault[] = []
  /** Objects of a cluster, and the kind of the first. */
  objects = 0
  kind = ''
  readonly #name: string

  /** @param path  as facts and reasons name it by its last part */
  constructor(path: string) {
    this.#name = basename(path)
  }

  fault(place: Place, message: string): void {
    if (this.faults.length < limits.faultsMax) this.faults.push({ ...place, message })
  }

  take(place: Place, json: unknown, type?: TypeOfItem): void {
    const object = isJson(json) ? { ...type, ...json } : undefined
    if (!object) this.fault(place, 'is no object')
    else if (isReport(object)) this.documents.push([place, readCveJson(this.#name, object)])
    else {
      this.kind ||= kindOf(object)
      this.objects++
    }
  }

  takeDocument(place: Place, document: CveDocument): void {
    this.documents.push([place, document])
  }
}

/** A file of which nothing could be read. */
export const unreadable = (path: string, error: unknown): FileContents => {
  const message = `cannot be read: ${messageOf(error)}`
  return { documents: [], faults: [{ file: path, item: '', message }], isWhole: false }
}

/** Reads a file. Never rejects: what is wrong is among the faults. */
export const readReports = async (path: string): Promise<FileContents> => {
  const taker = new Taker(path)
  let isWhole = false
  const place = { file: path, item: '' }
  try {
    isWhole = await readFile(path, path, taker)
  } catch (error) {
    taker.fault(place, `cannot be read: ${messageOf(error)}`)
  }
  if (taker.objects > 0) {
    const such = `has ${taker.objects} objects that are no reports, such as a ${taker.kind}`
    taker.fault(place, `${such}: these come from the API server alone`)
  }
  const { documents, faults } = taker
  return { documents, faults, isWhole }
}

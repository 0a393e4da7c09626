/**
 * A cluster out of files: what `kubectl get KINDS -A -o json` wrote, a list or an object a file,
 * and beside them documents about images. Lists are read item by item: their size
 * has no bound. Bad input, as all that comes from outside: what cannot be used is told.
 */
import { createReadStream, readFileSync, readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { CveDocument, TypeOfItem } from '@bulwark/graph'
import { EpssReading, readCveDocument } from '@bulwark/graph'
import { JsonItems } from '@bulwark/kubernetes'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Json, Place } from './input.ts'
import { ClusterInput, isJson } from './input.ts'

/** The folder or a file cannot be read, or there is nothing in it. */
export class FilesError extends Error {}

/** What hears of the contents of a file. Nothing that it is given makes it throw. */
export interface FileTaker {
  readonly fault: (place: Place, message: string) => void
  /** An object of Kubernetes. `type`: of one that does not say it. */
  readonly take: (place: Place, json: unknown, type?: TypeOfItem) => void
  /** A document about images or vulnerabilities. */
  readonly takeDocument: (place: Place, document: CveDocument) => void
}

/** Hears how far a long reading is. */
export type OnProgress = (line: string) => void

const mib = 1024 * 1024
const isRead = (name: string): boolean => /\.(?:json|csv)$/.test(name)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** A list's own type says that of its items: `PodList`. */
const typeOfItems = ({ apiVersion, kind }: Json): TypeOfItem | undefined => {
  const [, of = ''] = /^(.*)List$/.exec(typeof kind === 'string' ? kind : '') ?? []
  return of === '' || typeof apiVersion !== 'string' ? undefined : { apiVersion, kind: of }
}

/** What the list has said of itself before its items. */
const typeSoFar = (envelope: string | undefined): TypeOfItem | undefined => {
  const list = parse(`${envelope ?? ''}]}`)
  return isJson(list) ? typeOfItems(list) : undefined
}

const saysKind = (json: unknown): boolean => isJson(json) && typeof json['kind'] === 'string'

/** Reads one file of JSON. */
class FileReader {
  readonly #file: string
  readonly #taker: FileTaker
  readonly #items: JsonItems
  /** Items that do not say their kind; their list may, behind them. */
  readonly #unnamed: (readonly [place: Place, json: unknown])[] = []
  #type: TypeOfItem | undefined
  #at = 0

  constructor(file: string, taker: FileTaker) {
    this.#file = file
    this.#taker = taker
    this.#items = new JsonItems(limits.documentBytesMax, (text) => this.#item(text))
  }

  feed(chunk: Buffer): void {
    this.#items.feed(chunk)
  }

  #item(text: string | undefined): void {
    const place = { file: this.#file, item: `items[${this.#at++}]` }
    if (text === undefined || text.length > limits.itemBytesMax) {
      this.#taker.fault(place, `is no object, or has more than ${limits.itemBytesMax} bytes`)
      return
    }
    const json = parse(text)
    if (json === undefined) this.#taker.fault(place, 'is no JSON')
    else if (saysKind(json)) this.#taker.take(place, json)
    else if ((this.#type ??= typeSoFar(this.#items.envelope)))
      this.#taker.take(place, json, this.#type)
    else if (this.#unnamed.length < limits.unnamedItemsMax) this.#unnamed.push([place, json])
    else this.#taker.fault(place, 'does not say its kind, and nor did its list so far')
  }

  /** The file is at its end; tells whether it could be read as a whole. */
  end(): boolean {
    const place = { file: this.#file, item: '' }
    const { envelope } = this.#items
    if (envelope === undefined) {
      this.#taker.fault(place, `has more than ${limits.documentBytesMax} bytes, and is no list`)
      return false
    }
    // The reader of items keeps bytes.
    const text = Buffer.from(envelope, 'latin1')
      .toString('utf8')
      .replace(/^\uFEFF/, '')
    const whole = parse(text)
    const isList = this.#at > 0 || (isJson(whole) && Array.isArray(whole['items']))
    const type = isJson(whole) ? typeOfItems(whole) : undefined
    for (const [of, json] of this.#unnamed) this.#taker.take(of, json, type)
    if (whole === undefined) {
      this.#taker.fault(place, noJson(text, isList))
      return false
    }
    if (isList) return true
    if (Array.isArray(whole)) {
      for (const [at, json] of whole.entries()) {
        this.#taker.take({ file: this.#file, item: `[${at}]` }, json)
      }
    } else if (saysKind(whole) && isJson(whole) && whole['metadata'] !== undefined) {
      this.#taker.take(place, whole)
    } else if (!isJson(whole) || !isJson(whole['serverVersion'])) {
      this.#taker.takeDocument(place, readCveDocument(basename(this.#file), text))
    }
    return true
  }
}

/** Why a text is no JSON, where that can be seen. */
const noJson = (text: string, isList: boolean): string => {
  if (isList) return 'ends in the middle of the list: it was not written to its end'
  if (text.includes('\0')) return 'is no UTF-8: write it again as that'
  if (/^(?:---|apiVersion:)/m.test(text)) return 'is YAML: write it with `-o json`'
  return 'is no JSON'
}

/** What `kubectl version -o json` wrote, in a file of that name. */
const minorVersionIn = (path: string): number | undefined => {
  let told: unknown
  try {
    told = parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
  const server = isJson(told) ? told['serverVersion'] : undefined
  const minor = isJson(server) ? Number.parseInt(String(server['minor']), 10) : Number.NaN
  return Number.isNaN(minor) ? undefined : minor
}

const versionFile = 'version.json'

/** The files to read, and what is left out of the folder; throws where it cannot be read. */
export const filesOf = (path: string): { paths: readonly string[]; passed: readonly string[] } => {
  if (!statSync(path).isDirectory()) return { paths: [path], passed: [] }
  const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) =>
    a.name < b.name ? -1 : 1,
  )
  const read = entries.filter((entry) => !entry.isDirectory() && isRead(entry.name))
  // The kubelet keeps what a volume's links lead to in folders such as `..2026_11_27`.
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('..'))
  return {
    paths: read.slice(0, limits.filesMax).map(({ name }) => join(path, name)),
    passed: [
      ...folders.map(({ name }) => `${name}/`),
      ...read.slice(limits.filesMax).map(({ name }) => name),
    ],
  }
}

/** Says now and again how far it is. */
class Progress {
  readonly #tell: OnProgress
  readonly #bytesAll: number
  #bytes = 0
  #saidMs = performance.now()

  constructor(tell: OnProgress, bytesAll: number) {
    this.#tell = tell
    this.#bytesAll = bytesAll
  }

  on(file: string, bytes: number, objects: number): void {
    this.#bytes += bytes
    const now = performance.now()
    if (now - this.#saidMs < limits.progressMs) return
    this.#saidMs = now
    const [done, all] = [this.#bytes, this.#bytesAll].map((each) => Math.round(each / mib))
    this.#tell(`  reading ${file}: ${done} of ${all} MiB, ${objects} objects so far`)
  }
}

/** Of the bytes of a CSV, how many are taken in one step: 2,000 rows of EPSS. */
const csvBytes = 64 * 1024

const readCsv = async (
  path: string,
  file: string,
  taker: FileTaker,
  onBytes: (bytes: number) => void,
): Promise<boolean> => {
  const reading = new EpssReading(basename(file))
  const decoder = new TextDecoder()
  for await (const chunk of createReadStream(path, { highWaterMark: csvBytes })) {
    const bytes = chunk as Buffer
    reading.feed(decoder.decode(bytes, { stream: true }))
    onBytes(bytes.length)
  }
  taker.takeDocument({ file, item: '' }, reading.end())
  return true
}

/**
 * Reads one file.
 *
 * @param file     what faults call it
 * @param onBytes  hears how many more have been read
 * @returns whether it could be read as a whole; what not, its taker was told
 * @throws Error  the system cannot read it
 */
export const readFile = async (
  path: string,
  file: string,
  taker: FileTaker,
  onBytes: (bytes: number) => void = () => {},
): Promise<boolean> => {
  if (path.endsWith('.csv')) return await readCsv(path, file, taker, onBytes)
  const reader = new FileReader(file, taker)
  for await (const chunk of createReadStream(path, { highWaterMark: mib })) {
    const bytes = chunk as Buffer
    reader.feed(bytes)
    onBytes(bytes.length)
  }
  return reader.end()
}

/**
 * Reads the `*.json` and `*.csv` files of a folder, or one file.
 *
 * @param onProgress  hears of a long reading every few seconds
 * @throws FilesError  the folder or a file cannot be read, or there is none
 */
export const readClusterFiles = async (
  path: string,
  onProgress: OnProgress = () => {},
): Promise<ClusterInput> => {
  try {
    const { paths, passed } = filesOf(path)
    if (paths.length === 0) throw new FilesError(`${path} has no *.json`)
    const version = paths.find((each) => basename(each) === versionFile)
    const input = new ClusterInput(version === undefined ? undefined : minorVersionIn(version))
    for (const file of passed) input.fault({ file, item: '' }, 'is not looked into')
    const sizes = paths.map((each) => statSync(each).size)
    const progress = new Progress(
      onProgress,
      sizes.reduce((sum, size) => sum + size, 0),
    )
    for (const each of paths) {
      const file = basename(each)
      input.files++
      await readFile(each, file, input, (bytes) => progress.on(file, bytes, input.objects))
    }
    return input
  } catch (error) {
    if (error instanceof FilesError) throw error
    throw new FilesError(reasonOf(error, path))
  }
}

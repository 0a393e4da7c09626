/**
 * What a cluster is made of, wherever it comes from: objects go to the graph, reports about images
 * to the store of vulnerabilities. Counts what was read and what was not, by kind, and keeps what
 * is wrong with its file and its place in it. Nothing that it is given makes it throw.
 */
import type { ContextSources, CveDocument, TypeOfItem } from '@bulwark/graph'
import {
  Cluster,
  CveStore,
  UsedFiles,
  imageDigestsOf,
  readCveJson,
  refText,
  useImageCves,
} from '@bulwark/graph'
import type { GraphInput } from '@bulwark/schema'
import { limits } from '../limits.ts'

export type Json = Readonly<Record<string, unknown>>

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Where something was read. */
export interface Place {
  /** Name of a file; of an API server the path that was asked. */
  readonly file: string
  /** `items[3]`; empty: the whole of it. */
  readonly item: string
}

export interface InputFault extends Place {
  readonly message: string
}

/** How often each kind was there. */
export type KindCounts = readonly (readonly [kind: string, count: number])[]

/** Kinds that every cluster has: without them an answer has a hole. */
const everywhere = [
  'ClusterRole',
  'ClusterRoleBinding',
  'Namespace',
  'Node',
  'Pod',
  'Service',
  'ServiceAccount',
]

const reportGroup = 'aquasecurity.github.io/'
const reportKind = /(?:VulnerabilityReport|SbomReport)$/

const textOf = (json: Json, key: string): string => (typeof json[key] === 'string' ? json[key] : '')

/** Whether an object is a report of Trivy Operator. */
export const isReport = (json: Json): boolean =>
  textOf(json, 'apiVersion').startsWith(reportGroup) && reportKind.test(textOf(json, 'kind'))

/** By what a report is known: its kind and names, none of which has a blank or a slash. */
const reportKeyOf = (json: Json): string | undefined => {
  const { kind, metadata } = json
  const { namespace = '', name } = isJson(metadata) ? metadata : {}
  const named = [kind, namespace, name].every((each) => typeof each === 'string')
  return named ? `${String(kind)} ${String(namespace)}/${String(name)}` : undefined
}

/** An object as its faults name it. */
const nameOf = (json: Json, type: TypeOfItem | undefined): string => {
  const { metadata } = json
  const own = textOf(json, 'kind')
  const isPart = own === 'PartialObjectMetadata' || own === ''
  const kind = isPart ? (type?.kind ?? own) : own
  const names = isJson(metadata) ? metadata : {}
  return refText({ kind, namespace: textOf(names, 'namespace'), name: textOf(names, 'name') })
}

/** What is kept of a document beside what the store has. */
interface Documented {
  /** It is of a form that is known. */
  readonly isRead: boolean
  readonly faults: readonly InputFault[]
  /** Of a report that is an object of the cluster. */
  readonly kind: string | undefined
}

/** What became of a file beside a cluster: `kept`, it is broken, and what it said before holds. */
type FileState = 'sound' | 'faulty' | 'kept'

/** A file beside a cluster. */
interface BesideFile {
  /** Of its documents. */
  readonly keys: readonly string[]
  readonly state: FileState
  readonly faults: readonly InputFault[]
}

/** `Kind (group/version)`: two groups may have the same kind. */
const kindText = (apiVersion: string, kind: string): string =>
  apiVersion.includes('/') ? `${kind} (${apiVersion})` : kind

export class ClusterInput {
  readonly cluster: Cluster
  readonly cves = new CveStore()
  /** What was seen to run. */
  readonly used = new UsedFiles()
  readonly #faults: InputFault[] = []
  /** Where the objects are that have faults. */
  readonly #faulty = new Map<string, Place>()
  /** Documents about images, and what is wrong with them. */
  readonly #documents = new Map<string, Documented>()
  /** Files that are read beside a cluster, by path. */
  readonly #files = new Map<string, BesideFile>()
  /** How many there are of each kind of report. */
  readonly #reports = new Map<string, number>()
  /** Faults of documents, and of files beside the cluster. */
  #documentFaults = 0
  /** Faults over the bound. */
  faultsOver = 0
  files = 0
  /** Objects that were taken in, as often as they came. */
  objects = 0
  /** Documents about images, and lists about vulnerabilities. */
  documents = 0

  /** @param minorVersion  34 of an API server 1.34; `undefined`: not known */
  constructor(minorVersion?: number) {
    this.cluster = new Cluster({ minorVersion })
    useImageCves(this.cluster, this.cves)
  }

  fault(place: Place, message: string): void {
    if (this.#faults.length < limits.faultsMax) this.#faults.push({ ...place, message })
    else this.faultsOver++
  }

  /** Takes an object of Kubernetes. `type`: of an item that does not say it. */
  take(place: Place, json: unknown, type?: TypeOfItem): void {
    if (!isJson(json)) {
      this.fault(place, 'is no object')
      return
    }
    if (isReport(json)) {
      const document = readCveJson(place.file, json)
      this.#keep(reportKeyOf(json) ?? place.item, place, document, textOf(json, 'kind'))
      return
    }
    const { diagnostics } = this.cluster
    const before = [diagnostics.unnamed, diagnostics.kept] as const
    this.cluster.put(json, type)
    this.objects++
    if (diagnostics.unnamed > before[0]) {
      this.fault(place, 'is no object of Kubernetes: it has no kind, no apiVersion, or no name')
      return
    }
    if (diagnostics.kept > before[1]) this.#faulty.set(nameOf(json, type), place)
  }

  /** An object, or a report, is gone. */
  drop(json: Json, type: TypeOfItem): void {
    if (isReport({ ...json, ...type })) {
      this.#forget(reportKeyOf({ ...json, ...type }) ?? '')
      return
    }
    this.#faulty.delete(nameOf(json, type))
    this.cluster.delete(json, type)
  }

  /**
   * All objects of a kind have been taken: those before that are not among them are gone.
   *
   * @param isThere  whether one is among them; `namespace` is empty for what has none
   */
  keep(type: TypeOfItem, isThere: (namespace: string, name: string) => boolean): void {
    if (isReport({ ...type })) {
      for (const [key, { kind }] of this.#documents) {
        const [, namespace = '', name = ''] = key.split(/[ /]/)
        if (kind === type.kind && !isThere(namespace, name)) this.#forget(key)
      }
      return
    }
    this.cluster.keep(type, isThere)
    for (const key of this.#faulty.keys()) {
      const [kind, first = '', second] = key.split(/[ /]/)
      const isGone = second === undefined ? !isThere('', first) : !isThere(first, second)
      if (kind === type.kind && isGone) this.#faulty.delete(key)
    }
  }

  /** How many objects, or reports, there are of a kind. */
  count(type: TypeOfItem): number {
    if (!isReport({ ...type })) return this.cluster.count(type)
    return this.#reports.get(type.kind) ?? 0
  }

  /** Takes a document about images or vulnerabilities. */
  takeDocument(place: Place, document: CveDocument): void {
    this.#keep(place.file, place, document)
  }

  /**
   * Takes what a file beside the cluster says, in place of what it said.
   *
   * @param faults  of the file; those of its documents are known
   */
  putFile(
    path: string,
    documents: readonly (readonly [place: Place, document: CveDocument])[],
    faults: readonly InputFault[],
  ): void {
    this.dropFile(path)
    const keys = documents.map((_each, at) => `file:${path} ${at}`)
    for (const [at, [place, document]] of documents.entries()) {
      this.#keep(keys[at] ?? '', place, document)
    }
    const isSound = faults.length === 0 && documents.every(([, { found }]) => found.length === 0)
    const state = isSound ? 'sound' : 'faulty'
    this.#files.set(path, { keys, state, faults: this.#admit(faults) })
  }

  /** A file cannot be used any more: what it said holds on. */
  keepFile(path: string, faults: readonly InputFault[]): void {
    const { keys = [], faults: before = [] } = this.#files.get(path) ?? {}
    this.#documentFaults -= before.length
    this.#files.set(path, { keys, state: 'kept', faults: this.#admit(faults) })
  }

  /** A file is gone, and what it said. */
  dropFile(path: string): void {
    const known = this.#files.get(path)
    if (!known) return
    for (const key of known.keys) this.#forget(key)
    this.#documentFaults -= known.faults.length
    this.#files.delete(path)
  }

  /** How many files beside the cluster there are, by what became of them; of none nothing. */
  get fileStates(): ReadonlyMap<string, number> {
    const counts = new Map<FileState, number>()
    if (this.#files.size === 0) return counts
    for (const state of ['sound', 'faulty', 'kept'] as const) counts.set(state, 0)
    for (const { state } of this.#files.values()) counts.set(state, (counts.get(state) ?? 0) + 1)
    return counts
  }

  #keep(key: string, place: Place, document: CveDocument, kind?: string): void {
    this.#forget(key)
    this.cves.put(key, document)
    const isRead = document.form !== undefined
    if (isRead) this.documents++
    const faults = document.found.map(({ path, message }) => ({
      ...place,
      message: path === '' ? message : `${path} ${message}`,
    }))
    this.#documents.set(key, { isRead, faults: this.#admit(faults), kind })
    this.#countReport(kind, 1)
  }

  /** Those that there is room for. */
  #admit(faults: readonly InputFault[]): readonly InputFault[] {
    const admitted = faults.slice(0, Math.max(0, limits.faultsMax - this.#documentFaults))
    this.faultsOver += faults.length - admitted.length
    this.#documentFaults += admitted.length
    return admitted
  }

  #forget(key: string): void {
    const known = this.#documents.get(key)
    if (!known) return
    this.cves.delete(key)
    this.#documents.delete(key)
    this.#documentFaults -= known.faults.length
    if (known.isRead) this.documents--
    this.#countReport(known.kind, -1)
  }

  #countReport(kind: string | undefined, change: number): void {
    if (kind === undefined) return
    const count = (this.#reports.get(kind) ?? 0) + change
    if (count === 0) this.#reports.delete(kind)
    else this.#reports.set(kind, count)
  }

  /** Kinds that nothing reads, with their versions. */
  get ignored(): KindCounts {
    return this.cluster.diagnostics.unread().map(([key, count]) => {
      const [apiVersion = '', kind = ''] = key.split(' ')
      return [kindText(apiVersion, kind), count]
    })
  }

  /** Kinds that were read. */
  get read(): KindCounts {
    const counts = new Map<string, number>()
    for (const [{ kind }, count] of this.cluster.counts) {
      counts.set(kind, (counts.get(kind) ?? 0) + count)
    }
    return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Kinds that every cluster has, and this input has not. */
  get missing(): readonly string[] {
    const there = new Set(this.read.map(([kind]) => kind))
    return everywhere.filter((kind) => !there.has(kind))
  }

  /** All that is wrong: of files, then of objects. */
  get faults(): readonly InputFault[] {
    const ofObjects = this.cluster.diagnostics.faults().map(({ object, path, message }) => {
      const name = refText(object)
      const { file, item } = this.#faulty.get(name) ?? { file: '', item: '' }
      return { file, item, message: `${name}: ${path} ${message}` }
    })
    const ofDocuments = [...this.#documents.values()].flatMap(({ faults }) => faults)
    const ofFiles = [...this.#files.values()].flatMap(({ faults }) => faults)
    return [...this.#faults, ...ofFiles, ...ofDocuments, ...ofObjects]
  }

  /** Reports that are of no image that runs: an old scan, another architecture. */
  get unmatched(): readonly string[] {
    const pods = [...this.cluster.objects.all('Pod')].filter(({ isOver }) => !isOver)
    const running = new Set(pods.flatMap((pod) => [...imageDigestsOf(pod).values()].flat()))
    return this.cves.unmatched((digest) => running.has(digest))
  }

  /** What the context of a pod is asked of. */
  get sources(): ContextSources {
    const { cluster, cves, used, documents } = this
    return { cluster, cves, used, hasReports: documents > 0 }
  }

  /** Faults that are not among `faults`. */
  get untold(): number {
    return this.faultsOver + this.cluster.diagnostics.notKept
  }
}

export const faultText = ({ file, item, message }: InputFault): string =>
  [file, item].filter((part) => part !== '').join(' ') + `: ${message}`

const countsText = (counts: KindCounts): string =>
  counts.map(([kind, count]) => `${count} ${kind}`).join(', ')

/** What was read, as lines for people; the first one is the sum. */
export const inputLines = (input: ClusterInput, from: string): readonly string[] => {
  const { files, objects, documents, cves, read, ignored, missing, faults, untold } = input
  const { unmatched } = input
  const ofImages = documents === 0 ? '' : `; ${documents} documents about images`
  const findings = documents === 0 ? '' : ` with ${cves.counts.findings} findings`
  const of = files === 0 ? '' : ` in ${files} files`
  const lines = [`cluster from ${from}: ${objects} objects${of}${ofImages}${findings}`]
  if (read.length > 0) lines.push(`  read: ${countsText(read)}`)
  if (ignored.length > 0) lines.push(`  not used: ${countsText(ignored)}`)
  if (missing.length > 0) {
    lines.push(`  warning: no ${missing.join(', no ')}: answers lack what follows from them`)
  }
  if (unmatched.length > 0) {
    const [first = ''] = unmatched
    const others = unmatched.length === 1 ? '' : `, and ${unmatched.length - 1} more`
    lines.push(`  warning: no container runs the image of ${first}${others}`)
  }
  lines.push(...faults.slice(0, limits.toldFaultsMax).map((each) => `  fault: ${faultText(each)}`))
  const more = Math.max(0, faults.length - limits.toldFaultsMax) + untold
  if (more > 0) lines.push(`  and ${more} more faults: see \`input\` of -o json`)
  return lines
}

/** The same for programs. */
export const inputJson = (input: ClusterInput, from: string): GraphInput => ({
  from,
  objects: Object.fromEntries(input.read),
  ignored: Object.fromEntries(input.ignored),
  missing: input.missing,
  documents: input.documents,
  unmatched: input.unmatched,
  faults: input.faults,
  faults_untold: input.untold,
})

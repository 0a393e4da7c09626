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
  readCveDocument,
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

const isReport = (json: Json): boolean =>
  textOf(json, 'apiVersion').startsWith(reportGroup) && reportKind.test(textOf(json, 'kind'))

/** `Kind (group/version)`: two groups may have the same kind. */
const kindText = (apiVersion: string, kind: string): string =>
  apiVersion.includes('/') ? `${kind} (${apiVersion})` : kind

export class ClusterInput {
  readonly cluster: Cluster
  readonly cves = new CveStore()
  readonly #counts = new Map<string, number>()
  readonly #faults: InputFault[] = []
  /** Where the objects are that have faults. */
  readonly #faulty = new Map<string, Place>()
  /** Faults over the bound. */
  faultsOver = 0
  files = 0
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
      const { kind, metadata } = json
      const { namespace, name } = isJson(metadata) ? metadata : {}
      const named = [kind, namespace, name].every((each) => typeof each !== 'object')
      const key = named ? `${String(kind)} ${String(namespace)}/${String(name)}` : place.item
      this.#keep(key, place, readCveJson(place.file, json))
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
    const own = textOf(json, 'kind')
    const isPart = own === 'PartialObjectMetadata' || own === ''
    const kind = isPart ? (type?.kind ?? own) : own
    const apiVersion = isPart ? (type?.apiVersion ?? '') : textOf(json, 'apiVersion')
    const key = `${apiVersion} ${kind}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    if (diagnostics.kept > before[1]) {
      const { metadata } = json
      const names = isJson(metadata) ? metadata : {}
      const ref = { kind, namespace: textOf(names, 'namespace'), name: textOf(names, 'name') }
      this.#faulty.set(refText(ref), place)
    }
  }

  /** Takes a document about images or vulnerabilities, as text. */
  takeDocument(place: Place, text: string): void {
    this.#keep(place.file, place, readCveDocument(place.file, text))
  }

  #keep(key: string, place: Place, document: CveDocument): void {
    this.cves.put(key, document)
    if (document.form !== undefined) this.documents++
    for (const { path, message } of document.found) {
      this.fault(place, path === '' ? message : `${path} ${message}`)
    }
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
    const ignored = new Set(this.cluster.diagnostics.unread().map(([key]) => key))
    const counts = new Map<string, number>()
    for (const [key, count] of this.#counts) {
      const [, kind = ''] = key.split(' ')
      if (!ignored.has(key)) counts.set(kind, (counts.get(kind) ?? 0) + count)
    }
    return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
  }

  /** Kinds that every cluster has, and this input has not. */
  get missing(): readonly string[] {
    const there = new Set([...this.#counts.keys()].map((key) => key.split(' ')[1]))
    return everywhere.filter((kind) => !there.has(kind))
  }

  /** All that is wrong: of files, then of objects. */
  get faults(): readonly InputFault[] {
    const ofObjects = this.cluster.diagnostics.faults().map(({ object, path, message }) => {
      const name = refText(object)
      const { file, item } = this.#faulty.get(name) ?? { file: '', item: '' }
      return { file, item, message: `${name}: ${path} ${message}` }
    })
    return [...this.#faults, ...ofObjects]
  }

  /** Reports that are of no image that runs: an old scan, another architecture. */
  get unmatched(): readonly string[] {
    const pods = [...this.cluster.objects.all('Pod')].filter(({ isOver }) => !isOver)
    const running = new Set(pods.flatMap((pod) => [...imageDigestsOf(pod).values()].flat()))
    return this.cves.unmatched((digest) => running.has(digest))
  }

  /** What the context of a pod is asked of. */
  get sources(): ContextSources {
    const { cluster, cves, documents } = this
    return { cluster, cves, used: new UsedFiles(), hasReports: documents > 0 }
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

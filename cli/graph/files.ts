/**
 * A cluster out of a folder of files: what `kubectl get -A -o json` wrote, a List or an object a
 * file, and beside them documents about images and vulnerabilities. Bad input: what cannot be used
 * is told.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ContextSources } from '@bulwark/graph'
import {
  Cluster,
  CveStore,
  UsedFiles,
  imageDigestsOf,
  readCveDocument,
  readCveJson,
  refText,
} from '@bulwark/graph'
import { logError } from '../report.ts'

/** Names of files that are read. */
const isRead = (name: string): boolean => /\.(?:json|csv)$/.test(name)

/** Kinds of Trivy Operator, of which some are reports about images. */
const reportGroup = 'aquasecurity.github.io/'

/** Faults that are told one by one. */
const toldMax = 20

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isReport = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['apiVersion'] === 'string' &&
  value['apiVersion'].startsWith(reportGroup)

/** A folder cannot be read, or there is nothing in it. */
export class FilesError extends Error {}

/** What was read, and what to tell of it. */
export interface ClusterFiles {
  readonly sources: ContextSources
  /** Lines for people: figures, then what is wrong. */
  readonly told: readonly string[]
}

class FilesReader {
  readonly cluster = new Cluster()
  readonly cves = new CveStore()
  readonly faults: string[] = []
  objects = 0
  reports = 0

  #document(name: string, document: ReturnType<typeof readCveJson>): void {
    this.cves.put(name, document)
    this.reports += document.form === undefined ? 0 : 1
    for (const { path, message } of document.found) {
      this.faults.push(`${name}: ${path === '' ? '' : `${path} `}${message}`)
    }
  }

  file(name: string, text: string): void {
    let value: unknown
    try {
      value = name.endsWith('.csv') ? undefined : JSON.parse(text)
    } catch {
      this.faults.push(`${name}: is no JSON`)
      return
    }
    if (!isObject(value) || typeof value['kind'] !== 'string') {
      this.#document(name, readCveDocument(name, text))
      return
    }
    const items: readonly unknown[] = Array.isArray(value['items']) ? value['items'] : [value]
    const reports = items.filter(isReport)
    if (reports.length > 0) {
      this.#document(name, readCveJson(name, { kind: 'List', items: reports }))
    }
    const objects = items.filter((item) => !isReport(item))
    this.objects += objects.length
    this.cluster.put(Array.isArray(value['items']) ? { ...value, items: objects } : objects[0])
  }

  /** Digests of the images that some container runs. */
  #running(): ReadonlySet<string> {
    const pods = [...this.cluster.objects.all('Pod')].filter(({ isOver }) => !isOver)
    return new Set(pods.flatMap((pod) => [...imageDigestsOf(pod).values()].flat()))
  }

  told(folder: string): readonly string[] {
    const { cluster, cves, faults } = this
    const running = this.#running()
    const unmatched = cves.unmatched((digest) => running.has(digest))
    const all = [
      ...cluster.diagnostics
        .faults()
        .map(({ object, path, message }) => `${refText(object)}: ${path} ${message}`),
      ...faults,
      ...cluster.diagnostics.unread().map(([kind, count]) => `not read: ${count} of ${kind}`),
      ...unmatched.map((source) => `${source}: no container runs its image`),
    ]
    const more = all.length > toldMax ? [`and ${all.length - toldMax} more`] : []
    const { findings, reports } = cves.counts
    return [
      `cluster from ${folder}: ${this.objects} objects; ${reports} reports about images with ` +
        `${findings} findings`,
      ...all.slice(0, toldMax).map((line) => `  ${line}`),
      ...more.map((line) => `  ${line}`),
    ]
  }
}

/**
 * Reads the `*.json` and `*.csv` files of a folder.
 *
 * @throws FilesError  the folder or a file cannot be read, or there is none
 */
export const readClusterFiles = (folder: string): ClusterFiles => {
  const reader = new FilesReader()
  try {
    const names = readdirSync(folder).filter(isRead).toSorted()
    if (names.length === 0) throw new FilesError(`${folder} has no *.json`)
    for (const name of names) reader.file(name, readFileSync(join(folder, name), 'utf8'))
  } catch (error) {
    if (error instanceof FilesError) throw error
    throw new FilesError(error instanceof Error ? error.message : String(error))
  }
  const { cluster, cves } = reader
  const hasReports = reader.reports > 0
  const sources = { cluster, cves, used: new UsedFiles(), hasReports }
  return { sources, told: reader.told(folder) }
}

/** Reads a folder; `undefined` when it cannot be read, which was said. */
export const clusterFilesOf = (folder: string): ClusterFiles | undefined => {
  try {
    return readClusterFiles(folder)
  } catch (error) {
    if (!(error instanceof FilesError)) throw error
    const help = 'give a folder with what `kubectl get KINDS -A -o json` wrote'
    logError(`cannot read a cluster from ${folder}: ${error.message}`, help)
    return undefined
  }
}

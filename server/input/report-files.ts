/**
 * Files about images and vulnerabilities beside a cluster that its API server is asked for:
 * reports, SBOMs, VEX, EPSS, KEV. They are read into what is known of the cluster, and again when
 * they are others. One that becomes broken leaves what it said before, and that is told.
 */
import { statSync } from 'node:fs'
import type { CveDocument } from '@bulwark/graph'
import { limits } from '../limits.ts'
import { FilesError, filesOf } from './files.ts'
import type { ClusterInput, InputFault } from './input.ts'
import { faultText } from './input.ts'
import { readBeside } from './read-aside.ts'
import type { FileContents } from './read-reports.ts'

/** The files of a path, which is one or a folder; throws where it cannot be read. */
export const reportFilesOf = (path: string): readonly string[] => filesOf(path).paths

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** What tells whether a file is another now; costs no reading. */
const signatureOf = (path: string): string => {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true })
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}

const saysNothing = ({ reports, statements, epss, kev }: CveDocument): boolean =>
  statements.length + epss.size + kev.length === 0 &&
  reports.every(({ packages, findings }) => packages.length + findings.length === 0)

/** What one file says. */
class FileReports {
  readonly documents: FileContents['documents']
  readonly faults: FileContents['faults']
  readonly #isWhole: boolean

  constructor({ documents, faults, isWhole }: FileContents) {
    this.documents = documents
    this.faults = faults
    this.#isWhole = isWhole
  }

  /** Of the file, and of the documents in it. */
  get allFaults(): readonly InputFault[] {
    const ofDocuments = this.documents.flatMap(([place, { found }]) =>
      found.map(({ path, message }) => ({ ...place, message: `${path} ${message}`.trimStart() })),
    )
    return [...this.faults, ...ofDocuments]
  }

  /** It was not written to its end, or says nothing while something is wrong with it. */
  get isBroken(): boolean {
    if (!this.#isWhole) return true
    return this.allFaults.length > 0 && this.documents.every(([, each]) => saysNothing(each))
  }

  /** All that is wrong, in lines for people. */
  get lines(): readonly string[] {
    const faults = this.allFaults
    const more = faults.length - limits.toldFaultsMax
    return [
      ...faults.slice(0, limits.toldFaultsMax).map((each) => `  fault: ${faultText(each)}`),
      ...(more > 0 ? [`  and ${more} more faults`] : []),
    ]
  }
}

/** What documents say, in figures; the documents themselves may be large, and are not kept. */
class Contents {
  /** Of reports. */
  readonly sources = new Set<string>()
  #reports = 0
  #statements = 0
  #epss = 0
  #kev = 0

  add({ reports, statements, epss, kev }: CveDocument): void {
    for (const { source } of reports) this.sources.add(source)
    this.#reports += reports.length
    this.#statements += statements.length
    this.#epss += epss.size
    this.#kev += kev.length
  }

  get text(): string {
    const parts = [
      [this.#reports, 'reports'],
      [this.#statements, 'VEX statements'],
      [this.#epss, 'rows of EPSS'],
      [this.#kev, 'rows of KEV'],
    ] as const
    const said = parts.filter(([rows]) => rows > 0).map(([rows, what]) => `${rows} ${what}`)
    return said.length === 0 ? 'nothing' : said.join(', ')
  }
}

const namesText = (paths: readonly string[]): string => {
  const more = paths.length - limits.toldFilesMax
  const names = paths.slice(0, limits.toldFilesMax).join(', ')
  return more > 0 ? `${names} and ${more} more` : names
}

export interface ReportFilesOptions {
  /** Files and folders. */
  readonly paths: readonly string[]
  /** What is known of the cluster. */
  readonly input: ClusterInput
  readonly log: (line: string) => void
  /** Whether it is known which images run. */
  readonly isListed: () => boolean
}

/** A file as it was read last. */
interface KnownFile {
  readonly signature: string
  /** The path that it is of. */
  readonly root: string
  /** What is kept of it is of a time when it was not broken. */
  readonly wasSound: boolean
}

/** What happened in one reading. */
interface Reading {
  readonly contents: Contents
  readonly read: string[]
  readonly lines: string[]
}

export class ReportFiles {
  readonly #options: ReportFilesOptions
  readonly #known = new Map<string, KnownFile>()
  /** What is wrong with paths, as it was told. */
  readonly #told = new Map<string, string>()
  #reading: Promise<void> = Promise.resolve()

  constructor(options: ReportFilesOptions) {
    this.#options = options
  }

  /**
   * Reads them for the first time.
   *
   * @throws FilesError  a path cannot be read
   */
  async start(): Promise<void> {
    for (const path of this.#options.paths) {
      try {
        reportFilesOf(path)
      } catch (error) {
        throw new FilesError(messageOf(error))
      }
    }
    await this.refresh()
  }

  /** Reads those that are others now. Never rejects. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#read())
    return this.#reading
  }

  async #read(): Promise<void> {
    const reading: Reading = { contents: new Contents(), read: [], lines: [] }
    const there = new Set<string>()
    for (const root of this.#options.paths) {
      const files = this.#list(root, reading)
      if (!files) {
        for (const [path, each] of this.#known) if (each.root === root) there.add(path)
        continue
      }
      for (const path of files) {
        if (there.has(path)) continue
        there.add(path)
        await this.#readFile(path, root, reading)
      }
    }
    const gone = [...this.#known.keys()].filter((path) => !there.has(path))
    for (const path of gone) {
      this.#known.delete(path)
      this.#options.input.dropFile(path)
    }
    this.#tell(reading, gone)
  }

  /** The files of a path; `undefined` where it cannot be read any more. */
  #list(root: string, { lines }: Reading): readonly string[] | undefined {
    const { input } = this.#options
    let files: readonly string[] | undefined
    const faults: InputFault[] = []
    const fault = (file: string, message: string): void =>
      void faults.push({ file, item: '', message })
    try {
      const { paths, passed } = filesOf(root)
      files = paths
      for (const each of passed) fault(`${root}/${each}`, 'is not looked into')
      if (files.length === 0) fault(root, 'has no *.json and no *.csv')
    } catch (error) {
      fault(root, `cannot be read: ${messageOf(error)}; what it said before holds`)
    }
    // Beside the file that it may be itself.
    const key = `path ${root}`
    if (!files) input.keepFile(key, faults)
    else if (faults.length === 0) input.dropFile(key)
    else input.putFile(key, [], faults)
    const told = faults.map(faultText).join('\n')
    if (told !== (this.#told.get(root) ?? '')) {
      lines.push(...faults.map((each) => `vulnerabilities: ${faultText(each)}`))
    }
    this.#told.set(root, told)
    return files
  }

  async #readFile(path: string, root: string, reading: Reading): Promise<void> {
    const { input } = this.#options
    const before = this.#known.get(path)
    let signature = ''
    try {
      signature = signatureOf(path)
    } catch {
      // It went since it was listed, or leads nowhere: reading it says so.
    }
    if (before?.signature === signature) return
    const reports = new FileReports(await readBeside(path))
    const wasSound = before?.wasSound === true
    this.#known.set(path, { signature, root, wasSound: wasSound || !reports.isBroken })
    if (wasSound && reports.isBroken) {
      const holds = { file: path, item: '', message: 'what it said before holds' }
      input.keepFile(path, [...reports.allFaults, holds])
      reading.lines.push(`warning: vulnerabilities: ${path} stays what it was`, ...reports.lines)
      return
    }
    input.putFile(path, reports.documents, reports.faults)
    reading.read.push(path)
    for (const [, document] of reports.documents) reading.contents.add(document)
    reading.lines.push(...reports.lines)
  }

  #tell({ contents, read, lines }: Reading, gone: readonly string[]): void {
    const { log, input, isListed } = this.#options
    if (read.length > 0) {
      log(`vulnerabilities: ${namesText(read)}: ${contents.text}`)
    }
    for (const line of lines) log(line)
    if (gone.length > 0) log(`vulnerabilities: ${namesText(gone)}: gone, and what was said there`)
    if (read.length === 0 || !isListed()) return
    const [first, ...others] = input.unmatched.filter((source) => contents.sources.has(source))
    if (first === undefined) return
    const more = others.length === 0 ? '' : `, and ${others.length} more`
    log(`  warning: no container runs the image of ${first}${more}`)
  }
}

/**
 * From what the kernel tells of files that run, and from what ran before, to reports. The kernel
 * tells each file once for each container; what a program loads without a call of its own (its
 * loader, on the tracepoint backend) is read out of its maps when it is new.
 */
import type { UsageReport, UsedFile } from '@bulwark/schema'
import { USE_EXECUTED, printableText } from '@bulwark/schema'
import { containersInPath } from '../container/container.ts'
import type { Container } from '../container/container.ts'
import type { Counters } from '../counters.ts'
import { limits } from '../limits.ts'
import { listPids, readCgroupsOf } from '../procfs.ts'
import { readMaps } from './maps.ts'
import { UsedFileTable } from './table.ts'

/** A file that runs, as the kernel tells it. Texts are byte strings. */
export interface FileUse {
  readonly pid: number
  readonly comm: string
  /** USE_*. */
  readonly use: number
  /** Empty, or not absolute and without `base`: its beginning was lost. */
  readonly path: string
  readonly base: string
  readonly timeMs: number
}

export interface UsageOptions {
  readonly node: string
  readonly counters: Counters
  /** Returns `false` when this report, or one before, is lost: the next has all. */
  readonly onReport: (report: UsageReport) => boolean
  /** The container of that id, while there is one. */
  readonly containerOf: (id: string) => Container | undefined
  /** /proc when not said. */
  readonly root?: string
  /** How long maps are read for at each look; `limits.mapsReadMsMax` when not said. */
  readonly readMsMax?: number
}

/** The containers in a text of /proc/PID/cgroup, the innermost of each hierarchy. */
const idsIn = (cgroups: string): readonly string[] =>
  cgroups
    .split('\n')
    .flatMap((line) => containersInPath(line.replace(/^\d+:[^:]*:/, '')).at(-1)?.id ?? [])

export class UsageFeed {
  readonly #options: UsageOptions
  readonly #table: UsedFileTable
  readonly #root: string
  /** Processes whose maps are to be read, and how far that is. */
  #waiting = new Set<number>()
  #scan: readonly number[] | undefined
  #scanned = 0
  /** All that ran before has been looked at. */
  #isWhole = false
  #scanAgain = false
  #scannedMs = 0
  #reportedMs = 0
  /** All is to be told. */
  #fromStart = true

  /** Starts one where somebody hears it. Call it when the hooks are attached. */
  static start(
    onReport: UsageOptions['onReport'] | undefined,
    options: Omit<UsageOptions, 'onReport'>,
  ): UsageFeed | undefined {
    if (!onReport) return undefined
    const feed = new UsageFeed({ ...options, onReport })
    feed.start()
    return feed
  }

  constructor(options: UsageOptions) {
    this.#options = options
    this.#table = new UsedFileTable(options.counters)
    this.#root = options.root ?? '/proc'
  }

  /** Begins to look at what runs already. Call it when the hooks are attached. */
  start(): void {
    this.#scan = listPids(this.#root)
    this.#scanned = 0
  }

  /** The kernel tells of a file. */
  used(container: Container, { pid, comm, use, path, base, timeMs }: FileUse): void {
    const whole = path.startsWith('/') || base === '' ? path : `${base}/${path}`
    if (!whole.startsWith('/')) {
      this.#options.counters.usedFilesCut++
      this.#table.missed(container, timeMs)
      return
    }
    const isProgram = use === USE_EXECUTED
    this.#note(container, whole, isProgram ? 'executed' : 'mapped', comm, timeMs)
    if (this.#isWhole) this.#table.watched(container, timeMs)
    if (!isProgram) return
    if (this.#waiting.size < limits.mapsWaitingMax) this.#waiting.add(pid)
    else this.#options.counters.usedFilesOver++
  }

  #note(container: Container, path: string, use: UsedFile['use'], by: string, ms: number): void {
    const file = { path: printableText(path), use, by: printableText(by), since_ms: ms }
    this.#table.used(container, file)
  }

  /** The kernel could not tell all: of a container, or of all. What runs is looked at again. */
  missed(container: Container | undefined, nowMs: number): void {
    this.#table.missed(container, nowMs)
    this.#scanAgain = true
  }

  /** Looks at some processes, and reports what is new; called once a second. */
  look(nowMs: number): void {
    this.#read(nowMs)
    const containers = this.#table.take((id) => this.#options.containerOf(id) !== undefined)
    const isDue = nowMs - this.#reportedMs >= limits.usageReportMs
    if (containers.length === 0 && !isDue) return
    this.#reportedMs = nowMs
    const { node, onReport } = this.#options
    const report = { node, time_ms: nowMs, containers }
    const isTaken = onReport(this.#fromStart ? { ...report, from_start: true } : report)
    this.#fromStart = !isTaken
    if (!isTaken) this.#table.again()
  }

  /** Reads maps for a few milliseconds. */
  #read(nowMs: number): void {
    const until = performance.now() + (this.#options.readMsMax ?? limits.mapsReadMsMax)
    for (const pid of this.#waiting) {
      if (performance.now() >= until) return
      this.#waiting.delete(pid)
      this.#readProcess(pid, nowMs)
    }
    if (this.#scanAgain && nowMs - this.#scannedMs >= limits.mapsScanPauseMs) {
      this.#scanAgain = false
      this.start()
    }
    if (!this.#scan) return
    while (this.#scanned < this.#scan.length) {
      if (performance.now() >= until) return
      this.#readProcess(this.#scan[this.#scanned++] ?? 0, nowMs)
    }
    this.#endScan(nowMs)
  }

  #endScan(nowMs: number): void {
    this.#scan = undefined
    this.#scannedMs = nowMs
    if (this.#isWhole) return
    this.#isWhole = true
    this.#table.allWatched(nowMs)
  }

  #readProcess(pid: number, nowMs: number): void {
    const ids = idsIn(readCgroupsOf(this.#root, pid) ?? '')
    const container = ids.map((id) => this.#options.containerOf(id)).find((each) => each)
    if (!container) return
    this.#table.begin(container)
    const maps = readMaps(this.#root, pid)
    if (!maps) return
    if (maps.isCut) {
      this.#options.counters.usedFilesCut++
      this.#table.missed(container, nowMs)
    }
    for (const path of maps.files) this.#note(container, path, 'running', '', nowMs)
  }
}

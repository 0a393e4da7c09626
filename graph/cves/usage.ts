/**
 * What ran in images: files that were executed, mapped as code, or opened, told by the sensor; and
 * which packages are in use by that.
 */
import type { ContainerUsage, UsageReport, UsedFile } from '@bulwark/schema'
import { cveLimits as limits } from '../limits.ts'
import { comparedPath } from './places.ts'
import type { PackageFacts } from './report.ts'

/**
 * How a package is in use, the strongest first. `owns-executable`: the alerting process runs its
 * file. `loaded`: a file of it was executed, mapped or opened. `built-in`: it is in a static binary
 * that ran; whether its code is reached is not known. `unseen`: its files are known, all that runs
 * in the image is told, and none of them was used. `unknown`: everything else.
 */
export const packageUses = ['owns-executable', 'loaded', 'built-in', 'unseen', 'unknown'] as const
export type PackageUse = (typeof packageUses)[number]

/** What is asked of the use of packages of an image. */
export interface UsageQuestion {
  /** All digests by which the image is known. */
  readonly digests: readonly string[]
  /** What the alerting process and its ancestors in the container run: see `programFiles`. */
  readonly executables: readonly string[]
}

/** What an interpreter or a virtual machine is given as a program. */
const givenProgram = /\.(?:jar|war|py|pyz|js|mjs|cjs|rb)$/

/**
 * The files that a process runs: its executable, and what it was given as a program, such as the
 * jar of `java -jar app.jar`. Not more than eight.
 *
 * @param workingDirectory  from which names without a slash at the start are meant
 */
export const programFiles = (process: {
  readonly executable: string
  readonly programArguments: readonly string[]
  readonly workingDirectory: string
}): readonly string[] => {
  const given = process.programArguments
    .slice(1)
    .filter((each) => each.length <= limits.pathCharsMax && givenProgram.test(each))
    .map((each) => (each.startsWith('/') ? each : `${process.workingDirectory}/${each}`))
  return [process.executable, ...given].slice(0, 8).map(comparedPath)
}

/** What is known of the use of a package, and from what. */
export interface UseFound {
  readonly use: PackageUse
  /** A file of it that was seen to run; of `unseen` and `unknown` none. */
  readonly seen?: SeenFile
  /** Of `unseen`: how long all that runs in the image has been watched, milliseconds. */
  readonly watchedMs?: number
}

/** A file that was seen to run in an image. */
export interface SeenFile {
  readonly path: string
  readonly use: UsedFile['use']
  /** Name of the process; empty: not told. */
  readonly by: string
  /** Milliseconds since 1970; `undefined`: not told. */
  readonly sinceMs: number | undefined
}

/** A container that an agent watches: from when on, and until when it was last told of. */
interface Watch {
  readonly node: string
  readonly sinceMs: number | null
  readonly untilMs: number
}

/** An agent's node, by its own clock: when it was heard of first, and until when that is true. */
interface HeardNode {
  readonly firstMs: number
  readonly untilMs: number
}

type NodeContainer = ContainerUsage & { readonly node: string; readonly untilMs: number }

/** What is known of an image. */
interface ImageUse {
  readonly files: Map<string, SeenFile>
  /** Its containers that are there, by id. */
  readonly watches: Map<string, Watch>
  /** When a file may have run unseen, the last time. */
  missedMs: number
  /** There was no room for all of its files, or containers: not all is known. */
  isOver: boolean
}

const unknownUse: UseFound = { use: 'unknown' }

export class UsedFiles {
  readonly #byImage = new Map<string, ImageUse>()
  readonly #nodes = new Map<string, HeardNode>()
  /** Containers whose image is not known yet. */
  readonly #unplaced = new Map<string, NodeContainer>()
  /** Files, containers and images over the bounds. */
  notKept = 0
  /** The executables of the last question. */
  #last: { readonly given: readonly string[]; readonly compared: readonly string[] } = {
    given: [],
    compared: [],
  }

  #image(digest: string): ImageUse | undefined {
    const known = this.#byImage.get(digest)
    if (known) return known
    if (this.#byImage.size >= limits.usedImagesMax) {
      this.notKept++
      return undefined
    }
    const image = { files: new Map(), watches: new Map(), missedMs: 0, isOver: false }
    this.#byImage.set(digest, image)
    return image
  }

  /**
   * A file of an image was executed, or mapped so that it can be.
   *
   * @param imageDigest  of the container's image
   * @param path  as the process sees it
   */
  markUsed(
    imageDigest: string,
    path: string,
    { use, by, sinceMs }: Omit<SeenFile, 'path'> = { use: 'executed', by: '', sinceMs: undefined },
  ): void {
    const image = this.#image(imageDigest)
    const compared = comparedPath(path)
    if (!image || image.files.has(compared)) return
    if (image.files.size < limits.usedFilesMax) {
      image.files.set(compared, { path, use, by, sinceMs })
      return
    }
    image.isOver = true
    this.notKept++
  }

  /**
   * Takes in what an agent tells.
   *
   * @param digestsOf  more digests by which the image of a container is known; asked again with the
   *   next report while there are none
   */
  take(
    report: UsageReport,
    digestsOf: (container: ContainerUsage) => readonly string[] = () => [],
  ): void {
    const { node, time_ms: untilMs } = report
    if (this.#nodes.size < limits.usageNodesMax || this.#nodes.has(node)) {
      this.#nodes.set(node, { firstMs: this.#nodes.get(node)?.firstMs ?? untilMs, untilMs })
    } else this.notKept++
    const before = new Map(this.#unplaced)
    this.#unplaced.clear()
    for (const now of report.containers) {
      const known = before.get(now.id)
      before.delete(now.id)
      const container = known ? { ...now, files: [...known.files, ...now.files] } : now
      this.#place({ ...container, node, untilMs }, digestsOf(container))
    }
    for (const each of before.values()) this.#place(each, digestsOf(each))
  }

  #place(container: NodeContainer, digestsOf: readonly string[]): void {
    const { id, image_digests: own, files, node, untilMs, ended } = container
    const digests = new Set([...own, ...digestsOf])
    for (const digest of digests) {
      for (const { path, use, by, since_ms: sinceMs } of files) {
        this.markUsed(digest, path, { use, by, sinceMs })
      }
      this.#watch(digest, container, node, untilMs)
    }
    if (digests.size > 0 || ended) return
    if (this.#unplaced.size >= limits.unplacedMax) this.notKept++
    else this.#unplaced.set(id, { ...container, files: files.slice(0, limits.usedFilesMax) })
  }

  #watch(digest: string, container: ContainerUsage, node: string, untilMs: number): void {
    const image = this.#image(digest)
    if (!image) return
    const { id, watched_since_ms: sinceMs, missed_ms: missedMs, ended } = container
    image.missedMs = Math.max(image.missedMs, missedMs ?? 0)
    if (ended) image.watches.delete(id)
    else if (image.watches.size < limits.usageWatchesMax || image.watches.has(id)) {
      image.watches.set(id, { node, sinceMs, untilMs })
    } else {
      image.isOver = true
      this.notKept++
    }
  }

  /** Whether something was told of a node: what is told of it after that is what is new. */
  knows(node: string): boolean {
    return this.#nodes.has(node)
  }

  /** The image is nowhere any more. */
  forget(imageDigest: string): void {
    this.#byImage.delete(imageDigest)
  }

  /**
   * How long all that runs in the containers of an image has been watched, milliseconds: since the
   * first of them was, or something was missed. 0: not all of them are, or those who have not told
   * anything yet, such as after a restart, may know of more.
   */
  #watchedMs({ watches, missedMs, isOver }: ImageUse): number {
    let watchedMs = 0
    let isSettled = false
    for (const { node, sinceMs, untilMs } of isOver ? [] : watches.values()) {
      if (sinceMs === null) return 0
      const heard = this.#nodes.get(node) ?? { firstMs: untilMs, untilMs }
      watchedMs = Math.max(watchedMs, heard.untilMs - Math.max(sinceMs, missedMs))
      isSettled ||= heard.untilMs - heard.firstMs >= limits.usageSettleMs
    }
    return isSettled ? watchedMs : 0
  }

  /** Asked for one package of an image after another. */
  #compared(executables: readonly string[]): readonly string[] {
    if (this.#last.given !== executables) {
      this.#last = { given: executables, compared: executables.map(comparedPath) }
    }
    return this.#last.compared
  }

  /** How a package is in use. */
  useOf({ kind, places }: PackageFacts, question: UsageQuestion): UseFound {
    const { files, folders } = places
    // Of most packages nobody tells where they lie: no file is one of theirs.
    if (files.length + folders.length === 0) return unknownUse
    const owns = (path: string): boolean =>
      files.includes(path) || folders.some((folder) => path.startsWith(folder))
    const isStatic = kind === 'static-binary'
    const own = this.#compared(question.executables)
    // Of many modules of one binary it is not known which is at fault.
    if (own.some(owns)) return { use: isStatic ? 'built-in' : 'owns-executable' }
    const images = question.digests.flatMap((digest) => this.#byImage.get(digest) ?? [])
    for (const { files: used } of images) {
      const direct = files.find((file) => used.has(file))
      const path = direct ?? (folders.length > 0 ? [...used.keys()].find(owns) : undefined)
      if (path === undefined) continue
      const seen = used.get(path)
      return { use: isStatic ? 'built-in' : 'loaded', ...(seen ? { seen } : {}) }
    }
    const isSeenWhenUsed = files.length > 0 && (kind === 'os' || isStatic)
    if (!isSeenWhenUsed || images.length === 0) return unknownUse
    const watchedMs = Math.max(...images.map((image) => this.#watchedMs(image)))
    return watchedMs >= limits.unseenAfterMs ? { use: 'unseen', watchedMs } : unknownUse
  }
}

/**
 * What ran in images: files that were executed, mapped as code, or opened, told by the sensor; and
 * which packages are in use by that.
 */
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

export class UsedFiles {
  readonly #byImage = new Map<string, Set<string>>()
  /** Images of which all that runs is told. */
  readonly #whole = new Set<string>()
  /** Files and images over the bounds. */
  notKept = 0
  /** The executables of the last question. */
  #last: { readonly given: readonly string[]; readonly compared: readonly string[] } = {
    given: [],
    compared: [],
  }

  /**
   * A file of an image was executed, or mapped so that it can be.
   *
   * @param imageDigest  of the container's image
   * @param path  as the process sees it
   */
  markUsed(imageDigest: string, path: string): void {
    let files = this.#byImage.get(imageDigest)
    if (!files) {
      if (this.#byImage.size >= limits.usedImagesMax) {
        this.notKept++
        return
      }
      files = new Set()
      this.#byImage.set(imageDigest, files)
    }
    const compared = comparedPath(path)
    if (files.has(compared)) return
    if (files.size >= limits.usedFilesMax) this.notKept++
    else files.add(compared)
  }

  /**
   * From now on all files are marked that run in containers of an image, and those that already
   * have. Only then does it mean something that a file was not.
   */
  watchWhole(imageDigest: string): void {
    if (this.#whole.size >= limits.usedImagesMax) this.notKept++
    else this.#whole.add(imageDigest)
  }

  /** The image is nowhere any more. */
  forget(imageDigest: string): void {
    this.#byImage.delete(imageDigest)
    this.#whole.delete(imageDigest)
  }

  /** Asked for one package of an image after another. */
  #compared(executables: readonly string[]): readonly string[] {
    if (this.#last.given !== executables) {
      this.#last = { given: executables, compared: executables.map(comparedPath) }
    }
    return this.#last.compared
  }

  useOf({ kind, places }: PackageFacts, question: UsageQuestion): PackageUse {
    const { files, folders } = places
    const owns = (path: string): boolean =>
      files.includes(path) || folders.some((folder) => path.startsWith(folder))
    const isStatic = kind === 'static-binary'
    const own = this.#compared(question.executables)
    // Of many modules of one binary it is not known which is at fault.
    if (own.some(owns)) return isStatic ? 'built-in' : 'owns-executable'
    for (const digest of question.digests) {
      const used = this.#byImage.get(digest)
      if (!used) continue
      const isUsed =
        files.some((file) => used.has(file)) || (folders.length > 0 && [...used].some(owns))
      if (isUsed) return isStatic ? 'built-in' : 'loaded'
    }
    const isSeenWhenUsed = files.length > 0 && (kind === 'os' || isStatic)
    const isWhole = question.digests.some((digest) => this.#whole.has(digest))
    return isWhole && isSeenWhenUsed ? 'unseen' : 'unknown'
  }
}

/**
 * What is known of the files that run, by container, until it was told. Times are milliseconds
 * since 1970.
 */
import type { ContainerUsage, UsedFile } from '@bulwark/schema'
import { usageLimits } from '@bulwark/schema'
import { BoundedMap } from '../bounded.ts'
import type { Container } from '../container/container.ts'
import type { Counters } from '../counters.ts'
import { limits } from '../limits.ts'

interface Entry {
  readonly container: Container
  readonly files: Map<string, UsedFile>
  /** Not told yet. */
  fresh: UsedFile[]
  sinceMs: number | null
  missedMs: number | null
  /** Something else of it is new. */
  isNews: boolean
}

const isDigest = (text: string | undefined): text is string =>
  text !== undefined && /^sha256:[0-9a-f]{64}$/.test(text)

/** What a container is told as, where that is known. */
type Identity = Pick<ContainerUsage, 'namespace' | 'pod' | 'container' | 'image_digests'>

const identityOf = ({ metadata }: Container): Identity => {
  const { namespace, podName, name, imageDigest, imageId } = metadata ?? {}
  return {
    namespace: namespace ?? '',
    pod: podName ?? '',
    container: name ?? '',
    image_digests: [imageDigest, imageId].filter((each) => each !== undefined && isDigest(each)),
  }
}

/** Somebody can find its image by it. */
const isKnown = ({ image_digests: digests, pod, container }: Identity): boolean =>
  digests.length > 0 || (pod !== '' && container !== '')

/** What a report has room for yet. */
interface Room {
  files: number
  chars: number
}

/** The first files that a report has room for, which they take. */
const fitting = (files: readonly UsedFile[], room: Room): readonly UsedFile[] => {
  const over = files.findIndex(({ path }) => {
    if (room.files === 0 || room.chars < path.length) return true
    room.files--
    room.chars -= path.length
    return false
  })
  return over === -1 ? files : files.slice(0, over)
}

export class UsedFileTable {
  readonly #entries: BoundedMap<string, Entry>
  readonly #counters: Counters

  constructor(counters: Counters) {
    this.#counters = counters
    this.#entries = new BoundedMap(limits.containersMax, () => counters.usedFilesOver++)
  }

  get size(): number {
    return this.#entries.size
  }

  #of(container: Container): Entry {
    const known = this.#entries.get(container.id)
    if (known) return known
    const entry = {
      container,
      files: new Map(),
      fresh: [],
      sinceMs: null,
      missedMs: null,
      isNews: true,
    }
    this.#entries.set(container.id, entry)
    return entry
  }

  /** A container is there, with what ran in it. */
  begin(container: Container): void {
    this.#of(container)
  }

  /** Of all that are there, every file that runs is heard of from now on. */
  allWatched(nowMs: number): void {
    for (const { container } of Array.from(this.#entries.values())) this.watched(container, nowMs)
  }

  /** Every file that runs in it is heard of from now on, where that is not said already. */
  watched(container: Container, nowMs: number): void {
    const entry = this.#of(container)
    if (entry.sinceMs !== null) return
    entry.sinceMs = nowMs
    entry.isNews = true
  }

  /** A file runs. */
  used(container: Container, file: UsedFile): void {
    const entry = this.#of(container)
    if (entry.files.has(file.path)) return
    if (entry.files.size >= limits.usedFilesMax) {
      this.#counters.usedFilesOver++
      // Not all that runs in it is known any more.
      this.#missed(entry, file.since_ms)
      return
    }
    entry.files.set(file.path, file)
    entry.fresh.push(file)
  }

  #missed(entry: Entry, nowMs: number): void {
    entry.missedMs = nowMs
    entry.isNews = true
  }

  /** Something that ran may not have been told: of one, or of all. */
  missed(container: Container | undefined, nowMs: number): void {
    if (container) {
      const entry = this.#entries.get(container.id)
      if (entry) this.#missed(entry, nowMs)
      return
    }
    for (const entry of this.#entries.values()) this.#missed(entry, nowMs)
  }

  /** All is told again: a report was lost. */
  again(): void {
    for (const entry of this.#entries.values()) {
      entry.fresh = [...entry.files.values()]
      entry.isNews = true
    }
  }

  /**
   * What is new since the last time, of containers whose image can be found.
   *
   * @param isThere  whether a container has not ended yet
   */
  take(isThere: (id: string) => boolean): readonly ContainerUsage[] {
    const found: ContainerUsage[] = []
    const room: Room = { files: usageLimits.filesMax, chars: usageLimits.pathCharsMax }
    for (const [id, entry] of Array.from(this.#entries.entries())) {
      const isGone = !isThere(id)
      if (!isGone && !entry.isNews && entry.fresh.length === 0) continue
      const identity = identityOf(entry.container)
      if (!isKnown(identity)) {
        if (isGone) this.#entries.delete(id)
        continue
      }
      if (found.length >= usageLimits.containersMax || room.files === 0) break
      const files = fitting(entry.fresh, room)
      entry.fresh = entry.fresh.slice(files.length)
      entry.isNews = false
      const ended = isGone && entry.fresh.length === 0
      if (ended) this.#entries.delete(id)
      found.push({
        id,
        ...identity,
        watched_since_ms: entry.sinceMs,
        missed_ms: entry.missedMs,
        ended,
        files,
      })
      if (entry.fresh.length > 0) break
    }
    return found
  }
}

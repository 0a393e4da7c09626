/**
 * Watches files and folders for changes: also those that are renamed into place, and links
 * that are turned to other files, as Kubernetes does with a ConfigMap. Where nothing tells of a
 * change (some network file systems), a look now and then does.
 */
import type { FSWatcher } from 'node:fs'
import { lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { limits, onBeat } from '@bulwark/agent'
import { reasonOf } from '@bulwark/schema'
import { Quiet } from './quiet.ts'

/** How often the files are looked at without being told: every so many beats. */
const lookBeats = 10
const lookSeconds = (lookBeats * limits.beatMs) / 1000
/** Links behind each other that are followed, as the kernel does. */
const linksMax = 40

/** What is watched. */
interface WatchedFiles {
  readonly paths: readonly string[]
  /** The files of a path that count: itself, or those of a folder; throws when it is not there. */
  readonly filesOf: (path: string) => readonly string[]
}

interface FileWatchOptions extends WatchedFiles {
  /** Called when the files are others, and nothing has changed for a while. */
  readonly onChange: () => void
  readonly log: (line: string) => void
}

/** The folders in which a change can make a path lead to something else. */
const foldersOf = (path: string): ReadonlySet<string> => {
  const folders = new Set<string>()
  const waiting = [resolve(path)]
  for (let links = 0; waiting.length > 0 && links < linksMax;) {
    const at = waiting.pop() ?? '/'
    if (at === '/') continue
    const above = dirname(at)
    try {
      if (lstatSync(at).isSymbolicLink()) {
        links++
        folders.add(above)
        waiting.push(resolve(above, readlinkSync(at)))
      }
    } catch {
      folders.add(above) // It is not there: when it comes, it comes here.
    }
    waiting.push(above)
  }
  return folders
}

/** Where changes of some paths can be seen. */
const placesOf = ({ paths, filesOf }: WatchedFiles): ReadonlySet<string> => {
  const places = new Set<string>()
  const add = (path: string): void => {
    places.add(dirname(resolve(path)))
    for (const folder of foldersOf(path)) places.add(folder)
  }
  for (const path of paths) {
    add(path)
    try {
      if (statSync(path).isDirectory()) places.add(resolve(path))
      for (const file of filesOf(path)) add(file)
    } catch {
      // Not there now: the folder that it was in is watched.
    }
  }
  return places
}

/** What tells whether some files are others now; costs no reading. */
const signatureOf = ({ paths, filesOf }: WatchedFiles): string => {
  const parts: string[] = []
  for (const path of paths) {
    try {
      for (const file of filesOf(path)) {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true })
        parts.push([file, dev, ino, size, mtimeNs, ctimeNs].join(' '))
      }
    } catch {
      parts.push(`${path} none`)
    }
  }
  return parts.join('\n')
}

export class FileWatch {
  readonly #options: FileWatchOptions
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #unwatched = new Set<string>()
  readonly #endBeat: () => void
  #signature: string
  /** Files may be written in several steps. */
  readonly #quiet = new Quiet(() => this.#look())

  constructor(options: FileWatchOptions) {
    this.#options = options
    this.#signature = signatureOf(options)
    this.#follow()
    this.#endBeat = onBeat(() => this.#look(), { every: lookBeats })
  }

  /** Watches the folders that count now, and no others. */
  #follow(): void {
    const places = placesOf(this.#options)
    for (const [place, watcher] of this.#watchers) {
      if (places.has(place)) continue
      watcher.close()
      this.#watchers.delete(place)
    }
    for (const place of places) if (!this.#watchers.has(place)) this.#watch(place)
  }

  #watch(place: string): void {
    const lose = (error: unknown): void => {
      this.#watchers.get(place)?.close()
      this.#watchers.delete(place)
      if (this.#unwatched.has(place)) return
      this.#unwatched.add(place)
      this.#options.log(
        `cannot watch ${place} (${reasonOf(error, place)}): looking every ${lookSeconds} s`,
      )
    }
    try {
      const watcher = watch(place, () => this.#quiet.touch())
      watcher.unref()
      watcher.on('error', lose)
      this.#watchers.set(place, watcher)
    } catch (error) {
      lose(error)
    }
  }

  #look(): void {
    this.#follow()
    const signature = signatureOf(this.#options)
    if (signature === this.#signature) return
    this.#signature = signature
    this.#options.onChange()
  }

  stop(): void {
    this.#endBeat()
    this.#quiet.stop()
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}

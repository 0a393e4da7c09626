/**
 * Watches rule files and folders for changes: also those that are renamed into place, and links
 * that are turned to other files, as Kubernetes does with a ConfigMap. Where nothing tells of a
 * change (some network file systems), a look now and then does.
 */
import type { FSWatcher } from 'node:fs'
import { lstatSync, readlinkSync, statSync, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { limits, onBeat } from '@bulwark/agent'
import { filesOf } from './load-rules.ts'

/** How long nothing must change before the files are read, milliseconds: they may be written in
 * several steps. And how long that is waited for at the most. */
const quietMs = 200
const quietMsMax = 2_000
/** How often the files are looked at without being told: every so many beats. */
const lookBeats = 10
const lookSeconds = (lookBeats * limits.beatMs) / 1000
/** Links behind each other that are followed, as the kernel does. */
const linksMax = 40

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
const placesOf = (paths: readonly string[]): ReadonlySet<string> => {
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
const signatureOf = (paths: readonly string[]): string => {
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

export class RuleWatch {
  readonly #paths: readonly string[]
  readonly #onChange: () => void
  readonly #log: (line: string) => void
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #unwatched = new Set<string>()
  readonly #endBeat: () => void
  #signature: string
  #quiet: NodeJS.Timeout | undefined
  #sinceMs: number | undefined

  /** @param onChange  called when the files are others, and nothing has changed for a while */
  constructor(paths: readonly string[], onChange: () => void, log: (line: string) => void) {
    this.#paths = paths
    this.#onChange = onChange
    this.#log = log
    this.#signature = signatureOf(paths)
    this.#follow()
    this.#endBeat = onBeat(() => this.#look(), { every: lookBeats })
  }

  /** Watches the folders that count now, and no others. */
  #follow(): void {
    const places = placesOf(this.#paths)
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
      const message = error instanceof Error ? error.message : String(error)
      this.#log(`cannot watch ${place} (${message}): looking every ${lookSeconds} s`)
    }
    try {
      const watcher = watch(place, () => this.#touch())
      watcher.unref()
      watcher.on('error', lose)
      this.#watchers.set(place, watcher)
    } catch (error) {
      lose(error)
    }
  }

  /** Something has changed in a folder: not yet that it is one of the files. */
  #touch(): void {
    const now = performance.now()
    this.#sinceMs ??= now
    clearTimeout(this.#quiet)
    const rest = Math.max(0, this.#sinceMs + quietMsMax - now)
    this.#quiet = setTimeout(() => this.#look(), Math.min(quietMs, rest)).unref()
  }

  #look(): void {
    this.#sinceMs = undefined
    this.#follow()
    const signature = signatureOf(this.#paths)
    if (signature === this.#signature) return
    this.#signature = signature
    this.#onChange()
  }

  stop(): void {
    this.#endBeat()
    clearTimeout(this.#quiet)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}

/** Files that are renewed under the same names: whether they are others by now. */
import { statSync } from 'node:fs'

/** What is under a name now: another file after a link was turned, another time after a write. */
const stampOf = (path: string): string => {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false })
  return found ? `${found.dev}:${found.ino}:${found.mtimeNs}:${found.size}` : 'none'
}

export class RenewedFiles {
  readonly #paths: readonly string[]
  #stamps = ''

  /** @param paths  files; of a folder, that names in it are new or others is seen */
  constructor(paths: readonly (string | undefined)[]) {
    this.#paths = paths.filter((path) => path !== undefined)
  }

  /** Whether they are others than when this was asked before; the first time they are. */
  areOthers(): boolean {
    const stamps = this.#paths.map(stampOf).join(' ')
    if (stamps === this.#stamps) return false
    this.#stamps = stamps
    return true
  }
}

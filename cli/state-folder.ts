/**
 * A folder whose files are kept for the next run. Whoever may write one decides what that run
 * believes: it is read only if nobody but this user and root can have written it, and it never has
 * its name before it is whole.
 */
import type { Stats } from 'node:fs'
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StateFile, StateFiles } from '@bulwark/server'

/** Why what is kept cannot be used, for people. */
export class UnusableFile extends Error {}

const writableByOthers = 0o022
const permissionBits = 0o777
const ownFolderMode = 0o700
const ownFileMode = 0o600
const rootUid = 0

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'

/** @throws UnusableFile  others than this user and root may write to it */
const checkOwner = (path: string, { uid, mode }: Stats): void => {
  const own = process.geteuid?.() ?? rootUid
  if (uid !== own && uid !== rootUid) {
    throw new UnusableFile(`${path} belongs to user ${uid}, who is not the one that runs: chown it`)
  }
  if ((mode & writableByOthers) === 0) return
  const shown = (mode & permissionBits).toString(8)
  throw new UnusableFile(`others may write to ${path} (mode ${shown}): chmod go-w it`)
}

/** The text of a file that nobody else can have written. */
const readOwn = (path: string, bytesMax: number): string => {
  // Neither a link to elsewhere nor a pipe that waits for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new UnusableFile('it is no file')
    checkOwner(path, stats)
    if (stats.size > bytesMax) throw new UnusableFile(`it has more than ${bytesMax} bytes`)
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}

export class StateFolder implements StateFiles {
  readonly #path: string

  /** @param path  made when something is to be kept in it */
  constructor(path: string) {
    this.#path = path
  }

  /** Where a file of it is, for people. */
  pathOf(name: string): string {
    return join(this.#path, name)
  }

  /**
   * The text of a file that nobody else can have written; `undefined`: it is not there.
   *
   * @param bytesMax  of the file
   * @throws UnusableFile  it is no file, too large, or others may write to it or the folder
   * @throws Error         it is a link, or cannot be read
   */
  read(name: string, bytesMax: number): string | undefined {
    try {
      checkOwner(this.#path, statSync(this.#path))
      return readOwn(this.pathOf(name), bytesMax)
    } catch (error) {
      if (isAbsent(error)) return undefined
      throw error
    }
  }

  /**
   * Puts a file of this text in the place of what has its name; a cut leaves the one before.
   *
   * @returns it, to be written on; the caller closes it
   * @throws UnusableFile  others may write to the folder
   * @throws Error         it cannot be written
   */
  async replace(name: string, text: string): Promise<StateFile> {
    const path = this.pathOf(name)
    const fresh = `${path}.${process.pid}`
    try {
      if (!existsSync(this.#path)) mkdirSync(this.#path, { recursive: true, mode: ownFolderMode })
      checkOwner(this.#path, statSync(this.#path))
      await rm(fresh, { force: true })
      const file = await open(fresh, 'ax', ownFileMode)
      try {
        await file.writeFile(text)
        await file.sync()
        await rename(fresh, path)
      } catch (error) {
        await file.close()
        throw error
      }
      return { append: (more) => file.appendFile(more), close: () => file.close() }
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => {})
      throw error
    }
  }

  /**
   * Gives a file another name, in the place of what has it. One that is not there has none.
   *
   * @throws Error  it cannot be done
   */
  async rename(from: string, to: string): Promise<void> {
    await rename(this.pathOf(from), this.pathOf(to)).catch((error: unknown) => {
      if (!isAbsent(error)) throw error
    })
  }
}

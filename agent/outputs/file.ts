/**
 * Alerts as lines of a file, which is moved aside when it is full. What could not be written, on a
 * full disk for one, waits, and goes on where the file ends: no line is torn or written twice.
 */
import type { FileHandle } from 'node:fs/promises'
import { open, rename } from 'node:fs/promises'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

export interface FileSettings {
  readonly path: string
  /** Bytes after which it is moved to `path.1`; 0: never. */
  readonly rotateBytes: number
  /** How many moved ones are kept, at least 1. */
  readonly keep: number
}

/** Alerts can hold what others should not read. */
const mode = 0o640

const isMissing = (error: unknown): boolean =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT'

export class FileSink implements Sink {
  readonly batchMax = limits.channelBatchMax
  readonly #settings: FileSettings
  #file: FileHandle | undefined
  #bytes = 0
  /** Bytes of the next entry's line that the file has already. */
  #torn = 0
  #reopen = false

  constructor(settings: FileSettings) {
    this.#settings = settings
  }

  async send(entries: readonly Entry[]): Promise<void> {
    const { path } = this.#settings
    try {
      await this.#prepare(entries)
    } catch (error) {
      throw new SinkFault(`cannot open ${path}: ${reasonOf(error, path)}`, { cause: error })
    }
    const bytes = Buffer.from(entries.map(({ line }) => `${line}\n`).join(''))
    let at = this.#torn
    try {
      while (at < bytes.length) at += await this.#write(bytes.subarray(at))
      this.#torn = 0
    } catch (error) {
      const delivered = this.#splitAt(entries, at)
      const message = `cannot write ${path}: ${reasonOf(error, path)}`
      throw new SinkFault(message, { delivered, cause: error })
    }
  }

  async #write(bytes: Uint8Array): Promise<number> {
    if (!this.#file) throw new Error('it is closed')
    const { bytesWritten } = await this.#file.write(bytes)
    this.#bytes += bytesWritten
    return bytesWritten
  }

  /** @returns how many entries are in the first bytes of their lines; keeps the rest in mind */
  #splitAt(entries: readonly Entry[], at: number): number {
    let left = at
    let whole = 0
    for (const { bytes } of entries) {
      if (left < bytes + 1) break
      left -= bytes + 1
      whole++
    }
    this.#torn = left
    return whole
  }

  /** Opens the file, anew or another one where that is due. */
  async #prepare(entries: readonly Entry[]): Promise<void> {
    const { path, rotateBytes, keep } = this.#settings
    if (this.#reopen) await this.#release()
    await this.#open()
    if (rotateBytes === 0 || this.#bytes === 0 || this.#torn > 0) return
    const more = entries.reduce((total, { bytes }) => total + bytes + 1, 0)
    if (this.#bytes + more <= rotateBytes) return
    for (let i = keep - 1; i >= 1; i--) {
      await rename(`${path}.${i}`, `${path}.${i + 1}`).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    }
    await rename(path, `${path}.1`).catch((error: unknown) => {
      // Somebody else moved it: a new one is due all the same.
      if (!isMissing(error)) throw error
    })
    await this.#release()
    await this.#open()
  }

  async #open(): Promise<void> {
    if (this.#file) return
    this.#file = await open(this.#settings.path, 'a', mode)
    this.#bytes = (await this.#file.stat()).size
  }

  /** A line that was torn is written again, whole, to what is opened next. */
  async #release(): Promise<void> {
    const file = this.#file
    this.#reopen = false
    this.#file = undefined
    this.#torn = 0
    // What close(2) says comes too late to be put right.
    await file?.close().catch(() => {})
  }

  reopen(): void {
    this.#reopen = true
  }

  close(): Promise<void> {
    return this.#release()
  }
}

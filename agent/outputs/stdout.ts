/**
 * Alerts as lines on standard output. What a pipe takes at once goes into it without Node.js's
 * streams, which take as long as all the rest of an alert. A reader that stops reading it holds up
 * nobody: Node.js waits for it aside. A file is written aside, too, and a terminal as it takes it.
 */
import { fstatSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

const writeFd = promisify(write)
const stdoutFd = 1

/** Codes of a reader that has gone. */
const goneCodes: ReadonlySet<string | undefined> = new Set(['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'])

/** What a pipe or socket takes now, bytes; once Node.js has opened standard output, it does not
 * wait for more room. */
const writeNow = (bytes: Uint8Array): number => {
  try {
    return writeSync(stdoutFd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}

const asFault = (error: unknown): SinkFault => {
  const { code } = error as NodeJS.ErrnoException
  const next = goneCodes.has(code) ? 'gone' : 'again'
  return new SinkFault(`cannot write to stdout: ${reasonOf(error)}`, { next, cause: error })
}

export class StdoutSink implements Sink {
  readonly batchMax = limits.channelBatchMax
  readonly #isFile = fstatSync(stdoutFd).isFile()
  readonly #isPipe = fstatSync(stdoutFd).isFIFO() || fstatSync(stdoutFd).isSocket()
  /** Bytes of the next batch that the file or pipe has already. */
  #torn = 0

  constructor() {
    // Whoever writes is told, too; without this, an error nobody hears ends the process.
    process.stdout.on('error', () => {})
  }

  /** What a pipe has room for in part is told in whole by `send`. */
  sendNow({ line, bytes }: Entry): boolean {
    if (!this.#isPipe || process.stdout.writableLength > 0) return false
    try {
      this.#torn = writeSync(stdoutFd, `${line}\n`)
    } catch {
      // `send` meets the same, and says so.
      return false
    }
    if (this.#torn <= bytes) return false
    this.#torn = 0
    return true
  }

  async send(entries: readonly Entry[]): Promise<void> {
    const bytes = Buffer.from(entries.map(({ line }) => `${line}\n`).join(''))
    try {
      if (this.#isFile) await this.#writeFile(bytes)
      else await this.#writeStream(bytes)
    } catch (error) {
      throw asFault(error)
    }
  }

  async #writeStream(batch: Uint8Array): Promise<void> {
    const bytes = batch.subarray(this.#torn)
    this.#torn = 0
    const isFree = this.#isPipe && process.stdout.writableLength === 0
    const taken = isFree ? writeNow(bytes) : 0
    if (taken < bytes.length) await writeStream(bytes.subarray(taken))
  }

  async #writeFile(bytes: Uint8Array): Promise<void> {
    for (let at = this.#torn; at < bytes.length; at = this.#torn) {
      const { bytesWritten } = await writeFd(stdoutFd, bytes, at)
      this.#torn = at + bytesWritten
    }
    this.#torn = 0
  }

  reopen(): void {
    // Whoever started the agent holds it.
  }

  async close(): Promise<void> {
    // Not ours to close.
  }
}

const writeStream = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, (error) => {
      if (error) reject(error)
      else resolve()
    })
  })

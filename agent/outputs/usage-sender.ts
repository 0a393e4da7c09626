/**
 * Reports of files that run, to the server of the cluster. One is under way at a time; nothing is
 * queued: what is lost is told again, whole, once the server takes reports.
 */
import type { UsageReport } from '@bulwark/schema'
import { reasonOf, usagePath } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { ServerSettings } from './server-link.ts'
import { ServerLink } from './server-link.ts'

/** The server knows nothing of this node, as after a restart, and asks for all. */
const tellAll = 409

export class UsageSender {
  readonly #link: ServerLink
  readonly #log: (line: string) => void
  readonly #pauseMsMin: number
  readonly #stop = new AbortController()
  #isSending = false
  /** Reports were lost. */
  #hasLost = false
  #isDown = false
  #failedMs = 0
  #pauseMs = 0
  /** Reports that were lost so far. */
  lost = 0

  /** @param pauseMsMin  how long it is left alone after a failure; longer after each */
  constructor(
    settings: ServerSettings,
    log: (line: string) => void,
    pauseMsMin: number = limits.channelPauseMsMin,
  ) {
    this.#pauseMsMin = pauseMsMin
    this.#link = new ServerLink(settings, usagePath)
    this.#log = log
  }

  /**
   * Takes a report.
   *
   * @returns `false`: one was lost, and the next must have all
   */
  take(report: UsageReport): boolean {
    if (this.#isSending || performance.now() - this.#failedMs < this.#pauseMs) {
      this.#lose()
      return true
    }
    if (this.#hasLost) {
      this.#hasLost = false
      return false
    }
    this.#isSending = true
    void this.#send(report).finally(() => (this.#isSending = false))
    return true
  }

  #lose(): void {
    this.#hasLost = true
    this.lost++
  }

  async #send(report: UsageReport): Promise<void> {
    const body = Buffer.from(JSON.stringify(report))
    let fault: string
    try {
      const { signal } = this.#stop
      const { status, statusText } = await this.#link.post('application/json', body, signal)
      if (status >= 200 && status < 300) {
        if (this.#isDown) this.#log(`${this.#link.place} takes reports of files in use again`)
        this.#isDown = false
        this.#pauseMs = 0
        return
      }
      if (status === tellAll) {
        this.#hasLost = true
        return
      }
      fault = `answers ${status} ${statusText}`.trimEnd()
    } catch (error) {
      this.#link.reopen()
      fault = reasonOf(error)
    }
    if (this.#stop.signal.aborted) return
    if (!this.#isDown) {
      this.#log(`warning: files in use are not told to ${this.#link.place} for now: ${fault}`)
    }
    this.#isDown = true
    this.#lose()
    this.#failedMs = performance.now()
    const longer = Math.max(this.#pauseMsMin, 2 * this.#pauseMs)
    this.#pauseMs = Math.min(limits.channelPauseMsMax, longer)
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#stop.abort()
    this.#link.reopen()
  }
}

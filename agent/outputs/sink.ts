/** Where a channel leads, without the waiting: each kind of channel is a sink. */
import type { Entry } from './queue.ts'

/** Why an alert did not get to its channel. */
export type LossReason = 'queue_full' | 'refused' | 'failed' | 'unread' | 'stopped'

/** What each reason means, for people. */
export const lossMeanings: Readonly<Record<LossReason, string>> = {
  queue_full: 'more alerts waited than its queue holds',
  refused: 'the receiver will not have them',
  failed: 'it failed on them again and again',
  unread: 'the program that was given them ended, and may not have read them',
  stopped: 'the agent stopped, or the channel was changed, before they were delivered',
}

/** A delivery that failed. */
export class SinkFault extends Error {
  override readonly name = 'SinkFault'
  /** So many of the entries, from the first on, were delivered all the same. */
  readonly delivered: number
  /** `again`: try again after a pause. `give-up`: give the next entry up. `gone`: nobody is there
   * any more, and nobody will come back. */
  readonly next: 'again' | 'give-up' | 'gone'
  /** With `again`: the entry is given up after so many tries; never when not said. */
  readonly triesMax: number | undefined
  /** With `again`: the pause that the receiver asks for, milliseconds. */
  readonly pauseMs: number | undefined

  constructor(
    message: string,
    facts: {
      readonly next?: 'again' | 'give-up' | 'gone'
      readonly delivered?: number
      readonly triesMax?: number | undefined
      readonly pauseMs?: number | undefined
      readonly cause?: unknown
    } = {},
  ) {
    super(message, { cause: facts.cause })
    this.next = facts.next ?? 'again'
    this.delivered = facts.delivered ?? 0
    this.triesMax = facts.triesMax
    this.pauseMs = facts.pauseMs
  }
}

export interface Sink {
  /** What `send` takes at once. */
  readonly batchMax: number
  /**
   * Delivers entries in order. One call at a time.
   *
   * @param signal  nobody waits for the end of the call any more
   * @throws SinkFault  some were not delivered
   */
  send(entries: readonly Entry[], signal: AbortSignal): Promise<void>
  /**
   * Delivers one entry at once, whole, where that is possible without waiting; no call of `send` is
   * under way.
   *
   * @returns false when it was not, for whatever reason: then `send` is asked
   */
  sendNow?(entry: Entry): boolean
  /** Opens anew what it holds open: a file that was moved, a daemon that was restarted. */
  reopen(): void
  /** Lets go of all; after the last `send`, which may not have ended. */
  close(): Promise<void>
}

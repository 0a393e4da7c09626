/**
 * One channel: a bounded queue, and a loop that hands what waits to a sink. A sink that hangs or
 * fails holds up nobody else; what does not fit meanwhile is counted, by reason. The first alert
 * after a pause goes past the queue, to a sink that can take it at once: the loop takes a seventh
 * of the time of an alert.
 */
import { reasonOf } from '@bulwark/schema'
import { limits } from '../limits.ts'
import type { Entry, QueueBounds } from './queue.ts'
import { Queue } from './queue.ts'
import type { LossReason, Sink } from './sink.ts'
import { SinkFault } from './sink.ts'

export interface ChannelOptions {
  readonly name: string
  readonly sink: Sink
  readonly bounds: QueueBounds
  readonly log: (line: string) => void
  /** Nobody reads it any more. */
  readonly onGone?: () => void
}

export class Channel {
  readonly name: string
  readonly #options: ChannelOptions
  readonly #queue: Queue
  readonly #abort = new AbortController()
  readonly #lost = new Map<LossReason, number>()
  #delivered = 0
  /** The loop, while something waits. */
  #running: Promise<void> | undefined
  /** Ends the wait of the loop, whatever it waits for. */
  #wake: () => void = () => {}
  #isPausing = false
  /** An alert went past the queue in this turn: those that follow are told together. */
  #hasSentNow = false
  #tries = 0
  #failedSinceMs: number | undefined
  #lostBefore = 0
  #gone = false
  #closing = false

  constructor(options: ChannelOptions) {
    this.name = options.name
    this.#options = options
    this.#queue = new Queue(options.bounds)
  }

  /** Alerts that were lost so far, by reason. Numbers only go up. */
  get lost(): ReadonlyMap<LossReason, number> {
    return this.#lost
  }

  get delivered(): number {
    return this.#delivered
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Takes an alert; one that finds no room is counted. Never waits, never throws. */
  offer(entry: Entry): void {
    if (this.#gone || this.#sendNow(entry)) return
    if (this.#queue.push(entry)) this.#start()
    else this.lose('queue_full', 1)
  }

  #sendNow(entry: Entry): boolean {
    if (this.#running || this.#hasSentNow || this.#closing) return false
    if (this.#options.sink.sendNow?.(entry) !== true) return false
    this.#delivered++
    this.#hasSentNow = true
    queueMicrotask(this.#nextTurn)
    return true
  }

  readonly #nextTurn = (): void => {
    this.#hasSentNow = false
  }

  /**
   * Takes an alert about lost ones, for which there is room when there is none for others.
   *
   * @returns false when there is none even so: it is not counted, and may be offered again
   */
  offerLoss(entry: Entry): boolean {
    if (this.#gone) return true
    if (!this.#queue.push(entry, limits.channelLossAlertsMax)) return false
    this.#start()
    return true
  }

  reopen(): void {
    this.#options.sink.reopen()
    this.#endPause()
  }

  /**
   * Delivers what waits, and ends; within a bound, whatever the sink does.
   *
   * @returns what was not delivered, the oldest first; the first of it may have been, in part
   */
  async close(msMax: number): Promise<readonly Entry[]> {
    this.#closing = true
    this.#endPause()
    const timer = setTimeout(() => {
      this.#abort.abort()
      this.#wake()
    }, msMax)
    await this.#running
    clearTimeout(timer)
    this.#abort.abort()
    await within(this.#options.sink.close(), limits.channelCloseMsMax)
    return this.#queue.take(this.#queue.size)
  }

  /** Counts alerts that its sink found lost later, or that `close` returned and nobody takes. */
  lose(reason: LossReason, count: number): void {
    if (count === 0) return
    this.#lost.set(reason, (this.#lost.get(reason) ?? 0) + count)
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  #endPause(): void {
    if (this.#isPausing) this.#wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    try {
      // What one look at the ring brings goes together: nothing awaited goes on before it is over.
      await Promise.resolve()
      while (this.#queue.size > 0 && !signal.aborted && !this.#gone) {
        const batch = this.#queue.peek(this.#options.sink.batchMax)
        const outcome = await this.#send(batch, signal)
        if (outcome === 'woken') continue
        if (outcome === 'sent') this.#onSent(batch.length)
        else await this.#onFault(outcome)
      }
    } finally {
      // At once: what is offered next starts the loop anew.
      this.#running = undefined
    }
  }

  /** A wait that `wake` ends: no race with a promise that outlives it, which would keep it. */
  #send(batch: readonly Entry[], signal: AbortSignal): Promise<'sent' | 'woken' | SinkFault> {
    return new Promise((resolve) => {
      this.#wake = () => resolve('woken')
      this.#options.sink.send(batch, signal).then(
        () => resolve('sent'),
        (error: unknown) => resolve(asFault(error)),
      )
    })
  }

  #count(delivered: number): void {
    if (delivered === 0) return
    this.#delivered += delivered
    this.#queue.take(delivered)
    this.#tries = 0
  }

  #onSent(count: number): void {
    this.#count(count)
    if (this.#failedSinceMs === undefined) return
    const seconds = ((performance.now() - this.#failedSinceMs) / 1000).toFixed(1)
    const lost = this.#total() - this.#lostBefore
    this.#failedSinceMs = undefined
    this.#options.log(`channel ${this.name} delivers again after ${seconds} s; ${lost} alerts lost`)
  }

  #total(): number {
    return [...this.#lost.values()].reduce((total, count) => total + count, 0)
  }

  async #onFault(fault: SinkFault): Promise<void> {
    this.#count(fault.delivered)
    if (fault.next === 'gone') {
      this.#gone = true
      this.lose('stopped', this.#queue.take(this.#queue.size).length)
      this.#options.log(`channel ${this.name} ends: ${fault.message}`)
      this.#options.onGone?.()
      return
    }
    if (this.#failedSinceMs === undefined) {
      this.#failedSinceMs = performance.now()
      this.#lostBefore = this.#total()
      const what = fault.next === 'give-up' ? 'an alert is lost' : 'alerts wait for it'
      this.#options.log(`warning: channel ${this.name}: ${fault.message}; ${what}`)
    }
    this.#tries++
    const isGivenUp = fault.triesMax !== undefined && this.#tries >= fault.triesMax
    if (fault.next === 'give-up' || isGivenUp) {
      this.#queue.take(1)
      this.lose(fault.next === 'give-up' ? 'refused' : 'failed', 1)
      this.#tries = 0
      return
    }
    await this.#pause(fault.pauseMs ?? this.#backOffMs())
  }

  /** Doubled with each try; not the same on all nodes, since they may have failed at once. */
  #backOffMs(): number {
    const { channelPauseMsMin: min, channelPauseMsMax: max } = limits
    return Math.min(min * 2 ** (this.#tries - 1), max) * (0.5 + Math.random() / 2)
  }

  /** Ends early on `close` and `reopen`; a channel that closes tries again quickly. */
  async #pause(ms: number): Promise<void> {
    const pauseMs = this.#closing ? Math.min(ms, limits.channelPauseMsMin) : ms
    let timer: NodeJS.Timeout | undefined
    this.#isPausing = true
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      timer = setTimeout(resolve, pauseMs)
    })
    this.#isPausing = false
    clearTimeout(timer)
  }
}

const within = async (promise: Promise<void>, msMax: number): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, msMax)
  })
  await Promise.race([promise, late])
  clearTimeout(timer)
}

const asFault = (error: unknown): SinkFault =>
  error instanceof SinkFault ? error : new SinkFault(reasonOf(error), { cause: error })

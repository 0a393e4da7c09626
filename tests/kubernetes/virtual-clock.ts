/** A clock that a test lets run: a day passes in a minute. */
import type { Alarm, Clock } from '@bulwark/kubernetes'

interface Waiting {
  readonly at: number
  readonly call: () => void
}

export class VirtualClock implements Clock {
  readonly #waiting = new Set<Waiting>()
  #now = 0

  readonly now = (): number => this.#now

  readonly after = (ms: number, call: () => void): Alarm => {
    const waiting: Waiting = { at: this.#now + ms, call }
    this.#waiting.add(waiting)
    return { close: () => this.#waiting.delete(waiting) }
  }

  /** Alarms that are set. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Lets time pass: what falls due happens in its order. */
  pass(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      let next: Waiting | undefined
      for (const each of this.#waiting) {
        if (each.at <= end && (!next || each.at < next.at)) next = each
      }
      if (!next) break
      this.#waiting.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.call()
    }
    this.#now = end
  }
}

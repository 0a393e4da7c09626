/**
 * Lines about kinds of objects, of which many say the same at once: a server that is away is away
 * for all of them. The first is told, and after a while how many others there were.
 */
import type { Alarm, Clock } from '@bulwark/kubernetes'
import { limits } from '../limits.ts'

interface Folded {
  readonly alarm: Alarm
  /** Others than the first. */
  readonly others: Set<string>
}

export class FoldedLines {
  readonly #clock: Clock
  readonly #log: (line: string) => void
  readonly #folded = new Map<string, Folded>()

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock
    this.#log = log
  }

  /**
   * Says a line, or counts it.
   *
   * @param what  the kind that it is about, with which it begins
   */
  say(what: string, line: string): void {
    // Ages differ.
    const said = line.slice(what.length).replace(/[\d.]+ s\b/g, 'a while')
    const [key = ''] = said.split('; they are as ')
    const known = this.#folded.get(key)
    if (known) {
      known.others.add(what)
      return
    }
    this.#log(line)
    if (this.#folded.size >= limits.foldedLinesMax) return
    const alarm = this.#clock.after(limits.foldLinesMs, () => this.#end(key))
    this.#folded.set(key, { alarm, others: new Set() })
  }

  #end(key: string): void {
    const others = this.#folded.get(key)?.others.size ?? 0
    this.#folded.delete(key)
    if (others > 0) this.#log(`${others} other kinds${key}`)
  }

  stop(): void {
    for (const { alarm } of this.#folded.values()) alarm.close()
    this.#folded.clear()
  }
}

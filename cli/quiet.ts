/** Waits until what changes in several steps has come to rest. */

/** How long nothing must change, milliseconds; and how long that is waited for at the most. */
const quietMs = 200
const quietMsMax = 2_000

export class Quiet {
  readonly #onQuiet: () => void
  #timer: NodeJS.Timeout | undefined
  #sinceMs: number | undefined

  /** @param onQuiet  called when something has changed, and nothing any more for a while */
  constructor(onQuiet: () => void) {
    this.#onQuiet = onQuiet
  }

  /** Something changes. */
  touch(): void {
    const now = performance.now()
    this.#sinceMs ??= now
    clearTimeout(this.#timer)
    const rest = Math.max(0, this.#sinceMs + quietMsMax - now)
    const isQuiet = (): void => {
      this.#sinceMs = undefined
      this.#onQuiet()
    }
    this.#timer = setTimeout(isQuiet, Math.min(quietMs, rest)).unref()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

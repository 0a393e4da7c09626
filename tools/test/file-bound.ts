/** Ends the processes of test files that hang. */
import type { ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'

/** What ends a process whatever it does. */
export const killSignal = 'SIGKILL'

/**
 * Holds each process that is started for one of some files to a time of its own. Node.js bounds
 * each test from within the file's process and asks that process to end: in a loop that waits for
 * nothing it hears neither.
 */
export class FileBound {
  readonly #paths: ReadonlySet<string>
  readonly #msMax: number
  readonly #onEnd: (path: string) => void
  readonly #timers = new Map<ChildProcess, NodeJS.Timeout>()

  /**
   * @param paths  as the processes get them among their arguments
   * @param msMax  for a process, from its start or from `again`
   * @param onEnd  gets the path of a file whose process is being killed
   */
  constructor(paths: readonly string[], msMax: number, onEnd: (path: string) => void) {
    this.#paths = new Set(paths)
    this.#msMax = msMax
    this.#onEnd = onEnd
    subscribe('child_process', this.#onProcess)
  }

  /** Those that run now get the whole time again. */
  again(): void {
    for (const timer of this.#timers.values()) timer.refresh()
  }

  /** No process is held to the time any more. */
  stop(): void {
    unsubscribe('child_process', this.#onProcess)
    for (const timer of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
  }

  readonly #onProcess = (message: unknown): void => {
    const { process: child } = message as { readonly process: ChildProcess }
    // Before it is started it has no arguments yet.
    child.once('spawn', () => this.#hold(child))
  }

  #hold(child: ChildProcess): void {
    const path = child.spawnargs.find((word) => this.#paths.has(word))
    if (path === undefined) return
    const end = (): void => {
      this.#onEnd(path)
      child.kill(killSignal)
      // What it has started may hold these open, and would be waited for.
      child.stdout?.destroy()
      child.stderr?.destroy()
    }
    this.#timers.set(child, setTimeout(end, this.#msMax))
    child.once('exit', () => {
      clearTimeout(this.#timers.get(child))
      this.#timers.delete(child)
    })
  }
}

/**
 * Keeps the agent's memory to what it works with. A start, and V8's compilers whenever they find
 * something to do, use half as much again for a short time; the C heap and the pages of program
 * files would stay that large for as long as the agent runs.
 */
import { onBeat } from '@bulwark/agent'
import { releaseMemory } from '@bulwark/native'

/** What may come on top of what was left the last time. */
const growthBytesMax = 6 * 1024 * 1024
/** Looks, which take 20 microseconds, at every so many beats. */
const lookBeats = 2
/**
 * Looks that are left out after memory was given back, which takes ten milliseconds: twice as many
 * each time, since what is in use comes back at once, and more and more of it is.
 */
const pauseLooksMax = 256

/** What is asked of the process; other than its own in tests. */
export interface ProcessMemory {
  /** Bytes that are resident now. */
  readonly residentBytes: () => number
  readonly release: () => void
}

/** Decides when memory is given back: at first, and when there is more than was left then. */
export class MemoryKeeper {
  readonly #memory: ProcessMemory
  #leftBytes: number
  #pauseLooks = 1
  #looksToPass = 0

  constructor(memory: ProcessMemory) {
    this.#memory = memory
    this.#leftBytes = this.#release()
  }

  look(): void {
    if (this.#looksToPass > 0) this.#looksToPass--
    else if (this.#memory.residentBytes() - this.#leftBytes >= growthBytesMax) {
      this.#leftBytes = this.#release()
      this.#looksToPass = this.#pauseLooks
      this.#pauseLooks = Math.min(2 * this.#pauseLooks, pauseLooksMax)
    }
  }

  #release(): number {
    this.#memory.release()
    return this.#memory.residentBytes()
  }
}

/**
 * Gives memory back as long as this process runs; call it when its start is over. JavaScript's
 * garbage is collected once (where Node.js runs with `--expose-gc`): later V8 sees to that itself.
 */
export const keepMemorySmall = (): void => {
  globalThis.gc?.()
  const residentBytes = process.memoryUsage.rss.bind(process.memoryUsage)
  const keeper = new MemoryKeeper({ residentBytes, release: releaseMemory })
  onBeat(() => keeper.look(), { every: lookBeats })
}

/**
 * Keeps the agent's memory to what it works with. A start, and V8's compilers whenever they find
 * something to do, use half as much again for a short time; the C heap and the pages of program
 * files would stay that large for as long as the agent runs.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { onBeat } from '@bulwark/agent'
import { releaseMemory } from '@bulwark/native'

/** What may come on top of what was in use after the last time. */
const growthBytesMax = 6 * 1024 * 1024
/** What of it JavaScript may have, before its garbage is collected for that. */
const heapGrowthBytesMax = 4 * 1024 * 1024
/** Of what was given back, what is in use comes back at once: code of Node.js, most of all. More
 * than that is none of it. */
const usedAgainBytesMax = 16 * 1024 * 1024
/** Looks, which take 20 microseconds, at every so many beats. */
const lookBeats = 2
/**
 * Looks that are left out after memory was given back, which takes some ten milliseconds, and a
 * hundred where garbage is collected: twice as many each time, since more and more is in use.
 */
const pauseLooksMax = 256
/** What has not grown for so many looks and grows then, as when V8 compiles or collects, is no
 * steady need: it is given back at once, and the pauses are as at first. */
const calmLooks = 32

/** What is asked of the process; other than its own in tests. */
export interface ProcessMemory {
  /** Bytes that are resident now. */
  readonly residentBytes: () => number
  /** Bytes that JavaScript's objects have now, garbage among them. */
  readonly heapBytes: () => number
  /** Gives back what is free. */
  readonly release: () => void
  /** Collects JavaScript's garbage, which frees more: all that there is, for twice the time, or
   * what is found at once. */
  readonly collect: (all: boolean) => void
  /** Has garbage collected often from now on, to save memory; or seldom, to save time. */
  readonly saveMemory: (does: boolean) => void
}

/**
 * Decides when memory is given back: at first, after work that needs much, and when there is more
 * than was in use after that.
 */
export class MemoryKeeper {
  readonly #memory: ProcessMemory
  #leftBytes = 0
  #leftHeapBytes = 0
  /** `undefined`: it was given back since the last look. */
  #usedBytes: number | undefined
  #pauseLooks = 1
  #looksToPass = 0
  /** In which there was no more than was in use. */
  #calmLooks = 0
  #works = 0

  constructor(memory: ProcessMemory) {
    this.#memory = memory
    this.#settle()
  }

  /** Does what needs much memory for a short time, and gives it back afterwards. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#works++
    this.#memory.saveMemory(false)
    try {
      return await work()
    } finally {
      this.#works--
      if (this.#works === 0) this.#settle()
    }
  }

  look(): void {
    if (this.#works > 0) return
    const memory = this.#memory
    this.#usedBytes ??= Math.min(memory.residentBytes(), this.#leftBytes + usedAgainBytesMax)
    const hasGrown = memory.residentBytes() - this.#usedBytes >= growthBytesMax
    if (!hasGrown) this.#calmLooks++
    else if (this.#calmLooks >= calmLooks) {
      this.#looksToPass = 0
      this.#pauseLooks = 1
    }
    if (this.#looksToPass > 0) {
      this.#looksToPass--
      return
    }
    if (!hasGrown) return
    if (memory.heapBytes() - this.#leftHeapBytes >= heapGrowthBytesMax) this.#collect(false)
    this.#release()
    this.#looksToPass = this.#pauseLooks
    this.#pauseLooks = Math.min(2 * this.#pauseLooks, pauseLooksMax)
  }

  #settle(): void {
    this.#memory.saveMemory(true)
    this.#collect(true)
    this.#release()
  }

  #collect(all: boolean): void {
    this.#memory.collect(all)
    this.#leftHeapBytes = this.#memory.heapBytes()
  }

  #release(): void {
    this.#memory.release()
    this.#calmLooks = 0
    this.#leftBytes = this.#memory.residentBytes()
    this.#usedBytes = undefined
  }
}

/** How much a heap may grow before garbage is collected again, percent. V8's own choice is up to
 * four times as much, and rules that change would leave twice as much behind. */
const growthPercent = 60
/** The same while memory is saved. Where V8 chooses, it is a tenth: an agent that hears of ten
 * changes of pods a second collects every three minutes, for 60 milliseconds of all threads. */
const savingPercent = 40

/** Lets the heap grow so far between two collections. As a flag of the command line it would have
 * Node.js compile anew what it has with it compiled: that is for one set of such flags. */
export const boundHeap = (): void => setFlagsFromString(`--heap-growing-percent=${growthPercent}`)

let collect: NonNullable<typeof globalThis.gc> | undefined

/** V8's own, which it gives to contexts that are made while the flag is set. For the same reason no
 * flag of the command line either. */
const collector = (): NonNullable<typeof globalThis.gc> => {
  if (!collect) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as NonNullable<typeof globalThis.gc>
    setFlagsFromString('--no-expose-gc')
  }
  return collect
}

const ownMemory: ProcessMemory = {
  residentBytes: process.memoryUsage.rss.bind(process.memoryUsage),
  heapBytes: () => getHeapStatistics().used_heap_size,
  release: releaseMemory,
  // As a last resort V8 lets go of the pages, too, and of compiled code that nobody uses now, which
  // is compiled again as soon as somebody does.
  collect: (all) => collector()({ type: 'major', flavor: all ? 'last-resort' : 'regular' }),
  // Flags that V8 asks each time it decides.
  saveMemory: (does) => {
    setFlagsFromString(does ? '--optimize-for-size' : '--no-optimize-for-size')
    setFlagsFromString(`--heap-growing-percent=${does ? savingPercent : growthPercent}`)
  },
}

let keeper: MemoryKeeper | undefined

/** Gives memory back as long as this process runs; call it when its start is over. */
export const keepMemorySmall = (): void => {
  const own = new MemoryKeeper(ownMemory)
  keeper = own
  onBeat(() => own.look(), { every: lookBeats })
}

/** Does what needs much memory for a short time, once memory is kept small. */
export const withMemory = <T>(work: () => Promise<T>): Promise<T> =>
  keeper ? keeper.during(work) : work()

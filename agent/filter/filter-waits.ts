/** When filters are made anew without a change of rules. */
import { limits } from '../limits.ts'

/** What the kernel says where a thing is sound, and there is no room for it now. */
const roomCodes = new Set(['ENOMEM', 'EMFILE', 'ENFILE', 'EAGAIN'])

/** Whether there may be room for the same another time. */
export const lacksRoom = ({ code }: { readonly code: string }): boolean => roomCodes.has(code)

/**
 * Has filters tried again for which the kernel had no room, of memory or of descriptors: there may
 * be some later. After longer and longer pauses.
 */
export class RoomWait {
  readonly #tryAgain: () => void
  #pauseMs: number = limits.filterPauseMsMin
  #timer: NodeJS.Timeout | undefined

  constructor(tryAgain: () => void) {
    this.#tryAgain = tryAgain
  }

  /**
   * Filters were put in place, or tried in vain.
   *
   * @param lack  whether there was no room for some
   * @returns milliseconds until they are tried again; `undefined` when there is no need
   */
  after(lack: boolean): number | undefined {
    clearTimeout(this.#timer)
    if (!lack) {
      this.#pauseMs = limits.filterPauseMsMin
      return undefined
    }
    const pauseMs = this.#pauseMs
    this.#timer = setTimeout(this.#tryAgain, pauseMs).unref()
    this.#pauseMs = Math.min(2 * pauseMs, limits.filterPauseMsMax)
    return pauseMs
  }

  /** Tries nothing again. */
  stop(): void {
    clearTimeout(this.#timer)
  }
}

/**
 * Has filters made anew when containers are, or will be, in scopes together that none was in
 * before: for the first at once, for those that follow soon after together.
 */
export class ClassWait {
  readonly #makeAnew: () => void
  #timer: NodeJS.Timeout | undefined
  #begunMs = -Infinity

  constructor(makeAnew: () => void) {
    this.#makeAnew = makeAnew
  }

  /** There are such containers. */
  ask(): void {
    const leftMs = this.#begunMs + limits.newClassesMs - performance.now()
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        this.#makeAnew()
      },
      Math.max(leftMs, limits.newClassesMsMin),
    ).unref()
  }

  /** They are being made, from now on: milliseconds as `performance.now` has them. */
  begin(): number {
    this.#begunMs = performance.now()
    return this.#begunMs
  }

  /** Asks for nothing any more. */
  stop(): void {
    clearTimeout(this.#timer)
  }
}

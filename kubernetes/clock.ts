/** Time, for whoever asks and waits: a test may let a day pass in a minute. */

/** Something that is to happen once. */
export interface Alarm {
  /** It is not to happen any more. */
  close(): unknown
}

export interface Clock {
  /** Milliseconds, and only forward. */
  readonly now: () => number
  /** Calls a function after some milliseconds, unless the process ends before. */
  readonly after: (ms: number, call: () => void) => Alarm
}

/** That of the machine. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (ms, call) => setTimeout(call, ms).unref(),
}

/** Waits, or until a signal comes. Never rejects. */
export const sleep = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const end = (): void => {
      alarm.close()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const alarm = clock.after(ms, end)
    signal.addEventListener('abort', end, { once: true })
  })

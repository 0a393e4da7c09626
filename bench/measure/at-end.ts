/** What must be undone however a benchmark ends. */

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** Ends in the event `exit`, which a signal alone does not. */
const interrupted = (): void => process.exit(1)

/**
 * Undoes something when this process ends, also by a signal.
 *
 * @param undo  called once at the most; synchronous
 * @returns to be called when it is undone otherwise
 */
export const atEnd = (undo: () => void): (() => void) => {
  process.once('exit', undo)
  for (const signal of signals) process.once(signal, interrupted)
  return () => {
    process.off('exit', undo)
    for (const signal of signals) process.off(signal, interrupted)
  }
}

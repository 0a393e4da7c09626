/** The memory of this process. */
import { addon } from './addon.ts'

/**
 * Gives memory back that a long start has used and that nothing needs now: collects JavaScript's
 * garbage (where Node.js runs with `--expose-gc`), trims the C heap, and lets go of the pages of
 * program files that were never written to. What of those is used again comes back from the page
 * cache. Takes some ten milliseconds: call it once, after a start.
 */
export const releaseMemory = (): void => {
  globalThis.gc?.()
  addon().releaseMemory()
}

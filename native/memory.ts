/** The memory of this process. */
import { addon } from './addon.ts'

/**
 * Gives memory back that was used and that nothing needs now: trims the C heap, and lets go of the
 * pages of program files that were never written to. What of those is used again comes back from
 * the page cache. Takes some ten milliseconds.
 */
export const releaseMemory = (): void => addon().releaseMemory()

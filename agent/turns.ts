/** Long work in steps, between which the ring is emptied and whatever else waits has its turn. */
import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Takes the steps of some work in turns of the event loop; resolves with what it gives.
 *
 * @param isOver       asked after each turn: nobody needs it any more, and it is left (`undefined`)
 * @param stepsAtOnce  in one turn
 */
export const inTurns = async <T>(
  steps: Generator<unknown, T, undefined>,
  isOver: () => boolean,
  stepsAtOnce = 1,
): Promise<T | undefined> => {
  for (let taken = 0; ; taken++) {
    if (taken % stepsAtOnce === 0) {
      await nextTurn()
      if (isOver()) {
        steps.return(undefined as never)
        return undefined
      }
    }
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

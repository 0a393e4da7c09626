/** Whether the sensor loads and attaches here: it is done, and undone at once. */
import type { Machine } from '@bulwark/schema'
import type { Probe } from '@bulwark/native'
import { isNativeError } from '@bulwark/native'
import type { ChosenBackend } from './backend.ts'
import { startSensor } from './sensor.ts'

/** Smallest there is: nobody reads it. */
const ringBytes = 64 * 1024

/**
 * Tries the sensor with the hooks for these types of events.
 *
 * @param readObject  gives the bytes of the object of that backend
 * @returns the answer; and the kernel's words, where that is no
 */
export const trySensor = (
  readObject: () => Uint8Array,
  machine: Machine,
  types: ReadonlySet<string> | 'all',
  { backend, hearsNames }: ChosenBackend,
): { readonly probe: Probe; readonly words: string } => {
  try {
    const object = readObject()
    const { pid } = process
    startSensor({ object, machine, types, pid, backend, hearsNames, ringBytes }).close()
    return { probe: 'yes', words: '' }
  } catch (error) {
    // What the kernel answers is an answer; anything else is a fault of ours.
    const words = error instanceof Error ? error.message : String(error)
    return { probe: isNativeError(error) ? 'no' : { unknown: words }, words }
  }
}

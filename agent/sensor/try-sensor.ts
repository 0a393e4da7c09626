/** Whether the sensor loads and attaches here, and its filters: it is done, and undone at once. */
import type { Machine } from '@bulwark/schema'
import type { Rule } from '@bulwark/policy'
import type { Probe } from '@bulwark/native'
import { isNativeError } from '@bulwark/native'
import type { ChosenBackend } from './backend.ts'
import type { Cgroups } from '../container/cgroups.ts'
import { cgroupMode, readCgroups } from '../container/cgroups.ts'
import { ContainerTable } from '../container/container-table.ts'
import { newCounters } from '../counters.ts'
import { activeRules } from '../engine.ts'
import type { FilterState } from '../filter/filters.ts'
import { KernelFilters } from '../filter/filters.ts'
import { machine as thisMachine } from '../outside.ts'
import type { Sensor } from './sensor.ts'
import { startSensor } from './sensor.ts'
import { wantsOf } from './wants.ts'

/** Smallest there is: nobody reads it. */
const ringBytes = 64 * 1024

/** What became of the filters of some rules. */
export interface TriedFilters {
  /** Why they do not ask for ancestors, what the kernel says. */
  readonly looksOnce?: string | undefined
  /** Why there are none for execs, what the kernel says. */
  readonly execsWhole?: string | undefined
  readonly states: readonly FilterState[]
  /** Cgroups of this machine that the kernel's map has no room for. */
  readonly cgroupsUntold: number
}

/** What a sensor that was tried has shown. */
export interface TriedSensor {
  readonly probe: Probe
  /** What the kernel says, where that is no. */
  readonly words: string
  /** `undefined` where no sensor loads. */
  readonly filters?: TriedFilters
}

const tryFilters = async (
  sensor: Sensor,
  machine: Machine,
  rules: readonly Rule[],
  cgroups: Cgroups,
): Promise<TriedFilters> => {
  const tellsCgroups = cgroupMode(cgroups) !== 'none'
  const kernel = { machine, tellsCgroups }
  // What it would log is in the states.
  const filters = new KernelFilters(sensor.filterBase, kernel, { log: () => {} })
  try {
    const tell = filters.tellCgroup.bind(filters)
    new ContainerTable(newCounters(), cgroups, thisMachine, undefined, tell).start()
    const looksOnce = await sensor.loadLookers()
    const execsWhole = await sensor.loadExecEnds()
    filters.install(await filters.prepare(rules, sensor.filterPlaces), 0)
    const { states, cgroupsUntold } = filters
    return { looksOnce, execsWhole, states, cgroupsUntold }
  } finally {
    filters.close()
  }
}

/**
 * Tries the sensor with the hooks of some rules, and the filters of them.
 *
 * @param readObject  gives the bytes of the object of that backend
 */
export const trySensor = async (
  readObject: () => Uint8Array,
  machine: Machine,
  rules: readonly Rule[],
  { backend, hearsNames, holdsCalls }: ChosenBackend,
): Promise<TriedSensor> => {
  let sensor: Sensor | undefined
  try {
    const object = readObject()
    const wants = wantsOf(activeRules(rules))
    const cgroups = readCgroups()
    const form = { object, backend, hearsNames, holdsCalls, ringBytes, old: cgroups.old }
    sensor = startSensor({ ...form, machine, ...wants, pid: process.pid })
    return { probe: 'yes', words: '', filters: await tryFilters(sensor, machine, rules, cgroups) }
  } catch (error) {
    // What the kernel answers is an answer; anything else is a fault of ours.
    const words = error instanceof Error ? error.message : String(error)
    return { probe: isNativeError(error) ? 'no' : { unknown: words }, words }
  } finally {
    sensor?.close()
  }
}

/** Reads the kernel side's loss counters: by place, and of whole events by hook. */
import type { Machine } from '@bulwark/schema'
import { LOST_KINDS_MAX, SYSCALLS_MAX, eventKinds, places, syscallsByNumber } from '@bulwark/schema'
import type { BpfObject } from '@bulwark/native'
import { possibleCpus } from '@bulwark/native'
import type { Loss } from '../loss.ts'

/** What the kernel side counted, by place. */
export type KernelCounters = Readonly<Record<string, number>>

/** Runs that the kernel left out because the program was running on the CPU already. */
export const recursion = 'recursion'

/** Records that passed a filter, and that the kernel did not hand over to what sends them. */
export const notHandedOver = 'not_handed_over'

/** Whether whole events are lost at a place; at the others only parts are, and alerts say so. */
export const losesEvents = (place: string): boolean =>
  place === recursion ||
  place === notHandedOver ||
  places.some(({ name, loses }) => name === place && loses === 'event')

/** The places that are counted by hook as well. */
const byHook: ReadonlySet<string> = new Set(['ring_full', 'scratch_busy'])

/** One per-CPU array of u64, summed over the CPUs. */
const sumsOf = (object: BpfObject, map: string, entries: number): readonly number[] => {
  const cpus = possibleCpus()
  const value = new Uint8Array(8 * cpus)
  const counts = new DataView(value.buffer)
  const key = new Uint8Array(4)
  return Array.from({ length: entries }, (_, index) => {
    new DataView(key.buffer).setUint32(0, index, true)
    object.lookup(map, key, value)
    let sum = 0
    for (let cpu = 0; cpu < cpus; cpu++) sum += Number(counts.getBigUint64(8 * cpu, true))
    return sum
  })
}

/** The counters by place. */
export const readPlaces = (object: BpfObject): Record<string, number> => {
  const at = object.offsetOf('.bss', 'lost')
  const counts = new BigUint64Array(object.memory('.bss'), at, places.length)
  const found = Object.fromEntries(places.map(({ name }, i) => [name, Number(counts[i] ?? 0n)]))
  // Slot 0 of the filters' own counts.
  found[notHandedOver] = sumsOf(object, 'filtered', 1)[0] ?? 0
  return found
}

const kindName = (kind: number): string => {
  const found = eventKinds.find((each) => each.kind === kind)
  return found?.types[0] ?? found?.name ?? 'unknown'
}

/** The hook of a number by which the kernel side counts: a system call, or past them a kind. */
export const hookName = (hook: number, machine: Machine): string =>
  hook < SYSCALLS_MAX
    ? (syscallsByNumber[machine][hook] ?? `syscall ${hook}`)
    : kindName(hook - SYSCALLS_MAX)

/** Which hook a slot of `lost_hooks` stands for, and at which place. */
const slotOf = (slot: number, machine: Machine): Pick<Loss, 'place' | 'hook'> => {
  const kind = slot - SYSCALLS_MAX
  return kind < LOST_KINDS_MAX
    ? { place: 'ring_full', hook: hookName(slot, machine) }
    : { place: 'scratch_busy', hook: kindName(kind - LOST_KINDS_MAX) }
}

/**
 * Whole events that were lost so far, by place and hook.
 *
 * @param skipped  runs of programs that the kernel left out, by hook
 */
export const readLosses = (
  object: BpfObject,
  machine: Machine,
  byPlace: KernelCounters,
  skipped: readonly (readonly [hook: string, count: number])[],
): readonly Loss[] => {
  const found: Loss[] = []
  // A call can have several programs, and is told once.
  const bySkipped = new Map<string, number>()
  for (const [hook, count] of skipped) bySkipped.set(hook, (bySkipped.get(hook) ?? 0) + count)
  for (const [hook, count] of bySkipped) {
    if (count > 0) found.push({ place: recursion, hook, count })
  }
  const isWanted = [...byHook].some((place) => (byPlace[place] ?? 0) > 0)
  if (isWanted) {
    sumsOf(object, 'lost_hooks', SYSCALLS_MAX + 2 * LOST_KINDS_MAX).forEach((count, slot) => {
      if (count > 0) found.push({ ...slotOf(slot, machine), count })
    })
  }
  for (const [place, count] of Object.entries(byPlace)) {
    if (count > 0 && losesEvents(place) && !byHook.has(place) && place !== recursion) {
      found.push({ place, hook: 'unknown', count })
    }
  }
  return found
}

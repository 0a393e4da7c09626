/** Reads what the kernel side has shed: all together, and by cgroup and hook. */
import type { Machine } from '@bulwark/schema'
import type { BpfMap } from '@bulwark/native'
import type { CgroupId } from '../container/cgroup-index.ts'
import type { Shed } from '../flood.ts'
import { hookName } from './loss-counters.ts'

/** As `struct shed_key` has it: both ids, the hook, padding. */
const keyBytes = 24
const hookAt = 16

/** A number when it is a safe integer, as everywhere. */
const idAt = (key: DataView, at: number): CgroupId => {
  const id = key.getBigUint64(at, true)
  return id <= Number.MAX_SAFE_INTEGER ? Number(id) : id
}

/**
 * All that was shed, by cgroup and hook, since the sensor started; but for what the map has no room
 * for any more.
 *
 * @param map  `shed_hooks`
 */
export const readShed = (map: BpfMap, machine: Machine): readonly Shed[] => {
  const found: Shed[] = []
  const value = new Uint8Array(8)
  let key = new Uint8Array(keyBytes)
  let next = new Uint8Array(keyBytes)
  let has = map.nextKey(undefined, next)
  // While programs change the map, it may begin again.
  for (let turns = 0; has && turns < map.facts.maxEntries; turns++) {
    ;[key, next] = [next, key]
    const view = new DataView(key.buffer)
    if (map.lookup(key, value)) {
      const [cgroupId, oldId] = [idAt(view, 0), idAt(view, 8)]
      const hook = hookName(view.getUint32(hookAt, true), machine)
      const count = Number(new DataView(value.buffer).getBigUint64(0, true))
      found.push({ cgroupId, oldId, hook, count })
    }
    has = map.nextKey(key, next)
  }
  return found
}

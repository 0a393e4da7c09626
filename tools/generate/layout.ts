/**
 * Gives every member of the schema its byte offset. One place decides it, for C and TypeScript
 * alike; implicit padding is refused, so that a C compiler cannot add any.
 */
import type { EventKind, Group, Member } from '@bulwark/schema'

const scalarBytes = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8, i64: 8 } as const

/** A member at its place. `size` and `offset` are bytes. */
export interface Placed {
  readonly member: Member
  readonly offset: number
  readonly size: number
}

/** Members in a row, and their total size in bytes. */
export interface Laid {
  readonly members: readonly Placed[]
  readonly size: number
}

const measure = (
  member: Member,
  groups: readonly Group[],
): { readonly size: number; readonly align: number } => {
  const { storage } = member
  switch (storage.as) {
    case 'text':
      return { size: 8, align: 4 }
    case 'chars':
    case 'bytes':
      return { size: storage.count, align: 1 }
    case 'struct': {
      const found = groups.find((group) => group.name === storage.name)
      if (!found) throw new Error(`schema: no group ${storage.name}`)
      return { size: layOut(found.members, 0, groups).size, align: 8 }
    }
    default:
      return { size: scalarBytes[storage.as], align: scalarBytes[storage.as] }
  }
}

/**
 * Places members one after the other from byte `start`.
 *
 * @throws Error  a member would need padding before it, or the end is no multiple of 8
 */
export const layOut = (
  members: readonly Member[],
  start: number,
  groups: readonly Group[],
): Laid => {
  let offset = start
  const placed = members.map((member) => {
    const { size, align } = measure(member, groups)
    if (offset % align !== 0) throw new Error(`schema: ${member.name} at ${offset} needs padding`)
    const at = { member, offset, size }
    offset += size
    return at
  })
  if (offset % 8 !== 0) throw new Error(`schema: ${members[0]?.name}...: ends at ${offset}`)
  return { members: placed, size: offset }
}

/** Offsets of all texts of a kind, groups included. */
export const textOffsets = (laid: Laid): readonly number[] =>
  laid.members.filter(({ member }) => member.storage.as === 'text').map(({ offset }) => offset)

/** `exe_ctime_ns` → `exeCtimeNs`. */
export const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** All programs of a kind's hooks, once each. */
export const programsOf = (kind: EventKind): readonly string[] => [
  ...new Set(kind.hooks.map((hook) => hook.program)),
]

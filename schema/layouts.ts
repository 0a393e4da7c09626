/**
 * The layout of records as plain data: what a capture says of the records in it, so that another
 * version can read them, or say exactly what it cannot. Pure.
 */
import type { Member } from './eventtypes.ts'
import { eventKinds, header } from './events.ts'
import { groups } from './members.ts'

/** A member in order: its name (`file.inode`), storage, and size in bytes; no padding between. */
export interface LaidMember {
  readonly name: string
  /** `u32`, `text`, `chars16`, `bytes16`. */
  readonly storage: string
  readonly bytes: number
}

/** A kind of event, header included. */
export interface RecordLayout {
  readonly kind: number
  readonly name: string
  readonly members: readonly LaidMember[]
}

const scalarBytes: Readonly<Record<string, number | undefined>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  u64: 8,
  i64: 8,
  text: 8,
}

/** Bytes of the fixed part that a storage takes; `undefined` when there is no such storage. */
export const storageBytes = (storage: string): number | undefined => {
  const sized = /^(?:chars|bytes)(\d{1,4})$/.exec(storage)
  return sized ? Number(sized[1]) : scalarBytes[storage]
}

const laid = (name: string, storage: string): LaidMember => ({
  name,
  storage,
  bytes: storageBytes(storage) ?? 0,
})

const flat = (members: readonly Member[], prefix = ''): readonly LaidMember[] =>
  members.flatMap(({ name, storage }) => {
    switch (storage.as) {
      case 'struct': {
        const group = groups.find((each) => each.name === storage.name)
        return flat(group?.members ?? [], `${prefix}${name}.`)
      }
      case 'chars':
      case 'bytes':
        return [laid(`${prefix}${name}`, `${storage.as}${storage.count}`)]
      default:
        return [laid(`${prefix}${name}`, storage.as)]
    }
  })

/** The layouts of all kinds, as this build has them. */
export const recordLayouts: readonly RecordLayout[] = eventKinds.map(({ kind, name, members }) => ({
  kind,
  name,
  members: flat([...header, ...members]),
}))

/**
 * Records of another layout into those of this build, member by member by name: so a capture
 * outlives a change of the schema. A member that is not in the capture is zero, which most members
 * have for "absent"; one that this build does not know is left out. Pure.
 */
import type { LaidMember, RecordLayout } from '@bulwark/schema'
import { recordLayouts } from '@bulwark/schema'
import { captureLimits } from './format.ts'

interface Step {
  readonly from: number
  readonly to: number
  readonly bytes: number
}

/** How the records of one kind become ours; `same`: they are. */
interface KindPlan {
  readonly kind: number
  readonly same: boolean
  readonly steps: readonly Step[]
  /** Offsets of the text slots in ours. */
  readonly texts: readonly number[]
  readonly fromFixedBytes: number
  readonly toFixedBytes: number
}

/** What a capture's layouts mean to this build. */
export interface Conversion {
  readonly byKind: ReadonlyMap<number, KindPlan>
  /** Kinds of the capture that this build does not know. */
  readonly unknownKinds: readonly string[]
  /** Members of ours that the capture lacks, as `kind.member`. */
  readonly missing: readonly string[]
  /** Members that are stored in another way now: such a capture cannot be read. */
  readonly changed: readonly string[]
}

const offsetsOf = (members: readonly LaidMember[]): ReadonlyMap<string, number> => {
  const offsets = new Map<string, number>()
  let at = 0
  for (const { name, bytes } of members) {
    offsets.set(name, at)
    at += bytes
  }
  return offsets
}

const fixedBytesOf = (members: readonly LaidMember[]): number =>
  members.reduce((sum, { bytes }) => sum + bytes, 0)

const isFiller = (name: string): boolean => /(?:^|\.)(?:padding|reserved)/.test(name)

const planKind = (
  theirs: RecordLayout,
  ours: RecordLayout,
  found: { missing: string[]; changed: string[] },
): KindPlan => {
  const from = offsetsOf(theirs.members)
  const steps: Step[] = []
  const texts: number[] = []
  let to = 0
  for (const { name, storage, bytes } of ours.members) {
    const other = theirs.members.find((member) => member.name === name)
    if (storage === 'text') texts.push(to)
    if (!other) {
      if (!isFiller(name)) found.missing.push(`${ours.name}.${name}`)
    } else if (other.storage !== storage) {
      if (!isFiller(name)) {
        found.changed.push(`${ours.name}.${name} (${other.storage}, here ${storage})`)
      }
    } else {
      steps.push({ from: from.get(name) ?? 0, to, bytes })
    }
    to += bytes
  }
  const same =
    theirs.kind === ours.kind &&
    theirs.members.length === ours.members.length &&
    steps.length === ours.members.length &&
    steps.every((step) => step.from === step.to)
  const fromFixedBytes = fixedBytesOf(theirs.members)
  return { kind: ours.kind, same, steps, texts, fromFixedBytes, toFixedBytes: to }
}

/** Compares the layouts of a capture with those of this build. */
export const planConversion = (
  theirs: readonly RecordLayout[],
  ours: readonly RecordLayout[] = recordLayouts,
): Conversion => {
  const found = { missing: [] as string[], changed: [] as string[] }
  const unknownKinds: string[] = []
  const byKind = new Map<number, KindPlan>()
  for (const layout of theirs) {
    const own = ours.find(({ name }) => name === layout.name)
    if (own) byKind.set(layout.kind, planKind(layout, own, found))
    else unknownKinds.push(layout.name)
  }
  return { byKind, unknownKinds, ...found }
}

const kindAt = 4

/**
 * Writes a record in the layout of this build.
 *
 * @param record  of the capture's layout; at least its header
 * @param into    room for `captureLimits.recordBytesMax` bytes
 * @returns its length; 0 when it is shorter than its kind, or has no room
 */
export const convertRecord = (plan: KindPlan, record: Buffer, into: Buffer): number => {
  const { steps, texts, fromFixedBytes, toFixedBytes } = plan
  const tail = record.length - fromFixedBytes
  const length = toFixedBytes + tail
  if (tail < 0 || length > captureLimits.recordBytesMax) return 0
  into.fill(0, 0, toFixedBytes)
  for (const { from, to, bytes } of steps) record.copy(into, to, from, from + bytes)
  record.copy(into, toFixedBytes, fromFixedBytes)
  for (const at of texts) {
    const offset = into.readUInt16LE(at) + toFixedBytes - fromFixedBytes
    // An empty slot may point anywhere; one before the texts stays wrong, and is refused later.
    if (into.readUInt16LE(at + 2) > 0) into.writeUInt16LE(Math.max(0, offset) & 0xffff, at)
  }
  // What the record itself says may be wrong, and is to stay so.
  into.writeUInt32LE(Math.max(0, into.readUInt32LE(0) + toFixedBytes - fromFixedBytes), 0)
  into.writeUInt16LE(plan.kind, kindAt)
  return length
}

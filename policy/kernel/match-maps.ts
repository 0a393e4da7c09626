/** What all choices share: their surroundings, and looking keys up in maps. */
import type { Assembler, Label } from './assembler.ts'
import type { CgroupCode } from './cgroup-code.ts'
import type { Entry } from './decision.ts'
import type { LateTarget } from './late.ts'
import type { MapPool } from './maps.ts'
import { branchOnNumbers, type Target } from './match-words.ts'

/** Helpers by their numbers (BPF_FUNC_*). */
export const helpers = { mapLookup: 1, tailCall: 12, readUserText: 114 } as const

/** What matching needs to know of where it stands. */
export interface Surroundings {
  readonly assembler: Assembler
  readonly maps: MapPool
  /** What cannot be decided goes here. */
  readonly undecided: Label
  readonly recordBytesMax: number
  /** Bytes that may be read behind a record of the full size. */
  readonly behindBytes: number
  readonly cgroups: CgroupCode
  /** What the record may lack; offsets from the record. */
  readonly late?: LateTarget
}

export const roundUp = (bytes: number): number => (bytes + 7) & ~7

/** The entries with the labels of their blocks. */
export const withLabels = (
  entries: readonly Entry[],
  blocks: readonly Label[],
): readonly Target[] =>
  entries.map(({ value, block }) => {
    const label = blocks[block]
    if (label === undefined) throw new Error(`there is no block ${block}`)
    return { value, block, label }
  })

/** With a found map value in r0: goes on to its block. */
export const branchOnFound = (at: Surroundings, targets: readonly Target[], none: Label): void => {
  const { assembler } = at
  assembler.jumpIf(64, '==', 0, { constant: 0 }, none)
  const [first] = targets
  if (first === undefined) return
  if (targets.every(({ label }) => label === first.label)) return assembler.jump(first.label)
  assembler.load(4, 1, 0, 0)
  const byBlock = [...new Map(targets.map(({ block, label }) => [block, label]))]
  branchOnNumbers(
    assembler,
    32,
    byBlock.map(([block, label]) => ({ number: BigInt(block), label })),
    none,
  )
}

/** A value, or a part of a key. */
export const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

/** Padded with zeros. */
export const bytesOfText = (value: string, bytes: number): Uint8Array => {
  const result = new Uint8Array(bytes)
  for (let i = 0; i < value.length; i++) result[i] = value.charCodeAt(i)
  return result
}

export const joinBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const result = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    result.set(part, at)
    at += part.length
  }
  return result
}

/** Looks up the key at r10 - `keyBytes` in the map. */
export const lookUp = (at: Surroundings, map: number, keyBytes: number): void => {
  const { assembler, maps } = at
  assembler.loadMap(1, maps.fdOf(map))
  assembler.move(2, { register: 10 })
  assembler.alu('add', 2, { constant: -keyBytes })
  assembler.call(helpers.mapLookup)
}

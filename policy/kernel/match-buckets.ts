/** Which whole texts are looked up together. */
import type { MapPool } from './maps.ts'
import type { Target } from './match-words.ts'

export interface Bucket {
  /** No text of it is longer; those of the bucket before are shorter. */
  readonly textBytesMax: number
  readonly targets: readonly Target[]
  /** Looked up in a map, else compared. */
  readonly mapped: boolean
}

/** A short text is cheaper to look up with a short key. */
const bucketBytes = [16, 32, 64, 128, 256] as const

/** By length, so that a long text among many short ones costs these nothing. */
export const exactBuckets = (targets: readonly Target[], maps: MapPool): readonly Bucket[] => {
  if (targets.length === 0) return []
  if (!maps.takes(targets.length)) return [{ textBytesMax: Infinity, targets, mapped: false }]
  const mapped: Bucket[] = []
  const others: Target[] = []
  const byBucket = Map.groupBy(targets, ({ value }) =>
    bucketBytes.find((bytes) => value.length <= bytes),
  )
  for (const textBytesMax of bucketBytes) {
    const those = byBucket.get(textBytesMax) ?? []
    if (maps.takes(those.length)) mapped.push({ textBytesMax, targets: those, mapped: true })
    else others.push(...those)
  }
  others.push(...(byBucket.get(undefined) ?? []))
  if (others.length === 0) return mapped
  return [{ textBytesMax: Infinity, targets: others, mapped: false }, ...mapped]
}

/** Which whole texts are looked up together. */
import type { MapPool } from './maps.ts'
import type { Target } from './match-words.ts'

/** Texts that one map looks up: of a length of `bytesMin` to `2 * half`. */
export interface MappedBucket {
  readonly half: number
  readonly bytesMin: number
  readonly targets: readonly Target[]
}

export interface Buckets {
  readonly mapped: readonly MappedBucket[]
  /** Compared, whatever their length. */
  readonly compared: readonly Target[]
}

const halves = [4, 8, 16, 32, 64, 128] as const

/** By length, so that a short text is looked up by a short key. */
export const exactBuckets = (
  targets: readonly Target[],
  maps: MapPool,
  behindBytes: number,
): Buckets => {
  if (!maps.takes(targets.length)) return { mapped: [], compared: targets }
  const mapped: MappedBucket[] = []
  const byHalf = Map.groupBy(targets, ({ value: { length } }) =>
    length < 4 ? undefined : halves.find((half) => length <= 2 * half && 2 * half <= behindBytes),
  )
  const compared = [...(byHalf.get(undefined) ?? [])]
  for (const half of halves) {
    const those = byHalf.get(half) ?? []
    const bytesMin = half === 4 ? 4 : half + 1
    if (maps.takes(those.length)) mapped.push({ half, bytesMin, targets: those })
    else compared.push(...those)
  }
  return { mapped, compared }
}

/**
 * Loads the parts of a filter, each a program of its own. They stand in a prog array that is theirs
 * alone, so parts of two rule sets never run together: a filter changes with its first part.
 */
import type { BpfMap, RawProgram, RawProgramSpec } from '@bulwark/native'
import { createMap, loadProgram } from '@bulwark/native'
import type { FilterMap, FilterProgram, FilterTarget } from '@bulwark/policy'

const types = { hash: 1, progArray: 3, longestPrefix: 11 } as const
const noPreallocation = 1

/** What each part looks up, by part. */
export type PartMaps = readonly (readonly BpfMap[])[]

/** A filter that is loaded. What it looks up may be that of others, too. */
export interface LoadedParts {
  /** The first part, which has the others run. */
  readonly program: RawProgram
  /** Where the others stand, which are gone once it is closed; `undefined` where there are none. */
  readonly others: BpfMap | undefined
}

const makeFilterMap = ({ kind, keyBytes, entries }: FilterMap): BpfMap => {
  const map = createMap({
    type: kind === 'hash' ? types.hash : types.longestPrefix,
    name: 'filter_set',
    keyBytes,
    valueBytes: 4,
    maxEntries: Math.max(1, entries.length),
    flags: noPreallocation,
  })
  for (const [key, value] of entries) map.update(key, value)
  return map
}

/**
 * Makes and fills what a filter looks up. Close each when done.
 *
 * @throws NativeError  the kernel refuses one; nothing is left of the others
 */
export const makePartMaps = ({ parts }: FilterProgram): PartMaps => {
  const made: BpfMap[] = []
  try {
    return parts.map(({ maps }) =>
      maps.map((each) => {
        const map = makeFilterMap(each)
        made.push(map)
        return map
      }),
    )
  } catch (error) {
    for (const map of made) map.close()
    throw error
  }
}

/**
 * Loads one part after another, the last one first, so that each finds the next one there. Between
 * two it yields `undefined`, and then all of them. Whoever leaves it before has nothing to close.
 *
 * @param spec  of all parts; the name is that of the first
 * @throws NativeError  the kernel refuses a part; nothing is left of the others
 */
export function* loadPartByPart(
  { parts }: FilterProgram,
  maps: PartMaps,
  target: FilterTarget,
  spec: Omit<RawProgramSpec, 'instructions'>,
): Generator<LoadedParts | undefined, void, undefined> {
  const array = { keyBytes: 4, valueBytes: 4, maxEntries: parts.length }
  const others =
    parts.length === 1
      ? undefined
      : createMap({ ...array, type: types.progArray, name: 'filter_parts' })
  let isLoaded = false
  try {
    for (const [index, part] of [...parts.entries()].toReversed()) {
      const isLast = index === parts.length - 1
      const next = others && !isLast ? { next: { mapFd: others.facts.fd, index: index + 1 } } : {}
      const fds = (maps[index] ?? []).map(({ facts }) => facts.fd)
      const instructions = part.build({ ...target, ...next }, fds)
      const name = index === 0 ? spec.name : `${spec.name}_${index}`
      const program = loadProgram({ ...spec, name, instructions })
      if (index === 0) {
        isLoaded = true
        yield { program, others }
        return
      }
      try {
        others?.setTailCall(index, program)
      } finally {
        program.close()
      }
      yield undefined
    }
  } finally {
    if (!isLoaded) others?.close()
  }
}

/** The same at once. */
export const loadParts = (...of: Parameters<typeof loadPartByPart>): LoadedParts => {
  for (const loaded of loadPartByPart(...of)) if (loaded) return loaded
  throw new Error('a filter has no parts')
}

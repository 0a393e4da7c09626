/**
 * Loads the parts of a filter, each a program of its own. They stand in a prog array that is theirs
 * alone, so parts of two rule sets never run together: a filter changes with its first part.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BpfMap, RawProgram, RawProgramSpec } from '@bulwark/native'
import { createMap, loadProgram, loadProgramAside } from '@bulwark/native'
import type { FilterMap, FilterProgram, FilterTarget } from '@bulwark/policy'

const types = { hash: 1, progArray: 3, longestPrefix: 11 } as const
/** What each type is made with. A hash is filled at once and never grows, so its memory is taken
 * in one piece: then the kernel may reclaim some for it, which it may not for an entry at a time. A
 * trie has no such form. */
const flags = { hash: 0, prefixes: 1 } as const

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
    flags: flags[kind],
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

/** Asks for programs, and gets each that was loaded; between steps of making one, for nothing. */
type Loading = Generator<RawProgramSpec | undefined, LoadedParts, RawProgram | undefined>

/** One part after another, the last one first, so that each finds the next one there. */
function* loadPartByPart(
  { parts }: FilterProgram,
  maps: PartMaps,
  target: FilterTarget,
  spec: Omit<RawProgramSpec, 'instructions'>,
): Loading {
  const array = { keyBytes: 4, valueBytes: 4, maxEntries: parts.length }
  const others =
    parts.length === 1
      ? undefined
      : createMap({ ...array, type: types.progArray, name: 'filter_parts' })
  let isLoaded = false
  try {
    for (let index = parts.length - 1; ; index--) {
      const part = parts[index]
      if (!part) throw new Error('a filter has no parts')
      const isLast = index === parts.length - 1
      const next = others && !isLast ? { next: { mapFd: others.facts.fd, index: index + 1 } } : {}
      const fds = (maps[index] ?? []).map(({ facts }) => facts.fd)
      const instructions = yield* part.build({ ...target, ...next }, fds)
      const name = index === 0 ? spec.name : `${spec.name}_${index}`
      const program = yield { ...spec, name, instructions }
      if (!program) throw new Error('a program was not loaded')
      if (index === 0) {
        isLoaded = true
        return { program, others }
      }
      try {
        others?.setTailCall(index, program)
      } finally {
        program.close()
      }
    }
  } finally {
    if (!isLoaded) others?.close()
  }
}

/**
 * Loads all parts.
 *
 * @param spec  of all parts; the name is that of the first
 * @throws NativeError  the kernel refuses a part; nothing is left of the others
 */
export const loadParts = (...of: Parameters<typeof loadPartByPart>): LoadedParts => {
  const loading = loadPartByPart(...of)
  try {
    for (let step = loading.next(); ;) {
      if (step.done === true) return step.value
      step = loading.next(step.value && loadProgram(step.value))
    }
  } finally {
    loading.return(undefined as never)
  }
}

/**
 * The same on another thread: the verifier may take a second for each.
 *
 * @param isOver  asked after each: nobody needs them any more, and nothing is left of them
 */
export const loadPartsAside = async (
  isOver: () => boolean,
  ...of: Parameters<typeof loadPartByPart>
): Promise<LoadedParts | undefined> => {
  const loading = loadPartByPart(...of)
  try {
    for (let step = loading.next(); ;) {
      if (step.done === true) return step.value
      const program = await (step.value ? loadProgramAside(step.value) : nextTurn(undefined))
      if (isOver()) {
        program?.close()
        return undefined
      }
      step = loading.next(program)
    }
  } finally {
    loading.return(undefined as never)
  }
}

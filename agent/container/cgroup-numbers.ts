/**
 * What the kernel is told of the cgroups of one hierarchy: a number for each id, in a map, and for
 * most also in a word that filters find sooner (`cgroup-words.ts` of the filters' generator).
 */
import type { BpfMap } from '@bulwark/native'
import { createMap, isNativeError } from '@bulwark/native'
import { cgroupOfWord, cgroupWord, cgroupWordIndex, cgroupWordsCount } from '@bulwark/policy'

const arrayType = 2
const memoryMapped = 1 << 10
const noWord = 0n

/** Makes the array that words are in. */
export const makeCgroupWords = (): BpfMap =>
  createMap({
    type: arrayType,
    name: 'cgroup_words',
    keyBytes: 4,
    valueBytes: cgroupWordsCount * BigUint64Array.BYTES_PER_ELEMENT,
    maxEntries: 1,
    flags: memoryMapped,
  })

export class CgroupNumbers {
  readonly #map: BpfMap
  readonly #words: BigUint64Array | undefined

  /** @param words  made by `makeCgroupWords`; whoever made it closes it, and tells nothing then */
  constructor(map: BpfMap, words?: BpfMap) {
    this.#map = map
    this.#words = words && new BigUint64Array(words.memory())
  }

  /**
   * Tells what a cgroup is.
   *
   * @returns whether there was room; else nothing is told of it, not even what was before
   */
  tell(id: bigint, number: number): boolean {
    const key = keyOf(id)
    try {
      this.#map.update(key, new Uint8Array(Uint32Array.of(number).buffer))
    } catch (error) {
      if (!isNativeError(error)) throw error
      this.forget(id)
      return false
    }
    this.#setWord(id, cgroupWord(id, number) ?? noWord)
    return true
  }

  /** It is gone. */
  forget(id: bigint): void {
    this.#setWord(id, noWord)
    this.#map.delete(keyOf(id))
  }

  /** The first cgroup of a place has it as long as it lives: others are looked up in the map. */
  #setWord(id: bigint, word: bigint): void {
    if (!this.#words) return
    const index = cgroupWordIndex(id)
    const other = cgroupOfWord(Atomics.load(this.#words, index))
    // In one step: filters read it meanwhile.
    if (other === id || other === 0n) Atomics.store(this.#words, index, word)
  }
}

const keyOf = (id: bigint): Uint8Array => new Uint8Array(BigUint64Array.of(id).buffer)

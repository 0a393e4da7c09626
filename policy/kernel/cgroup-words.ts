/**
 * A short way to what the kernel was told of a cgroup, beside the map that has it of all cgroups: a
 * row of words in memory that the agent writes and filters read, each with an id and its number.
 * The id says where its word is, so there is one place to look, and no helper to call. A word that
 * is of another id says nothing, and the map is asked.
 *
 * One word: bits 0 to 23 the number, 24 to 63 the id; 0 where there is none. It is written in one
 * step, so nobody reads the number of one cgroup with the id of another.
 */

/** Words, as a power of two: 64 KiB. A node has some hundred cgroups, a large one a thousand. */
export const cgroupWordsBits = 13
export const cgroupWordsCount = 2 ** cgroupWordsBits

export const cgroupNumberBits = 24
const idBitsMax = 64 - cgroupNumberBits

/** Spreads ids, which are given in steps: the odd number next to 2^32 by the golden ratio. */
export const cgroupWordFactor = 0x9e37_79b1

/** Where the word of an id is. */
export const cgroupWordIndex = (id: bigint): number =>
  Math.imul(Number(BigInt.asUintN(32, id)), cgroupWordFactor) >>> (32 - cgroupWordsBits)

/** Of which cgroup a word is; 0: of none. */
export const cgroupOfWord = (word: bigint): bigint => word >> BigInt(cgroupNumberBits)

/** The word that tells a number of a cgroup; `undefined`: one of them is too large for it. */
export const cgroupWord = (id: bigint, number: number): bigint | undefined =>
  id >> BigInt(idBitsMax) === 0n && number < 2 ** cgroupNumberBits
    ? (id << BigInt(cgroupNumberBits)) | BigInt(number)
    : undefined

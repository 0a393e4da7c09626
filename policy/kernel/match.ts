/**
 * Code that finds which entry of a choice stands in the record: few entries by comparing words with
 * constants, many by looking them up in a map. Registers: 7 points to the record and stays; 8 and
 * 9 belong to the choice at hand; 1 to 5 and 0 are used and forgotten. Nothing is kept from one
 * choice to the next, so that the verifier has one state a place, however it came there.
 */
import type { Label } from './assembler.ts'
import type { Choice, Entry, Key } from './decision.ts'
import type { Surroundings } from './match-maps.ts'
import { branchOnFound, bytesOfText, joinBytes, lookUp, u32, withLabels } from './match-maps.ts'
import { fitsIn, matchEnding, matchText } from './match-texts.ts'
import { branchOnNumbers, constantOf, littleEndian, type Target } from './match-words.ts'

const numbersOf = (
  targets: readonly Target[],
): readonly { readonly number: bigint; readonly label: Label }[] =>
  targets.map(({ value, label }) => ({ number: littleEndian(value), label }))

/** The number is in r1. */
const matchNumber = (
  at: Surroundings,
  bytes: number,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, maps } = at
  if (!maps.takes(targets.length)) {
    branchOnNumbers(assembler, bytes === 8 ? 64 : 32, numbersOf(targets), none)
    return
  }
  const map = maps.add('hash', 8, () =>
    targets.map(({ value, block }) => [bytesOfText(value, 8), u32(block)]),
  )
  assembler.store(8, 10, -8, 1)
  lookUp(at, map, 8)
  branchOnFound(at, targets, none)
}

const matchNetwork = (
  at: Surroundings,
  key: Extract<Key, { is: 'network' }>,
  entries: readonly Entry[],
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, maps } = at
  const bitsOf = (i: number): number => Number(entries[i]?.bits ?? 0)
  if (maps.takes(targets.length)) {
    const map = maps.add('prefixes', 4 + key.bytes, () =>
      targets.map(({ value, block }, i) => [
        joinBytes(u32(bitsOf(i)), bytesOfText(value, key.bytes)),
        u32(block),
      ]),
    )
    for (let word = 0; word < key.bytes; word += 4) {
      assembler.load(4, 1, 7, key.offset + word)
      assembler.store(4, 10, word - key.bytes, 1)
    }
    assembler.storeConstant(4, 10, -key.bytes - 4, 8 * key.bytes)
    lookUp(at, map, key.bytes + 4)
    branchOnFound(at, targets, none)
    return
  }
  const order = targets.map((target, i) => ({ target, bits: bitsOf(i) }))
  order.sort((a, b) => b.bits - a.bits)
  for (const { target, bits } of order) {
    const next = assembler.newLabel('next network')
    for (let word = 0; 8 * word < bits; word += 4) {
      const wanted = bytesOfText(target.value.slice(word, word + 4), 4)
      const bitsHere = Math.min(32, bits - 8 * word)
      assembler.load(4, 1, 7, key.offset + word)
      // In network order the first bits are the upper ones of the first byte.
      const mask = wanted.map(
        (_, i) => (0xff00 >> Math.max(0, Math.min(8, bitsHere - 8 * i))) & 255,
      )
      if (bitsHere < 32) assembler.alu32('and', 1, { constant: constantOf(mask) })
      const value = wanted.map((byte, i) => byte & (mask[i] ?? 0))
      assembler.jumpIf(32, '!=', 1, { constant: constantOf(value) }, next)
    }
    assembler.jump(target.label)
    assembler.place(next)
  }
  assembler.jump(none)
}

/**
 * Goes on to the block of the entry that is found, or to `none`.
 *
 * @param blocks  where the choice's blocks are, by index
 */
export const match = (
  at: Surroundings,
  choice: Choice,
  blocks: readonly Label[],
  none: Label,
): void => {
  const { key, entries } = choice
  const targets = withLabels(entries, blocks)
  switch (key.is) {
    case 'number':
      at.assembler.load(key.at.bytes, 1, 7, key.at.offset)
      return matchNumber(at, key.at.bytes, targets, none)
    case 'scope':
      at.cgroups.loadNumber()
      return branchOnNumbers(at.assembler, 32, numbersOf(targets), none)
    case 'network':
      return matchNetwork(at, key, entries, targets, none)
    case 'ending': {
      const endings = targets.filter(fitsIn(key.at))
      return endings.length > 0 ? matchEnding(at, key, endings, none) : at.assembler.jump(none)
    }
    case 'text': {
      const whole = targets.filter((_, i) => entries[i]?.bits === 'all').filter(fitsIn(key.at))
      const prefixes = targets.filter((_, i) => entries[i]?.bits !== 'all').filter(fitsIn(key.at))
      if (whole.length + prefixes.length === 0) return at.assembler.jump(none)
      return matchText(at, key.at, { whole, prefixes }, none)
    }
  }
}

/**
 * Code that finds which entry of a choice a text is, begins with or ends with. Registers as in
 * match.ts.
 */
import type { Assembler, Label } from './assembler.ts'
import type { Key } from './decision.ts'
import type { Register } from './instruction.ts'
import { readLateText } from './late.ts'
import type { MapPool } from './maps.ts'
import { exactBuckets, type MappedBucket } from './match-buckets.ts'
import type { Surroundings } from './match-maps.ts'
import { branchOnFound, bytesOfText, joinBytes, lookUp, roundUp, u32 } from './match-maps.ts'
import { branchOnMismatch, branchOnNumbers, branchOnTexts, type Target } from './match-words.ts'
import type { TextAt } from './plan.ts'
import { reversed } from './search.ts'

/** LPM_TRIE takes no more (LPM_DATA_SIZE_MAX). */
const prefixBytesMax = 256
/** Read before the end of a text: no more than what every record has before its characters. */
const endingBytesMax = 112

/**
 * Whether a place can hold a text. Verifier: that of Linux 5.10 follows a comparison with a length
 * that cannot be, and finds that such a text would lie outside of the record.
 */
export const fitsIn =
  (place: TextAt) =>
  ({ value }: Target): boolean =>
    place.is !== 'chars' || value.length <= place.bytes

/** r4: bits of the bytes of r1 that are 0, of which the lowest one is right. */
const findZeros = (assembler: Assembler): void => {
  assembler.load64(2, 0x0101_0101_0101_0101n)
  assembler.move(4, { register: 1 })
  assembler.alu('subtract', 4, { register: 2 })
  assembler.alu('xor', 1, { constant: -1 })
  assembler.alu('and', 4, { register: 1 })
  assembler.load64(2, 0x8080_8080_8080_8080n)
  assembler.alu('and', 4, { register: 2 })
}

/** Into r9 the length of 16 characters that may end with a NUL. */
const measureChars = (assembler: Assembler, offset: number): void => {
  const [found, second, done] = ['found', 'second', 'done'].map((name) => assembler.newLabel(name))
  if (found === undefined || second === undefined || done === undefined) return
  assembler.load(8, 1, 7, offset)
  assembler.move(9, { constant: 0 })
  findZeros(assembler)
  assembler.branch(64, '!=', 4, { constant: 0 }, found, second)
  assembler.place(second)
  assembler.load(8, 1, 7, offset + 8)
  assembler.move(9, { constant: 8 })
  findZeros(assembler)
  assembler.jumpIf(64, '!=', 4, { constant: 0 }, found)
  assembler.move(9, { constant: 16 })
  assembler.jump(done)
  assembler.place(found)
  // The lowest bit alone, moved to the lowest place of its byte: the byte's index by multiplying.
  assembler.move(5, { constant: 0 })
  assembler.alu('subtract', 5, { register: 4 })
  assembler.alu('and', 4, { register: 5 })
  assembler.alu('shiftRight', 4, { constant: 7 })
  assembler.load64(2, 0x0001_0203_0405_0607n)
  assembler.alu('multiply', 4, { register: 2 })
  assembler.alu('shiftRight', 4, { constant: 56 })
  assembler.alu('and', 4, { constant: 7 })
  assembler.alu('add', 9, { register: 4 })
  assembler.place(done)
}

/** r8: offset in the record where the text begins, or ends; r9: its length. Bounds are checked. */
const loadPlace = (at: Surroundings, text: TextAt, end: 'begin' | 'end'): void => {
  const { assembler, recordBytesMax, undecided } = at
  readLateText(at, text)
  if (text.is === 'chars') {
    measureChars(assembler, text.offset)
    assembler.move(8, { constant: text.offset })
    if (end === 'end') assembler.alu('add', 8, { register: 9 })
    return
  }
  assembler.load(2, 9, 7, text.offset + 2)
  assembler.load(2, 8, 7, text.offset)
  if (end === 'end') {
    assembler.alu('add', 8, { register: 9 })
  } else {
    assembler.move(1, { register: 8 })
    assembler.alu('add', 1, { register: 9 })
    assembler.jumpIf(64, '>', 1, { constant: recordBytesMax }, undecided)
  }
  // Verifier: it does not conclude this from the sum.
  assembler.jumpIf(64, '>', 8, { constant: recordBytesMax }, undecided)
}

/**
 * Loads the length again, from r9 only where there is no other place. Verifier: what it concludes
 * of this one it forgets, and so need not visit what follows once for each length.
 */
export const loadLength = (assembler: Assembler, text: TextAt, to: Register): void => {
  if (text.is === 'slot') assembler.load(2, to, 7, text.offset + 2)
  else if (to !== 9) assembler.move(to, { register: 9 })
}

/** r8: pointer to the text; r9: its length. */
export const loadText = (at: Surroundings, text: TextAt): void => {
  loadPlace(at, text, 'begin')
  at.assembler.alu('add', 8, { register: 7 })
}

/** Verifier: `bytes` bytes from r8 on are inside the map value. They are, the text is so long. */
const reach = (at: Surroundings, text: TextAt, bytes: number): void => {
  if (text.is === 'chars' || bytes <= at.behindBytes) return
  const { assembler } = at
  assembler.load(2, 8, 7, text.offset)
  const last = at.recordBytesMax - bytes
  if (last < 0) return assembler.jump(at.undecided)
  assembler.jumpIf(64, '>', 8, { constant: last }, at.undecided)
  assembler.alu('add', 8, { register: 7 })
}

/**
 * Looks up a text that is longer than half of the bucket's longest: the key is its length, and its
 * first and last words, which overlap. So nothing behind the text is read, and nothing is padded.
 */
const lookUpText = (at: Surroundings, { half, targets }: MappedBucket, none: Label): void => {
  const { assembler, maps } = at
  const keyBytes = 8 + 2 * half
  const map = maps.add('hash', keyBytes, () =>
    targets.map(({ value, block }) => [
      joinBytes(
        u32(value.length),
        u32(0),
        bytesOfText(value.slice(0, half), half),
        bytesOfText(value.slice(-half), half),
      ),
      u32(block),
    ]),
  )
  const size = half === 4 ? 4 : 8
  assembler.store(8, 10, -keyBytes, 9)
  assembler.move(3, { register: 8 })
  assembler.alu('add', 3, { register: 9 })
  for (let word = 0; word < half; word += size) {
    assembler.load(size, 1, 8, word)
    assembler.store(size, 10, 8 - keyBytes + word, 1)
    assembler.load(size, 1, 3, word - half)
    assembler.store(size, 10, word - half, 1)
  }
  lookUp(at, map, keyBytes)
  branchOnFound(at, targets, none)
}

/** With the text in r8 and r9. */
const matchWhole = (
  at: Surroundings,
  text: TextAt,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, maps } = at
  const { compared, mapped } = exactBuckets(targets, maps, at.behindBytes)
  const byLength = [...Map.groupBy(compared, ({ value }) => value.length)]
  const lengths = byLength.map(([bytes, group]) => ({
    number: BigInt(bytes),
    label: assembler.newLabel(`texts of ${bytes} bytes`),
    group,
  }))
  let next = mapped.length === 0 ? none : assembler.newLabel('texts in maps')
  if (lengths.length > 0) {
    loadLength(assembler, text, 1)
    branchOnNumbers(assembler, 32, lengths, next)
  }
  for (const { number, label, group } of lengths) {
    assembler.place(label)
    reach(at, text, Number(number))
    branchOnTexts(assembler, { register: 8, offset: 0 }, group, none)
  }
  if (mapped.length > 0 && lengths.length > 0) assembler.place(next)
  for (const bucket of mapped) {
    next = bucket === mapped.at(-1) ? none : assembler.newLabel('longer texts')
    assembler.jumpIf(64, '>', 9, { constant: 2 * bucket.half }, next)
    assembler.jumpIf(64, '<', 9, { constant: bucket.bytesMin }, none)
    lookUpText(at, bucket, none)
    if (next !== none) assembler.place(next)
  }
}

/** With the text in r8: one prefix after the other, the longest first. */
const matchPrefixesInTurn = (
  at: Surroundings,
  text: TextAt,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler } = at
  for (const { value, label } of targets.toSorted((a, b) => b.value.length - a.value.length)) {
    const next = assembler.newLabel('next prefix')
    loadLength(assembler, text, 1)
    assembler.jumpIf(64, '<', 1, { constant: value.length }, next)
    reach(at, text, value.length)
    branchOnMismatch(assembler, { register: 8, offset: 0 }, value, next)
    assembler.jump(label)
    assembler.place(next)
  }
  assembler.jump(none)
}

/**
 * Looks up the longest prefix of a text that lies on the stack, at r10 - `bytes`, as far as it
 * goes. The trie looks at no more than the length in its key, which is that of the text, in r9.
 */
const lookUpPrefix = (
  at: Surroundings,
  targets: readonly Target[],
  bytes: number,
  none: Label,
): void => {
  const { assembler, maps } = at
  const map = maps.add('prefixes', 4 + bytes, () =>
    targets.map(({ value, block }) => [
      joinBytes(u32(8 * value.length), bytesOfText(value, bytes)),
      u32(block),
    ]),
  )
  const [long, short, on] = [
    assembler.newLabel('long text'),
    assembler.newLabel('short text'),
    assembler.newLabel('look up'),
  ]
  assembler.branch(64, '>', 9, { constant: bytes }, long, short)
  assembler.place(short)
  assembler.alu('shiftLeft', 9, { constant: 3 })
  assembler.store(4, 10, -bytes - 4, 9)
  assembler.jump(on)
  assembler.place(long)
  assembler.storeConstant(4, 10, -bytes - 4, 8 * bytes)
  assembler.place(on)
  lookUp(at, map, bytes + 4)
  branchOnFound(at, targets, none)
}

/** Prefixes that one map looks up, and the others. */
const splitPrefixes = (targets: readonly Target[], maps: MapPool, bytesMax: number) => {
  const [mapped, others]: [Target[], Target[]] = [[], []]
  for (const target of targets) (target.value.length <= bytesMax ? mapped : others).push(target)
  if (!maps.takes(mapped.length)) return { mapped: [], others: targets, bytes: 0 }
  return { mapped, others, bytes: roundUp(Math.max(...mapped.map(({ value }) => value.length))) }
}

const matchPrefixes = (
  at: Surroundings,
  text: TextAt,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, maps, behindBytes } = at
  const bytesMax = Math.min(prefixBytesMax, behindBytes & ~7)
  const { mapped, others, bytes } = splitPrefixes(targets, maps, bytesMax)
  if (mapped.length === 0) return matchPrefixesInTurn(at, text, others, none)
  if (others.length > 0) {
    const next = assembler.newLabel('prefixes in a map')
    matchPrefixesInTurn(at, text, others, next)
    assembler.place(next)
  }
  for (let word = 0; word < bytes; word += 8) {
    assembler.load(8, 1, 8, word)
    assembler.store(8, 10, word - bytes, 1)
  }
  lookUpPrefix(at, mapped, bytes, none)
}

/** Few values of characters in a fixed place: compared there, their NUL included. */
const matchChars = (
  at: Surroundings,
  text: Extract<TextAt, { is: 'chars' }>,
  whole: readonly Target[],
  prefixes: readonly Target[],
  none: Label,
): void => {
  const { assembler } = at
  const possible = ({ value }: Target): boolean =>
    value.length <= text.bytes && !value.includes('\0')
  const patterns = whole.filter(possible).map(({ value, block, label }) => ({
    value: value.length < text.bytes ? `${value}\0` : value,
    block,
    label,
  }))
  const base = { register: 7, offset: text.offset } as const
  const byLength = [...Map.groupBy(patterns, ({ value }) => value.length)]
  const steps = [
    ...byLength.toSorted(([a], [b]) => a - b).map(([, group]) => group),
    ...prefixes
      .filter(possible)
      .toSorted((a, b) => b.value.length - a.value.length)
      .map((target) => [target]),
  ]
  for (const group of steps) {
    const next = assembler.newLabel('next length')
    branchOnTexts(assembler, base, group, next)
    assembler.place(next)
  }
  assembler.jump(none)
}

/** Whole texts first, then the longest prefix. */
export const matchText = (
  at: Surroundings,
  text: TextAt,
  { whole, prefixes }: { whole: readonly Target[]; prefixes: readonly Target[] },
  none: Label,
): void => {
  const { assembler, maps } = at
  if (text.is === 'chars' && !maps.takes(whole.length) && !maps.takes(prefixes.length)) {
    return matchChars(at, text, whole, prefixes, none)
  }
  loadText(at, text)
  const then = prefixes.length === 0 ? none : assembler.newLabel('prefixes')
  if (whole.length > 0) matchWhole(at, text, whole, then)
  if (prefixes.length === 0) return
  if (whole.length > 0) {
    assembler.place(then)
    loadLength(assembler, text, 9)
  }
  matchPrefixes(at, text, prefixes, none)
}

/** With the end of the text in r8, and its length in r9: one ending after the other. */
const matchEndingsInTurn = (
  at: Surroundings,
  text: TextAt,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, undecided } = at
  for (const { value, block, label } of targets.toSorted(
    (a, b) => b.value.length - a.value.length,
  )) {
    const next = assembler.newLabel('next ending')
    const bytes = value.length
    loadLength(assembler, text, 1)
    assembler.jumpIf(64, '<', 1, { constant: bytes }, next)
    assembler.move(3, { register: 8 })
    if (bytes > endingBytesMax) {
      // Verifier: it does not conclude this from the length.
      assembler.jumpIf(64, '<', 3, { constant: bytes }, undecided)
    }
    assembler.alu('add', 3, { register: 7 })
    const ending = { value: reversed(value), block, label }
    branchOnTexts(assembler, { register: 3, offset: -bytes }, [ending], next)
    assembler.place(next)
  }
  assembler.jump(none)
}

/** Endings are prefixes of the text from its last byte to its first. */
export const matchEnding = (
  at: Surroundings,
  { at: text }: Extract<Key, { is: 'ending' }>,
  targets: readonly Target[],
  none: Label,
): void => {
  const { assembler, maps, undecided } = at
  loadPlace(at, text, 'end')
  const shortest = Math.min(...targets.map(({ value }) => value.length))
  assembler.jumpIf(64, '<', 9, { constant: shortest }, none)
  // Verifier: what is read before the end lies in the record.
  assembler.jumpIf(64, '<', 8, { constant: endingBytesMax }, undecided)
  const { mapped, others, bytes } = splitPrefixes(targets, maps, endingBytesMax)
  if (mapped.length === 0) return matchEndingsInTurn(at, text, others, none)
  if (others.length > 0) {
    const next = assembler.newLabel('endings in a map')
    matchEndingsInTurn(at, text, others, next)
    assembler.place(next)
    loadLength(assembler, text, 9)
  }
  assembler.alu('add', 8, { register: 7 })
  for (let word = 0; word < bytes; word += 8) {
    assembler.load(8, 1, 8, -8 - word)
    assembler.swap(1)
    assembler.store(8, 10, word - bytes, 1)
  }
  lookUpPrefix(at, mapped, bytes, none)
}

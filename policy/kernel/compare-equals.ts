/** Equality of what the kernel can read with constants: numbers, words, addresses, texts. */
import type { Network } from '@bulwark/schema'
import { compareOne } from '../evaluate.ts'
import type { Constant } from '../ir.ts'
import { isNetwork, textOf } from '../ir.ts'
import type { Bounds } from './bounds.ts'
import { allBounds, always, anyBounds, exactly } from './bounds.ts'
import type { Open } from './compare-texts.ts'
import { textEqualsAny } from './compare-texts.ts'
import { allOf, anyOf, bitsAre, inNetworkAt, inverse, numberBelow, numberIn } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { nothing } from './plan.ts'
import type { Known } from './reading.ts'

/** The number that prints as a text. */
const numberOf = (text: string, radix: 8 | 10 | 16): bigint | undefined => {
  const digits = radix === 8 ? text.replace(/^0(?=[1-7])/, '') : text
  const isSo = radix === 8 ? /^(?:0|[1-7][0-7]*)$/ : radix === 16 ? /^[0-9A-F]+$/ : /^-?\d+$/
  if (!isSo.test(digits)) return undefined
  const prefix = { 8: '0o', 10: '', 16: '0x' }[radix]
  const sign = digits.startsWith('-') ? -1n : 1n
  const number = sign * BigInt(prefix + digits.replace('-', ''))
  const printed = number.toString(radix).toUpperCase()
  return (radix === 8 ? printed.replace(/^(?=[1-7])/, '0') : printed) === text ? number : undefined
}

/** The whole numbers among constants. */
export const asNumbers = (constants: readonly Constant[]): readonly bigint[] =>
  constants.flatMap((each) =>
    typeof each === 'bigint' || Number.isInteger(each) ? [BigInt(each as number | bigint)] : [],
  )

/** The word of a number meets a test; or it has none, and the rest does. */
export const wordIn = (
  { at, words }: Known & { readonly is: 'word' },
  matches: (word: string) => boolean,
  restIs: Bounds,
): Bounds => {
  const named = numberIn(at, Array.from(words.keys(), BigInt))
  const hits = [...words].flatMap(([number, word]) => (matches(word) ? [BigInt(number)] : []))
  return anyBounds([exactly(numberIn(at, hits)), allBounds([exactly(inverse(named)), restIs])])
}

const wordsEqual = ({ words, separator, none }: Known & { readonly is: 'words' }, text: string) => {
  if (text === '') return none === 'empty' ? allOf(words.map(({ when }) => inverse(when))) : nothing
  const wanted = text.split(separator)
  let next = 0
  const members = words.map(({ word, when }) => {
    if (word !== wanted[next]) return inverse(when)
    next++
    return when
  })
  return next === wanted.length ? allOf(members) : nothing
}

/** An address as it lies in a record: in network order. */
export const addressBytes = (value: number | bigint, version: 4 | 6): Uint8Array => {
  const bytes = new Uint8Array(version === 4 ? 4 : 16)
  for (let i = 0; i < bytes.length; i++) {
    bytes[bytes.length - 1 - i] = Number((BigInt(value) >> BigInt(8 * i)) & 0xffn)
  }
  return bytes
}

const addressIs = (offset: number, version: 4 | 6, constant: Constant): Plan => {
  const network: Network = isNetwork(constant)
    ? constant
    : {
        version: typeof constant === 'number' ? 4 : 6,
        base: BigInt(constant),
        prefix: typeof constant === 'number' ? 32 : 128,
      }
  if (network.version !== version) return nothing
  return inNetworkAt(offset, addressBytes(network.base, version), network.prefix)
}

/** What lies there, shifted or masked, is one of some numbers. */
const storedIn = (
  { at, shift, mask }: Known & { readonly is: 'number' },
  wanted: readonly bigint[],
): Plan => {
  if (shift !== undefined) {
    const ranges = wanted.map((each) =>
      allOf([inverse(numberBelow(at, each << shift)), numberBelow(at, (each + 1n) << shift)]),
    )
    return anyOf(ranges)
  }
  if (mask === undefined) return numberIn(at, wanted)
  const inMask = wanted.filter((each) => each >= 0n && each <= BigInt(mask))
  return anyOf(inMask.map((each) => bitsAre(at, mask, Number(each))))
}

/** A value is one of some constants. */
export const equalsAny = (value: Known, constants: readonly Constant[], open: Open): Bounds => {
  const texts = constants.map(textOf)
  switch (value.is) {
    case 'constant':
      return always(constants.some((each) => compareOne(value.value, '=', each)))
    case 'number': {
      if (value.isRounded === true && constants.some((each) => typeof each === 'bigint')) {
        return open('a number over 53 bits')
      }
      const wanted = asNumbers(constants).map((each) => each - (value.plus ?? 0n))
      return exactly(storedIn(value, wanted))
    }
    case 'digits': {
      const numbers = texts.flatMap((text) => numberOf(text, value.radix) ?? [])
      // Some are read as numbers of 53 bits, and print so.
      if (numbers.some((number) => number > Number.MAX_SAFE_INTEGER)) return open('many digits')
      return exactly(numberIn(value.at, numbers))
    }
    case 'word': {
      const wanted = new Set(texts)
      const digits = texts.flatMap((text) => numberOf(text, 10) ?? [])
      const rest = digits.map((number) => (value.else === 'digits' ? number : -number))
      return wordIn(value, (word) => wanted.has(word), exactly(numberIn(value.at, rest)))
    }
    case 'words': {
      const isDigits = value.none === 'digits' && texts.some((text) => /^-?\d+$/.test(text))
      if (isDigits) return open('digits of flags')
      return exactly(anyOf(texts.map((text) => wordsEqual(value, text))))
    }
    case 'address':
      return exactly(anyOf(constants.map((each) => addressIs(value.offset, value.version, each))))
    default:
      return textEqualsAny(value, texts, open)
  }
}

/**
 * How numbers in the arguments of events are named. Tables are compact text: `NAME:value` in
 * hexadecimal digits, in the order in which Falco tells the names; `NAME:value:other` where Falco
 * counts the value otherwise than the kernel, which `evt.rawarg` and `evt.args` show.
 */

/** Some bits of a number, and the words for them. */
export type NamedBits =
  /** Each word stands there when all its bits are set, and no word before it has taken one of them;
   * that of no bit, when none is. */
  | { readonly is: 'bits'; readonly mask: number; readonly entries: readonly NamedValue[] }
  /** One word, for one value of the bits. */
  | { readonly is: 'value'; readonly mask: number; readonly words: ReadonlyMap<number, string> }

/** What a number stands for. */
export interface Names {
  /** In words; `undefined` where it has no name. */
  readonly text: (value: number) => string | undefined
  /** As Falco counts it. */
  readonly number: (value: number) => number
  /** What the text is made of, in order, with `|` between; `undefined`: in another way. */
  readonly parts: readonly NamedBits[] | undefined
}

/** A word, and the bits or the value that it stands for. */
export interface NamedValue {
  readonly name: string
  readonly value: number
}

const allBits = 0xffff_ffff

interface Entry extends NamedValue {
  readonly other: number
}

const parse = (prefix: string, text: string): readonly Entry[] =>
  text.split(' ').map((word) => {
    const [name = '', digits = '', other = digits] = word.split(':')
    return {
      name: prefix + name,
      value: Number.parseInt(digits, 16),
      other: Number.parseInt(other, 16),
    }
  })

/** The entries that a number is made of: of those that share bits, the first takes them. */
const partsOf = (table: readonly Entry[], value: number): readonly Entry[] => {
  let left = value
  return table.filter(({ value: bit }) => {
    if (bit === 0) return value === 0
    if (left === 0 || (left & bit) >>> 0 !== bit) return false
    left = (left & ~bit) >>> 0
    return true
  })
}

/** Bits with `|` between; an entry of 0 is the name of none. Bits without a name are left out. */
export const bits = (prefix: string, text: string): Names => {
  const table = parse(prefix, text)
  const isSame = table.every(({ value, other }) => value === other)
  return {
    text: (value) =>
      partsOf(table, value)
        .map(({ name }) => name)
        .join('|') || undefined,
    parts: [{ is: 'bits', mask: allBits, entries: table }],
    number: (value) =>
      isSame ? value : partsOf(table, value).reduce((sum, { other }) => (sum | other) >>> 0, 0),
  }
}

/** A word for each of some numbers. */
const wordsOf = (words: ReadonlyMap<number, string>): Pick<Names, 'text' | 'parts'> => ({
  text: (value) => words.get(value),
  parts: [{ is: 'value', mask: allBits, words }],
})

/** One name a number; all of them where it has several. */
export const values = (prefix: string, text: string): Names => {
  const table = Map.groupBy(parse(prefix, text), ({ value }) => value)
  const words = Array.from(
    table,
    ([value, entries]) => [value, entries.map(({ name }) => name).join('|')] as const,
  )
  return {
    ...wordsOf(new Map(words)),
    number: (value) => table.get(value)?.[0]?.other ?? value,
  }
}

/** Names in the order of their numbers, from `first`; `-` where there is none. */
export const counted = (prefix: string, text: string, first = 0): Names => {
  const words = text
    .split(' ')
    .flatMap((name, i) => (name === '-' ? [] : [[i + first, prefix + name] as const]))
  return { ...wordsOf(new Map(words)), number: (value) => value }
}

/** The words of a table that has one for each of some numbers. */
const onlyWords = ({ parts }: Names): ReadonlyMap<number, string> => {
  const [only] = parts ?? []
  return only?.is === 'value' ? only.words : new Map()
}

/** The first table that names a number. All have one word a number. */
export const either = (...tables: readonly Names[]): Names => {
  const find = (value: number): Names | undefined =>
    tables.find(({ text }) => text(value) !== undefined) ?? tables[0]
  return {
    ...wordsOf(new Map(tables.toReversed().flatMap((table) => Array.from(onlyWords(table))))),
    number: (value) => find(value)?.number(value) ?? value,
  }
}

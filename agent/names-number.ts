/**
 * How numbers in the arguments of events are named. Tables are compact text: `NAME:value` in
 * hexadecimal digits, in the order in which Falco tells the names; `NAME:value:other` where Falco
 * counts the value otherwise than the kernel, which `evt.rawarg` and `evt.args` show.
 */
import { keeping } from './bounded.ts'

/** What a number stands for. */
export interface Names {
  /** In words; `undefined` where it has no name. */
  readonly text: (value: number) => string | undefined
  /** As Falco counts it. */
  readonly number: (value: number) => number
}

interface Entry {
  readonly name: string
  readonly value: number
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
  // The same few combinations come again and again.
  const joined = keeping((value) =>
    partsOf(table, value)
      .map(({ name }) => name)
      .join('|'),
  )
  return {
    text: (value) => joined(value) || undefined,
    number: (value) =>
      isSame ? value : partsOf(table, value).reduce((sum, { other }) => (sum | other) >>> 0, 0),
  }
}

/** One name a number; all of them where it has several. */
export const values = (prefix: string, text: string): Names => {
  const table = Map.groupBy(parse(prefix, text), ({ value }) => value)
  return {
    text: (value) =>
      table
        .get(value)
        ?.map(({ name }) => name)
        .join('|'),
    number: (value) => table.get(value)?.[0]?.other ?? value,
  }
}

/** Names in the order of their numbers, from `first`; `-` where there is none. */
export const counted = (prefix: string, text: string, first = 0): Names => {
  const names = text.split(' ')
  return {
    text: (value) => {
      const name = names[value - first]
      return name === undefined || name === '-' ? undefined : prefix + name
    },
    number: (value) => value,
  }
}

/** The first table that names a number. */
export const either = (...tables: readonly Names[]): Names => {
  const find = (value: number): Names | undefined =>
    tables.find(({ text }) => text(value) !== undefined) ?? tables[0]
  return {
    text: (value) => find(value)?.text(value),
    number: (value) => find(value)?.number(value) ?? value,
  }
}

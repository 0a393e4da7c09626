/**
 * The shape of objects that people write, as data: a reader checks files against it, and
 * `tools/generate/crd.ts` writes it as the schema that an API server checks. Every leaf that is no
 * plain number is a text, so that YAML's guesses (`on`, `1.10`) mean nothing.
 */

/** What a value must be. Bounds are of characters, items or entries. */
export type ValueShape =
  | {
      readonly is: 'text'
      readonly least: 0 | 1
      readonly most: number
      /** A regular expression for all of it, from `^` to `$`; one that RE2 takes, too. */
      readonly pattern?: RegExp
      /** What such a text is, for people. */
      readonly what?: string
      readonly oneOf?: readonly string[]
    }
  | {
      readonly is: 'number'
      readonly least: number
      readonly most: number
      readonly isWhole: boolean
    }
  | { readonly is: 'list'; readonly of: ValueShape; readonly least: 0 | 1; readonly most: number }
  /** Keys that the writer chooses; an API server does not check them. */
  | {
      readonly is: 'map'
      readonly of: ValueShape
      readonly keys: ValueShape
      readonly most: number
    }
  | {
      readonly is: 'object'
      readonly members: Readonly<Record<string, Member>>
      /** At least one of these must be there. */
      readonly someOf?: readonly string[]
      /** Which members others ask for, and which they rule out: exactly one case holds. */
      readonly cases?: readonly Case[]
    }
  /** A text, or lists of them inside each other: what the reader of exceptions checks. */
  | { readonly is: 'entry' }
  /** Whatever it is, nobody reads it. */
  | { readonly is: 'anything' }

export type ObjectShape = Extract<ValueShape, { readonly is: 'object' }>

/** One key of an object. */
export interface Member {
  readonly shape: ValueShape
  readonly required: boolean
  /** One sentence for the schema and the guide. */
  readonly meaning: string
  readonly unset?: string
  /** An API server writes it where nothing is said. */
  readonly filled?: string
}

/** A value of one member decides whether another one, a list, has items. */
export interface Case {
  readonly member: string
  readonly values: readonly string[]
  readonly list: string
  readonly hasItems: boolean
}

type TextOptions = Partial<Omit<Extract<ValueShape, { is: 'text' }>, 'is'>>

/** A text; not empty, and a line long, when not said otherwise. */
export const text = (options: TextOptions = {}): ValueShape => ({
  is: 'text',
  least: 1,
  most: 256,
  ...options,
})

/** A whole number, or any with `isWhole: false`. */
export const number = (least: number, most: number, isWhole = true): ValueShape => ({
  is: 'number',
  least,
  most,
  isWhole,
})

export const listOf = (of: ValueShape, most: number, least: 0 | 1 = 1): ValueShape => ({
  is: 'list',
  of,
  least,
  most,
})

export const must = (shape: ValueShape, meaning: string): Member => ({
  shape,
  required: true,
  meaning,
})

export const may = (shape: ValueShape, meaning: string, unset?: string): Member => ({
  shape,
  required: false,
  meaning,
  ...(unset === undefined ? {} : { unset }),
})

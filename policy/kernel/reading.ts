/**
 * What the kernel can read of a field: the values that it may have, each with the records that give
 * it. `record-fields.ts` says it of every field; `compare.ts` makes plans of it.
 */
import type { Scalar } from '@bulwark/schema'
import type { NumberAt, Plan, TextAt } from './plan.ts'
import { everything } from './plan.ts'

/** A word that stands in a text where a plan holds. */
export interface WordAt {
  readonly word: string
  readonly when: Plan
}

/** One value. */
export type Known =
  | { readonly is: 'constant'; readonly value: Scalar }
  /**
   * What lies there: without its lowest `shift` bits, or of it the bits of `mask`; and `plus`.
   * `isRounded`: it is read as a number of 53 bits.
   */
  | {
      readonly is: 'number'
      readonly at: NumberAt
      readonly plus?: bigint
      readonly shift?: bigint
      readonly mask?: number
      readonly isRounded?: boolean
    }
  /** A number as digits. */
  | { readonly is: 'digits'; readonly at: NumberAt; readonly radix: 8 | 10 | 16 }
  /** A word for each number of a few; for any other `else`: its digits, or those of minus it. */
  | {
      readonly is: 'word'
      readonly at: NumberAt
      readonly words: ReadonlyMap<number, string>
      readonly else: 'digits' | 'opposite'
    }
  /** Those of some words whose plans hold, in order, with `separator` between; `none`: of no word,
   * its digits or nothing. */
  | {
      readonly is: 'words'
      readonly words: readonly WordAt[]
      readonly separator: string
      readonly none: 'digits' | 'empty'
    }
  /** `isPath`: of a kernel that has walked it, without empty components. */
  | { readonly is: 'text'; readonly at: TextAt; readonly isPath: boolean }
  /** The first bytes of a text. */
  | { readonly is: 'start'; readonly at: TextAt; readonly bytes: number }
  /** A path as it was given, each run of slashes as one. */
  | { readonly is: 'given'; readonly at: TextAt }
  /** All before the last slash of such a path, or `/`. */
  | { readonly is: 'directory'; readonly at: TextAt }
  /** All after the last slash of such a path. */
  | { readonly is: 'name'; readonly at: TextAt }
  /** What becomes of a path as it was given, and of the directory that it starts from; of which the
   * record may tell nothing. */
  | { readonly is: 'resolved'; readonly raw: TextAt; readonly base: TextAt | undefined }
  /** The first of texts that have a NUL behind each; it is not empty. */
  | { readonly is: 'first'; readonly at: TextAt }
  /** Those behind the first, with blanks between; where there is a `name`, that, and a blank before
   * them if there are any. */
  | { readonly is: 'joined'; readonly at: TextAt; readonly name?: TextAt }
  /** Texts with a blank between two of them, where the record has a NUL. */
  | { readonly is: 'listed'; readonly at: TextAt }
  /** Bytes in network order. */
  | { readonly is: 'address'; readonly offset: number; readonly version: 4 | 6 }

/** What a field may be. */
export type Possible =
  | Known
  /** Nobody knows in the kernel; `never`: texts that it is not. */
  | { readonly is: 'unknown'; readonly why: string; readonly never?: readonly string[] }
  /** Both of two, where a field stands for both ends of a connection. */
  | { readonly is: 'both'; readonly values: readonly Reading[] }

/** A value, on the records that a plan lets through, exactly. */
export interface Case {
  readonly when: Plan
  readonly value: Possible
  /** Such a record lacks what it should have: the kernel could not tell it. */
  readonly isLack?: boolean
}

/** All values of a field; on records that none is for, it is absent. No two are for one record. */
export type Reading = readonly Case[]

/** On no record. */
export const absent: Reading = []

/** On every record. */
export const always = (value: Possible): Reading => [{ when: everything, value }]

export const constantly = (value: Scalar): Reading => always({ is: 'constant', value })

/** Where a plan does not hold, the field is absent. */
export const only = (when: Plan, value: Possible): Reading => [{ when, value }]

/** What user space must find out. */
export const unknown = (why: string, never?: readonly string[]): Possible =>
  never ? { is: 'unknown', why, never } : { is: 'unknown', why }

/** Another value, or another plan, of the same case. */
export const changed = (each: Case, value: Possible, when = each.when): Case =>
  each.isLack === true ? { when, value, isLack: true } : { when, value }

/**
 * A plan in the form that code is made of: as a plan, and with places whose bytes choose what is
 * asked next. An `or` of many rules that each name a path is one look-up of the path, and then
 * what is left of the rules that it was found for: so the cost of an event does not grow with the
 * number of rules. Means the same as the plan.
 */
import type { NumberAt, Test, TextAt } from './plan.ts'

/** What is looked at to choose. */
export type Key =
  | { readonly is: 'text'; readonly at: TextAt }
  /** The text from its last byte to its first. */
  | { readonly is: 'ending'; readonly at: TextAt }
  | { readonly is: 'number'; readonly at: NumberAt }
  | { readonly is: 'network'; readonly offset: number; readonly bytes: number }
  /** What the kernel was told of the cgroup: 4 bytes. */
  | { readonly is: 'scope' }

/** A value that is looked for. */
export interface Entry {
  /** Bytes, one code unit each; of a number, little-endian, as many as it has. */
  readonly value: string
  /** What stands there is the value, or it begins with its first `bits`. */
  readonly bits: 'all' | number
  /** What is asked when this is the entry that was found: an index. */
  readonly block: number
}

export interface Block {
  readonly decision: Decision
  /** The block to go on with when it does not hold: one with a lower index. */
  readonly otherwise: number | undefined
}

/** An exact entry is found before the others, a longer one before a shorter. None: false. */
export interface Choice {
  readonly is: 'choice'
  readonly key: Key
  readonly entries: readonly Entry[]
  readonly blocks: readonly Block[]
}

export type Decision =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly members: readonly Decision[] }
  | { readonly is: 'not'; readonly member: Choice }
  | { readonly is: 'test'; readonly test: PlainTest; readonly negated: boolean }
  | Choice

/** A test that no choice stands for. */
export type PlainTest = Extract<Test, { is: 'bits' | 'number' | 'cgroup' | 'text' }>

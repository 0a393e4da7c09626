/**
 * What a filter in the kernel asks of one record: tests on bytes that lie at known places, joined
 * by and, or, not. A plan is two-valued: what the kernel cannot decide has been taken for true by
 * `split.ts` before, on the side on which that lets more through. Its meaning is `accepts` in
 * `model.ts`; its bytecode comes from `generate.ts`.
 *
 * Offsets are bytes from the begin of the record (`layout.gen.ts` of the schema). A record has at
 * least its fixed part, so a number always has a value; a text that is not there has no bytes.
 */

/** A little-endian number. */
export interface NumberAt {
  readonly offset: number
  readonly bytes: 1 | 2 | 4 | 8
  readonly signed: boolean
}

/** A text: a slot of the record (`struct text`), or a fixed run of characters up to its NUL. */
export type TextAt =
  | { readonly is: 'slot'; readonly offset: number }
  | { readonly is: 'chars'; readonly offset: number; readonly bytes: 16 }

/** How a number compares; `in`: it is one of the values. */
export type NumberOperator = '<' | '<=' | '>' | '>=' | 'in'

/** How a text compares with any one of the values. */
export type TextOperator =
  | 'equals'
  | 'starts'
  | 'ends'
  /** The value, or the value and a slash begin it: a path and all below it. */
  | 'below'
  /** It is somewhere in it. What lies behind many bytes of a long text may be taken for it. */
  | 'contains'
  /** What is nearly it is somewhere in it: see `alike.ts`. Values have `alikeBytesMin` bytes. */
  | 'resembles'

/** What the agent has told the kernel of the cgroup that a record is of. */
export type CgroupState = 'host' | 'container' | 'unknown'

/**
 * The same in the number that the kernel was told: 0 stands for nothing, and a number above these
 * for a container in the class of scopes that has it: see `docs/adr/0016-scopes-in-the-kernel.md`.
 */
export const cgroupNumbers = { unknown: 0, host: 1, container: 2 } as const

/** A state, or the number of a class of scopes: a container of that class. */
export type CgroupTold = CgroupState | number

/** The least number of a class of scopes. */
export const scopeClassMin = cgroupNumbers.container + 1

/** A question that is answered by one place of the record, exactly. */
export type Test =
  | {
      readonly is: 'number'
      readonly at: NumberAt
      readonly operator: NumberOperator
      /** One, but for `in`: at least one. Within the range of the number. */
      readonly values: readonly bigint[]
    }
  /** Some bit of the mask is set. */
  | { readonly is: 'bits'; readonly at: NumberAt; readonly mask: bigint }
  | {
      readonly is: 'text'
      readonly at: TextAt
      readonly operator: TextOperator
      /** Byte strings, each once, at least one. Empty ones are allowed. */
      readonly values: readonly string[]
    }
  /** The first `prefix` bits of the bytes there are those of `base`: addresses in network order. */
  | {
      readonly is: 'network'
      readonly offset: number
      /** 4 or 16 bytes. */
      readonly base: Uint8Array
      readonly prefix: number
    }
  /** The state of the record's cgroup is one of these. */
  | { readonly is: 'cgroup'; readonly states: readonly CgroupState[] }
  /** What the kernel was told of the record's cgroup is one of these numbers: classes of scopes,
   * and those of `cgroupNumbers`. */
  | { readonly is: 'scope'; readonly numbers: readonly number[] }

/** What a filter lets through. Members of `and` and `or` stand in no particular order. */
export type Plan =
  | { readonly is: 'constant'; readonly value: boolean }
  | { readonly is: 'and' | 'or'; readonly members: readonly Plan[] }
  | { readonly is: 'not'; readonly member: Test }
  | Test

/** Lets everything through. */
export const everything: Plan = { is: 'constant', value: true }

/** Lets nothing through. */
export const nothing: Plan = { is: 'constant', value: false }

/**
 * What a field is: its name, type, unit and meaning, and the values it can have.
 * Shared by the rule compiler (which checks conditions against it) and the agent (which reads
 * the values from events). Types and constants only: nothing here reads an event.
 */

/**
 * The type of a field's value, with Falco's meaning of each.
 *
 * Text (`string`, `path`) is a *byte string*: one UTF-16 code unit, 0 to 255, per byte that the
 * kernel gave. So lengths and comparisons are bytewise, as in the rule language; text becomes
 * UTF-8 again only when an alert is printed (`printableText`).
 */
export type FieldType =
  | 'bool'
  | 'i16'
  | 'i32'
  | 'i64'
  | 'u32'
  | 'u64'
  | 'f64'
  | 'reltime' // nanoseconds, unsigned 64 bits
  | 'abstime' // nanoseconds since 1970, unsigned 64 bits
  | 'port'
  | 'ip'
  | 'net'
  | 'string'
  | 'path'
  | 'bytes' // a byte string whose bytes are data, not text

/** IPv4 is a number, 0 to 2^32 - 1; IPv6 is a bigint, 0n to 2^128 - 1n. */
export type IpAddress = number | bigint

/** Integers are numbers where they are safe integers, else bigints. */
export type Scalar = boolean | number | bigint | string

/** A field's value on one event; `undefined` where the event does not have it. */
export type FieldValue = Scalar | readonly Scalar[] | undefined

/**
 * How a field that stands for several values is compared.
 *
 * - `ancestors`: true when the operator holds for any ancestor, also for `!=`.
 * - `either-end`: of a connection; true when either end compares, `!=` when both differ.
 * - `resolved-name`: the right side is host names; compared with the addresses they resolve to.
 */
export type Comparison = 'plain' | 'ancestors' | 'either-end' | 'resolved-name'

/** Whether a field takes an argument, as in `proc.aname[2]` or `evt.arg.flags`. */
export interface ArgumentSpec {
  readonly form: 'index' | 'key' | 'index-or-key'
  readonly required: boolean
  /** All keys that there are; any key where this is left out. */
  readonly values?: readonly string[]
}

/** One field of the rule language, as data. */
export interface FieldSpec {
  readonly name: string
  readonly type: FieldType
  readonly list: boolean
  readonly comparison: Comparison
  readonly argument: ArgumentSpec | undefined
  /** May stand on the right side of a comparison. */
  readonly rightSide: boolean
  /** May be given to a transformer such as `tolower`. */
  readonly transformable: boolean
  /** Cannot be printed in an output, only compared. */
  readonly filterOnly: boolean
  /** Can only be printed, not compared. */
  readonly printOnly: boolean
  readonly deprecated: boolean
  /** Types of the only events that can have it; `undefined` where that does not restrict a rule.
   * Only of Bulwark's own fields: with Falco's, a rule runs on all events that it does not name. */
  readonly onlyOn: readonly string[] | undefined
  /** Why this sensor cannot give the field; `undefined` when it can. */
  readonly unsupported: string | undefined
  /** All texts that it can be; any text where this is left out. */
  readonly values?: readonly string[]
  /** The value on all events, of a field that the operator has named (`static_fields`). */
  readonly constant?: string
  /** One sentence for `docs/fields.md`: what the value is, with its unit. */
  readonly meaning: string
  /** When the value is absent, in words. */
  readonly absent: string
}

/** A use of a field in a rule: the field, with its argument when it has one. */
export interface FieldRef {
  readonly field: FieldSpec
  readonly argument: number | string | undefined
}

/**
 * Losses as reports: which hook lost how many events, in which interval. The kernel side counts;
 * this takes the differences, and holds them together for a while where they come one after
 * another, so that a flood makes few reports and no count is ever hidden.
 */

/** Events of one hook that were lost at one place. */
export interface Loss {
  /** See `places` in the schema. */
  readonly place: string
  /** The type of event as rules have it, such as `openat`; or the kernel program. */
  readonly hook: string
  readonly count: number
}

/** What was lost in an interval. Times are nanoseconds since boot. */
export interface LossReport {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly losses: readonly Loss[]
}

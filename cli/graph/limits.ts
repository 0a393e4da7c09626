/** Bounds of the commands that ask the graph, each with its reason. */
export const limits = {
  /** Of what is reached: names of one kind that a terminal is told. */
  reachedToldMax: 12,
  /** How long the first lists of a cluster hold the start of a run up, milliseconds. */
  firstListMsMax: 10_000,
  /** How often a long reading says how far it is, milliseconds. */
  progressMs: 2_000,
} as const

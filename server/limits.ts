/** Bounds of the server, and of clusters that are read without one, each with its reason. */
export const limits = {
  /** Faults of what was read that are kept; further ones are counted. */
  faultsMax: 10_000,
  /** Faults that are told one by one on a terminal. */
  toldFaultsMax: 12,
  /** Aliases of a YAML file, counted as often as they are used. */
  aliasesMax: 100,
} as const

/** Bounds of the server, and of clusters that are read without one, each with its reason. */
export const limits = {
  /** Faults of what was read that are kept; further ones are counted. */
  faultsMax: 10_000,
  /** Faults that are told one by one on a terminal. */
  toldFaultsMax: 12,
  /** Objects of one kind of a cluster that is watched: three times the pods of the largest. */
  objectsPerKindMax: 500_000,
  /** How often it is asked which kinds an API server has, milliseconds, up to twice as long by
   * chance; and how long after it was asked at the least. Some may come, with their definitions. */
  discoverMs: 300_000,
  discoverMsMin: 10_000,
  /** How long it is left alone when it does not say, milliseconds: doubled each time. */
  discoverPauseMsMin: 500,
  discoverPauseMsMax: 30_000,
  /** How long other kinds wait for those that are not answered, milliseconds. */
  unansweredMsMax: 60_000,
  /** Lines about one kind that others repeat are told as one, after so long, milliseconds. */
  foldLinesMs: 5_000,
  /** Lines that are folded at once, and lines about discovery that are not said again. */
  foldedLinesMax: 64,
  /** Aliases of a YAML file, counted as often as they are used. */
  aliasesMax: 100,
} as const

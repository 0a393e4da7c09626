/** Bounds of the commands that ask the graph, each with its reason. */
export const limits = {
  /** A file that is one document. A report of 50,000 findings has 60 MB; lists have no bound, as
   * they are read item by item. */
  documentBytesMax: 256 * 1024 * 1024,
  /** An item of a list. etcd takes objects of 1.5 MB; a report of Trivy Operator is one of them. */
  itemBytesMax: 64 * 1024 * 1024,
  /** Items of a list that do not say their kind, before the list has said it. */
  unnamedItemsMax: 100_000,
  /** Files of a folder. */
  filesMax: 10_000,
  /** Of what is reached: names of one kind that a terminal is told. */
  reachedToldMax: 12,
  /** Ways that are asked for, at the most. */
  bestMax: 100,
  /** Paths that are asked of the graph, for each way: many are detours of a better one. */
  pathsPerWay: 32,
  /** How long the first lists of a cluster hold the start of a run up, milliseconds. */
  firstListMsMax: 10_000,
  /** How often a long reading says how far it is, milliseconds. */
  progressMs: 2_000,
} as const

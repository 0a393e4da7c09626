/**
 * Bounds on rule files, in one place: a hostile file is refused with a message, or loaded within
 * them. The official files come to a hundredth of each at most.
 */
export const limits = {
  /** Characters of one file. */
  fileCharactersMax: 16 * 1024 * 1024,
  /** Values of one file, those behind aliases counted as often as they are used. */
  yamlNodesMax: 1_000_000,
  /** Values inside of each other; yaml-cpp has the same bound. */
  yamlDepthMax: 500,
  /** Rules, macros and lists of one file. */
  itemsMax: 50_000,
  /** Characters that a condition may grow to: lists that hold each other double it each time. */
  conditionCharactersMax: 4 * 1024 * 1024,
  /** Nodes of a condition, shared ones counted each time: macros can double it at each step. */
  conditionNodesMax: 200_000,
  /** Nodes above each other; the engine's parser has the same bound. */
  conditionDepthMax: 1000,
} as const

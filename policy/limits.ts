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
} as const

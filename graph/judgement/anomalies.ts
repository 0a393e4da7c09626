/**
 * Rules that tell what is unusual, and not what is bad: all that is new is unusual while it is
 * still learned what is usual. By their tag, which anybody may give to rules of their own, or by
 * their names here, since rule files of others load as they are. A test holds the names of
 * Bulwark's own pack to its files. None of them is an indicator.
 */

/** The tag that makes a rule one. */
export const anomalyTag = 'anomaly'

/** Of Bulwark's own rule pack. */
export const anomalyRules: readonly string[] = [
  'Compiler run in container',
  'First connection of a quiet container',
  'Package manager run in container',
  'Surroundings looked at by a tool',
]

/** Of Falco's rule files. */
export const falcoAnomalyRules: readonly string[] = [
  'Launch Package Management Process in Container',
  'Unexpected outbound connection destination',
  'Unexpected inbound connection source',
]

const names: ReadonlySet<string> = new Set([...anomalyRules, ...falcoAnomalyRules])

/** Whether a rule tells what is unusual. */
export const isAnomalyRule = (rule: string, tags: readonly string[]): boolean =>
  names.has(rule) || tags.includes(anomalyTag)

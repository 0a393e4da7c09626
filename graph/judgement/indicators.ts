/**
 * Detections of *indicator grade*: what they tell has hardly ever another cause than an attack, so
 * that no context makes it harmless. They are never lowered below high, and never suppressed.
 *
 * A rule is one by its tag, which anybody may give to rules of their own, or by its name here.
 * Names, because rule files of others must load as they are, and a rule's priority does not tell:
 * it says also how bad a thing would be. A test holds the names to the rule files.
 */
import type { AlertFacts, PodContext } from './context.ts'

/** The tag that makes a rule one. */
export const indicatorTag = 'indicator'

export interface IndicatorGroup {
  readonly what: string
  /** Attempts that the kernel has refused are none: a probe from inside a pod that holds. */
  readonly onlyDone: boolean
  readonly why: string
  /** Of Bulwark's own rule pack. */
  readonly rules: readonly string[]
  /** Of Falco's rule files. */
  readonly falcoRules: readonly string[]
}

export const indicatorGroups: readonly IndicatorGroup[] = [
  {
    what: 'a program run from memory',
    onlyDone: false,
    why: 'Nothing that is built into an image runs that way; it is how tools leave no file.',
    rules: ['Program executed from memory'],
    falcoRules: ['Fileless execution via memfd_create'],
  },
  {
    what: 'a reverse shell',
    onlyDone: false,
    why: 'A shell whose input is a connection serves whoever is at the other end.',
    rules: [
      'Network connection bound to standard streams',
      'Shell started by a network relay',
      'Reverse shell in a command line',
    ],
    falcoRules: [
      'Redirect STDOUT/STDIN to Network Connection in Container',
      'Netcat Remote Code Execution in Container',
    ],
  },
  {
    what: 'code loaded into the kernel',
    onlyDone: true,
    why: 'From there on nothing that the node says can be believed.',
    rules: ['Kernel module asked for', 'Program for the kernel loaded'],
    falcoRules: ['Linux Kernel Module Injection Detected'],
  },
  {
    what: 'a way out of the container that was walked',
    onlyDone: true,
    why: 'The node is lost, and with it every pod on it, whatever this pod was worth.',
    rules: [
      'Kernel helper of the node written',
      'Memory of the kernel opened',
      'Disk of the node opened',
      'Name spaces of another process entered',
      'Program of another process overwritten',
      'Working directory outside of the root',
      'Static pod or kubelet setting written',
      'File opened by handle',
    ],
    falcoRules: ['Detect release_agent File Container Escapes'],
  },
]

const groupOfRule: ReadonlyMap<string, IndicatorGroup> = new Map(
  indicatorGroups.flatMap((group) =>
    [...group.rules, ...group.falcoRules].map((rule) => [rule, group]),
  ),
)

/** What an operator adds. */
export interface MoreIndicators {
  readonly tags: readonly string[]
  readonly rules: readonly string[]
}

/** Whether nothing has come of it yet: it was refused, or only tried where no way is known. */
const isInVain = ({ outcome }: AlertFacts, { escapes }: Pick<PodContext, 'escapes'>): boolean =>
  outcome === 'failed' ||
  (outcome === 'tried' && escapes?.every(({ certainty }) => certainty === 'unknown') === true)

/** Why an alert is of indicator grade; `undefined`: it is not. */
export const indicatorOf = (
  alert: AlertFacts,
  context: Pick<PodContext, 'escapes'>,
  more: MoreIndicators,
): string | undefined => {
  const { rule, tags } = alert
  const group = groupOfRule.get(rule)
  if (group) return group.onlyDone && isInVain(alert, context) ? undefined : group.what
  const tag = tags.find((each) => each === indicatorTag || more.tags.includes(each))
  if (tag !== undefined) return `a rule with the tag ${tag}`
  return more.rules.includes(rule) ? 'a rule that the severity policy names' : undefined
}

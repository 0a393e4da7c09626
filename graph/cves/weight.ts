/**
 * How much a vulnerability of an image matters, 0 to 1, with each thing that it was made of in a
 * sentence. What is not known is taken for a value that is said, and never for the best case.
 */
import type { Finding } from './store.ts'
import { isRemoving } from './store.ts'
import type { CveSeverity, VexClaim } from './report.ts'
import type { PackageUse, SeenFile, UseFound } from './usage.ts'

/** What each part of a weight counts, and why. docs/severity.md is written from it. */
export const weightTable = {
  /** Where no list has it: 99 of 100 CVEs have less, a new one is in no list yet. */
  unknownEpss: 0.1,
  /** In the list of those that are exploited. */
  exploited: 1,
  /** Impact where there is no score: the middle of the word's range in CVSS 3, by 10. */
  severity: {
    critical: 0.95,
    high: 0.8,
    medium: 0.55,
    low: 0.2,
    negligible: 0.05,
    unknown: 0.5,
  } satisfies Readonly<Record<CveSeverity, number>>,
  /** From how far it is reached. Unknown counts as from the network with some hindrance. */
  reach: { open: 1, network: 0.8, adjacent: 0.6, local: 0.4, physical: 0.1, unknown: 0.8 },
  /** Code that never runs is no way in; a rare path of a program may be what an attacker takes. */
  use: {
    'owns-executable': 1,
    loaded: 1,
    'built-in': 0.8,
    unknown: 0.7,
    unseen: 0.3,
  } satisfies Readonly<Record<PackageUse, number>>,
} as const

export interface CveWeight {
  /** 0 to 1, to three digits. */
  readonly value: number
  /**
   * Sentences without their full stop, in the order of the parts. Called for what is shown: a pod
   * has hundreds of findings.
   */
  readonly reasons: () => readonly string[]
}

const packageText = ({ package: { name, version } }: Finding): string =>
  version === '' ? name : `${name} ${version}`

const useText: Readonly<Record<PackageUse, string>> = {
  'owns-executable': 'owns the program of the alerting process',
  loaded: 'is in use: it was executed or loaded in this image',
  'built-in': 'is built into a binary that ran; whether its code is reached is not known',
  unseen: 'was not seen in use while the image was watched',
  unknown: 'is in use, or not: nothing tells',
}

const useWords: Readonly<Record<SeenFile['use'], string>> = {
  executed: 'executed',
  mapped: 'mapped',
  running: 'in memory',
}

const seenText = ({ path, use, by, sinceMs }: SeenFile): string => {
  const whom = by === '' ? '' : ` by ${by}`
  const since = sinceMs === undefined ? '' : ` since ${timeText(sinceMs)}`
  return `is in use: ${path} ${useWords[use]}${whom}${since}`
}

/** To the second. */
const timeText = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

const units = [
  [86_400_000, 'days'],
  [3_600_000, 'hours'],
  [60_000, 'minutes'],
] as const

/** In whole units, of which there are two at least: `47 hours`, `3 days`. */
const durationText = (ms: number): string => {
  const [unit, name] = units.find(([each]) => ms >= 2 * each) ?? [60_000, 'minutes']
  return `${Math.floor(ms / unit)} ${name}`
}

const foundText = ({ use, seen, watchedMs }: UseFound): string => {
  if (use === 'loaded' && seen) return seenText(seen)
  if (use === 'unseen' && watchedMs !== undefined) {
    return `was not seen in use in ${durationText(watchedMs)} of watching`
  }
  return useText[use]
}

const percent = (probability: number): string => `${Math.round(probability * 1000) / 10}%`

/** What a statement says, as a sentence. */
export const vexText = ({ status, justification, statement, source }: VexClaim): string => {
  const said = [justification, statement].filter((each) => each !== undefined)
  const why = said.length === 0 ? '' : `: ${said.join(': ')}`
  return `${source} says ${status}${why}`
}

/** A part of a weight: what it counts, and the sentence for it. */
interface Part {
  readonly value: (finding: Finding) => number
  readonly text: (finding: Finding) => string
}

const likelihood: Part = {
  value: ({ kev, epss }) => (kev ? weightTable.exploited : (epss ?? weightTable.unknownEpss)),
  text: ({ kev, epss }) => {
    if (kev) {
      const by = kev.ransomware ? ', also by ransomware' : ''
      return `is in the list of known exploited vulnerabilities${by}`
    }
    return epss === undefined
      ? `has no EPSS probability: it is taken for ${percent(weightTable.unknownEpss)}`
      : `is exploited within 30 days with a probability of ${percent(epss)} (EPSS)`
  },
}

const impact: Part = {
  value: ({ score, severity }) =>
    score === undefined ? weightTable.severity[severity] : score / 10,
  text: ({ score, severity }) =>
    score === undefined ? `has severity ${severity}, and no score` : `has a CVSS score of ${score}`,
}

/** An attacker needs nothing but to reach it. */
export const isOpen = ({ vector }: Pick<Finding, 'vector'>): boolean =>
  vector?.reach === 'network' && !vector.needsPrivileges && !vector.needsUser

const behind = ({ needsPrivileges, needsUser }: NonNullable<Finding['vector']>): string => {
  const needs = [
    ...(needsPrivileges ? ['an account'] : []),
    ...(needsUser ? ["somebody else's act"] : []),
  ]
  return needs.length === 0 ? '' : `, and needs ${needs.join(' and ')}`
}

const reach: Part = {
  value: (finding) =>
    isOpen(finding)
      ? weightTable.reach.open
      : weightTable.reach[finding.vector?.reach ?? 'unknown'],
  text: (finding) => {
    const { vector } = finding
    if (vector === undefined) return 'has no CVSS vector'
    if (isOpen(finding)) return 'is open to the network, without an account or a click'
    return `has the attack vector ${vector.reach}${behind(vector)}`
  },
}

const parts: readonly Part[] = [likelihood, impact, reach]

/**
 * The weight of a finding.
 *
 * @param found  of its package in the image
 */
export const weightOf = (finding: Finding, found: UseFound): CveWeight => {
  const { id, vex } = finding
  if (vex && isRemoving(vex)) {
    return { value: 0, reasons: () => [`${id} in ${packageText(finding)}: ${vexText(vex)}`] }
  }
  let product: number = weightTable.use[found.use]
  for (const { value } of parts) product *= value(finding)
  return {
    value: Math.round(product * 1000) / 1000,
    reasons: () => [
      ...parts.map(({ text }) => `${id} ${text(finding)}`),
      `${packageText(finding)} ${foundText(found)}`,
      ...(vex ? [`${id}: ${vexText(vex)}`] : []),
    ],
  }
}

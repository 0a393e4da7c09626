/** Digests, package URLs, CVE ids and CVSS vectors: the texts by which documents name things. */
import { cveLimits as limits } from '../limits.ts'
import type { AttackVector, CveSeverity, KnownExploited, VulnerabilityFacts } from './report.ts'
import { cveSeverities } from './report.ts'

const digestForm = /sha256(?::|%3a)([0-9a-f]{64})(?![0-9a-f])/gi

/** All digests in some texts, each once, in order. */
export const digestsIn = (texts: readonly (string | undefined)[]): readonly string[] => {
  const digests = new Set<string>()
  for (const text of texts) {
    for (const [, digits = ''] of (text ?? '').matchAll(digestForm)) {
      digests.add(`sha256:${digits.toLowerCase()}`)
    }
  }
  return [...digests]
}

/** A package URL, in the parts that are compared. */
export interface PackageUrl {
  readonly type: string
  /** With its name spaces. */
  readonly name: string
  /** Empty: any. */
  readonly version: string
  readonly qualifiers: ReadonlyMap<string, string>
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a stray `%` stands for itself
  }
}

/** Reads `pkg:type/name@version?qualifiers#path`; `undefined` when it is none. */
export const readPurl = (text: string): PackageUrl | undefined => {
  const found = /^pkg:\/*([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]*)(?:\?([^#]*))?/.exec(text)
  const [, type = '', path = '', query = ''] = found ?? []
  // An `@` at the beginning is the scope of an npm package.
  const at = path.lastIndexOf('@')
  const name = decoded(at > 0 ? path.slice(0, at) : path).replace(/\/+$/, '')
  if (!found || name === '') return undefined
  const pairs = query.split('&').flatMap((pair): readonly [string, string][] => {
    const equals = pair.indexOf('=')
    return equals > 0
      ? [[pair.slice(0, equals).toLowerCase(), decoded(pair.slice(equals + 1))]]
      : []
  })
  return {
    type: type.toLowerCase(),
    name,
    version: decoded(at > 0 ? path.slice(at + 1) : ''),
    qualifiers: new Map(pairs),
  }
}

/** Whether what a statement names is this package: all that it says must hold of it. */
export const purlCovers = (stated: PackageUrl, purl: PackageUrl): boolean =>
  stated.type === purl.type &&
  stated.name === purl.name &&
  (stated.version === '' || stated.version === purl.version) &&
  [...stated.qualifiers].every(([key, value]) => purl.qualifiers.get(key) === value)

const cveForm = /^CVE-(\d{4})-(\d{4,9})$/

/** A CVE's id as a number that sorts as the ids do; `undefined` when it is none. */
export const cveNumber = (id: string): number | undefined => {
  const found = cveForm.exec(id)
  return found ? Number(found[1]) * 1e9 + Number(found[2]) : undefined
}

const noAliases: readonly string[] = []
const upperOf = (id: string): string => (/^cve-/i.test(id) ? id.toUpperCase() : id)

/** Of several ids of one vulnerability the CVE's, by which the lists name it; and the others. */
export const namedBy = (ids: readonly string[]): Pick<VulnerabilityFacts, 'id' | 'aliases'> => {
  if (ids.length === 1) return { id: upperOf(ids[0] ?? ''), aliases: noAliases }
  const upper = [...new Set(ids.map(upperOf))]
  const id = upper.find((each) => cveForm.test(each)) ?? upper[0] ?? ''
  return { id, aliases: upper.filter((each) => each !== id).toSorted() }
}

const reaches: Readonly<Record<string, AttackVector['reach']>> = {
  N: 'network',
  A: 'adjacent',
  L: 'local',
  P: 'physical',
}

/** Metrics of CVSS that are read. */
type Metric = 'AV' | 'PR' | 'Au' | 'UI' | 'I' | 'VI'

/** Vectors that were read: there are some thousands, and reports have them again and again. */
const vectors = new Map<string, AttackVector | undefined>()
const keptVectorCharsMax = 128

/** Reads a vector of CVSS 2, 3 or 4. */
export const readVector = (text: string | undefined): AttackVector | undefined => {
  if (text === undefined) return undefined
  const known = vectors.get(text)
  if (known !== undefined || vectors.has(text)) return known
  const vector = vectorOf(text)
  if (text.length > keptVectorCharsMax) return vector
  if (vectors.size >= limits.keptVectorsMax) vectors.clear()
  vectors.set(text, vector)
  return vector
}

const vectorOf = (text: string): AttackVector | undefined => {
  const metrics: Partial<Record<Metric, string>> = {}
  for (const part of text.slice(0, 512).replaceAll(/[()]/g, '').split('/')) {
    const colon = part.indexOf(':')
    const name = part.slice(0, colon)
    if (isMetric(name)) metrics[name] = part.slice(colon + 1)
  }
  const reach = reaches[metrics.AV ?? '']
  if (reach === undefined) return undefined
  // CVSS 2 asks for authentication instead of privileges.
  const privileges = metrics.PR ?? metrics.Au ?? 'N'
  return {
    reach,
    needsPrivileges: privileges !== 'N',
    needsUser: (metrics.UI ?? 'N') !== 'N',
    mayChange: (metrics.I ?? metrics.VI) !== 'N',
  }
}

const isMetric = (name: string): name is Metric =>
  name === 'AV' || name === 'PR' || name === 'Au' || name === 'UI' || name === 'I' || name === 'VI'

const otherWords: Readonly<Record<string, CveSeverity>> = {
  moderate: 'medium',
  important: 'high',
  none: 'negligible',
  info: 'negligible',
  informational: 'negligible',
}

export const readSeverity = (word: string | undefined): CveSeverity => {
  const lower = (word ?? '').toLowerCase()
  return cveSeverities.find((each) => each === lower) ?? otherWords[lower] ?? 'unknown'
}

/** Whether CISA's list says that ransomware uses it. */
export const readKnown = (
  campaign: string | undefined,
  added: string | undefined,
): KnownExploited => ({ ransomware: campaign?.toLowerCase() === 'known', added: added ?? '' })

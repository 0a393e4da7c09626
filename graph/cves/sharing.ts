/** Keeps equal facts once: images have the same packages with the same vulnerabilities. */
import { cveLimits as limits } from '../limits.ts'
import type { AttackVector, PackageFacts, VulnerabilityFacts } from './report.ts'

/** One text of several, of which no others make the same. */
export const textsKey = (texts: readonly string[]): string => {
  let key = ''
  for (const text of texts) key += `${text.length}:${text}`
  return key
}

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a === b || (a.length === b.length && a.every((text, at) => text === b[at]))

const samePlaces = ({ places: a }: PackageFacts, { places: b }: PackageFacts): boolean =>
  a === b || (sameTexts(a.files, b.files) && sameTexts(a.folders, b.folders))

const sameVector = (a: AttackVector | undefined, b: AttackVector | undefined): boolean =>
  a === b ||
  (a?.reach === b?.reach &&
    a?.needsPrivileges === b?.needsPrivileges &&
    a?.needsUser === b?.needsUser &&
    a?.mayChange === b?.mayChange)

const sameVulnerability = (a: VulnerabilityFacts, b: VulnerabilityFacts): boolean =>
  a.severity === b.severity &&
  a.score === b.score &&
  a.epss === b.epss &&
  sameVector(a.vector, b.vector) &&
  a.kev?.ransomware === b.kev?.ransomware &&
  a.kev?.added === b.kev?.added &&
  sameTexts(a.aliases, b.aliases)

/** Hands out the first of equal values, which must not change. */
export class SharedFacts {
  /** By id. */
  readonly #vulnerabilities = new Map<string, VulnerabilityFacts[]>()
  /** How many of them were taken in. */
  #facts = 0
  /** By all but the files, which make keys too long. */
  readonly #packages = new Map<string, PackageFacts[]>()

  vulnerability(facts: VulnerabilityFacts): VulnerabilityFacts {
    const known = this.#vulnerabilities.get(facts.id)
    const same = known?.find((each) => sameVulnerability(each, facts))
    if (same) return same
    if (this.#facts >= limits.sharedFactsMax) {
      this.#vulnerabilities.clear()
      this.#facts = 0
    }
    this.#facts++
    const others = this.#vulnerabilities.get(facts.id)
    if (others && others.length < limits.sharedVersionsMax) others.push(facts)
    else this.#vulnerabilities.set(facts.id, [facts])
    return facts
  }

  package(facts: PackageFacts): PackageFacts {
    const { name, version, kind, purl, places } = facts
    const key = textsKey([name, version, kind, `${places.files.length}`, ...(purl ? [purl] : [])])
    const known = this.#packages.get(key)
    const same = known?.find((each) => samePlaces(each, facts))
    if (same) return same
    if (known) known.push(facts)
    else {
      if (this.#packages.size >= limits.sharedFactsMax) this.#packages.clear()
      this.#packages.set(key, [facts])
    }
    return facts
  }
}

/** Keeps equal facts once: images have the same packages with the same vulnerabilities. */
import { cveLimits as limits } from '../limits.ts'
import type { PackageFacts, VulnerabilityFacts } from './report.ts'

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, at) => text === b[at])

const samePlaces = (a: PackageFacts, b: PackageFacts): boolean =>
  sameTexts(a.places.files, b.places.files) && sameTexts(a.places.folders, b.places.folders)

/** Hands out the first of equal values, which must not change. */
export class SharedFacts {
  readonly #vulnerabilities = new Map<string, VulnerabilityFacts>()
  /** By all but the files, which make keys too long. */
  readonly #packages = new Map<string, PackageFacts[]>()

  vulnerability(facts: VulnerabilityFacts): VulnerabilityFacts {
    const { id, aliases, severity, score, vector, epss, kev } = facts
    const key = JSON.stringify([id, aliases, severity, score, vector, epss, kev])
    const known = this.#vulnerabilities.get(key)
    if (known) return known
    if (this.#vulnerabilities.size >= limits.sharedFactsMax) this.#vulnerabilities.clear()
    this.#vulnerabilities.set(key, facts)
    return facts
  }

  package(facts: PackageFacts): PackageFacts {
    const { name, version, kind, purl, places } = facts
    const key = JSON.stringify([name, version, kind, purl, places.files.length])
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

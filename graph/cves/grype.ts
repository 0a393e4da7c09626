/** Reads what `grype -o json` writes. */
import { digestsIn, namedBy, readKnown, readSeverity, readVector } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import { PackageList } from './packages.ts'
import type { Json } from '../objects/reader.ts'
import type { DocumentReader } from './reader.ts'
import type { ImageReport, ReportedFinding, VexClaim, VulnerabilityFacts } from './report.ts'
import { readVexStatus } from './vex.ts'

type Cvss = Pick<VulnerabilityFacts, 'score' | 'vector'>

/** CVSS of the newest version that is told. */
const readCvss = (reader: DocumentReader, vulnerability: Json): Cvss => {
  const all = reader.each(vulnerability, 'cvss', limits.identitiesMax, (item) => {
    const metrics = reader.object(item, 'metrics') ?? {}
    return {
      version: reader.text(item, 'version') ?? '',
      score: reader.number(metrics, 'baseScore', 0, 10),
      vector: readVector(reader.text(item, 'vector')),
    }
  })
  // Version 3 first: what the other documents have.
  const rank = ({ version }: { version: string }): number => '243'.indexOf(version[0] ?? '')
  const best = all.toSorted((a, b) => rank(b) - rank(a))
  return {
    score: best.find(({ score }) => score !== undefined)?.score,
    vector: best.find(({ vector }) => vector !== undefined)?.vector,
  }
}

/** The first row of a list that is about a CVE, which grype repeats on related vulnerabilities. */
const readListed = (
  reader: DocumentReader,
  vulnerability: Json,
): Pick<VulnerabilityFacts, 'epss' | 'kev'> => {
  const [epss] = reader.each(vulnerability, 'epss', limits.identitiesMax, (item) =>
    reader.number(item, 'epss', 0, 1),
  )
  const [kev] = reader.each(vulnerability, 'knownExploited', limits.identitiesMax, (item) =>
    readKnown(reader.text(item, 'knownRansomwareCampaignUse'), reader.text(item, 'dateAdded')),
  )
  return { epss, kev }
}

const readVulnerability = (reader: DocumentReader, match: Json): VulnerabilityFacts | undefined => {
  const own = reader.object(match, 'vulnerability') ?? {}
  const id = reader.within('vulnerability', () => reader.must(own, 'id', limits.idCharsMax))
  if (id === undefined) return undefined
  const related = reader.each(match, 'relatedVulnerabilities', limits.identitiesMax, (item) => ({
    id: reader.must(item, 'id', limits.idCharsMax),
    ...readCvss(reader, item),
    ...readListed(reader, item),
  }))
  const first = reader.within('vulnerability', () => ({
    ...readCvss(reader, own),
    ...readListed(reader, own),
  }))
  const all = [first, ...related]
  return {
    ...namedBy([id, ...related.flatMap((each) => each.id ?? [])]),
    severity: readSeverity(reader.text(own, 'severity')),
    score: all.find(({ score }) => score !== undefined)?.score,
    vector: all.find(({ vector }) => vector !== undefined)?.vector,
    epss: all.find(({ epss }) => epss !== undefined)?.epss,
    kev: all.find(({ kev }) => kev !== undefined)?.kev,
  }
}

const readArtifact = (
  reader: DocumentReader,
  list: PackageList,
  match: Json,
): number | undefined => {
  const artifact = reader.object(match, 'artifact') ?? {}
  return reader.within('artifact', () => {
    const name = reader.must(artifact, 'name')
    if (name === undefined) return undefined
    const metadata = reader.object(artifact, 'metadata') ?? {}
    return list.add({
      name,
      version: reader.text(artifact, 'version', limits.versionCharsMax) ?? '',
      purl: reader.text(artifact, 'purl', limits.pathCharsMax),
      types: [reader.text(artifact, 'type')],
      files: reader.each(metadata, 'files', limits.filesMax, (item) =>
        reader.text(item, 'path', limits.pathCharsMax),
      ),
      paths: reader.each(artifact, 'locations', limits.identitiesMax, (item) =>
        reader.text(item, 'path', limits.pathCharsMax),
      ),
    })
  })
}

/** The VEX statement among the rules by which grype has set a match aside; others are not ours. */
const ignoredBy = (reader: DocumentReader, match: Json): VexClaim | undefined =>
  reader
    .each(match, 'appliedIgnoreRules', limits.identitiesMax, (rule): VexClaim | undefined => {
      const status = readVexStatus(reader.text(rule, 'vex-status'))
      if (status === undefined) return undefined
      return {
        status,
        justification: reader.text(rule, 'vex-justification'),
        statement: undefined,
        source: reader.document,
        timeMs: undefined,
      }
    })
    .at(0)

const readSource = (reader: DocumentReader, json: Json): ImageReport['image'] => {
  const source = reader.object(json, 'source') ?? {}
  return reader.within('source', () => {
    if (typeof source['target'] === 'string') return { names: [source['target']], digests: [] }
    const target = reader.object(source, 'target') ?? {}
    return reader.within('target', () => ({
      names: [reader.text(target, 'userInput')].filter((name) => name !== undefined),
      digests: digestsIn([
        reader.text(target, 'manifestDigest'),
        reader.text(target, 'imageID'),
        ...reader.texts(target, 'repoDigests'),
        reader.text(target, 'userInput'),
      ]),
    }))
  })
}

/**
 * Reads the output of `grype -o json`. What is ignored for another reason than a VEX statement
 * stays a finding: an ignore list is about noise in a scan.
 */
export const readGrype = (reader: DocumentReader, json: Json): ImageReport => {
  const list = new PackageList(reader)
  const read = (match: Json): ReportedFinding | undefined => {
    const vulnerability = readVulnerability(reader, match)
    const at = readArtifact(reader, list, match)
    if (vulnerability === undefined || at === undefined) return undefined
    const own = reader.object(match, 'vulnerability') ?? {}
    const fix = reader.object(own, 'fix') ?? {}
    const fixedIn = fix['state'] === 'fixed' ? reader.texts(fix, 'versions').join(', ') : ''
    return {
      vulnerability,
      package: at,
      fixedIn: fixedIn === '' ? undefined : fixedIn.slice(0, limits.versionCharsMax),
      vex: ignoredBy(reader, match),
    }
  }
  const findings = reader.each(json, 'matches', limits.findingsMax, read)
  const ignored = reader.each(json, 'ignoredMatches', limits.findingsMax, read)
  const descriptor = reader.object(json, 'descriptor') ?? {}
  return {
    form: 'grype',
    source: reader.document,
    image: readSource(reader, json),
    scannedMs: reader.within('descriptor', () => reader.timeMs(descriptor, 'timestamp')),
    packages: list.packages,
    findings: [...findings, ...ignored],
    endOfLife: false,
  }
}

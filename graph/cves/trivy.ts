/** Reads what Trivy writes: `trivy image -f json`, and the reports of Trivy Operator. */
import { digestsIn, namedBy, readSeverity, readVector } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import { PackageList } from './packages.ts'
import type { Json } from '../objects/reader.ts'
import type { DocumentReader } from './reader.ts'
import { isJson } from '../objects/reader.ts'
import type { ImageReport, ReportedFinding, VexClaim, VulnerabilityFacts } from './report.ts'
import { readVexStatus } from './vex.ts'

/** The newest that most have first. */
const cvssKeys = [
  ['V3Vector', 'V3Score'],
  ['V40Vector', 'V40Score'],
  ['V2Vector', 'V2Score'],
] as const

/** Whose CVSS is looked at, one after another, each once. */
const vendorsOf = (cvss: Json, preferred: string | undefined): Iterable<string> => {
  const vendors = Object.keys(cvss)
  if (vendors.length < 2) return vendors
  return new Set([preferred ?? 'nvd', 'nvd', 'ghsa', ...vendors.toSorted()])
}

/** CVSS of the vendor that the severity came from, then of NVD, then of any. */
const bestCvss = (
  reader: DocumentReader,
  cvss: Json | undefined,
  preferred: string | undefined,
): Pick<VulnerabilityFacts, 'score' | 'vector'> => {
  if (cvss === undefined) return { score: undefined, vector: undefined }
  let score: VulnerabilityFacts['score']
  let vector: VulnerabilityFacts['vector']
  for (const vendor of vendorsOf(cvss, preferred)) {
    if (vector !== undefined && score !== undefined) break
    const of = cvss[vendor]
    if (!isJson(of)) continue
    reader.within(vendor, () => {
      for (const [ofVector, ofScore] of cvssKeys) {
        vector ??= readVector(reader.text(of, ofVector))
        score ??= reader.number(of, ofScore, 0, 10)
      }
    })
  }
  return { score, vector }
}

const text = (from: Json | undefined, key: string, reader: DocumentReader): string | undefined =>
  from && reader.text(from, key, limits.pathCharsMax)

// --- trivy image -f json ------------------------------------------------------------------------

/** A result is of one target: the packages of the system, or of one file or lock file. */
interface Result {
  readonly json: Json
  readonly type: string | undefined
  /** Its file; the packages of the system have none. */
  readonly target: string | undefined
}

/** By this the packages of a result and its vulnerabilities join. */
const joinKey = (id: unknown, name: string, version: string, path: string | undefined): string =>
  JSON.stringify([typeof id === 'string' ? id : '', name, version, path ?? ''])

const readPackages = (
  reader: DocumentReader,
  list: PackageList,
  { json, type, target }: Result,
): ReadonlyMap<string, number> => {
  const byKey = new Map<string, number>()
  reader.each(json, 'Packages', limits.packagesMax, (item) => {
    const name = reader.must(item, 'Name')
    if (name === undefined) return undefined
    const version = reader.text(item, 'Version', limits.versionCharsMax) ?? ''
    const release = reader.text(item, 'Release', limits.versionCharsMax)
    const path = text(item, 'FilePath', reader)
    const at = list.add({
      name,
      version: release === undefined ? version : `${version}-${release}`,
      purl: text(reader.object(item, 'Identifier'), 'PURL', reader),
      types: [type],
      files: reader.texts(item, 'InstalledFiles', limits.filesMax),
      paths: [path ?? target ?? ''],
    })
    if (at === undefined) return undefined
    byKey.set(joinKey(item['ID'], name, '', path), at)
    return undefined
  })
  return byKey
}

const readFinding = (
  reader: DocumentReader,
  list: PackageList,
  { type, target }: Result,
  known: ReadonlyMap<string, number>,
  item: Json,
  vex: VexClaim | undefined,
): ReportedFinding | undefined => {
  const id = reader.must(item, 'VulnerabilityID', limits.idCharsMax)
  const name = reader.must(item, 'PkgName')
  if (id === undefined || name === undefined) return undefined
  const path = text(item, 'PkgPath', reader)
  const at =
    known.get(joinKey(item['PkgID'], name, '', path)) ??
    list.add({
      name,
      version: reader.text(item, 'InstalledVersion', limits.versionCharsMax) ?? '',
      purl: text(reader.object(item, 'PkgIdentifier'), 'PURL', reader),
      types: [type],
      files: [],
      paths: [path ?? target ?? ''],
    })
  if (at === undefined) return undefined
  return {
    vulnerability: {
      ...namedBy([id, ...reader.texts(item, 'VendorIDs', limits.identitiesMax, limits.idCharsMax)]),
      severity: readSeverity(reader.text(item, 'Severity')),
      ...bestCvss(reader, reader.object(item, 'CVSS'), reader.text(item, 'SeveritySource')),
      epss: undefined,
      kev: undefined,
    },
    package: at,
    fixedIn: reader.text(item, 'FixedVersion', limits.versionCharsMax),
    vex,
  }
}

const readResult = (
  reader: DocumentReader,
  list: PackageList,
  json: Json,
): readonly ReportedFinding[] => {
  const ofOs = json['Class'] === 'os-pkgs'
  const result: Result = {
    json,
    type: ofOs ? 'os-pkgs' : reader.text(json, 'Type'),
    target: ofOs ? undefined : text(json, 'Target', reader),
  }
  const known = readPackages(reader, list, result)
  const findings = reader.each(json, 'Vulnerabilities', limits.findingsMax, (item) =>
    readFinding(reader, list, result, known, item, undefined),
  )
  // What a VEX document has moved stands here, and no longer above.
  const moved = reader.each(json, 'ExperimentalModifiedFindings', limits.findingsMax, (item) => {
    if (item['Type'] !== 'vulnerability') return undefined
    const status = readVexStatus(reader.must(item, 'Status'))
    const finding = reader.object(item, 'Finding')
    if (status === undefined || finding === undefined) return undefined
    const vex = {
      status,
      justification: undefined,
      statement: reader.text(item, 'Statement', limits.sentenceCharsMax),
      source: reader.text(item, 'Source') ?? reader.document,
      timeMs: undefined,
    }
    return reader.within('Finding', () => readFinding(reader, list, result, known, finding, vex))
  })
  return [...findings, ...moved]
}

/** Reads the output of `trivy image -f json`. */
export const readTrivy = (reader: DocumentReader, json: Json): ImageReport => {
  const metadata = reader.object(json, 'Metadata') ?? {}
  const os = reader.within('Metadata', () => reader.object(metadata, 'OS'))
  const repoDigests = reader.within('Metadata', () => reader.texts(metadata, 'RepoDigests'))
  const imageId = reader.within('Metadata', () => reader.text(metadata, 'ImageID'))
  const name = reader.text(json, 'ArtifactName')
  const list = new PackageList(reader)
  const findings = reader
    .each(json, 'Results', limits.packagesMax, (item) => readResult(reader, list, item))
    .flat()
  return {
    form: 'trivy',
    source: reader.document,
    image: {
      names: name === undefined ? [] : [name],
      digests: digestsIn([...repoDigests, imageId, name]),
    },
    scannedMs: reader.timeMs(json, 'CreatedAt'),
    packages: list.packages,
    findings,
    endOfLife: os?.['EOSL'] === true,
  }
}

// --- Trivy Operator -----------------------------------------------------------------------------

/** The object of the cluster that a report is. */
const sourceOf = (reader: DocumentReader, object: Json, kind: string): string => {
  const metadata = reader.object(object, 'metadata') ?? {}
  return reader.within('metadata', () => {
    const namespace = reader.text(metadata, 'namespace')
    const name = reader.must(metadata, 'name') ?? '(without a name)'
    return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
  })
}

/** What both kinds of report say of their image. */
const ofImage = (
  reader: DocumentReader,
  report: Json,
): Pick<ImageReport, 'image' | 'scannedMs'> => {
  const artifact = reader.object(report, 'artifact') ?? {}
  const registry = reader.object(report, 'registry') ?? {}
  const server = reader.text(registry, 'server')
  const repository = reader.text(artifact, 'repository')
  const tag = reader.text(artifact, 'tag')
  const name = [server, repository].filter((part) => part !== undefined).join('/')
  return {
    image: {
      names: name === '' ? [] : [tag === undefined ? name : `${name}:${tag}`],
      digests: digestsIn([reader.text(artifact, 'digest')]),
    },
    scannedMs: reader.timeMs(report, 'updateTimestamp'),
  }
}

const readOperatorFinding = (
  reader: DocumentReader,
  list: PackageList,
  item: Json,
): ReportedFinding | undefined => {
  const id = reader.must(item, 'vulnerabilityID', limits.idCharsMax)
  const name = reader.must(item, 'resource')
  if (id === undefined || name === undefined) return undefined
  const ofOs = item['class'] === 'os-pkgs'
  const path =
    text(item, 'packagePath', reader) ?? (ofOs ? undefined : text(item, 'target', reader))
  const at = list.add({
    name,
    version: reader.text(item, 'installedVersion', limits.versionCharsMax) ?? '',
    purl: text(item, 'packagePURL', reader),
    types: [ofOs ? 'os-pkgs' : reader.text(item, 'packageType')],
    files: [],
    paths: [path ?? ''],
  })
  if (at === undefined) return undefined
  const best = bestCvss(reader, reader.object(item, 'cvss'), undefined)
  return {
    vulnerability: {
      ...namedBy([id]),
      severity: readSeverity(reader.text(item, 'severity')),
      score: best.score ?? reader.number(item, 'score', 0, 10),
      vector: best.vector,
      epss: undefined,
      kev: undefined,
    },
    package: at,
    fixedIn: reader.text(item, 'fixedVersion', limits.versionCharsMax),
    vex: undefined,
  }
}

/** Reads a VulnerabilityReport or ClusterVulnerabilityReport. */
export const readVulnerabilityReport = (
  reader: DocumentReader,
  object: Json,
  kind: string,
): ImageReport => {
  const source = sourceOf(reader, object, kind)
  const report = reader.object(object, 'report') ?? {}
  return reader.within('report', () => {
    const list = new PackageList(reader)
    const findings = reader.each(report, 'vulnerabilities', limits.findingsMax, (item) =>
      readOperatorFinding(reader, list, item),
    )
    return {
      form: 'trivy-operator',
      source,
      ...ofImage(reader, report),
      packages: list.packages,
      findings,
      endOfLife: reader.object(report, 'os')?.['eosl'] === true,
    }
  })
}

/**
 * Reads an SbomReport or ClusterSbomReport, whose components are a document of CycloneDX.
 *
 * @param readBom  reads that document
 */
export const readSbomReport = (
  reader: DocumentReader,
  object: Json,
  kind: string,
  readBom: (bom: Json) => ImageReport,
): ImageReport => {
  const source = sourceOf(reader, object, kind)
  const report = reader.object(object, 'report') ?? {}
  return reader.within('report', () => {
    const { image, scannedMs } = ofImage(reader, report)
    const bom = reader.object(report, 'components') ?? {}
    const inner = reader.within('components', () => readBom(bom))
    return {
      ...inner,
      form: 'trivy-operator-sbom',
      source,
      image: {
        names: [...new Set([...image.names, ...inner.image.names])],
        digests: [...new Set([...image.digests, ...inner.image.digests])],
      },
      scannedMs: scannedMs ?? inner.scannedMs,
    }
  })
}

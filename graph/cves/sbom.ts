/** Reads SBOMs: CycloneDX, whose vulnerabilities are read too, and SPDX 2. */
import { digestsIn, namedBy, readSeverity, readVector } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import { PackageList } from './packages.ts'
import type { Json } from '../objects/reader.ts'
import type { DocumentReader } from './reader.ts'
import type { ImageReport, ReportedFinding, VexClaim } from './report.ts'
import { cveSeverities } from './report.ts'
import { readVexStatus } from './vex.ts'

// --- CycloneDX ----------------------------------------------------------------------------------

type Properties = ReadonlyMap<string, readonly string[]>

/** Properties, by their names without an index: `syft:location:0:path` is `syft:location:path`. */
const propertiesOf = (reader: DocumentReader, component: Json): Properties => {
  const properties = new Map<string, string[]>()
  reader.each(component, 'properties', limits.filesMax, (item) => {
    const name = reader.text(item, 'name')?.replace(/:\d+(?=:)/g, '')
    const value = reader.text(item, 'value', limits.pathCharsMax)
    if (name === undefined || value === undefined) return undefined
    const values = properties.get(name)
    if (values) values.push(value)
    else properties.set(name, [value])
    return undefined
  })
  return properties
}

/** A file that was built from packages is an application of these types, which depends on them. */
const builtTypes: ReadonlySet<string> = new Set(['gobinary', 'rustbinary'])

interface Components {
  readonly packages: PackageList
  /** Positions by `bom-ref`. */
  readonly byRef: ReadonlyMap<string, number>
}

const readDependencies = (
  reader: DocumentReader,
  json: Json,
): ReadonlyMap<string, readonly string[]> => {
  const parents = new Map<string, string[]>()
  reader.each(json, 'dependencies', limits.packagesMax, (item) => {
    const ref = reader.text(item, 'ref', limits.pathCharsMax)
    if (ref === undefined || item['dependsOn'] === undefined) return undefined
    for (const child of reader.texts(item, 'dependsOn', limits.packagesMax)) {
      const known = parents.get(child)
      if (known) known.push(ref)
      else parents.set(child, [ref])
    }
    return undefined
  })
  return parents
}

/** What a component says of itself; which are files that others were built into comes later. */
interface Component {
  readonly ref: string | undefined
  readonly type: string | undefined
  readonly name: string
  readonly version: string
  readonly purl: string | undefined
  readonly properties: Properties
}

const readComponent = (reader: DocumentReader, item: Json): Component | undefined => {
  const name = reader.must(item, 'name', limits.pathCharsMax)
  if (name === undefined) return undefined
  const group = reader.text(item, 'group')
  return {
    ref: reader.text(item, 'bom-ref', limits.pathCharsMax),
    type: reader.text(item, 'type'),
    name: group === undefined ? name : `${group}/${name}`,
    version: reader.text(item, 'version', limits.versionCharsMax) ?? '',
    purl: reader.text(item, 'purl', limits.pathCharsMax),
    properties: propertiesOf(reader, item),
  }
}

const first = ({ properties }: Component, name: string): string | undefined =>
  properties.get(name)?.[0]

const readComponents = (reader: DocumentReader, json: Json): Components => {
  const packages = new PackageList(reader)
  const byRef = new Map<string, number>()
  const parents = readDependencies(reader, json)
  const components = reader.each(json, 'components', limits.packagesMax, (item) =>
    readComponent(reader, item),
  )
  const binaries = new Map(
    components
      .filter((each) => builtTypes.has(first(each, 'aquasecurity:trivy:Type') ?? ''))
      .map(({ ref, name }) => [ref, name]),
  )
  for (const component of components) {
    const { ref, name, version, purl, properties } = component
    // Without a package URL: the system, a lock file, a file.
    if (purl === undefined) continue
    const builtInto = (parents.get(ref ?? '') ?? []).flatMap((parent) => binaries.get(parent) ?? [])
    const at = packages.add({
      name,
      version,
      purl,
      types: [
        first(component, 'aquasecurity:trivy:PkgType'),
        first(component, 'syft:package:type'),
      ],
      files: [],
      paths: [
        ...(properties.get('aquasecurity:trivy:FilePath') ?? []),
        ...(properties.get('syft:location:path') ?? []),
        ...builtInto,
      ],
    })
    if (at !== undefined && ref !== undefined) byRef.set(ref, at)
  }
  return { packages, byRef }
}

const readAnalysis = (reader: DocumentReader, vulnerability: Json): VexClaim | undefined => {
  const analysis = reader.object(vulnerability, 'analysis')
  if (analysis === undefined) return undefined
  return reader.within('analysis', () => {
    const word = reader.text(analysis, 'state')
    const status = readVexStatus(word)
    if (status === undefined) {
      if (word !== undefined) reader.tell('is no state of CycloneDX', 'state')
      return undefined
    }
    return {
      status,
      justification: reader.text(analysis, 'justification'),
      statement: reader.text(analysis, 'detail', limits.sentenceCharsMax),
      source: reader.document,
      timeMs: reader.timeMs(analysis, 'lastUpdated'),
    }
  })
}

/** The most severe of the ratings, and the first score and vector. */
const readRatings = (
  reader: DocumentReader,
  vulnerability: Json,
): Pick<ReportedFinding['vulnerability'], 'severity' | 'score' | 'vector'> => {
  const ratings = reader.each(vulnerability, 'ratings', limits.identitiesMax, (item) => ({
    severity: readSeverity(reader.text(item, 'severity')),
    score: reader.number(item, 'score', 0, 10),
    vector: readVector(reader.text(item, 'vector')),
    // Other methods have scores of other ranges.
    isCvss: (reader.text(item, 'method') ?? 'CVSS').startsWith('CVSS'),
  }))
  const severities = new Set(ratings.map(({ severity }) => severity))
  return {
    severity: cveSeverities.find((each) => severities.has(each)) ?? 'unknown',
    score: ratings.find(({ score, isCvss }) => isCvss && score !== undefined)?.score,
    vector: ratings.find(({ vector }) => vector !== undefined)?.vector,
  }
}

const readVulnerabilities = (
  reader: DocumentReader,
  json: Json,
  { byRef }: Components,
): readonly ReportedFinding[] =>
  reader
    .each(json, 'vulnerabilities', limits.findingsMax, (item) => {
      const id = reader.must(item, 'id', limits.idCharsMax)
      if (id === undefined) return undefined
      const references = reader.each(item, 'references', limits.identitiesMax, (each) =>
        reader.text(each, 'id', limits.idCharsMax),
      )
      const vulnerability = {
        ...namedBy([id, ...references]),
        ...readRatings(reader, item),
        epss: undefined,
        kev: undefined,
      }
      const vex = readAnalysis(reader, item)
      return reader.each(item, 'affects', limits.productsMax, (affected) => {
        const ref = reader.must(affected, 'ref', limits.pathCharsMax)
        if (ref === undefined) return undefined
        // A link into another document has the ref behind the hash.
        const at = byRef.get(ref) ?? byRef.get(ref.slice(ref.indexOf('#') + 1))
        if (at === undefined) {
          reader.tell('is no component of this document', 'ref')
          return undefined
        }
        return { vulnerability, package: at, fixedIn: undefined, vex }
      })
    })
    .flat()

/** Reads a document of CycloneDX. */
export const readCycloneDx = (reader: DocumentReader, json: Json): ImageReport => {
  const metadata = reader.object(json, 'metadata') ?? {}
  const component = reader.within('metadata', () => reader.object(metadata, 'component')) ?? {}
  const properties = propertiesOf(reader, component)
  const components = readComponents(reader, json)
  const hashes = reader.each(component, 'hashes', limits.identitiesMax, (hash) =>
    hash['alg'] === 'SHA-256' ? `sha256:${reader.text(hash, 'content') ?? ''}` : undefined,
  )
  return {
    form: 'cyclonedx',
    source: reader.document,
    image: {
      names: [reader.text(component, 'name')].filter((name) => name !== undefined),
      digests: digestsIn([
        reader.text(component, 'purl', limits.pathCharsMax),
        reader.text(component, 'version'),
        ...(properties.get('aquasecurity:trivy:RepoDigest') ?? []),
        ...(properties.get('aquasecurity:trivy:ImageID') ?? []),
        ...hashes,
        reader.text(component, 'name'),
      ]),
    },
    scannedMs: reader.within('metadata', () => reader.timeMs(metadata, 'timestamp')),
    packages: components.packages.packages,
    findings: readVulnerabilities(reader, json, components),
    endOfLife: false,
  }
}

// --- SPDX ---------------------------------------------------------------------------------------

/** Files by the package that contains them. */
const filesOfPackages = (
  reader: DocumentReader,
  json: Json,
): { readonly files: ReadonlyMap<string, string[]>; readonly described: ReadonlySet<string> } => {
  const names = new Map<string, string>()
  reader.each(json, 'files', limits.packagesMax * 16, (item) => {
    const id = reader.text(item, 'SPDXID')
    const name = reader.text(item, 'fileName', limits.pathCharsMax)
    if (id !== undefined && name !== undefined) names.set(id, name)
    return undefined
  })
  const files = new Map<string, string[]>()
  const described = new Set(reader.texts(json, 'documentDescribes'))
  reader.each(json, 'relationships', limits.packagesMax * 16, (item) => {
    const from = reader.text(item, 'spdxElementId')
    const to = reader.text(item, 'relatedSpdxElement')
    if (from === undefined || to === undefined) return undefined
    const type = item['relationshipType']
    if (type === 'DESCRIBES' && from === 'SPDXRef-DOCUMENT') described.add(to)
    const name = names.get(to)
    if (name === undefined) return undefined
    // `OTHER` is how syft says that a file gave evidence of a package.
    if (type !== 'CONTAINS' && type !== 'OTHER') return undefined
    const known = files.get(from)
    if (known) known.push(name)
    else files.set(from, [name])
    return undefined
  })
  return { files, described }
}

const locatorsOf = (reader: DocumentReader, item: Json, type: string): readonly string[] =>
  reader.each(item, 'externalRefs', limits.identitiesMax * 16, (ref) =>
    ref['referenceType'] === type
      ? reader.text(ref, 'referenceLocator', limits.pathCharsMax)
      : undefined,
  )

/** Texts of the described image in which digests stand. */
const spdxDigests = (reader: DocumentReader, item: Json): readonly (string | undefined)[] => [
  reader.text(item, 'name'),
  reader.text(item, 'versionInfo', limits.versionCharsMax),
  ...locatorsOf(reader, item, 'purl'),
  ...reader.texts(item, 'attributionTexts'),
  ...reader.each(item, 'checksums', limits.identitiesMax, (sum) =>
    sum['algorithm'] === 'SHA256' ? `sha256:${reader.text(sum, 'checksumValue') ?? ''}` : undefined,
  ),
]

/** Reads a JSON document of SPDX 2. */
export const readSpdx = (reader: DocumentReader, json: Json): ImageReport => {
  const { files, described } = filesOfPackages(reader, json)
  const list = new PackageList(reader)
  const names: string[] = []
  const digests: (string | undefined)[] = []
  reader.each(json, 'packages', limits.packagesMax, (item) => {
    const name = reader.must(item, 'name')
    const id = reader.text(item, 'SPDXID') ?? ''
    if (name === undefined) return undefined
    if (described.has(id) || item['primaryPackagePurpose'] === 'CONTAINER') {
      names.push(name)
      digests.push(...spdxDigests(reader, item))
      return undefined
    }
    const [purl] = locatorsOf(reader, item, 'purl')
    if (purl === undefined) return undefined // an operating system, a lock file
    const paths = files.get(id) ?? []
    list.add({
      name,
      version: reader.text(item, 'versionInfo', limits.versionCharsMax) ?? '',
      purl,
      types: [],
      // Of a package of the system the files are its own, of others they describe it.
      files: /^pkg:(?:deb|rpm|apk|alpm)\//.test(purl) ? paths : [],
      paths,
    })
    return undefined
  })
  const creation = reader.object(json, 'creationInfo') ?? {}
  return {
    form: 'spdx',
    source: reader.document,
    image: { names, digests: digestsIn(digests) },
    scannedMs: reader.within('creationInfo', () => reader.timeMs(creation, 'created')),
    packages: list.packages,
    findings: [],
    endOfLife: false,
  }
}

/**
 * Reads any document about images and vulnerabilities. Its form is told by what is in it; whatever
 * is wrong with it is a diagnostic. Nothing here throws.
 */
import type { EpssList } from './epss-table.ts'
import { EpssTable } from './epss-table.ts'
import { EpssReading, isEpss, readKev } from './feeds.ts'
import { readGrype } from './grype.ts'
import { cveLimits as limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import { isJson } from '../objects/reader.ts'
import { DocumentReader } from './reader.ts'
import type { CveDocument, DocumentForm, ImageReport } from './report.ts'
import { readCycloneDx, readSpdx } from './sbom.ts'
import { readSbomReport, readTrivy, readVulnerabilityReport } from './trivy.ts'
import { readCsaf, readOpenVex } from './vex.ts'

/** Of a document that is none of EPSS. */
export const noEpss: EpssList = new EpssTable()

const nothing: Omit<CveDocument, 'found'> = {
  form: undefined,
  reports: [],
  statements: [],
  epss: noEpss,
  kev: [],
}

/** What came of a form, without what every document has. */
type Part = Partial<Pick<CveDocument, 'reports' | 'statements' | 'kev'>>

interface Form {
  readonly form: DocumentForm
  readonly is: (json: Json) => boolean
  readonly read: (reader: DocumentReader, json: Json) => Part
}

const operatorGroup = 'aquasecurity.github.io/'
const kindOf = (json: Json): string => (typeof json['kind'] === 'string' ? json['kind'] : '')
const isOfOperator = (json: Json, end: string): boolean =>
  typeof json['apiVersion'] === 'string' &&
  json['apiVersion'].startsWith(operatorGroup) &&
  kindOf(json).endsWith(end)
const isList = (json: Json, ...keys: readonly string[]): boolean =>
  keys.every((key) => Array.isArray(json[key]))
const startsWith = (value: unknown, start: string): boolean =>
  typeof value === 'string' && value.startsWith(start)

const one = (report: ImageReport): Part => ({ reports: [report] })

/** In the order in which they are tried; no document is of two of them. */
const forms: readonly Form[] = [
  {
    form: 'trivy-operator',
    is: (json) => isOfOperator(json, 'VulnerabilityReport'),
    read: (reader, json) => one(readVulnerabilityReport(reader, json, kindOf(json))),
  },
  {
    form: 'trivy-operator-sbom',
    is: (json) => isOfOperator(json, 'SbomReport'),
    read: (reader, json) =>
      one(readSbomReport(reader, json, kindOf(json), (bom) => readCycloneDx(reader, bom))),
  },
  {
    form: 'cyclonedx',
    is: (json) => json['bomFormat'] === 'CycloneDX',
    read: (reader, json) => one(readCycloneDx(reader, json)),
  },
  {
    form: 'spdx',
    is: (json) => startsWith(json['spdxVersion'], 'SPDX-'),
    read: (reader, json) => one(readSpdx(reader, json)),
  },
  {
    form: 'openvex',
    is: (json) =>
      startsWith(json['@context'], 'https://openvex.dev/ns') ||
      (isList(json, 'statements') && json['@context'] !== undefined),
    read: (reader, json) => ({ statements: readOpenVex(reader, json) }),
  },
  {
    form: 'csaf',
    is: (json) => isJson(json['document']) && json['document']['csaf_version'] !== undefined,
    read: (reader, json) => ({ statements: readCsaf(reader, json) }),
  },
  {
    form: 'kev',
    is: (json) => json['catalogVersion'] !== undefined && isList(json, 'vulnerabilities'),
    read: (reader, json) => ({ kev: readKev(reader, json) }),
  },
  {
    form: 'grype',
    is: (json) => isList(json, 'matches') && isJson(json['descriptor']),
    read: (reader, json) => one(readGrype(reader, json)),
  },
  {
    form: 'trivy',
    is: (json) => json['SchemaVersion'] !== undefined && json['ArtifactName'] !== undefined,
    read: (reader, json) => one(readTrivy(reader, json)),
  },
]

const readForm = (reader: DocumentReader, json: Json, form: Form): Omit<CveDocument, 'found'> => ({
  ...nothing,
  form: form.form,
  ...form.read(reader, json),
})

/** The objects of a List of the API, or of `kubectl get -o json`. */
const readObjects = (reader: DocumentReader, json: Json): Omit<CveDocument, 'found'> => {
  const parts = reader.each(json, 'items', limits.reportsMax, (item) => {
    const form = forms.find(({ is }) => is(item))
    if (form === undefined) {
      reader.tell('is no report of a kind that is read')
      return undefined
    }
    return readForm(reader, item, form)
  })
  return {
    ...nothing,
    form: parts[0]?.form,
    reports: parts.flatMap(({ reports }) => reports),
  }
}

/**
 * Reads a document that is decoded already: an object of the API server, or a List of them.
 *
 * @param name  what diagnostics call it
 */
export const readCveJson = (name: string, json: unknown): CveDocument => {
  const reader = new DocumentReader(name)
  if (!isJson(json)) {
    reader.tell('must be an object of JSON')
    return { ...nothing, found: reader.found }
  }
  const form = forms.find(({ is }) => is(json))
  if (form !== undefined) {
    const part = readForm(reader, json, form)
    return { ...part, found: reader.found }
  }
  if (kindOf(json).endsWith('List') && isList(json, 'items')) {
    const part = readObjects(reader, json)
    return { ...part, found: reader.found }
  }
  reader.tell(
    'is none of the forms that are read: Trivy, Trivy Operator, Grype, CycloneDX, SPDX, OpenVEX, ' +
      'CSAF, KEV (JSON), EPSS (CSV)',
  )
  return { ...nothing, found: reader.found }
}

/**
 * Reads the text of a document: JSON, or EPSS as CSV.
 *
 * @param name  what diagnostics call it, such as the path of its file
 */
export const readCveDocument = (name: string, text: string): CveDocument => {
  const reader = new DocumentReader(name)
  if (text.length > limits.documentCharsMax) {
    reader.tell(`has more than ${limits.documentCharsMax} characters`)
    return { ...nothing, found: reader.found }
  }
  if (isEpss(text)) {
    const csv = new EpssReading(name)
    csv.feed(text)
    return csv.end()
  }
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    reader.tell('is neither JSON nor the CSV of EPSS')
    return { ...nothing, found: reader.found }
  }
  return readCveJson(name, json)
}

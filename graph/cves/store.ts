/**
 * Reports, statements and lists, joined: what is known of the vulnerabilities of an image. Images
 * are found by digest and never by tag, which may point to another image today. The order in which
 * documents come makes no difference.
 */
import type { EpssList } from './epss-table.ts'
import type { PackageUrl } from './identifiers.ts'
import { purlCovers, readPurl } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import type {
  CveDocument,
  CveSeverity,
  DocumentForm,
  ImageReport,
  KnownExploited,
  PackageFacts,
  VexClaim,
  VexStatement,
  VulnerabilityFacts,
} from './report.ts'
import { cveSeverities } from './report.ts'
import { SharedFacts } from './sharing.ts'

/** A vulnerability of an image, with all that the documents say of it. */
export interface Finding {
  readonly id: string
  readonly aliases: readonly string[]
  readonly package: PackageFacts
  readonly severity: CveSeverity
  readonly score: number | undefined
  readonly vector: VulnerabilityFacts['vector']
  readonly fixedIn: string | undefined
  /** `undefined`: not known, which is not 0. */
  readonly epss: number | undefined
  readonly kev: KnownExploited | undefined
  /** The statement that counts, the newest about it. */
  readonly vex: VexClaim | undefined
  /** Reports that have it, sorted. */
  readonly sources: readonly string[]
}

/** A report that was used. */
export interface UsedReport {
  readonly source: string
  readonly form: DocumentForm
  readonly scannedMs: number | undefined
}

/** What is known of an image. */
export interface ImageCves {
  /** Digests by which reports were found. */
  readonly matched: readonly string[]
  readonly reports: readonly UsedReport[]
  /** Of the newest report. */
  readonly scannedMs: number | undefined
  readonly endOfLife: boolean
  readonly findings: readonly Finding[]
  /** Those that a statement takes away: not affected, or fixed. */
  readonly removed: readonly Finding[]
}

/** A report while it is kept: its findings in arrays, each fact once. */
interface StoredReport {
  readonly source: string
  readonly form: DocumentForm
  readonly digests: readonly string[]
  readonly scannedMs: number | undefined
  readonly endOfLife: boolean
  readonly contents: Contents
}

interface Contents {
  readonly vulnerabilities: readonly VulnerabilityFacts[]
  /** Of each finding. */
  readonly packages: readonly PackageFacts[]
  readonly fixedIn: readonly (string | undefined)[]
  /** By position. */
  readonly vex: ReadonlyMap<number, VexClaim>
  /** Without a finding, but it is said where they lie. */
  readonly others: readonly PackageFacts[]
}

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, at) => item === b[at])

const sameContents = (a: Contents, b: Contents): boolean =>
  a.vex.size === 0 &&
  b.vex.size === 0 &&
  sameItems(a.vulnerabilities, b.vulnerabilities) &&
  sameItems(a.packages, b.packages) &&
  sameItems(a.fixedIn, b.fixedIn) &&
  sameItems(a.others, b.others)

const isPlaced = ({ places }: PackageFacts): boolean =>
  places.files.length + places.folders.length > 0

const textOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** What of a package is read once. */
interface PackageIdentity {
  readonly purl: PackageUrl | undefined
  /** By this a package of one document is that of another. */
  readonly key: string
}

const identityOf = ({ purl, name, version }: PackageFacts): PackageIdentity => {
  const read = purl === undefined ? undefined : readPurl(purl)
  const key = read ? `${read.type}/${read.name}@${read.version || version}` : `/${name}@${version}`
  return { purl: read, key }
}

/** Statements that keep a finding count more than those that take it away, at the same time. */
const statusRank = { affected: 0, under_investigation: 1, not_affected: 2, fixed: 3 } as const

const newest = (claims: readonly VexClaim[]): VexClaim | undefined =>
  claims.toSorted(
    (a, b) =>
      (b.timeMs ?? 0) - (a.timeMs ?? 0) ||
      statusRank[a.status] - statusRank[b.status] ||
      textOrder(a.source, b.source) ||
      textOrder(a.statement ?? '', b.statement ?? ''),
  )[0]

/** Whether a statement takes a finding away. */
export const isRemoving = (claim: VexClaim | undefined): boolean =>
  claim?.status === 'not_affected' || claim?.status === 'fixed'

/** A package that several documents name: the places of all of them. */
const withPlaces = (facts: PackageFacts, others: readonly PackageFacts[]): PackageFacts => {
  if (others.every((each) => each === facts)) return facts
  const all = [facts, ...others]
  const files = new Set(all.flatMap(({ places }) => places.files))
  const folders = new Set(all.flatMap(({ places }) => places.folders))
  const kind = all.find((each) => each.kind !== 'other')?.kind ?? 'other'
  const places = { files: [...files].toSorted(), folders: [...folders].toSorted() }
  return { ...facts, kind, places }
}

/** Figures of what is kept, and of what does not join. */
export interface CveCounts {
  readonly documents: number
  readonly reports: number
  readonly digests: number
  readonly findings: number
  /** Reports that name no digest: they are of no image. */
  readonly reportsWithoutDigest: number
  /** Reports over the bound, which are left out. */
  readonly reportsOver: number
  readonly statements: number
  /** Statements about no image by its digest and no package. */
  readonly statementsWithoutProduct: number
  readonly epss: number
  readonly kev: number
}

/** Whether a document says something of more than its own images. */
const isWide = ({ statements, epss, kev }: CveDocument): boolean =>
  statements.length + epss.size + kev.length > 0

interface StoredDocument {
  readonly reports: readonly StoredReport[]
  readonly statements: readonly VexStatement[]
  readonly withoutDigest: readonly string[]
  readonly over: number
}

export class CveStore {
  readonly #documents = new Map<string, StoredDocument>()
  readonly #byDigest = new Map<string, Set<StoredReport>>()
  readonly #statements = new Map<string, Set<VexStatement>>()
  readonly #epss = new Map<string, EpssList>()
  readonly #kev = new Map<string, ReadonlyMap<string, KnownExploited>>()
  readonly #shared = new SharedFacts()
  readonly #identities = new WeakMap<PackageFacts, PackageIdentity>()
  /** Images that were asked for, until something changes that their answer rests on. */
  readonly #answers = new Map<string, ImageCves>()
  /** Keys of answers by the digests in them. */
  readonly #answersBy = new Map<string, Set<string>>()
  #reports = 0
  /** Grows with each change. */
  version = 0

  /**
   * Takes a document in; one of the same key is replaced.
   *
   * @param key  the file, or the object's kind, namespace and name
   */
  put(key: string, document: CveDocument): void {
    this.delete(key)
    this.#forgetAnswers(document.reports, isWide(document))
    const reports: StoredReport[] = []
    const withoutDigest: string[] = []
    let over = 0
    for (const report of document.reports) {
      if (report.image.digests.length === 0) withoutDigest.push(report.source)
      else if (this.#reports >= limits.storedReportsMax) over++
      else reports.push(this.#store(report))
    }
    for (const statement of document.statements) this.#addStatement(statement)
    if (document.epss.size > 0) this.#epss.set(key, document.epss)
    if (document.kev.length > 0) {
      this.#kev.set(key, new Map(document.kev.map(({ id, ...known }) => [id, known])))
    }
    const { statements } = document
    this.#documents.set(key, { reports, statements, withoutDigest, over })
  }

  /** Forgets a document. */
  delete(key: string): void {
    const document = this.#documents.get(key)
    if (!document) return
    this.#documents.delete(key)
    const isListed = this.#epss.delete(key) || this.#kev.has(key)
    this.#kev.delete(key)
    const told = document.reports.map(({ digests }) => ({ image: { digests } }))
    this.#forgetAnswers(told, isListed || document.statements.length > 0)
    for (const report of document.reports) {
      this.#reports--
      for (const digest of report.digests) {
        const reports = this.#byDigest.get(digest)
        reports?.delete(report)
        if (reports?.size === 0) this.#byDigest.delete(digest)
      }
    }
    for (const statement of document.statements) {
      for (const id of statement.vulnerabilities) {
        const statements = this.#statements.get(id)
        statements?.delete(statement)
        if (statements?.size === 0) this.#statements.delete(id)
      }
    }
  }

  /** Forgets what was joined of the images of some reports, or of all. */
  #forgetAnswers(
    reports: readonly { readonly image: { readonly digests: readonly string[] } }[],
    isOfAll: boolean,
  ): void {
    this.version++
    if (isOfAll) {
      this.#answers.clear()
      this.#answersBy.clear()
      return
    }
    for (const digest of reports.flatMap(({ image }) => image.digests)) {
      for (const key of this.#answersBy.get(digest) ?? []) {
        this.#answers.delete(key)
        for (const other of key.split(' ')) {
          const keys = this.#answersBy.get(other)
          keys?.delete(key)
          if (keys?.size === 0) this.#answersBy.delete(other)
        }
      }
    }
  }

  get counts(): CveCounts {
    const documents = [...this.#documents.values()]
    const statements = documents.flatMap((each) => each.statements)
    return {
      documents: documents.length,
      reports: this.#reports,
      digests: this.#byDigest.size,
      findings: documents
        .flatMap(({ reports }) => reports)
        .reduce((sum, { contents }) => sum + contents.vulnerabilities.length, 0),
      reportsWithoutDigest: documents.reduce((sum, each) => sum + each.withoutDigest.length, 0),
      reportsOver: documents.reduce((sum, { over }) => sum + over, 0),
      statements: statements.length,
      statementsWithoutProduct: statements.filter(({ products }) => products.length === 0).length,
      epss: [...this.#epss.values()].reduce((sum, { size }) => sum + size, 0),
      kev: [...this.#kev.values()].reduce((sum, { size }) => sum + size, 0),
    }
  }

  /**
   * Reports that no image of the cluster is found by, sorted: an old scan, another architecture, or
   * a report without a digest.
   *
   * @param isRunning  whether some container has an image of this digest
   */
  unmatched(isRunning: (digest: string) => boolean): readonly string[] {
    return [...this.#documents.values()]
      .flatMap(({ reports, withoutDigest }) =>
        withoutDigest.concat(
          reports.filter(({ digests }) => !digests.some(isRunning)).map(({ source }) => source),
        ),
      )
      .toSorted()
  }

  /**
   * What is known of an image; `undefined`: no report has one of its digests.
   *
   * @param digests  all by which the container's image is known: of the manifest that runs, of its
   *   configuration, and of the index that the pod asks for
   */
  image(digests: readonly string[]): ImageCves | undefined {
    const key = digests.join(' ')
    const known = this.#answers.get(key)
    if (known) return known
    const answer = this.#askImage(digests)
    if (answer === undefined) return undefined
    if (this.#answers.size >= limits.keptAnswersMax) this.#forgetAnswers([], true)
    this.#answers.set(key, answer)
    for (const digest of digests) {
      const keys = this.#answersBy.get(digest)
      if (keys) keys.add(key)
      else this.#answersBy.set(digest, new Set([key]))
    }
    return answer
  }

  // --- Taking in --------------------------------------------------------------------------------

  #store(report: ImageReport): StoredReport {
    const { source, form, scannedMs, endOfLife } = report
    const stored = {
      source,
      form,
      digests: report.image.digests,
      scannedMs,
      endOfLife,
      contents: this.#contents(report),
    }
    this.#reports++
    for (const digest of stored.digests) {
      const reports = this.#byDigest.get(digest)
      if (reports) reports.add(stored)
      else this.#byDigest.set(digest, new Set([stored]))
    }
    return stored
  }

  /** Workloads of the same image have the same report: it is kept once. */
  #contents(report: ImageReport): Contents {
    const packages = report.packages.map((each) => this.#shared.package(each))
    const found = new Set<number>()
    const vex = new Map<number, VexClaim>()
    for (const [at, finding] of report.findings.entries()) {
      found.add(finding.package)
      if (finding.vex) vex.set(at, finding.vex)
    }
    const none: PackageFacts = {
      name: '',
      version: '',
      kind: 'other',
      purl: undefined,
      places: { files: [], folders: [] },
    }
    const contents: Contents = {
      vulnerabilities: report.findings.map((each) =>
        this.#shared.vulnerability(each.vulnerability),
      ),
      packages: report.findings.map((each) => packages[each.package] ?? none),
      fixedIn: report.findings.map((each) => each.fixedIn),
      vex,
      others: packages.filter((each, at) => !found.has(at) && isPlaced(each)),
    }
    for (const digest of report.image.digests) {
      for (const other of this.#byDigest.get(digest) ?? []) {
        if (sameContents(other.contents, contents)) return other.contents
      }
    }
    return contents
  }

  #addStatement(statement: VexStatement): void {
    for (const id of statement.vulnerabilities) {
      const statements = this.#statements.get(id)
      if (statements) statements.add(statement)
      else this.#statements.set(id, new Set([statement]))
    }
  }

  // --- Asking -----------------------------------------------------------------------------------

  #askImage(digests: readonly string[]): ImageCves | undefined {
    const matched = digests.filter((digest) => this.#byDigest.has(digest))
    const found = new Set(matched.flatMap((digest) => [...(this.#byDigest.get(digest) ?? [])]))
    if (found.size === 0) return undefined
    const reports = this.#newestOfForms([...found])
    const merged = this.#merge(reports, digests)
    const times = reports.flatMap(({ scannedMs }) => scannedMs ?? [])
    return {
      matched: matched.toSorted(),
      reports: reports.map(({ source, form, scannedMs }) => ({ source, form, scannedMs })),
      scannedMs: times.length === 0 ? undefined : Math.max(...times),
      endOfLife: reports.some(({ endOfLife }) => endOfLife),
      findings: merged.filter(({ vex }) => !isRemoving(vex)),
      removed: merged.filter(({ vex }) => isRemoving(vex)),
    }
  }

  /** Of each form the newest: an older one is of the same image with an older database. */
  #newestOfForms(reports: readonly StoredReport[]): readonly StoredReport[] {
    const byForm = new Map<DocumentForm, StoredReport>()
    for (const report of reports) {
      const known = byForm.get(report.form)
      const newer = (report.scannedMs ?? 0) - (known?.scannedMs ?? 0)
      if (!known || newer > 0 || (newer === 0 && report.source < known.source)) {
        byForm.set(report.form, report)
      }
    }
    return [...byForm.values()].toSorted((a, b) => textOrder(a.source, b.source))
  }

  #merge(reports: readonly StoredReport[], digests: readonly string[]): readonly Finding[] {
    const placed = new Map<string, PackageFacts[]>()
    for (const { contents } of reports) {
      for (const each of [...contents.others, ...new Set(contents.packages)]) {
        if (!isPlaced(each)) continue
        const { key } = this.#identity(each)
        const known = placed.get(key)
        if (known) known.push(each)
        else placed.set(key, [each])
      }
    }
    const merged = new Map<string, Merging>()
    for (const { source, contents } of reports) {
      for (const [at, facts] of contents.vulnerabilities.entries()) {
        const package_ = contents.packages[at]
        if (!package_) continue
        const key = `${facts.id} ${this.#identity(package_).key}`
        const claim = contents.vex.get(at)
        const known = merged.get(key)
        const one = {
          facts: [facts],
          packages: [package_],
          fixedIn: [contents.fixedIn[at]],
          sources: [source],
          claims: claim ? [claim] : [],
        }
        if (!known) merged.set(key, one)
        else for (const name of mergingKeys) (known[name] as unknown[]).push(...one[name])
      }
    }
    return [...merged]
      .toSorted(([a], [b]) => textOrder(a, b))
      .map(([, each]) => this.#finding(each, placed, digests))
  }

  #finding(
    merging: Merging,
    placed: ReadonlyMap<string, readonly PackageFacts[]>,
    digests: readonly string[],
  ): Finding {
    const { facts, packages, fixedIn, sources, claims } = merging
    const named = packages.find(({ purl }) => purl !== undefined) ?? packages[0]
    if (!named) throw new Error('a finding has no package')
    const identity = this.#identity(named)
    const ids = [...new Set(facts.flatMap(({ id, aliases }) => [id, ...aliases]))]
    const id = facts[0]?.id ?? ''
    const severities = new Set(facts.map(({ severity }) => severity))
    const scores = facts.flatMap(({ score }) => score ?? [])
    const told = facts.flatMap(({ epss }) => epss ?? [])
    const stated = ids.flatMap((each) => [...(this.#statements.get(each) ?? [])])
    return {
      id,
      aliases: ids.filter((each) => each !== id).toSorted(),
      package: withPlaces(named, placed.get(identity.key) ?? []),
      severity: cveSeverities.find((each) => severities.has(each)) ?? 'unknown',
      score: scores.length === 0 ? undefined : Math.max(...scores),
      vector: facts.find(({ vector }) => vector !== undefined)?.vector,
      fixedIn: fixedIn.find((each) => each !== undefined),
      epss: this.#listed(ids) ?? (told.length === 0 ? undefined : Math.max(...told)),
      kev: this.#known(ids) ?? facts.find(({ kev }) => kev !== undefined)?.kev,
      vex: newest([...claims, ...stated.filter((each) => covers(each, identity.purl, digests))]),
      sources: [...new Set(sources)].toSorted(),
    }
  }

  #identity(facts: PackageFacts): PackageIdentity {
    const known = this.#identities.get(facts)
    if (known) return known
    const identity = identityOf(facts)
    this.#identities.set(facts, identity)
    return identity
  }

  #listed(ids: readonly string[]): number | undefined {
    const values = [...this.#epss.values()].flatMap((table) =>
      ids.flatMap((id) => table.get(id) ?? []),
    )
    return values.length === 0 ? undefined : Math.max(...values)
  }

  /** Of several lists the gravest word. */
  #known(ids: readonly string[]): KnownExploited | undefined {
    return [...this.#kev.values()]
      .flatMap((list) => ids.flatMap((id) => list.get(id) ?? []))
      .toSorted(
        (a, b) => Number(b.ransomware) - Number(a.ransomware) || textOrder(a.added, b.added),
      )[0]
  }
}

/** What reports say of one finding, before it is one. */
interface Merging {
  readonly facts: VulnerabilityFacts[]
  readonly packages: PackageFacts[]
  readonly fixedIn: (string | undefined)[]
  readonly sources: string[]
  readonly claims: VexClaim[]
}
const mergingKeys = ['facts', 'packages', 'fixedIn', 'sources', 'claims'] as const

/** Whether a statement is about a package in an image of these digests. */
const covers = (
  { products }: VexStatement,
  own: PackageUrl | undefined,
  digests: readonly string[],
): boolean =>
  products.some((product) => {
    if (product.digests.length > 0 && !product.digests.some((each) => digests.includes(each))) {
      return false
    }
    if (product.purls.length === 0) return product.digests.length > 0
    return product.purls.some((each) => {
      const stated = readPurl(each)
      return stated !== undefined && own !== undefined && purlCovers(stated, own)
    })
  })

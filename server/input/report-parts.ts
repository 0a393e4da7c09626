/**
 * What a file says, cut into parts that go from thread to thread one by one, since each is copied
 * at once: a part has as much as takes a millisecond or two.
 */
import type { CveDocument, ImageReport } from '@bulwark/graph'
import { noEpss } from '@bulwark/graph'
import { limits } from '../limits.ts'
import type { InputFault, Place } from './input.ts'
import type { FileContents, PlacedDocument } from './read-reports.ts'

type Document = Omit<CveDocument, 'reports' | 'statements' | 'epss' | 'kev'>
type Report = Omit<ImageReport, 'packages' | 'findings'>

/** What belongs to no document, or to the one that was begun last, or to the report. */
type Item =
  | { readonly document: Document; readonly place: Place }
  | { readonly report: Report }
  | { readonly packages: ImageReport['packages'] }
  | { readonly findings: ImageReport['findings'] }
  | { readonly statements: CveDocument['statements'] }
  | { readonly kev: CveDocument['kev'] }
  | { readonly faults: readonly InputFault[] }

/** Parts in order; the last says whether the file was whole. */
export type Part =
  | { readonly items: readonly Item[] }
  | { readonly items: readonly Item[]; readonly isWhole: boolean }

/** Parts of a list that are not too large; each value counts what it weighs. */
function* cut<Value>(
  values: readonly Value[],
  weigh: (value: Value) => number,
): Generator<readonly [part: readonly Value[], weight: number]> {
  let part: Value[] = []
  let weight = 0
  for (const value of values) {
    part.push(value)
    weight += weigh(value)
    if (weight < limits.partWeightMax) continue
    yield [part, weight]
    part = []
    weight = 0
  }
  if (part.length > 0) yield [part, weight]
}

const one = (): number => 1

function* itemsOf({
  documents,
  faults,
}: FileContents): Generator<readonly [item: Item, weight: number]> {
  for (const [part, weight] of cut(faults, one)) yield [{ faults: part }, weight]
  for (const [place, { reports, statements, kev, epss: _, ...document }] of documents) {
    yield [{ document, place }, 1 + document.found.length]
    for (const { packages, findings, ...report } of reports) {
      yield [{ report }, 1]
      const weighed = cut(packages, ({ places }) => 1 + places.files.length / 4)
      for (const [part, weight] of weighed) yield [{ packages: part }, weight]
      for (const [part, weight] of cut(findings, one)) yield [{ findings: part }, weight]
    }
    for (const [part, weight] of cut(statements, ({ products }) => 1 + products.length)) {
      yield [{ statements: part }, weight]
    }
    for (const [part, weight] of cut(kev, one)) yield [{ kev: part }, weight]
  }
}

/** @param contents  without a list of EPSS, which is read in steps as it is */
export function* partsOf(contents: FileContents): Generator<Part> {
  let items: Item[] = []
  let weight = 0
  for (const [item, more] of itemsOf(contents)) {
    items.push(item)
    weight += more
    if (weight < limits.partWeightMax) continue
    yield { items }
    items = []
    weight = 0
  }
  yield { items, isWhole: contents.isWhole }
}

interface Joined {
  readonly place: Place
  readonly document: Document
  readonly reports: {
    readonly report: Report
    packages: ImageReport['packages'][number][]
    findings: ImageReport['findings'][number][]
  }[]
  readonly statements: CveDocument['statements'][number][]
  readonly kev: CveDocument['kev'][number][]
}

/** Puts parts together again. */
export class Joining {
  readonly #documents: Joined[] = []
  readonly #faults: InputFault[] = []

  /** @returns the whole, with the last part */
  take(part: Part): FileContents | undefined {
    for (const item of part.items) this.#take(item)
    if (!('isWhole' in part)) return undefined
    const documents = this.#documents.map(
      ({ place, document, reports, statements, kev }): PlacedDocument => [
        place,
        {
          ...document,
          reports: reports.map(({ report, packages, findings }) => ({
            ...report,
            packages,
            findings,
          })),
          statements,
          epss: noEpss,
          kev,
        },
      ],
    )
    return { documents, faults: this.#faults, isWhole: part.isWhole }
  }

  #take(item: Item): void {
    if ('faults' in item) append(this.#faults, item.faults)
    if ('document' in item) {
      this.#documents.push({ ...item, reports: [], statements: [], kev: [] })
    }
    const last = this.#documents.at(-1)
    if (!last) return
    if ('report' in item) last.reports.push({ ...item, packages: [], findings: [] })
    if ('statements' in item) append(last.statements, item.statements)
    if ('kev' in item) append(last.kev, item.kev)
    const report = last.reports.at(-1)
    if (!report) return
    if ('packages' in item) append(report.packages, item.packages)
    if ('findings' in item) append(report.findings, item.findings)
  }
}

const append = <Value>(to: Value[], from: readonly Value[]): void => {
  for (const value of from) to.push(value)
}

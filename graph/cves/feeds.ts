/** Reads the lists that are of no image: EPSS as CSV, CISA's Known Exploited Vulnerabilities. */
import { cveNumber, readKnown } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import { EpssTable } from './epss-table.ts'
import { DocumentReader } from './reader.ts'
import type { CveDocument, KevRow } from './report.ts'

/** The line with the names of the columns, behind lines of comment. */
const epssHead = /^(?:#[^\n]*\r?\n)*\s*"?cve"?\s*,\s*"?epss"?/i
/** In which that line must be. */
const headChars = 4096
/** Of a row: what is behind these is not looked at. */
const rowChars = 256

/** Whether a text is the list of EPSS, or begins as it does. */
export const isEpss = (text: string): boolean =>
  epssHead.test(text.slice(0, headChars).replace(/^\uFEFF/, ''))

/** A line that is no row, and no fault either. */
const isNoRow = (line: string): boolean =>
  line === '' || line.startsWith('#') || /^\uFEFF?"?cve"?\s*,|^\uFEFF#/i.test(line)

/**
 * Reads the list of EPSS, rows of `cve,epss,percentile`, from parts of its text as they come: it
 * has 300,000 rows, which take too long for one step. A row that is wrong is told and left out.
 */
export class EpssReading {
  readonly #reader: DocumentReader
  readonly #table = new EpssTable()
  /** What has come of a line that is not at its end yet. */
  #rest = ''
  #line = 0
  #isEpss: boolean | undefined
  #rows = 0

  /** @param name  what diagnostics call it */
  constructor(name: string) {
    this.#reader = new DocumentReader(name)
  }

  feed(part: string): void {
    if (this.#isEpss === false) return
    const text = this.#rest + part
    if (this.#isEpss === undefined) {
      if (text.length < headChars) {
        this.#rest = text
        return
      }
      if (!this.#decide(text)) return
    }
    this.#lines(text)
  }

  end(): CveDocument {
    const rest = this.#rest
    this.#rest = ''
    if (this.#isEpss ?? this.#decide(rest)) this.#lines(`${rest}\n`)
    const form = this.#isEpss === true ? 'epss' : undefined
    const { found } = this.#reader
    return { form, reports: [], statements: [], epss: this.#table, kev: [], found }
  }

  #decide(start: string): boolean {
    this.#isEpss = isEpss(start)
    if (this.#isEpss) return true
    this.#reader.tell('is no CSV of EPSS: it does not begin with `cve,epss,percentile`')
    this.#rest = ''
    return false
  }

  /** Takes the lines of a text that are at their end. */
  #lines(text: string): void {
    let at = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      this.#row(text.slice(at, Math.min(end, at + rowChars)).trim())
      at = end + 1
    }
    this.#rest = text.slice(at, at + rowChars)
  }

  #row(line: string): void {
    this.#line++
    if (isNoRow(line) || this.#rows > limits.epssRowsMax) return
    const [id = '', epss = ''] = line.replaceAll('"', '').split(',', 2)
    const number = cveNumber(id)
    const value = Number(epss)
    if (number === undefined || epss === '' || !(value >= 0 && value <= 1)) {
      this.#reader.tell('is no row of a CVE and a probability from 0 to 1', `line ${this.#line}`)
    } else if (this.#rows++ < limits.epssRowsMax) {
      this.#table.add(number, value)
    } else {
      this.#reader.tell(`more than ${limits.epssRowsMax} rows: the others are left out`)
    }
  }
}

/** Reads the catalogue of known exploited vulnerabilities. */
export const readKev = (reader: DocumentReader, json: Json): readonly KevRow[] =>
  reader.each(json, 'vulnerabilities', limits.kevRowsMax, (item) => {
    const id = reader.must(item, 'cveID', limits.idCharsMax)
    if (id === undefined) return undefined
    if (cveNumber(id) === undefined) {
      reader.tell('is no id of a CVE', 'cveID')
      return undefined
    }
    const campaign = reader.text(item, 'knownRansomwareCampaignUse')
    return { id, ...readKnown(campaign, reader.text(item, 'dateAdded')) }
  })

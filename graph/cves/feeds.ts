/** Reads the lists that are of no image: EPSS as CSV, CISA's Known Exploited Vulnerabilities. */
import { cveNumber, readKnown } from './identifiers.ts'
import { cveLimits as limits } from '../limits.ts'
import type { Json } from '../objects/reader.ts'
import type { DocumentReader } from './reader.ts'
import type { EpssRow, KevRow } from './report.ts'

/** The line with the names of the columns, behind lines of comment. */
const epssHead = /^(?:#[^\n]*\r?\n)*\s*"?cve"?\s*,\s*"?epss"?/i

/** Whether a text is the list of EPSS. */
export const isEpss = (text: string): boolean =>
  epssHead.test(text.slice(0, 4096).replace(/^\uFEFF/, ''))

/** Reads rows of `cve,epss,percentile`. One that is wrong is told and left out. */
export const readEpss = (reader: DocumentReader, text: string): readonly EpssRow[] => {
  const rows: EpssRow[] = []
  let line = 0
  for (let at = 0; at < text.length;) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    const row = text.slice(at, Math.min(end, at + 256)).trim()
    at = end + 1
    line++
    if (row === '' || row.startsWith('#') || /^\uFEFF?"?cve"?\s*,|^\uFEFF#/i.test(row)) continue
    const [id = '', epss = ''] = row.replaceAll('"', '').split(',')
    const value = Number(epss)
    if (cveNumber(id) === undefined || epss === '' || !(value >= 0 && value <= 1)) {
      reader.tell('is no row of a CVE and a probability from 0 to 1', `line ${line}`)
    } else if (rows.length >= limits.epssRowsMax) {
      reader.tell(`more than ${limits.epssRowsMax} rows: the others are left out`)
      break
    } else {
      rows.push({ id, epss: value })
    }
  }
  return rows
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

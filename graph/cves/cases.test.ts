/**
 * Golden cases of documents about images, one text file each in `cases/`: the documents, what was
 * seen to run, and the images that are asked for; then what comes of them. `{a}` stands for
 * a digest of 64 letters `a`, `{%3Aa}` for one as it stands in a URL. `used` says `whole` of an
 * image of which all that runs is told. `UPDATE_CASES=1` writes what comes of them now.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { UsageReport, UsedFile } from '@bulwark/schema'
import { readCveDocument } from './document.ts'
import type { CveDocument } from './report.ts'
import type { Finding, ImageCves } from './store.ts'
import { CveStore } from './store.ts'
import { UsedFiles } from './usage.ts'
import { weightOf } from './weight.ts'

const folder = join(import.meta.dirname, 'cases')

const expand = (text: string): string =>
  text.replaceAll(
    /\{(%3A)?([0-9a-f])\}/g,
    (_, colon: string | undefined, digit: string) => `sha256${colon ?? ':'}${digit.repeat(64)}`,
  )
const shorten = (text: string): string =>
  text.replaceAll(/sha256:([0-9a-f])\1{63}/g, (_, digit: string) => `{${digit}}`)

/** Of the ids that its text names, those that the list of EPSS has. */
const epssLines = ({ epss }: CveDocument, text: string): readonly string[] =>
  [...new Set(text.match(/CVE-[\d-]+/g))].flatMap((id) => {
    const value = epss.get(id)
    return value === undefined ? [] : [`EPSS ${id} ${value}`]
  })

const documentLines = (name: string, document: CveDocument, text: string): readonly string[] => {
  const { form, reports, statements, kev, found } = document
  const parts = [
    ...reports.map(
      ({ image, packages, findings }) =>
        `image ${image.names.join(' ')} ${image.digests.join(' ') || 'without a digest'}: ` +
        `${packages.length} packages, ${findings.length} findings`,
    ),
    ...statements.map(
      ({ status, vulnerabilities, products }) =>
        `says ${status} of ${vulnerabilities.join(', ')} in ${JSON.stringify(products)}`,
    ),
    ...epssLines(document, text),
    ...kev.map(
      ({ id, ransomware, added }) => `KEV ${id} ${added}${ransomware ? ' ransomware' : ''}`,
    ),
  ]
  return [
    `${name}: ${form ?? 'unknown'}`,
    ...parts.map((part) => `  ${part}`),
    ...found.map(({ path, message }) => `  ! ${path === '' ? '(document)' : path}: ${message}`),
  ]
}

const sinceMs = Date.UTC(2026, 10, 1)

/** An agent that has watched a container for three days and a bit. */
const usageOf = (digest: string, files: readonly UsedFile[]): UsageReport => ({
  node: 'n',
  time_ms: sinceMs + 80 * 3_600_000,
  containers: [
    {
      id: digest,
      namespace: 'shop',
      pod: 'web',
      container: 'web',
      image_digests: [digest],
      watched_since_ms: sinceMs,
      missed_ms: null,
      ended: false,
      files,
    },
  ],
})

const findingLines = (
  finding: Finding,
  used: UsedFiles,
  digests: readonly string[],
  executables: readonly string[],
): readonly string[] => {
  const { id, aliases, package: owner, severity, fixedIn, sources } = finding
  const use = used.useOf(owner, { digests, executables })
  const { value, reasons } = weightOf(finding, use)
  const fix = fixedIn === undefined ? 'no fix' : `fixed in ${fixedIn}`
  const names = [id, ...aliases].join(' = ')
  return [
    `  ${names} in ${owner.name} ${owner.version} (${owner.kind}), ${severity}, ${fix}: ${value}`,
    ...reasons().map((reason) => `    ${reason}`),
    `    by ${sources.join(', ')}`,
  ]
}

const imageLines = (
  question: string,
  image: ImageCves | undefined,
  used: UsedFiles,
  digests: readonly string[],
  executables: readonly string[],
): readonly string[] => {
  if (!image) return [`${question}: no report`]
  const time = image.scannedMs === undefined ? 'never' : new Date(image.scannedMs).toISOString()
  const end = image.endOfLife ? ', end of life' : ''
  return [
    `${question}: by ${image.matched.join(' ')}, scanned ${time}${end}`,
    ...image.findings.flatMap((each) => findingLines(each, used, digests, executables)),
    ...(image.removed.length === 0 ? [] : ['  removed:']),
    ...image.removed.flatMap((each) => findingLines(each, used, digests, executables)),
  ]
}

const answer = (input: string): string => {
  const store = new CveStore()
  const used = new UsedFiles()
  // Its node has been heard of since the watching began.
  used.take({ ...usageOf('', []), time_ms: sinceMs, containers: [] })
  const read: string[] = []
  const asked: string[] = []
  const running = new Set<string>()
  for (const part of expand(input).split(/^--- /m).slice(1)) {
    const end = part.indexOf('\n')
    const name = part.slice(0, end)
    const text = part.slice(end + 1)
    const lines = text.split('\n').filter((line) => line !== '')
    if (name === 'used') {
      for (const line of lines) {
        const [digest = '', path = '', by] = line.split(' ')
        if (path === 'whole') used.take(usageOf(digest, []))
        else if (by === undefined) used.markUsed(digest, path)
        else used.take(usageOf(digest, [{ path, use: 'mapped', by, since_ms: sinceMs }]))
      }
    } else if (name === 'ask') {
      for (const line of lines) {
        const words = line.split(' ')
        const digests = words.filter((word) => word.startsWith('sha256:'))
        for (const digest of digests) running.add(digest)
        const executables = words.filter((word) => word.startsWith('/'))
        asked.push(...imageLines(line, store.image(digests), used, digests, executables))
      }
    } else {
      const document = readCveDocument(name, text)
      store.put(name, document)
      read.push(...documentLines(name, document, text))
    }
  }
  const unmatched = store.unmatched((digest) => running.has(digest))
  const parts = [
    ['read', read],
    ['images', asked],
    ['reports of no image', unmatched],
  ] as const
  return shorten(
    parts
      .filter(([, lines]) => lines.length > 0)
      .map(([title, lines]) => [`==> ${title}`, ...lines, ''].join('\n'))
      .join(''),
  )
}

for (const name of readdirSync(folder).sort()) {
  test(name, () => {
    const path = join(folder, name)
    const [input = '', ...rest] = readFileSync(path, 'utf8').split(/^(?===> )/m)
    const got = answer(input)
    if (process.env['UPDATE_CASES'] === '1') writeFileSync(path, input + got)
    else assert.equal(got, rest.join(''))
  })
}

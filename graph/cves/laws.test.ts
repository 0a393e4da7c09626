/** What must hold of any document and any order of documents. The table of laws is `tests/laws.md`. */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readCveDocument, readCveJson } from './document.ts'
import { EpssReading } from './feeds.ts'
import type { CveDocument } from './report.ts'
import { CveStore } from './store.ts'
import { UsedFiles } from './usage.ts'
import { weightOf } from './weight.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 1000)

const folder = join(import.meta.dirname, 'cases')
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

/** The documents of all golden cases. */
const documents = readdirSync(folder).flatMap((name) =>
  (readFileSync(join(folder, name), 'utf8').split(/^==> /m)[0] ?? '')
    .split(/^--- /m)
    .slice(1)
    .flatMap((part) => {
      const end = part.indexOf('\n')
      const file = part.slice(0, end)
      const text = part
        .slice(end + 1)
        .replaceAll(/\{(?:%3A)?([0-9a-f])\}/g, (_, x: string) => digest(x))
      return /\.(?:json|csv)$/.test(file) ? [{ name: `${name}/${file}`, text }] : []
    }),
)
const objects = documents.flatMap(({ name, text }) => {
  try {
    return [{ name, json: JSON.parse(text) as unknown }]
  } catch {
    return []
  }
})

/** What stands where something else should. */
const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e300,
    Number.NaN,
    '',
    [],
    {},
    [[]],
    [null],
    '\0',
    '\ud800',
  ),
  fc.string({ maxLength: 20, unit: 'binary' }),
  fc.constantFrom('pkg:', 'pkg:a/%', 'sha256:', 'CVE-2026-', 'CVSS:3.1/AV:/PR', '__proto__'),
  fc.constantFrom('x'.repeat(5000), digest('a'), 'toString', 'constructor'),
  fc.jsonValue({ maxDepth: 3 }),
)

/** A copy with the value at a place replaced; places count values in the order of a walk. */
const withReplaced = (value: unknown, place: number, by: unknown): unknown => {
  let left = place
  const walk = (each: unknown): unknown => {
    if (left-- === 0) return by
    if (Array.isArray(each)) return each.map(walk)
    if (typeof each !== 'object' || each === null) return each
    return Object.fromEntries(Object.entries(each).map(([key, item]) => [key, walk(item)]))
  }
  return walk(value)
}

const change = fc.record({ place: fc.nat({ max: 150 }), by: hostile })

const digests = ['a', 'b', 'c', 'd'].map(digest)

/** All that a store says of the images of the cases, as text. */
const answers = (store: CveStore): string =>
  JSON.stringify([
    digests.map((each) => store.image([each])),
    store.image(digests),
    store.counts,
    store.unmatched(() => false),
  ])

const use = (store: CveStore): void => {
  const used = new UsedFiles()
  used.markUsed(digest('a'), '/usr/bin/curl')
  for (const finding of store.image(digests)?.findings ?? []) {
    const { value } = weightOf(
      finding,
      used.useOf(finding.package, { digests, executables: ['/x'] }),
    )
    assert.ok(value >= 0 && value <= 1, `${value}`)
  }
}

test('readers never throw, and say where the fault is', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const seen = { told: 0, sound: 0 }
  fc.assert(
    fc.property(
      fc.constantFrom(...objects),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      ({ name, json }, changes) => {
        const changed = changes.reduce((each, { place, by }) => withReplaced(each, place, by), json)
        const document = readCveJson(name, changed)
        seen[document.found.length > 0 ? 'told' : 'sound']++
        for (const { message, path } of document.found) {
          assert.ok(message !== '' && path.length <= 256)
        }
        const store = new CveStore()
        store.put(name, document)
        use(store)
      },
    ),
    { seed, numRuns: numRuns * 3 },
  )
  context.diagnostic(JSON.stringify(seen))
  assert.ok(seen.told > numRuns / 4 && seen.sound > numRuns / 4, JSON.stringify(seen))
})

test('any text is read or told', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const cut = fc
    .tuple(fc.constantFrom(...documents), fc.nat(), fc.string({ maxLength: 8, unit: 'binary' }))
    .map(([{ text }, at, put]) => {
      const place = at % text.length
      return text.slice(0, place) + put + text.slice(place + put.length)
    })
  fc.assert(
    fc.property(fc.oneof(cut, fc.string({ unit: 'binary' })), (text) => {
      const { form, found } = readCveDocument('file', text)
      assert.ok(form !== undefined || found.length > 0)
    }),
    { seed, numRuns },
  )
})

/** Text of a list, and what a plain table makes of its rows. */
const epssRow = fc
  .tuple(fc.integer({ min: 1999, max: 2027 }), fc.integer({ min: 1, max: 40 }), fc.nat(100))
  .map(([year, number, percent]) => ({
    id: `CVE-${year}-${String(number).padStart(4, '0')}`,
    epss: percent / 100,
  }))

test('the list of EPSS says the same in whatever parts it comes', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(
    fc.property(
      fc.array(epssRow, { maxLength: 2000, size: 'max' }),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      fc.constantFrom('\n', '\r\n'),
      (rows, lengths, end) => {
        const lines = rows.map(({ id, epss }) => `${id},${epss},0.5`)
        const text = ['#v1', 'cve,epss,percentile', ...lines].join(end)
        const reading = new EpssReading('epss.csv')
        for (let at = 0, turn = 0; at < text.length; turn++) {
          const part = lengths[turn % lengths.length] ?? 1
          reading.feed(text.slice(at, at + part))
          at += part
        }
        const { form, epss, found } = reading.end()
        assert.deepEqual([form, found], ['epss', []])
        const expected = new Map<string, number>()
        for (const row of rows) expected.set(row.id, Math.max(row.epss, expected.get(row.id) ?? 0))
        assert.equal(epss.size, expected.size)
        for (const [id, value] of expected) assert.equal(epss.get(id), value, id)
        assert.equal(epss.get('CVE-1998-0001'), undefined)
      },
    ),
    { seed, numRuns: Math.max(20, numRuns / 20) },
  )
})

test('no order of documents, and no document that is gone, makes a difference', (context) => {
  context.diagnostic(`TEST_SEED=${seed}`)
  const read = documents.map(({ name, text }): readonly [string, CveDocument] => [
    name,
    readCveDocument(name, text),
  ])
  const fresh = (): string => {
    const store = new CveStore()
    for (const [name, document] of read) store.put(name, document)
    return answers(store)
  }
  const wanted = fresh()
  fc.assert(
    fc.property(
      fc.shuffledSubarray(read, { minLength: read.length, maxLength: read.length }),
      fc.array(fc.tuple(fc.nat({ max: read.length - 1 }), fc.constantFrom(...read)), {
        maxLength: 8,
      }),
      (order, detours) => {
        const store = new CveStore()
        for (const [at, [name, document]] of order.entries()) {
          for (const [when, [, other]] of detours) if (when === at) store.put('detour', other)
          store.put(name, document)
          store.put(name, document)
        }
        store.delete('detour')
        assert.equal(answers(store), wanted)
      },
    ),
    { seed, numRuns: Math.max(20, numRuns / 20) },
  )
})

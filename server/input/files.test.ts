/** A cluster out of files: what is read, and what is said of everything that cannot be. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as fc from 'fast-check'
import { FilesError, readClusterFiles } from './files.ts'
import type { ClusterInput } from './input.ts'
import { faultText, inputJson, inputLines } from './input.ts'

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-graph-'))
})
after(() => rmSync(folder, { recursive: true }))

let folders = 0
const read = async (files: Readonly<Record<string, string | Buffer>>): Promise<ClusterInput> => {
  const path = join(folder, String(folders++))
  mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return await readClusterFiles(path)
}

const account = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { namespace: 'shop', name },
})
const unnamed = (name: string): object => ({ metadata: { namespace: 'shop', name } })
const accounts = (input: ClusterInput): readonly string[] =>
  [...input.cluster.objects.all('ServiceAccount')].map(({ name }) => name)

const list = (items: readonly unknown[], more: object = {}): string =>
  JSON.stringify({ apiVersion: 'v1', items, kind: 'List', ...more })

test('forms of files of objects', async () => {
  const check = async (text: string | Buffer, expected: readonly string[]): Promise<void> => {
    const input = await read({ 'a.json': text })
    assert.deepEqual(accounts(input), expected)
    assert.deepEqual(input.faults, [])
  }
  const names = ['a', 'ü']
  const items = names.map(account)
  await check(list(items), names)
  await check(JSON.stringify(JSON.parse(list(items)), null, 4), names)
  await check(`\uFEFF${list(items)}`, names)
  await check(JSON.stringify(items), names)
  await check(JSON.stringify(account('a')), ['a'])
  await check(list([]), [])
  // Of an API server itself: the list says the kind, before its items or behind them.
  const bare = { apiVersion: 'v1', metadata: { resourceVersion: '1' } }
  const kind = 'ServiceAccountList'
  await check(JSON.stringify({ kind, ...bare, items: names.map(unnamed) }), names)
  await check(JSON.stringify({ ...bare, items: names.map(unnamed), kind }), names)
})

const noForm =
  'is none of the forms that are read: Trivy, Trivy Operator, Grype, CycloneDX, SPDX, OpenVEX, ' +
  'CSAF, KEV (JSON), EPSS (CSV)'
const noObject = 'is no object of Kubernetes: it has no kind, no apiVersion, or no name'

test('what is wrong is told with its file and its place; the rest is taken', async () => {
  const check = async (text: string | Buffer, ...expected: readonly string[]): Promise<void> => {
    const input = await read({ 'b.json': list([account('sound')]), 'c.json': text })
    assert.deepEqual(input.faults.map(faultText), expected)
    assert.deepEqual(accounts(input), ['sound'])
  }
  await check('', 'c.json: is no JSON')
  await check('nonsense', 'c.json: is no JSON')
  await check('kind: List\napiVersion: v1\n', 'c.json: is YAML: write it with `-o json`')
  await check(Buffer.from(list([]), 'utf16le'), 'c.json: is no UTF-8: write it again as that')
  await check(list([account('')]), `c.json items[0]: ${noObject}`)
  await check(JSON.stringify({ items: [unnamed('x')] }), `c.json items[0]: ${noObject}`)
  await check('{"kind":"List","items":[{"a":x}]}', 'c.json items[0]: is no JSON')
  await check(list([[]]), 'c.json items[0]: is no object')
  await check('{"a":1}', `c.json: ${noForm}`)
  const flag = { ...account('sound'), automountServiceAccountToken: 'no' }
  const path = 'ServiceAccount shop/sound: automountServiceAccountToken'
  await check(list([flag]), `c.json items[0]: ${path} is no true or false`)
})

test('a list that ends in the middle: what came before is taken, and the end is told', async () => {
  const whole = list([account('a'), account('b')])
  const input = await read({ 'a.json': whole.slice(0, whole.indexOf('"b"')) })
  assert.deepEqual(accounts(input), ['a'])
  assert.deepEqual(input.faults.map(faultText), [
    'a.json: ends in the middle of the list: it was not written to its end',
  ])
})

test('reports about images, a list of probabilities, and folders that are passed over', async () => {
  const report = {
    apiVersion: 'aquasecurity.github.io/v1alpha1',
    kind: 'VulnerabilityReport',
    metadata: { namespace: 'shop', name: 'r' },
    report: {
      artifact: { repository: 'shop/web', digest: `sha256:${'a'.repeat(64)}` },
      vulnerabilities: [
        { vulnerabilityID: 'CVE-2021-44228', resource: 'log4j', severity: 'CRITICAL' },
      ],
    },
  }
  const path = join(folder, 'nested')
  mkdirSync(join(path, 'more'), { recursive: true })
  writeFileSync(join(path, 'all.json'), list([account('a'), report]))
  writeFileSync(join(path, 'epss.csv'), 'cve,epss,percentile\nCVE-2021-44228,0.94,0.99\n')
  writeFileSync(join(path, 'notes.txt'), 'x')
  const input = await readClusterFiles(path)
  assert.equal(input.documents, 2)
  const { findings, epss } = input.cves.counts
  assert.deepEqual([findings, epss], [1, 1])
  assert.deepEqual(input.faults.map(faultText), ['more/: is not looked into'])
})

test('a list of probabilities in many parts, and one that is none', async () => {
  const rows = Array.from({ length: 10_000 }, (_, at) => `CVE-2026-${at + 10_000},0.5,0.9\r\n`)
  const input = await read({
    'a.json': list([]),
    'epss.csv': `cve,epss,percentile\r\n${rows.join('')}`,
  })
  assert.deepEqual([input.cves.counts.epss, input.faults], [10_000, []])
  const none = await read({ 'a.json': list([]), 'pods.csv': 'name,namespace\nweb,shop\n' })
  assert.deepEqual(none.faults.map(faultText), [
    'pods.csv: is no CSV of EPSS: it does not begin with `cve,epss,percentile`',
  ])
})

test('the version of the API server', async () => {
  const version = (minor: string): string => JSON.stringify({ serverVersion: { minor } })
  const check = async (files: Record<string, string>, expected?: number): Promise<void> => {
    const input = await read({ 'a.json': list([]), ...files })
    assert.equal(input.cluster.settings.minorVersion, expected)
    assert.deepEqual(input.faults, [])
  }
  await check({ 'version.json': version('34+') }, 34)
  await check({ 'version.json': version('x') })
  await check({})
})

test('what was read, by kind, and what was not', async () => {
  const foreign = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' } }
  const input = await read({ 'a.json': list([account('a'), account('b'), foreign]) })
  const { objects, ignored, missing } = inputJson(input, 'x')
  assert.deepEqual([objects, ignored], [{ ServiceAccount: 2 }, { 'Thing (example.com/v1)': 1 }])
  assert.ok(missing.includes('ClusterRoleBinding') && !missing.includes('ServiceAccount'))
  const lines = inputLines(input, 'x')
  assert.equal(lines[0], 'cluster from x: 3 objects in 1 files')
  assert.match(lines.join('\n'), /not used: 1 Thing \(example\.com\/v1\)\n.* no ClusterRole, /)
})

test('no folder, no files', async () => {
  const empty = join(folder, 'empty')
  mkdirSync(empty)
  await assert.rejects(readClusterFiles(empty), (error) => {
    return error instanceof FilesError && error.message === `${empty} has no *.json`
  })
  await assert.rejects(readClusterFiles(join(folder, 'none')), FilesError)
})

test('one file is a cluster, too', async () => {
  const file = join(folder, 'one.json')
  writeFileSync(file, list([account('a')]))
  assert.deepEqual(accounts(await readClusterFiles(file)), ['a'])
})

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 100)
console.log(`TEST_SEED=${seed}`)

test('law: nothing that is in a file makes it throw', async () => {
  const json = fc.json({ maxDepth: 4 })
  const item = fc.oneof(json, fc.constant(JSON.stringify(account('a'))), fc.string())
  const text = fc.oneof(
    json,
    fc.string(),
    fc.array(item).map((items) => `{"kind":"List","items":[${items.join(',')}]}`),
  )
  const holds = fc.asyncProperty(text, async (file) => {
    const input = await read({ 'a.json': file })
    assert.ok(inputLines(input, 'x').length > 0)
  })
  await fc.assert(holds, { seed, numRuns })
})

test('law: a bad item spoils no other one', async () => {
  const items = fc.array(fc.oneof(fc.json({ maxDepth: 4 }), fc.constant('sound')), { minLength: 1 })
  let reached = 0
  const holds = fc.asyncProperty(items, async (texts) => {
    const sound: string[] = []
    const written = texts.map((text, at) => {
      if (text !== 'sound') return text
      sound.push(`sound-${at}`)
      return JSON.stringify(account(`sound-${at}`))
    })
    if (sound.length > 0) reached++
    const input = await read({ 'a.json': `{"kind":"List","items":[${written.join(',')}]}` })
    assert.deepEqual(accounts(input), sound)
    for (const { message } of input.faults) assert.doesNotMatch(message, /sound-/)
  })
  await fc.assert(holds, { seed, numRuns })
  console.log(`a bad item spoils no other one: ${reached} of ${numRuns}`)
  assert.ok(reached >= numRuns / 2)
})

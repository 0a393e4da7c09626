/** Large files in a thread of their own: what they say is what is read of them in this one. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { limits } from '../limits.ts'
import { readBeside } from './read-aside.ts'
import type { FileContents } from './read-reports.ts'
import { readReports } from './read-reports.ts'

const base = mkdtempSync(join(tmpdir(), 'bulwark-aside-'))
after(() => rmSync(base, { recursive: true }))

const many = <Value>(count: number, make: (at: number) => Value): readonly Value[] =>
  Array.from({ length: count }, (_, at) => make(at))

const digest = `sha256:${'a'.repeat(64)}`
const long = 'x'.repeat(200)

const trivy = {
  SchemaVersion: 2,
  ArtifactName: 'shop/web',
  Metadata: { RepoDigests: [`shop/web@${digest}`] },
  Results: [
    {
      Class: 'os-pkgs',
      Type: 'debian',
      Packages: many(3_000, (at) => ({
        Name: `p${at}`,
        Version: '1',
        InstalledFiles: many(at % 40, (file) => `/usr/lib/p${at}/${file}.so`),
      })),
      Vulnerabilities: many(4_000, (at) => ({
        VulnerabilityID: `CVE-2026-${1000 + at}`,
        PkgName: `p${at % 3_000}`,
        InstalledVersion: '1',
        FixedVersion: at % 2 === 0 ? '2' : undefined,
        Severity: at % 7 === 0 ? 'WRONG' : 'HIGH',
        Description: long,
      })),
    },
  ],
}

const report = (name: string, finding: object): object => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { namespace: 'shop', name, annotations: { long: long.repeat(10) } },
  report: { artifact: { repository: 'shop/web', digest }, vulnerabilities: [finding] },
})

const files: Readonly<Record<string, unknown>> = {
  'trivy.json': trivy,
  'list.json': {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...many(600, (at) =>
        report(`r${at}`, {
          vulnerabilityID: `CVE-2026-${at}`,
          resource: 'p',
          installedVersion: at % 100 === 0 ? 7 : '1',
          severity: 'LOW',
        }),
      ),
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'no-report' } },
    ],
  },
  'vex.json': {
    '@context': 'https://openvex.dev/ns/v0.2.0',
    author: 'shop',
    timestamp: '2026-11-27T00:00:00Z',
    statements: many(3_000, (at) => ({
      vulnerability: { name: `CVE-2026-${at}` },
      products: [{ '@id': `pkg:oci/web@${digest}`, subcomponents: [{ '@id': 'pkg:deb/p@1' }] }],
      status: at % 3 === 0 ? 'fixed' : 'under_investigation',
      impact_statement: long.repeat(2),
    })),
  },
  'kev.json': {
    catalogVersion: '2026.11.27',
    vulnerabilities: many(5_000, (at) => ({
      cveID: `CVE-2026-${1000 + at}`,
      dateAdded: '2026-11-01',
      shortDescription: long,
    })),
  },
  'cyclonedx.json': {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    metadata: { component: { purl: `pkg:oci/web@${digest}` } },
    components: many(6_000, (at) => ({
      type: 'library',
      name: `p${at}`,
      version: '1',
      purl: `pkg:deb/debian/p${at}@1`,
      description: long,
    })),
  },
  'nothing.json': { long: long.repeat(6_000) },
}

for (const [name, json] of Object.entries(files)) {
  test(`${name}: the same, from a thread`, async () => {
    const path = join(base, name)
    writeFileSync(path, JSON.stringify(json))
    assert.ok(statSync(path).size > limits.readAsideBytesMin)
    let turns = 0
    let isRead = false
    const reading = readBeside(path).finally(() => (isRead = true))
    for (; !isRead; turns++) await nextTurn()
    const read = await reading
    const { faults, isWhole } = read
    assert.ok(turns > 1)
    const here = await readReports(path)
    assert.deepEqual([faults, isWhole], [here.faults, here.isWhole])
    const plain = ({ documents: all }: FileContents): unknown =>
      all.map(([place, document]) => [place, { ...document, epss: document.epss.size }])
    assert.deepEqual(plain(read), plain(here))
  })
}

test('one that is cut, or is not there, is told; nothing is thrown', async () => {
  const path = join(base, 'cut.json')
  writeFileSync(path, JSON.stringify(trivy).slice(0, -10))
  const { documents, faults, isWhole } = await readBeside(path)
  assert.deepEqual([documents, isWhole], [[], false])
  assert.match(faults[0]?.message ?? '', /is no JSON/)
  const none = await readBeside(join(base, 'none.json'))
  assert.match(none.faults[0]?.message ?? '', /^cannot be read: ENOENT/)
})

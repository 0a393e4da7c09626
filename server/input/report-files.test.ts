/** Files about vulnerabilities beside a cluster: what is read of them, and what is said. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { imageDigestsOf } from '@bulwark/graph'
import { FilesError, readClusterFiles } from './files.ts'
import { ClusterInput, faultText, inputJson } from './input.ts'
import { ReportFiles } from './report-files.ts'

const base = mkdtempSync(join(tmpdir(), 'bulwark-reports-'))
after(() => rmSync(base, { recursive: true }))

const web = `sha256:${'a'.repeat(64)}`
const other = `sha256:${'b'.repeat(64)}`
const log4shell = 'CVE-2021-44228'
const kev = JSON.stringify({
  catalogVersion: '2026.11.27',
  vulnerabilities: [{ cveID: log4shell, dateAdded: '2021-12-10' }],
})
const epss = `cve,epss,percentile\n${log4shell},0.94,0.99\n`
const reportOf = (name: string, digest = web, resource = 'log4j-core'): object => ({
  apiVersion: 'aquasecurity.github.io/v1alpha1',
  kind: 'VulnerabilityReport',
  metadata: { namespace: 'shop', name },
  report: {
    artifact: { repository: 'shop/web', digest },
    vulnerabilities: [
      { vulnerabilityID: log4shell, resource, installedVersion: '2.14.1', severity: 'HIGH' },
    ],
  },
})
const trivy = JSON.stringify({
  SchemaVersion: 2,
  ArtifactName: 'shop/web',
  Metadata: { RepoDigests: [`shop/web@${web}`] },
  Results: [
    {
      Type: 'jar',
      Packages: [{ Name: 'log4j-core', Version: '2.14.1', FilePath: 'app/log4j-core.jar' }],
      Vulnerabilities: [
        {
          VulnerabilityID: log4shell,
          PkgName: 'log4j-core',
          InstalledVersion: '2.14.1',
          PkgPath: 'app/log4j-core.jar',
          Severity: 'CRITICAL',
        },
      ],
    },
  ],
})
const openVex = JSON.stringify({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  author: 'shop',
  timestamp: '2026-11-27T00:00:00Z',
  statements: [
    {
      vulnerability: { name: log4shell },
      products: [{ '@id': `pkg:oci/web@${web}` }],
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
    },
  ],
})
const podOf = (digest: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: 'web' },
  spec: { containers: [{ name: 'web', image: 'shop/web' }] },
  status: { containerStatuses: [{ name: 'web', imageID: `shop/web@${digest}` }] },
})

interface Beside {
  readonly folder: string
  readonly input: ClusterInput
  readonly files: ReportFiles
  readonly put: (name: string, text: string) => void
  /** Looks again; what was said of it. */
  readonly look: () => Promise<readonly string[]>
  readonly faults: () => readonly string[]
}

let folders = 0
/** A cluster with a pod and a report, and a folder beside it; paths are said without the folder. */
const beside = (paths: (folder: string) => readonly string[] = (folder) => [folder]): Beside => {
  const folder = join(base, String(folders++))
  mkdirSync(folder)
  const input = new ClusterInput()
  input.take({ file: 'server', item: '' }, podOf(web))
  input.take({ file: 'server', item: '' }, reportOf('web'))
  const short = (line: string): string =>
    line.replaceAll(`${folder}/`, '').replaceAll(folder, 'DIR')
  let said: string[] = []
  const log = (line: string): void => void said.push(short(line))
  const files = new ReportFiles({ paths: paths(folder), input, log, isListed: () => true })
  return {
    folder,
    input,
    files,
    // Renamed into place: a time of change may be too coarse to tell two writes apart.
    put: (name, text) => {
      writeFileSync(join(base, 'next'), text)
      renameSync(join(base, 'next'), join(folder, name))
    },
    look: async () => {
      said = []
      await files.refresh()
      return said
    },
    faults: () => input.faults.map(faultText).map(short),
  }
}

const found = ({ input }: Beside): string => {
  const { findings, removed } = input.cves.image([web]) ?? assert.fail()
  const text = [...findings, ...removed].map(({ epss: likely, kev: known, vex, sources }) =>
    [likely ?? '-', known ? 'kev' : '-', vex?.status ?? '-', ...sources].join(' '),
  )
  return text.join('; ')
}
const own = 'VulnerabilityReport shop/web'

test('what files say is joined with reports of the cluster, and goes with them', async () => {
  const all = beside()
  const { put, look, folder, input } = all
  await all.files.start()
  assert.equal(found(all), `- - - ${own}`)
  assert.deepEqual(all.faults(), ['DIR: has no *.json and no *.csv'])
  put('kev.json', kev)
  assert.deepEqual(await look(), ['vulnerabilities: kev.json: 1 rows of KEV'])
  assert.deepEqual(all.faults(), [])
  assert.equal(found(all), `- kev - ${own}`)
  put('epss.csv', epss)
  put('trivy.json', trivy)
  assert.deepEqual(await look(), [
    'vulnerabilities: epss.csv, trivy.json: 1 reports, 1 rows of EPSS',
  ])
  assert.equal(found(all), `0.94 kev - ${own} trivy.json`)
  put('vex.json', openVex)
  assert.deepEqual(await look(), ['vulnerabilities: vex.json: 1 VEX statements'])
  assert.equal(found(all), `0.94 kev not_affected ${own} trivy.json`)
  assert.deepEqual(await look(), [], 'what is the same is not read again')
  assert.deepEqual(Object.fromEntries(input.fileStates), { sound: 4, faulty: 0, kept: 0 })
  for (const name of ['kev.json', 'vex.json']) rmSync(join(folder, name))
  assert.deepEqual(await look(), [
    'vulnerabilities: kev.json, vex.json: gone, and what was said there',
  ])
  assert.equal(found(all), `0.94 - - ${own} trivy.json`)
  // A list of the cluster's own reports touches no file, and no file touches them.
  const type = { apiVersion: 'aquasecurity.github.io/v1alpha1', kind: 'VulnerabilityReport' }
  put('kev.json', JSON.stringify({ kind: 'List', items: [reportOf('web', web, 'other')] }))
  await look()
  assert.equal(input.count(type), 1)
  input.keep(type, () => false)
  assert.equal(input.count(type), 0)
  assert.equal(input.documents, 3)
})

test('a file that becomes broken leaves what it said, until it is sound again', async () => {
  const broken: readonly (readonly [text: string, fault: string])[] = [
    ['', 'is no JSON'],
    [kev.slice(0, -9), 'is no JSON'],
    ['{"a":1}', 'is none of the forms that are read: Trivy, Trivy Operator, Grype, CycloneDX,'],
    ['{"catalogVersion":"1","vulnerabilities":["x"]}', 'vulnerabilities[0] must be an object'],
    [`{"items":[${JSON.stringify(reportOf('r'))},`, 'ends in the middle of the list'],
    [JSON.stringify(podOf(web)), 'has 1 objects that are no reports, such as a Pod: these'],
  ]
  const all = beside()
  const { put, look, input } = all
  put('kev.json', kev)
  await all.files.start()
  for (const [text, fault] of broken) {
    put('kev.json', text)
    const [first, second = ''] = await look()
    assert.equal(first, 'warning: vulnerabilities: kev.json stays what it was')
    assert.ok(second.startsWith(`  fault: kev.json`) && second.includes(fault), second)
    assert.equal(found(all), `- kev - ${own}`, text)
    assert.ok(all.faults().includes('kev.json: what it said before holds'))
    assert.equal(input.fileStates.get('kept'), 1)
    assert.deepEqual(await look(), [], 'it is said once')
  }
  put('kev.json', kev.replace(log4shell, 'CVE-2022-22965'))
  assert.deepEqual(await look(), ['vulnerabilities: kev.json: 1 rows of KEV'])
  assert.equal(found(all), `- - - ${own}`)
  assert.deepEqual(all.faults(), [])
})

test('what is wrong in a file is told with its place, and the rest is read', async () => {
  const all = beside()
  all.put('epss.csv', `${epss}nonsense\n`)
  all.put('bad.json', 'nonsense')
  mkdirSync(join(all.folder, 'more'))
  mkdirSync(join(all.folder, '..data'))
  const lines = await all.look()
  assert.deepEqual(lines, [
    'vulnerabilities: bad.json, epss.csv: 1 rows of EPSS',
    'vulnerabilities: more/: is not looked into',
    '  fault: bad.json: is no JSON',
    '  fault: epss.csv: line 3 is no row of a CVE and a probability from 0 to 1',
  ])
  assert.equal(found(all), `0.94 - - ${own}`)
  assert.equal(inputJson(all.input, '').faults.length, 3)
  assert.equal(all.input.fileStates.get('faulty'), 3)
  // It never was sound: nothing stays.
  all.put('bad.json', 'nonsense, too')
  assert.deepEqual(await all.look(), [
    'vulnerabilities: bad.json: nothing',
    '  fault: bad.json: is no JSON',
  ])
})

test('reports that no container is found by', async () => {
  const all = beside()
  all.put('trivy.json', trivy.replaceAll(web, other))
  assert.deepEqual(
    (await all.look()).at(-1),
    '  warning: no container runs the image of trivy.json',
  )
  assert.deepEqual(inputJson(all.input, '').unmatched, ['trivy.json'])
})

test('a volume of the kubelet: links are turned to another folder', async () => {
  const all = beside((folder) => [join(folder, 'mount')])
  const turn = (version: string, text: string): void => {
    mkdirSync(join(all.folder, 'mount', `..${version}`), { recursive: true })
    writeFileSync(join(all.folder, 'mount', `..${version}`, 'kev.json'), text)
    symlinkSync(`..${version}`, join(all.folder, 'mount', '..next'))
    renameSync(join(all.folder, 'mount', '..next'), join(all.folder, 'mount', '..data'))
  }
  turn('one', kev.replace(log4shell, 'CVE-2022-22965'))
  symlinkSync('..data/kev.json', join(all.folder, 'mount', 'kev.json'))
  await all.files.start()
  assert.deepEqual([found(all), all.faults()], [`- - - ${own}`, []])
  turn('two', kev)
  assert.deepEqual(await all.look(), ['vulnerabilities: mount/kev.json: 1 rows of KEV'])
  assert.equal(found(all), `- kev - ${own}`)
})

test('a path that is not there: at the start it is refused, later what it said holds', async () => {
  const all = beside((folder) => [join(folder, 'kev.json')])
  await assert.rejects(all.files.start(), FilesError)
  all.put('kev.json', kev)
  await all.files.start()
  renameSync(join(all.folder, 'kev.json'), join(all.folder, 'away'))
  const [line = '', ...others] = await all.look()
  assert.match(
    line,
    /^vulnerabilities: kev\.json: cannot be read: ENOENT.*; what it said before holds$/,
  )
  assert.deepEqual([others, await all.look()], [[], []])
  assert.equal(found(all), `- kev - ${own}`)
  assert.equal(all.input.fileStates.get('kept'), 1)
  renameSync(join(all.folder, 'away'), join(all.folder, 'kev.json'))
  await all.look()
  assert.deepEqual([found(all), all.faults()], [`- kev - ${own}`, []])
})

test('the sample cluster with its lists beside it is what it is from files', async () => {
  const shop = join(import.meta.dirname, '../../tests/clusters/shop')
  const lists = readdirSync(shop).filter((name) => /^(?:epss|known)/.test(name))
  assert.equal(lists.length, 2)
  const input = new ClusterInput()
  const paths = lists.map((name) => join(shop, name))
  await new ReportFiles({ paths, input, log: () => {}, isListed: () => false }).start()
  const { items } = JSON.parse(readFileSync(join(shop, 'vulnerabilityreports.json'), 'utf8')) as {
    readonly items: readonly object[]
  }
  for (const item of items) input.take({ file: '', item: '' }, item)
  const whole = await readClusterFiles(shop)
  assert.deepEqual(input.cves.counts, whole.cves.counts)
  for (const pod of whole.cluster.objects.all('Pod')) {
    for (const of of imageDigestsOf(pod).values()) {
      assert.deepEqual(input.cves.image(of), whole.cves.image(of))
    }
  }
})

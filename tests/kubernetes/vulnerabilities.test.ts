/**
 * Files about vulnerabilities beside a cluster of the lab's API server, in a real `bulwark server`:
 * a list of what is exploited comes, in the way of the kubelet, and the next alert says so; one
 * that is broken changes nothing; and `bulwark graph` reads the same files.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ApiServer, kubeconfigText, makeCertificates } from '@bulwark/tools'
import { alertAt, bulwark, channelTo, end, startServer } from '../running.ts'
import { allResources, resourceOf, shopObjects } from './live.ts'
import { manifests } from './manifests.ts'

const timeout = 120_000
const user = 'system:serviceaccount:bulwark:bulwark-server'
const podName = 'payments-ba3c8e8cb-29888'
const kev = readFileSync(join(import.meta.dirname, '../clusters/shop/known-exploited.json'), 'utf8')
const id = 'CVE-2021-44228'
const exploited =
  `${id} in org.apache.logging.log4j:log4j-core 2.14.1 is known to be exploited ` +
  'and used by ransomware'

interface Factor {
  readonly id: string
  readonly text: string
  readonly facts: readonly { readonly text: string }[]
}

interface Told {
  readonly message: string
  readonly bulwark: { readonly context: { readonly factors: readonly Factor[] } }
}

test('what is exploited comes to be known while a server runs', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-vulnerabilities-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const certificates = makeCertificates(folder, 'admin')
  const tokens = new Map([['server', user]])
  const rbac = manifests('server-rbac.yaml')
  const api = await ApiServer.start({ certificates, tokens, rbac, resources: allResources })
  t.after(() => api.stop())
  for (const object of shopObjects) api.store.put(resourceOf(api, object), object)
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigText(api.url, { token: 'server' }, certificates.authority))

  // A ConfigMap as a volume: its files are links over one link, which is turned as a whole.
  const volume = join(folder, 'volume')
  const turn = (version: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(volume, version), { recursive: true })
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(volume, version, name), text)
    }
    symlinkSync(version, join(volume, '..next'))
    renameSync(join(volume, '..next'), join(volume, '..data'))
  }
  turn('..1', {})
  const cluster = ['--kubeconfig', kubeconfig, '--vulnerabilities', volume]
  const server = await startServer(t, [...cluster, '--listen=127.0.0.1:0'])
  await server.said(`${volume}: has no *.json and no *.csv`)
  await server.said('cluster from')

  const { outputs } = channelTo(t, server.url)
  let alerts = 0
  const ofCves = async (): Promise<ReadonlyMap<string, Factor>> => {
    const alert = alertAt(++alerts)
    const subject = { ...alert.subject, namespace: 'shop-prod', podName, container: 'payments' }
    outputs.send({ ...alert, subject: { ...subject, programs: [], outcome: 'done' } })
    const { bulwark: own } = JSON.parse(await server.alert()) as Told
    const factors = own.context.factors.filter((each) => each.id.startsWith('cve.'))
    return new Map(factors.map((each) => [each.id, each]))
  }
  assert.equal((await ofCves()).get('cve.exploited'), undefined)

  symlinkSync('..data/kev.json', join(volume, 'kev.json'))
  turn('..2', { 'kev.json': kev })
  await server.said(`${volume}/kev.json: 2 rows of KEV`)
  const factor = (await ofCves()).get('cve.exploited')
  assert.equal(factor?.text, exploited)
  assert.match(factor.facts[0]?.text ?? '', /^CVE-2021-44228 is in the list of known exploited/)

  turn('..3', { 'kev.json': kev.slice(0, 99) })
  await server.said('kev.json stays what it was')
  assert.equal((await ofCves()).get('cve.exploited')?.text, exploited)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /^bulwark_server_vulnerability_files\{state="kept"\} 1$/m)

  symlinkSync('..data/epss.csv', join(volume, 'epss.csv'))
  turn('..4', {
    'kev.json': kev.replaceAll(id, 'CVE-2021-0001'),
    'epss.csv': `cve,epss\n${id},0.9\n`,
  })
  await server.said('rows of EPSS')
  const last = await ofCves()
  const likely = 'is likely to be exploited (EPSS 90%)'
  assert.deepEqual(
    [last.has('cve.exploited'), last.get('cve.likely')?.text.includes(likely)],
    [false, true],
  )

  const question = ['graph', 'pod', `shop-prod/${podName}`, ...cluster]
  const [asked, refused] = await Promise.all([
    bulwark(question),
    bulwark([...question, '--vulnerabilities', join(folder, 'nowhere')]),
  ])
  assert.deepEqual([asked.code, asked.stdout.includes(likely)], [0, true], asked.stderr)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /cannot read vulnerabilities: ENOENT.*\n.*docs\/vulnerabilities\.md/)
  assert.equal(await end(server.child, 'SIGTERM'), 0)
})

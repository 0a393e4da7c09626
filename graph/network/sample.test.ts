/**
 * What the graph says of the sample cluster `tests/clusters/shop`, against what its README says: how
 * far each pod is reached from, what the gap in a policy lets in, and the worst way.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Cluster } from '../cluster.ts'
import { readCveJson } from '../cves/document.ts'
import { CveStore } from '../cves/store.ts'
import { refText } from '../diagnostics.ts'
import { internet } from '../nodes.ts'
import { findPaths } from '../questions/paths.ts'
import { isTarget, readTarget } from '../questions/targets.ts'
import { clusterNetwork } from './cluster-network.ts'
import { exposureOf } from './exposure.ts'
import { reachesServer } from './server-reach.ts'
import { useImageCves } from './image-cves.ts'
import { portsText } from './ports.ts'

const folder = join(import.meta.dirname, '../../tests/clusters/shop')
const golden = join(import.meta.dirname, 'cases/sample.txt')

const cluster = new Cluster()
const cves = new CveStore()
useImageCves(cluster, cves)
// Lists of exploited vulnerabilities say nothing of the network.
const lists = new Set(['epss.csv', 'known-exploited.json'])
for (const file of readdirSync(folder).filter((each) => !lists.has(each))) {
  const json: unknown = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  if (file === 'vulnerabilityreports.json') cves.put(file, readCveJson(file, json))
  else cluster.put(json)
}

const pods = [...cluster.objects.all('Pod')].toSorted((a, b) =>
  `${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1,
)

const exposureLines = (): readonly string[] =>
  pods.map((pod) => {
    const { level, possible } = exposureOf(cluster, pod)
    const more = possible > level ? `, possibly ${possible}` : ''
    const server = { true: 'yes', false: 'no' }[String(reachesServer(cluster, pod))] ?? 'unknown'
    return `${pod.namespace}/${pod.name}: ${level}${more}; API server: ${server}`
  })

/** Who gets in at the database. */
const databaseLines = (): readonly string[] => {
  const network = cluster.state(clusterNetwork)
  const database = network.classes.ofPod('shop-prod', 'database-0')
  assert.ok(database)
  return pods.map((pod) => {
    const from = network.classes.ofPod(pod.namespace, pod.name)
    assert.ok(from)
    const { sure, most } = network.verdict(from, database)
    const certain = portsText(sure)
    const doubt = portsText(most) === certain ? '' : `, at most ${portsText(most)}`
    return `${pod.namespace}/${pod.name} > database-0: ${certain}${doubt}`
  })
}

const pathLines = (to: string): readonly string[] => {
  const target = readTarget(to)
  assert.ok(!('message' in target))
  const options = { pathsMax: 2 }
  return findPaths(cluster, [internet], isTarget(cluster, target), options).paths.map(
    ({ steps, certainty, hops }) =>
      `${steps} steps, ${certainty}: internet${hops
        .map(
          ({ ways, to: next, replicas }) =>
            ` -${ways.map(({ kind }) => kind.id).join('|')}→ ${next.id}` +
            replicas.map((each) => ` & ${each.to.id}`).join(''),
        )
        .join('')}`,
  )
}

test('the sample cluster', () => {
  assert.deepEqual(cluster.diagnostics.faults(), [])
  assert.deepEqual(
    cluster.diagnostics.unread().map(([kind]) => kind),
    [],
  )
  const got = [
    '==> how far pods are reached from',
    ...exposureLines(),
    '==> who gets in at the database',
    ...databaseLines(),
    '==> from the internet to every right',
    ...pathLines('cluster-admin'),
    '==> why the internet reaches web',
    ...pods
      .filter(({ labels }) => labels.some(([key, value]) => key === 'app' && value === 'web'))
      .slice(0, 1)
      .flatMap((pod) => exposureOf(cluster, pod).ways[0]?.reason ?? [])
      .map(({ text, object, path }) => `${text} (${refText(object)} ${path})`),
    '',
  ].join('\n')
  if (process.env['UPDATE_CASES'] === '1') writeFileSync(golden, got)
  else assert.equal(got, readFileSync(golden, 'utf8'))
})

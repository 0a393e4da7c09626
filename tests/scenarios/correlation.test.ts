/**
 * The scenarios of the catalogue that ask what a kernel event means in a cluster: the cluster as
 * files, each event a real one in a container that containerd made for the pod over CRI, Bulwark's
 * own rules, and what `bulwark run --from-files` makes of the alerts. Each with its benign twin.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startContainerd } from '@bulwark/tools'
import { Pods } from '../containerd/pods.ts'
import { packFiles } from '../e2e/pack.ts'
import { makeFolder, skip as lack, useSetUp } from '../kernel/stage.ts'
import { end, startRun } from '../running.ts'
import type { Player } from './correlation-cluster.ts'
import { clusterFiles, container, cveOf, players } from './correlation-cluster.ts'

const file = join(import.meta.dirname, '../../../shared/scenarios/scenarios.json')
const skip = lack || (existsSync(file) ? false : `no ${file}`)
const timeout = 120_000

interface Scenario {
  readonly id: string
  readonly expectedSeverity: string
}

const scenarios = (): ReadonlyMap<string, Scenario> =>
  new Map(
    (JSON.parse(readFileSync(file, 'utf8')) as readonly Scenario[]).map((each) => [each.id, each]),
  )

interface Context {
  readonly severity: string
  readonly detection: string
  readonly factors: readonly {
    readonly id: string
    readonly direction: string
    readonly text: string
  }[]
  readonly joined?: readonly string[]
  readonly walked?: readonly {
    readonly edge: string
    readonly lost?: Readonly<Record<'pods' | 'service_accounts', readonly string[]>>
  }[]
}

interface Alert {
  readonly uuid: string
  readonly rule: string
  readonly source: string
  readonly output_fields: Readonly<Record<string, unknown>>
  readonly bulwark: {
    readonly context?: Context
    readonly update?: { readonly of: string; readonly because: string; readonly severity: string }
  }
}

const raised = 'Bulwark internal: alert raised'
const shell = 'Shell run from outside in container'
const namespaces = 'Name spaces of another process entered'
const spoken = 'Data store spoken to by a tool'
const installed = 'Package manager run in container'
const memory = 'Program executed from memory'
const written = 'Static pod or kubelet setting written'

/** Severities of the scenarios where the pack's own are others. */
const local = `
- rule: ${spoken}
  priority: WARNING
  override: {priority: replace}
- rule: Bell
  desc: the last of all acts
  condition: evt.type = execve and evt.failed = false and proc.exepath = /usr/bin/act and proc.args startswith "say bell"
  output: bell (pod=%k8s.pod.name)
  priority: INFO
`

let folder: string
let pods: Pods
/** Containers by the names of their pods. */
const ids = new Map<string, string>()

useSetUp(async (undo) => {
  if (skip !== false) return
  folder = makeFolder(undo)
  const cluster = join(folder, 'cluster')
  mkdirSync(cluster)
  for (const [name, value] of Object.entries(clusterFiles(Date.now()))) {
    writeFileSync(join(cluster, name), JSON.stringify(value))
  }
  writeFileSync(join(folder, 'local.yaml'), local)
  const containerd = await startContainerd()
  undo(() => containerd.close())
  pods = new Pods(containerd)
  undo(() => pods.close())
  await pods.untilReady()
  for (const player of players) await start(player)
})

const start = async ({ name, hostPid = false, isPrivileged = false, folders = [] }: Player) => {
  const pod = await pods.run(name, 'cgroupfs', {}, undefined, { hostPid, isPrivileged })
  const mounted = folders.map(({ path }, index) => {
    const source = join(folder, `${name}-${index}`)
    mkdirSync(source)
    return { path, source }
  })
  const forever = ['/bin/sleep', '2147483647']
  ids.set(name, await pods.start(pod, container, forever, { isPrivileged, folders: mounted }))
}

const exec = (name: string, ...words: readonly string[]): Promise<number> =>
  pods.exec(ids.get(name) ?? '', words)

const runShell = (name: string): Promise<number> => exec(name, '/bin/sh', '-c', 'id')

/** Somebody who listens at the store's address, whoever it is. */
const listen = async (address: string): Promise<() => void> => {
  const server = createServer((socket) => void socket.end())
  await new Promise<void>((resolve) => server.listen(6379, address, resolve))
  return () => server.close()
}

const performAll = async (): Promise<void> => {
  for (const name of ['web-1', 'toolbox-1', 'isolated-1', 'not-affected-1', 'investigated-1']) {
    assert.equal(await runShell(name), 0)
  }
  // Not of process 1: a sandbox around this machine may guard it from everybody in it.
  const enter = (pid: number): readonly string[] => ['/usr/bin/nsenter', '-t', `${pid}`, '-m', '-u']
  assert.equal(await exec('debug-1', ...enter(process.pid), '--', '/bin/true'), 0)
  assert.notEqual(await exec('held-1', ...enter(1), '--', '/bin/true'), 0)
  const stops = [await listen('127.0.7.2'), await listen('127.0.7.4')]
  await exec('front-1', '/usr/bin/nc', '127.0.7.2', '6379')
  assert.equal(await runShell('store-1'), 0)
  await exec('front-2', '/usr/bin/act', 'connect', '127.0.7.4', '6379')
  for (const stop of stops) stop()
  for (const name of ['neighbour-1', 'neighbour-2']) assert.equal(await runShell(name), 0)
  const plant = (path: string): readonly string[] => ['/usr/bin/act', 'append', path, 'kind: Pod']
  assert.equal(await exec('writer-1', '/bin/mkdir', '-p', '/node/etc/kubernetes/manifests'), 0)
  assert.equal(await exec('writer-1', ...plant('/node/etc/kubernetes/manifests/x.yaml')), 0)
  assert.equal(await exec('installer-1', ...plant('/node/opt/cni/bin/bridge')), 0)
  for (const name of ['fresh-1', 'settled-1']) await exec(name, '/usr/bin/dpkg', '-l')
  const fromMemory = ['memfd', '/bin/busybox', 'fexec', 'true']
  assert.equal(await exec('fresh-1', '/usr/bin/act', ...fromMemory), 0)
  assert.equal(await exec('toolbox-1', '/usr/bin/act', 'say', 'bell'), 0)
}

/** What was told in a run, until the bell. */
class Told {
  readonly #alerts: readonly Alert[]

  constructor(alerts: readonly Alert[]) {
    this.#alerts = alerts
  }

  /** The first alert of a rule in a pod. */
  of(pod: string, rule: string): Alert & { readonly bulwark: { readonly context: Context } } {
    const found = this.all(pod).find((alert) => alert.rule === rule)
    const context = found?.bulwark.context
    assert.ok(found && context, `${pod}: no alert of ${rule}`)
    return { ...found, bulwark: { ...found.bulwark, context } }
  }

  all(pod: string): readonly Alert[] {
    return this.#alerts.filter((alert) => alert.output_fields['k8s.pod.name'] === pod)
  }

  /** What it says at last of an alert. */
  last(alert: Alert): Context | undefined {
    const isOf = ({ bulwark }: Alert): boolean => bulwark.update?.of === alert.uuid
    return (this.#alerts.findLast(isOf) ?? alert).bulwark.context
  }

  /** Severity at last, and the factors' ids. */
  ends(pod: string, rule: string): readonly [severity: string, factors: readonly string[]] {
    const context = this.last(this.of(pod, rule))
    return [context?.severity ?? '', (context?.factors ?? []).map(({ id }) => id)]
  }
}

test('alerts of real containers in a cluster of files', { skip, timeout }, async (t) => {
  const [first = '', ...others] = packFiles
  const more = [...others, join(folder, 'local.yaml')].flatMap((path) => ['--rules', path])
  const cluster = ['--from-files', join(folder, 'cluster')]
  const args = [...more, ...cluster, '--rule-matching', 'all', '-o', 'json', '--no-cri']
  const { child, alert } = await startRun(t, first, args)
  await performAll()
  const alerts: Alert[] = []
  for (;;) {
    const line = await alert()
    const read = JSON.parse(line) as Alert
    if (read.rule === 'Bell') break
    alerts.push(read)
  }
  assert.equal(await end(child, 'SIGTERM'), 0)
  const told = new Told(alerts)
  const known = scenarios()
  const expected = (id: string): string => known.get(id)?.expectedSeverity ?? `no ${id}`

  await t.test('CORR-01: exposed, exploited, two steps from cluster-admin', () => {
    const [severity, factors] = told.ends('web-1', shell)
    assert.equal(severity, expected('CORR-01'))
    for (const id of ['exposure.internet', 'cve.exploited', 'identity.cluster-admin']) {
      assert.ok(factors.includes(id), id)
    }
    assert.equal(told.ends('toolbox-1', shell)[0], 'low')
  })

  await t.test('CORR-02: in a pod that holds nothing raises', () => {
    assert.equal(told.ends('isolated-1', shell)[0], expected('CORR-02'))
    const { factors } = told.of('isolated-1', shell).bulwark.context
    assert.deepEqual(
      factors.filter(({ direction }) => direction === 'raise'),
      [],
    )
  })

  await t.test('CORR-04: a statement takes the vulnerability away', () => {
    const { context } = told.of('not-affected-1', shell).bulwark
    assert.equal(context.severity, expected('CORR-04'))
    const vex = context.factors.find(({ id }) => id === 'cve.vex')
    assert.match(
      vex?.text ?? '',
      new RegExp(`${cveOf('not-affected-1')}.*not_affected: vulnerable_code`),
    )
    const twin = told.ends('investigated-1', shell)
    assert.ok(twin[1].includes('cve.exploited'))
  })

  await t.test('CORR-05: an escape that the kernel lets pass, and one that it refuses', () => {
    const [done, tried] = expected('CORR-05').split(' / ')
    const entered = told.all('debug-1').filter(({ rule }) => rule === namespaces)
    const walked = entered.filter(({ bulwark }) => bulwark.context?.walked)
    assert.ok(walked.length > 0, 'no alert shows that an edge was walked')
    for (const each of walked) {
      assert.equal(told.last(each)?.severity, done)
      assert.equal(each.bulwark.context?.walked?.[0]?.edge, 'ESC_NSENTER')
      assert.deepEqual(each.bulwark.context.walked[0].lost?.pods, ['shop/debug-1'])
    }
    const refused = told.all('held-1').filter(({ rule }) => rule === namespaces)
    assert.ok(refused.length > 0)
    for (const each of refused) assert.equal(told.last(each)?.severity, tried)
    // The runtime enters the name spaces of each container that something is run in.
    assert.deepEqual(
      told
        .all('web-1')
        .map(({ rule }) => rule)
        .filter((rule) => rule === namespaces),
      [],
    )
  })

  await t.test('CORR-07: along an edge, to where there is an alert', () => {
    const from = told.of('front-1', spoken)
    const to = told.of('store-1', shell)
    assert.equal(from.bulwark.context.severity, 'medium')
    assert.equal(told.last(from)?.severity, expected('CORR-07'))
    assert.ok(to.bulwark.context.joined?.includes(from.uuid))
    assert.ok(told.ends('store-1', shell)[1].includes('chain.exposure'))
    assert.deepEqual([...told.all('front-2'), ...told.all('store-2')], [])
  })

  await t.test('CORR-08: a node that is lost raises the alerts on it', () => {
    const plant = told.of('writer-1', written)
    assert.equal(told.last(plant)?.severity, expected('CORR-08'))
    const [way] = plant.bulwark.context.walked ?? []
    assert.equal(way?.edge, 'ESC_HOSTPATH_W')
    assert.deepEqual(way.lost?.pods, ['shop/neighbour-1', 'shop/writer-1'])
    assert.deepEqual(way.lost.service_accounts, ['shop/default', 'shop/neighbour'])
    const open = told.of('neighbour-1', shell)
    assert.equal(open.bulwark.context.severity, 'low')
    assert.ok(told.ends('neighbour-1', shell)[1].includes('node.taken'))
    const update = told.all('neighbour-1').find(({ rule }) => rule === raised)
    assert.deepEqual([update?.bulwark.update?.of, update?.source], [open.uuid, 'internal'])
    // An installer of network plug-ins writes what is run, and nobody is alerted.
    assert.equal(told.ends('neighbour-2', shell)[0], 'low')
    assert.deepEqual(told.all('installer-1'), [])
  })

  await t.test('CORR-10: while it is learned what is usual, and what is bad all the same', () => {
    const [severity, factors] = told.ends('fresh-1', installed)
    assert.equal(severity, expected('CORR-10'))
    assert.ok(factors.includes('learning.anomaly'))
    assert.ok(!told.ends('settled-1', installed)[1].includes('learning.anomaly'))
    const { context } = told.of('fresh-1', memory).bulwark
    assert.equal(context.severity, context.detection)
    assert.ok(!context.factors.some(({ id }) => id === 'learning.anomaly'))
  })
})

/**
 * `bulwark run` as a user starts it, with pods from an API server by a kubeconfig, and from files
 * that kubectl wrote: an alert about a real container has its pod, and one of another has none.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { NewObject } from '@bulwark/tools'
import {
  ApiServer,
  findProgram,
  kubeconfigText,
  makeCertificates,
  startContainerd,
} from '@bulwark/tools'
import { Pods } from '../containerd/pods.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import { bulwark as runOnce, end, mainFile, startRun } from '../running.ts'
import { webPod } from './objects.ts'

const timeout = 120_000
const mark = randomUUID()

const rules = `
- rule: Marked
  desc: d
  condition: >
    evt.type = execve and proc.args contains ${mark} and k8s.workload.name = web
    and k8smeta.ns.label[env] = prod
  output: >
    ran (pod=%k8s.pod.name ns=%k8s.ns.name kind=%k8s.workload.kind account=%k8s.sa.name
    app=%k8s.pod.label[app] role=%container.role)
  priority: INFO
`

let folder: string
let kubeconfig: string
/** A container of a pod that the API server knows, and one of a pod that it does not. */
let known: string
let unknown: string
let pods: Pods
let server: ApiServer
let criSocket: string
const uid = randomUUID()

useSetUp(async (undo) => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-run-'))
  undo(() => rmSync(folder, { recursive: true }))
  const containerd = await startContainerd()
  undo(() => containerd.close())
  criSocket = containerd.socket
  pods = new Pods(containerd)
  undo(() => pods.close())
  await pods.untilReady()
  const certificates = makeCertificates(folder, 'agent')
  server = await ApiServer.start({ certificates, tokens: new Map([['secret', 'agent']]) })
  undo(() => server.stop())
  server.putNamespace('shop', { env: 'prod' })
  const forever = ['/bin/sleep', '2147483647']
  server.putPod(webPod('web-1', uid))
  known = await pods.start(await pods.run('web-1', 'cgroupfs', {}, uid), 'app', forever)
  unknown = await pods.start(await pods.run('web-2', 'cgroupfs', {}), 'app', forever)
  kubeconfig = join(folder, 'kubeconfig')
  const user = { token: 'secret' }
  writeFileSync(kubeconfig, kubeconfigText(server.url, user, certificates.authority))
  writeFileSync(join(folder, 'rules.yaml'), rules)
})

const checkAlert = (line: string): void => {
  const { output_fields: fields } = JSON.parse(line) as { output_fields: object }
  const own = Object.entries(fields).filter(([key]) => key in expected)
  assert.deepEqual(Object.fromEntries(own), expected)
}

const check = async (t: TestContext, args: readonly string[]): Promise<readonly string[]> => {
  const { child, alert, log } = await startRun(t, join(folder, 'rules.yaml'), ['--no-cri', ...args])
  for (const id of [unknown, known]) await pods.exec(id, ['/bin/true', mark])
  checkAlert(await alert())
  assert.equal(await end(child, 'SIGTERM'), 0)
  return log
}

const expected = {
  'container.role': 'app',
  'k8s.ns.name': 'shop',
  'k8s.pod.label[app]': 'web',
  'k8s.pod.name': 'web-1',
  'k8s.sa.name': 'web-account',
  'k8s.workload.kind': 'Deployment',
}

test('by a kubeconfig; and in a replay of what was recorded', { skip, timeout }, async (t) => {
  const capture = join(folder, 'capture')
  const args = ['--kubeconfig', kubeconfig, '--node', 'node-a', '--record', capture]
  const log = await check(t, args)
  const last = log.findLast((line) => line.includes('API server: '))
  assert.match(
    last ?? '',
    /API server: pods of [\d.]+ s ago, namespaces of [\d.]+ s ago, policies of [\d.]+ s ago$/,
  )
  const words = [mainFile, 'replay', capture, '--rules', join(folder, 'rules.yaml'), '-o', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, words)
  checkAlert(stdout)
})

test('in the context of a cluster that is watched', { skip, timeout }, async (t) => {
  const args = ['--no-cri', '--kubeconfig', kubeconfig, '--node', 'node-a', '--context']
  const { child, alert } = await startRun(t, join(folder, 'rules.yaml'), args)
  const factors = async (): Promise<string> => {
    await pods.exec(known, ['/bin/true', mark])
    const { bulwark } = JSON.parse(await alert()) as { bulwark: { context?: object } }
    assert.ok(bulwark.context, 'the cluster was listed before the first event')
    return JSON.stringify(bulwark.context)
  }
  assert.doesNotMatch(await factors(), /privileged/)
  const container = { name: 'app', image: 'app:1', securityContext: { privileged: true } }
  server.putPod(webPod('web-1', uid, { containers: [container] }))
  // Each is judged by what is known then, which is what was written a moment before.
  for (const deadline = Date.now() + timeout; !/privileged/.test(await factors());) {
    assert.ok(Date.now() < deadline, 'the pod is privileged, and no alert says so')
  }
  assert.equal(await end(child, 'SIGTERM'), 0)
})

/** As an agent writes what it keeps: docs/adr/0025. */
const keepIn = (state: string, url: string, policy: object): void => {
  const since = new Date(Date.now() - 2 * 86_400_000).toISOString()
  const kept = { name: 'runtimepolicy.bulwark.dev/web', text: JSON.stringify(policy), since }
  mkdirSync(state, { mode: 0o700 })
  const file = { version: 1, server: url, policies: [kept] }
  writeFileSync(join(state, 'policies.json'), JSON.stringify(file), { mode: 0o600 })
}

const policyOf = (name: string): object => ({
  apiVersion: 'bulwark.dev/v1alpha1',
  kind: 'RuntimePolicy',
  metadata: { name: 'web' },
  spec: {
    scope: { podSelector: { matchLabels: { app: 'web' } } },
    rules: [
      { name, condition: `evt.type = execve and proc.args contains ${mark}`, output: fields },
    ],
  },
})
const fields = '%k8s.pod.name %k8s.pod.label[app] %k8s.workload.name'

test('started while the API server is away, which then comes', { skip, timeout }, async (t) => {
  const late = await ApiServer.start()
  const podUid = randomUUID()
  late.putNamespace('shop')
  late.putPod(webPod('web-3', podUid))
  late.putPolicy(policyOf('New') as NewObject)
  await late.stop()
  let isUp = false
  t.after(() => (isUp ? late.stop() : undefined))
  const config = join(folder, 'late')
  writeFileSync(config, kubeconfigText(late.url, { token: 'a' }))
  const state = join(folder, 'state')
  keepIn(state, late.url, policyOf('Old'))
  const pod = await pods.run('web-3', 'cgroupfs', { app: 'web' }, podUid)
  const id = await pods.start(pod, 'app', ['/bin/sleep', '2147483647'])
  const rulesFile = join(folder, 'none.yaml')
  writeFileSync(rulesFile, '')
  const cluster = ['--kubeconfig', config, '--state-dir', state]
  const args = [...cluster, '--node', 'node-a', '--cri', criSocket]
  const { child, alert, said } = await startRun(t, rulesFile, args)

  // How old it is: in the log, in an alert, and for whoever asks.
  const how = /runtimepolicy\.bulwark\.dev\/web \(of \d{4}-\S+Z, 2 d ago\)$/
  assert.match(await said('as they were kept, until the API server lists them'), how)
  await said('none are known yet')
  const first = JSON.parse(await alert()) as { rule: string; output: string }
  assert.equal(first.rule, 'Bulwark internal: policies as they were kept')
  assert.match(first.output, how)
  const asked = await runOnce(['policy', 'status', ...cluster])
  assert.equal(asked.code, 1)
  assert.match(asked.stdout, /^ {2}web: as it was kept, for all that is known, since \S+ \(2 d\)$/m)

  /** Runs the program until it is told so. */
  const tells = async (rule: string, output: string): Promise<void> => {
    for (const deadline = Date.now() + timeout / 2; ;) {
      await pods.exec(id, ['/bin/true', mark])
      const told = JSON.parse(await alert()) as { rule: string; output: string }
      if (told.rule === rule && told.output.includes(output)) return
      assert.ok(Date.now() < deadline, `${rule} ${output} is not told: ${JSON.stringify(told)}`)
    }
  }
  // The runtime tells the labels of the pod, and of no workload.
  await tells('Old', ' web-3 web <NA> ')
  await late.listen()
  isUp = true
  await said('it answers again')
  await tells('New', ' web-3 web web ')
  assert.equal(await end(child, 'SIGTERM'), 0)
})

const noKubectl =
  findProgram('kubectl') === undefined && 'kubectl is missing: apt-get install kubernetes-client'

test('from what kubectl wrote', { skip: skip || noKubectl, timeout }, async (t) => {
  const words = ['get', 'pods,ns', '-A', '-o', 'json', `--cache-dir=${join(folder, 'cache')}`]
  const { stdout } = await promisify(execFile)('kubectl', [`--kubeconfig=${kubeconfig}`, ...words])
  const dump = join(folder, 'dump')
  mkdirSync(dump)
  writeFileSync(join(dump, 'all.json'), stdout)
  const log = await check(t, ['--pods-from', dump])
  assert.ok(log.some((line) => line.endsWith(`pods from ${dump}: 1; namespaces: 5`)))
})

/**
 * `bulwark server` in a cluster: it watches the lab's API server by the rights of its manifest, asks
 * it whose a token is, and judges what agents hand over by what is so now, and by what operators
 * say by now; an API server that is away changes nothing of that.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Alert } from '@bulwark/agent'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText, makeCertificates } from '@bulwark/tools'
import { channelTo, end, startServer } from '../running.ts'
import { deployed } from './deployed.ts'
import { allResources, resourceOf, shopObjects } from './live.ts'
import { manifests } from './manifests.ts'

const timeout = 180_000
const pod = 'ci-runner-25ff08462-0eba9'
const users = new Map([
  ['server', 'system:serviceaccount:bulwark:bulwark-server'],
  ['agent', 'system:serviceaccount:bulwark:bulwark-agent'],
  ['other', 'system:serviceaccount:shop-prod:web'],
])

const alertAt = (at: number): Alert => ({
  uuid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  rule: `rule ${at}`,
  priority: 'Notice',
  source: 'syscall',
  tags: [],
  hostname: 'node-1',
  timeNs: 1_795_000_000_000_000_000n + BigInt(at) * 3_600_000_000_000n,
  time: `2026-11-18T1${at}:06:40.000000000Z`,
  message: 'a shell',
  output: 'a shell',
  outputFields: new Map(),
  bulwark: {
    pid: 7,
    containerId: undefined,
    podUid: undefined,
    truncated: [],
    fromUserMemory: false,
    policy: 'tried',
  },
  subject: {
    namespace: 'platform',
    podName: pod,
    container: 'runner',
    programs: [],
    outcome: 'done',
  },
})

interface Told {
  readonly rule: string
  readonly bulwark: { readonly context: Context }
}

interface Context {
  readonly severity: string
  readonly factors: readonly {
    readonly id: string
    readonly text: string
    readonly facts: readonly { readonly text: string; readonly object: object }[]
  }[]
  readonly suppressed_by?: object
}

const severityPolicy = (spec: object): NewObject => ({ metadata: { name: 'ci' }, spec })
const overrides = [
  {
    name: 'runner',
    effect: 'lower',
    by: 20,
    reason: 'it builds',
    when: { namespaces: ['platform'] },
  },
]

const runtimePolicy = (when: string): NewObject => ({
  metadata: { name: 'tried' },
  spec: {
    rules: [{ name: 'r', condition: 'evt.type = execve', output: 'x' }],
    context: [{ when, effect: 'suppress', reason: 'it is tried' }],
  },
})

test('agents and a server of a cluster', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-server-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const fileOf = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  const certificates = makeCertificates(folder, 'admin')
  const { authority } = certificates
  const rbac = manifests('server-rbac.yaml')
  const api = await ApiServer.start({ certificates, tokens: users, rbac, resources: allResources })
  t.after(() => api.stop())
  for (const object of shopObjects) api.store.put(resourceOf(api, object), object)

  const kubeconfig = fileOf('kubeconfig', kubeconfigText(api.url, { token: 'server' }, authority))
  const [cert, key] = [certificates.server.cert, certificates.server.key]
  for (const [name, text] of Object.entries({ 'tls.crt': cert, 'tls.key': key })) fileOf(name, text)
  // As its manifest starts it, but for where.
  const [command, ...args] = deployed.container.args.map((arg) =>
    arg
      .replace('--listen=:7676', '--listen=127.0.0.1:0')
      .replace('/etc/bulwark/tls', folder)
      .replace('/var/lib/bulwark', folder),
  )
  assert.equal(command, 'server')
  const server = await startServer(t, [`--kubeconfig=${kubeconfig}`, ...args])
  assert.match(server.url, /^https:/)
  const { livenessProbe, readinessProbe } = deployed.container
  for (const { httpGet } of [livenessProbe, readinessProbe]) {
    await server.said('cluster from')
    const request = get(server.url + httpGet.path, { ca: authority })
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal(answer.resume().statusCode, 200)
  }

  const tokenFile = fileOf('token', 'other')
  const caFile = fileOf('authority.pem', authority)
  const { outputs, said } = channelTo(t, server.url, { tokenFile, caFile })
  const contextOf = async (at: number): Promise<Context> => {
    const { rule, bulwark } = JSON.parse(await server.alert()) as Told
    assert.equal(rule, `rule ${at}`)
    return bulwark.context
  }
  const told = async (at: number): Promise<readonly string[]> =>
    (await contextOf(at)).factors.map(({ id }) => id)
  outputs.send(alertAt(1))
  assert.match(await said('403'), /shop-prod:web may not hand alerts over; alerts wait for it$/)
  writeFileSync(tokenFile, 'agent')
  assert.ok((await told(1)).includes('identity.cluster-admin'))

  // What operators say holds for the next alert; what is broken does not, and what was before does.
  const judged = async (at: number): Promise<Context> => {
    outputs.send(alertAt(at))
    return await contextOf(at)
  }
  api.putSeverityPolicy(severityPolicy({ overrides }))
  await server.said('severity policy ci is in force')
  const lowered = await judged(3)
  const override = lowered.factors.find(({ id }) => id === 'override.runner')
  const object = { kind: 'SeverityPolicy', namespace: '', name: 'ci' }
  const fact = { text: 'asks to lower it', object, path: 'spec.overrides[0]' }
  assert.deepEqual([lowered.severity, override?.text], ['info', 'runner: it builds'])
  assert.deepEqual(override?.facts, [fact])
  api.putSeverityPolicy(severityPolicy({ weights: { 'exposure.privat': 1 } }))
  await server.said('SeverityPolicy ci: spec.weights no factor has the id `exposure.privat`')
  await server.said('severity policy ci stays what it was')
  assert.equal((await judged(4)).severity, 'info')
  api.removeSeverityPolicy('ci')
  await server.said('severity policy ci is gone')
  assert.equal((await judged(5)).severity, 'medium')

  api.putPolicy(runtimePolicy('graph.has_token = true'))
  await server.said('1 of 1 policies hold; 1 items of context')
  const suppressedBy = {
    name: 'tried.context[0]',
    reason: 'it is tried',
    source: 'RuntimePolicy tried spec.context[0]',
  }
  assert.deepEqual((await judged(6)).suppressed_by, suppressedBy)
  api.putPolicy(runtimePolicy('graph.has_tokn = true'))
  await server.said('nonexistent field graph.has_tokn')
  await server.said('runtimepolicy.bulwark.dev/tried stays what it was')
  assert.deepEqual((await judged(7)).suppressed_by, suppressedBy)

  api.putSeverityPolicy(severityPolicy({ staleDays: 7 }))
  await server.said('severity policy ci is in force', 2)

  // What it knows stays while the API server is away, and so do answers about tokens.
  await api.stop()
  outputs.send(alertAt(2))
  assert.ok((await told(2)).includes('identity.cluster-admin'))
  assert.equal(await end(server.child, 'SIGTERM'), 0)

  // Its policies do so over a restart, the faulty one as it was, and what it told is not forgotten.
  const again = await startServer(t, [`--kubeconfig=${kubeconfig}`, ...args])
  const until = 'as they were kept, until the API server lists them: '
  await again.said(` policies: ${until}runtimepolicy.bulwark.dev/tried (of 20`)
  await again.said(`severity policies: ${until}ci (of 20`)
  await again.said('1 of 1 policies hold; 1 items of context')
  await again.said('alerts of an earlier run: 7 were told, 7 are joined')
})

/**
 * `bulwark server` in a cluster: it watches the lab's API server by the rights of its manifest, asks
 * it whose a token is, and judges what agents hand over by what is so now; an API server that is
 * away changes nothing of that.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Alert } from '@bulwark/agent'
import { Outputs, defaultForm } from '@bulwark/agent'
import { ApiServer, kubeconfigText, makeCertificates } from '@bulwark/tools'
import { end, startServer } from '../running.ts'
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
  readonly bulwark: {
    readonly context: { readonly factors: readonly { readonly id: string }[] }
  }
}

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
  const server = await startServer(t, [
    `--kubeconfig=${kubeconfig}`,
    '--listen=127.0.0.1:0',
    `--tls-cert=${fileOf('tls.crt', cert)}`,
    `--tls-key=${fileOf('tls.key', key)}`,
    '--agent-account=bulwark/bulwark-agent',
  ])
  assert.match(server.url, /^https:/)

  const tokenFile = fileOf('token', 'other')
  const { promise: refused, resolve: onRefused } = Promise.withResolvers<string>()
  const outputs = new Outputs({
    settings: {
      form: 'json',
      alert: defaultForm,
      queue: { alertsMax: 100, bytesMax: 1024 * 1024 },
      flushMs: 100,
      stdout: false,
      file: undefined,
      syslog: undefined,
      program: undefined,
      http: undefined,
      server: { url: server.url, tokenFile, caFile: fileOf('authority.pem', authority) },
    },
    hostname: 'node-1',
    terminal: { is: false, coloured: false },
    log: (line) => {
      if (line.includes('403')) onRefused(line)
    },
    onGone: () => {},
  })
  t.after(() => outputs.close())
  const told = async (at: number): Promise<readonly string[]> => {
    const { rule, bulwark } = JSON.parse(await server.alert()) as Told
    assert.equal(rule, `rule ${at}`)
    return bulwark.context.factors.map(({ id }) => id)
  }
  outputs.send(alertAt(1))
  assert.match(await refused, /shop-prod:web may not hand alerts over; alerts wait for it$/)
  writeFileSync(tokenFile, 'agent')
  assert.ok((await told(1)).includes('identity.cluster-admin'))

  // What it knows stays while the API server is away, and so do answers about tokens.
  await api.stop()
  outputs.send(alertAt(2))
  assert.ok((await told(2)).includes('identity.cluster-admin'))
  assert.equal(await end(server.child, 'SIGTERM'), 0)
})

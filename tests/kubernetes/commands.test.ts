/** What `policy list` and `doctor` say of a cluster. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ApiServer, kubeconfigText } from '@bulwark/tools'
import { bulwark } from '../running.ts'
import { manifests } from './manifests.ts'
import { webPod } from './objects.ts'

const timeout = 120_000
const rules = [{ name: 'r', condition: 'evt.type = execve', output: 'x' }]
const metadataLabel = { namespaceSelector: { matchLabels: { env: 'prod' } } }

let folder: string
let server: ApiServer

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const kubeconfig = (token: string): string => write(token, kubeconfigText(server.url, { token }))

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-commands-'))
  const tokens = new Map([
    ['admin', 'admin'],
    ['agent', 'system:serviceaccount:bulwark:bulwark-agent'],
    ['nobody', 'system:serviceaccount:bulwark:nobody'],
  ])
  server = await ApiServer.start({ tokens, rbac: manifests('agent-rbac.yaml') })
  server.putNamespace('shop', { env: 'prod' })
  // Each has three containers.
  server.putPod(webPod('web-1', 'uid-1'))
  server.putPod(webPod('web-2', 'uid-2', { nodeName: 'node-b' }))
  const put = (name: string, scope: object): void => {
    server.putPolicy({ metadata: { name }, spec: { scope, rules } })
  }
  put('apps', { ...metadataLabel, containers: ['app'] })
  put('nothing', { podSelector: { matchLabels: { app: 'none' } } })
  put('digests', { images: [{ digest: `sha256:${'0'.repeat(64)}` }] })
})

after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

test('policy list counts the containers that each selects', { timeout }, async () => {
  const policies = write(
    'own.yaml',
    JSON.stringify({
      apiVersion: 'bulwark.dev/v1alpha1',
      kind: 'RuntimePolicy',
      metadata: { name: 'own' },
      spec: { rules },
    }),
  )
  const list = async (...more: readonly string[]): Promise<readonly string[]> => {
    const { code, stdout, stderr } = await bulwark(['policy', 'list', policies, ...more])
    assert.deepEqual([code, stderr], [0, ''])
    return stdout.split('\n').filter((line) => /^\S|selects/.test(line))
  }
  assert.deepEqual(await list('--kubeconfig', kubeconfig('agent'), '--node', 'node-a'), [
    'own: audit',
    '  selects: 3 of 3 containers of node-a',
    'apps: audit',
    '  selects: 1 of 3 containers of node-a',
    'digests: audit',
    '  selects: 0 of 3 containers of node-a, and perhaps 3 more',
    'nothing: audit',
    '  selects: 0 of 3 containers of node-a',
  ])
  const all = await list('--kubeconfig', kubeconfig('admin'))
  assert.equal(all[3], '  selects: 2 of 6 containers of the cluster')
  const dump = join(folder, 'dump')
  mkdirSync(dump)
  write('dump/pods.json', JSON.stringify({ kind: 'PodList', items: [webPod('w', 'u')] }))
  assert.equal((await list('--pods-from', dump))[1], `  selects: 3 of 3 containers of ${dump}`)
})

test('a cluster that cannot be looked at', { timeout }, async () => {
  const args = ['policy', 'list', '--kubeconfig', kubeconfig('nobody')]
  const { code, stderr } = await bulwark(args)
  assert.equal(code, 1)
  assert.match(stderr, /cannot look at .*nobody: HTTP 403: .*cannot list resource/)
  assert.equal((await bulwark(['policy', 'list'])).code, 2)
})

interface Answer {
  readonly apiServer: {
    readonly version: string
    readonly knowsPolicies: boolean
    readonly rights: readonly { verb: string; resource: string; state: string; without?: string }[]
  }
  readonly kept: readonly string[]
  readonly policies: readonly { name: string; containers?: { selected: number; of: number } }[]
}

test('doctor: the API server, the rights of who asks, policies', { timeout }, async () => {
  const stateDir = join(folder, 'state')
  mkdirSync(stateDir, { mode: 0o700 })
  const since = new Date(Date.now() - 3 * 3_600_000).toISOString()
  const kept = ['apps', 'gone'].map((name) => ({
    name: `runtimepolicy.bulwark.dev/${name}`,
    text: '{}',
    since,
  }))
  write('state/policies.json', JSON.stringify({ version: 1, server: 'https://a', policies: kept }))
  const rulesFile = write('rules.yaml', '- macro: m\n  condition: (evt.type = execve)\n')
  const ask = async (token: string): Promise<Answer> => {
    const args = ['--rules', rulesFile, '--kubeconfig', kubeconfig(token), '--node', 'node-a']
    const { stdout } = await bulwark(['doctor', ...args, '--state-dir', stateDir, '-o', 'json'])
    return JSON.parse(stdout) as Answer
  }
  const states = ({ apiServer }: Answer): readonly string[] =>
    apiServer.rights.map(({ verb, resource, state }) => `${verb} ${resource} ${state}`)
  const named = ['pods', 'namespaces', 'runtimepolicies.bulwark.dev']
  const expected = (state: string): readonly string[] =>
    named.flatMap((name) => [`list ${name} ${state}`, `watch ${name} ${state}`])
  const agent = await ask('agent')
  assert.deepEqual(states(agent), expected('yes'))
  assert.equal(agent.apiServer.version, 'v1.32.0')
  assert.equal(agent.apiServer.knowsPolicies, true)
  assert.deepEqual(
    agent.policies.map(({ name, containers }) => [name, containers?.selected, containers?.of]),
    [
      ['apps', 1, 3],
      ['digests', 0, 3],
      ['nothing', 0, 3],
    ],
  )
  assert.deepEqual(agent.kept, [
    `kept over a restart of this node's agent (${stateDir}/policies.json, of https://a):`,
    `  apps: as it was, not as it is, since ${since} (3 h)`,
    `  gone: gone from the cluster, of which the agent has not heard, since ${since} (3 h)`,
  ])
  const nobody = await ask('nobody')
  assert.match(nobody.kept[1] ?? '', /apps: as it was kept, for all that is known, since/)
  assert.deepEqual(states(nobody), expected('no'))
  assert.match(nobody.apiServer.rights[0]?.without ?? '', /pods are known from the runtime alone/)
  assert.deepEqual(nobody.policies, [])
})

/**
 * The manifests of deploy/: what an agent and the writer of status may do is what they do, no more
 * and no less.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PodSource, PolicyFeed } from '@bulwark/agent'
import { ApiAsker } from '@bulwark/kubernetes'
import type { NewObject } from '@bulwark/tools'
import { ApiServer, kubeconfigText } from '@bulwark/tools'
import { bulwark, end, startBulwark } from '../running.ts'
import { accessTo, quickTimes } from './heard.ts'
import { manifests } from './manifests.ts'

type Json = Readonly<Record<string, unknown>>

const accounts = {
  agent: 'system:serviceaccount:bulwark:bulwark-agent',
  writer: 'system:serviceaccount:bulwark:bulwark-policy-status',
}
const all = manifests('agent-rbac.yaml', 'policy-status.yaml')

const start = async (t: TestContext, rbac = all): Promise<ApiServer> => {
  const tokens = new Map([...Object.entries(accounts), ['admin', 'admin']] as const)
  const server = await ApiServer.start({ tokens, rbac })
  t.after(() => server.stop())
  return server
}

const policyOf = (name: string, spec: object): NewObject => ({ metadata: { name }, spec })
const rules = [{ name: 'r', condition: 'evt.type = execve', output: 'x' }]

/** Verbs and resources that were asked for. */
const askedOf = ({ asked }: ApiServer): readonly string[] => {
  const words = asked.map((line) => {
    const [method = '', url = ''] = line.split(' ')
    const [path = '', query = ''] = url.split('?')
    const verb = method === 'PATCH' ? 'patch' : query.includes('watch=true') ? 'watch' : 'list'
    const resource = path
      .replace(/^.*\/(?:v1|v1alpha1)\//, '')
      .replace(/\/[^/]+\/status$/, '/status')
    return `${verb} ${resource}`
  })
  return [...new Set(words)].toSorted()
}

/** Verbs and resources that a role gives. */
const givenBy = (name: string): readonly string[] => {
  const role = all.find(
    ({ kind, metadata }) => kind === 'ClusterRole' && (metadata as Json)['name'] === name,
  )
  const of = role?.['rules'] as readonly { verbs: string[]; resources: string[] }[]
  return of
    .flatMap(({ verbs, resources }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    )
    .toSorted()
}

test('an agent asks for what its role gives, and gets it', async (t) => {
  const server = await start(t)
  const log: string[] = []
  const told = {
    access: accessTo(server, { token: { text: 'agent' } }),
    log: (line: string) => void log.push(line),
    count: () => assert.fail(log.join('\n')),
    times: quickTimes,
  }
  const pods = new PodSource({ ...told, node: 'node-a', tell: () => {} })
  const policies = new PolicyFeed(told)
  t.after(() => {
    pods.stop()
    policies.stop()
  })
  policies.attach(() => {}, told.count)
  await Promise.all([pods.untilListed(), policies.untilAnswered()])
  while (server.watches.count < 3) await nextTurn()
  assert.deepEqual(askedOf(server), givenBy('bulwark-agent'))
})

test('without one right all else goes on, and what is missing is said', async (t) => {
  const less = all.map((each) => {
    const [first] = (each['rules'] ?? []) as readonly Json[]
    return first && (each['metadata'] as Json)['name'] === 'bulwark-agent'
      ? Object.assign({}, each, { rules: [{ ...first, resources: ['pods'] }] })
      : each
  })
  const server = await start(t, less)
  const log: string[] = []
  const access = accessTo(server, { token: { text: 'agent' } })
  const options = { access, log: (line: string) => void log.push(line), times: quickTimes }
  const pods = new PodSource({ ...options, node: 'node-a', count: () => {}, tell: () => {} })
  const policies = new PolicyFeed(options)
  t.after(() => {
    pods.stop()
    policies.stop()
  })
  await policies.untilAnswered()
  const said = (): number => log.filter((line) => line.includes('is missing')).length
  while (said() < 2) await nextTurn()
  assert.match(log.join('\n'), /the right to list namespaces is missing/)
  assert.match(log.join('\n'), /the right to list runtimepolicies\.bulwark\.dev is missing/)
  assert.match(log.join('\n'), /pods on node-a of http\S+: 0$/m)
})

test('status: what holds, as what it acts, once; and by rights of its own', async (t) => {
  const server = await start(t)
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-status-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const kubeconfig = (token: string): string => {
    const path = join(folder, token)
    writeFileSync(path, kubeconfigText(server.url, { token }))
    return path
  }
  server.putPolicy(policyOf('audits', { rules }))
  server.putPolicy(policyOf('enforces', { mode: 'enforce', rules }))
  server.putPolicy(policyOf('faulty', { rules: [{ ...rules[0], condition: 'evt.type =' }] }))
  const foreign = {
    type: 'Seen',
    status: 'True',
    reason: 'R',
    message: '',
    lastTransitionTime: 't',
  }
  server.putPolicy({ ...policyOf('seen', { rules }), status: { conditions: [foreign] } })
  server.putSeverityPolicy(policyOf('mild', { staleDays: 7 }))
  server.putSeverityPolicy(policyOf('typo', { weights: { 'exposure.privat': 1 } }))
  const words = (token: string): readonly string[] => {
    const where = ['--kubeconfig', kubeconfig(token), '--state-dir', join(folder, 'state')]
    return ['policy', 'status', ...where]
  }
  const run = async (token = 'writer', ...more: readonly string[]): Promise<readonly unknown[]> => {
    const { code, stdout, stderr } = await bulwark([...words(token), ...more])
    return [code, stdout.trimEnd().split('\n'), stderr]
  }
  const lines = (more: string): readonly string[] => [
    `audits: acts as audit${more}`,
    `enforces: acts as audit${more}`,
    `faulty: Invalid${more}`,
    `seen: acts as audit${more}`,
    `mild: holds${more}`,
    `typo: Invalid${more}`,
  ]
  assert.deepEqual(await run('writer', '--dry-run'), [0, lines(' (to be said)'), ''])
  assert.deepEqual(askedOf(server), ['list runtimepolicies', 'list severitypolicies'])
  assert.deepEqual(await run(), [0, lines(' (said now)'), ''])
  assert.deepEqual(await run(), [0, lines(''), ''])
  const given = givenBy('bulwark-policy-status')
  assert.deepEqual(
    askedOf(server),
    given.filter((right) => !right.startsWith('watch')),
  )
  // Whoever goes on judges what changes, and says nothing of what does not.
  const { child, alert: line } = startBulwark(t, [...words('writer'), '--watch'])
  const first: string[] = []
  while (first.length < lines('').length) first.push(await line())
  assert.deepEqual(first.toSorted(), lines('').toSorted())
  server.putPolicy(policyOf('fresh', { rules }))
  assert.equal(await line(), 'fresh: acts as audit (said now)')
  server.removePolicy('fresh')
  server.putPolicy(policyOf('fresher', { rules: [{ ...rules[0], condition: 'evt.type =' }] }))
  assert.equal(await line(), 'fresher: Invalid (said now)')
  server.removePolicy('fresher')
  assert.equal(await end(child, 'SIGTERM'), 0)
  assert.deepEqual(askedOf(server), given)
  const statusOf = (name: string, resource = 'runtimepolicies'): Json => {
    const found = server.store.get({ resource, namespace: '', name })
    return found?.['status'] as Json
  }
  const short = (name: string, resource?: string): readonly string[] =>
    (statusOf(name, resource)['conditions'] as readonly Readonly<Record<string, string>>[]).map(
      ({ type, status, reason }) => `${type} ${status} ${reason}`,
    )
  assert.deepEqual(short('audits'), ['Accepted True Valid', 'Enforced False AuditMode'])
  assert.deepEqual(short('enforces'), ['Accepted True Valid', 'Enforced False ActsAsAudit'])
  assert.deepEqual(short('faulty'), ['Accepted False Invalid', 'Enforced False NotAccepted'])
  assert.deepEqual(short('seen').slice(0, 1), ['Seen True R'])
  assert.equal(statusOf('faulty')['actsAs'], undefined)
  assert.match(String(statusOf('faulty')['message']), /^runtimepolicy\S+\/faulty:11:22: error: /)
  assert.deepEqual(short('mild', 'severitypolicies'), ['Accepted True Valid'])
  assert.deepEqual(short('typo', 'severitypolicies'), ['Accepted False Invalid'])
  assert.match(
    String(statusOf('typo', 'severitypolicies')['message']),
    /^spec\.weights no factor has the id `exposure\.privat`: did you mean `exposure\.private`\?$/,
  )
  // A spec that has changed is judged again, and what has not changed keeps its time.
  const accepted = (): Json => (statusOf('enforces')['conditions'] as readonly Json[])[0] ?? {}
  const { lastTransitionTime } = accepted()
  const found = server.store.get({ resource: 'runtimepolicies', namespace: '', name: 'enforces' })
  server.putPolicy({ ...policyOf('enforces', { rules }), status: found?.['status'] })
  assert.deepEqual(await run(), [0, lines('').with(1, 'enforces: acts as audit (said now)'), ''])
  assert.equal(accepted()['observedGeneration'], 2)
  assert.equal(accepted()['lastTransitionTime'], lastTransitionTime)
  // An agent reads alone.
  server.putPolicy(policyOf('late', { rules }))
  const [code, , stderr] = await run('agent')
  assert.equal(code, 1)
  assert.match(String(stderr), /cannot write the status of late: HTTP 403: .*cannot patch resource/)
  const asker = new ApiAsker(accessTo(server, { token: { text: 'writer' } }))
  t.after(() => asker.close())
  const body = { method: 'PATCH', type: 'application/merge-patch+json', text: '{}' } as const
  const path = '/apis/bulwark.dev/v1alpha1/runtimepolicies/late'
  await assert.rejects(asker.ask(path, body), /HTTP 403/)
  assert.deepEqual((await run('nobody'))[0], 1)
})

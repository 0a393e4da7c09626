/**
 * Policies on real pods: the example of docs/policies.md, as a new user would try it; what of a
 * scope the kernel decides; and scopes that change while containers run.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EventNumber, otherEventNames, syscallNames } from '@bulwark/schema'
import type { Alert } from '@bulwark/agent'
import { Agent, limits } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import { loadPolicies, schemaCatalog } from '@bulwark/policy'
import type { ApiServer } from '@bulwark/tools'
import type { Pods } from '../containerd/pods.ts'
import { machineOf } from '../kernel/inner.ts'
import { chosen, readObject } from '../kernel/recorder.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import { accessTo } from './heard.ts'
import { startNode } from './node.ts'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'docs/examples/shells-in-production.yaml')
const waitMsMax = 30_000
const forever = ['/bin/sleep', '2147483647']
const mark = '/bulwark-scope-mark'

/** Opens of one file, in pods of production; and something that no container does, in late ones. */
const openings = `
apiVersion: bulwark.dev/v1alpha1
kind: RuntimePolicy
metadata: {name: late}
spec:
  scope: {containers: [late]}
  rules: [{name: Late, condition: 'evt.type = openat and fd.name = /late', output: late}]
---
apiVersion: bulwark.dev/v1alpha1
kind: RuntimePolicy
metadata: {name: openings}
spec:
  scope: {namespaceSelector: {matchLabels: {environment: production}}}
  rules:
    - name: Mark opened
      condition: evt.type in (open, openat, openat2) and fd.name startswith ${mark}
      output: opened %fd.name in %k8s.pod.name
`

const textOf = (name: string): { readonly name: string; readonly text: string } => ({
  name,
  text: readFileSync(name, 'utf8'),
})

const policyOfApp = (app: string): string => `---
apiVersion: bulwark.dev/v1alpha1
kind: RuntimePolicy
metadata: {name: of-${app}}
spec:
  scope: {podSelector: {matchLabels: {app: ${app}}}}
  rules:
    - name: Opened by ${app}
      condition: evt.type in (open, openat, openat2) and fd.name startswith ${mark}
      output: opened %fd.name
`

/**
 * The rules of the policies alone, with the macros of Bulwark's own.
 *
 * @param more  policies beside them, each for one app: a0, a1, …
 */
const policyRules = (more = 0): readonly Rule[] => {
  const own = globSync('rules/*.yaml', { cwd: root }).toSorted()
  const files = own.map((name) => textOf(join(root, name)))
  const apps = Array.from({ length: more }, (_, i) => policyOfApp(`a${i}`)).join('')
  const policies = [textOf(example), { name: 'openings.yaml', text: `${openings}${apps}` }]
  const loaded = loadPolicies(files, policies, {
    catalog: schemaCatalog,
    eventNames: [...syscallNames, ...otherEventNames],
    sources: new Set(['syscall']),
    suggestedOutput: [],
  })
  assert.deepEqual(
    loaded.policies.flatMap(({ found }) => found),
    [],
  )
  return loaded.rules.filter(({ policy }) => policy !== undefined)
}

let server: ApiServer
let pods: Pods
let agent: Agent
const alerts: Alert[] = []
const log: string[] = []

useSetUp(async (undo) => {
  ;({ pods, server } = await startNode(undo))
  server.putNamespace('shop', { environment: 'production' })
  server.putNamespace('playground', {})
})

const putPod = (
  name: string,
  namespace: string,
  uid: string,
  app: string,
  container = 'app',
): void => {
  server.putPod({
    metadata: { name, namespace, uid, labels: { app } },
    spec: { nodeName: 'node-a', containers: [{ name: container, image: 'app:1' }] },
  })
}

/** A pod with one container, which does nothing. */
const runPod = async (
  name: string,
  namespace: string,
  app: string,
  container = 'app',
  command = forever,
): Promise<{ readonly uid: string; readonly id: string }> => {
  const uid = randomUUID()
  putPod(name, namespace, uid, app, container)
  const pod = await pods.run(name, 'cgroupfs', {}, uid)
  return { uid, id: await pods.start(pod, container, command) }
}

const startAgent = async (
  t: { after(undo: () => void): void },
  rules = policyRules(),
): Promise<void> => {
  const machine = machineOf(process.arch)
  assert.ok(machine)
  alerts.length = 0
  log.length = 0
  agent = await Agent.start({
    object: readObject(),
    backend: chosen,
    machine,
    rules,
    matching: 'all',
    criSockets: [],
    pods: { from: 'server', access: accessTo(server), node: 'node-a' },
    onAlert: (alert) => alerts.push(alert),
    log: (line) => log.push(line),
    onFault: (error) => log.push(`fault: ${String(error)}`),
  })
  t.after(() => agent.close())
  await agent.filtersInPlace
}

const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + waitMsMax; !holds();) {
    assert.ok(Date.now() < end, log.join('\n'))
    await nextTurn()
  }
}

/** Opens a file in a container; its name is of this opening alone. */
const open = async (id: string): Promise<string> => {
  const name = `${mark}-${randomUUID()}`
  await pods.exec(id, ['/bin/cat', name]).catch(() => {})
  return name
}

const isTold = (name: string): boolean => alerts.some(({ message }) => message.includes(name))

/** All that was done before is judged: an opening that is told came after it. */
const untilJudged = async (id: string): Promise<void> => {
  const name = await open(id)
  await until(() => isTold(name))
}

test('the example: in production, of a server, and not the exception', { skip }, async (t) => {
  const web = await runPod('web', 'shop', 'web')
  const toolbox = await runPod('toolbox', 'shop', 'toolbox')
  const play = await runPod('play', 'playground', 'web')
  await startAgent(t)
  const script =
    'printf httpd >/proc/self/comm; /bin/sh -c "/bin/healthz; true"; /bin/sh -c "id; true"; true'
  for (const { id } of [play, toolbox, web]) await pods.exec(id, ['/bin/sh', '-c', script])
  await untilJudged(web.id)
  const shells = alerts.filter(({ bulwark }) => bulwark.policy === 'shells-in-production')
  assert.deepEqual(
    shells.map(({ rule, priority, tags, outputFields }) => [
      rule,
      priority,
      tags,
      outputFields.get('k8s.pod.name'),
      outputFields.get('proc.cmdline'),
    ]),
    [['Shell of a server', 'Critical', ['T1059.004', 'mitre_execution'], 'web', 'sh -c id; true']],
    log.join('\n'),
  )
  assert.ok(shells.every(({ bulwark }) => bulwark.scopeUnknown === undefined))
})

test('the kernel decides the scope, and follows its changes', { skip }, async (context) => {
  const web = await runPod('web2', 'shop', 'web')
  const play = await runPod('play2', 'playground', 'web')
  await startAgent(context)
  const opens = (): number => agent.eventsByKind[EventNumber.open] ?? 0
  await untilJudged(web.id)
  const before = opens()
  await open(play.id)
  await untilJudged(web.id)
  assert.equal(opens(), before + 1, 'of the two openings one was delivered')

  const begun = performance.now()
  server.putNamespace('playground', { environment: 'production' })
  let name = ''
  do name = await open(play.id)
  while (!isTold(name) && performance.now() - begun < waitMsMax)
  context.diagnostic(`in force after ${Math.round(performance.now() - begun)} ms, with runc exec`)
  assert.ok(isTold(name), log.join('\n'))

  server.putNamespace('playground', {})
  const quiet = async (): Promise<boolean> => {
    const delivered = opens()
    await open(play.id)
    await untilJudged(web.id)
    return opens() === delivered + 1
  }
  for (const end = Date.now() + waitMsMax; !(await quiet());) {
    assert.ok(Date.now() < end, 'the kernel goes on delivering')
  }
})

const timesInPlace = (): number => log.filter((line) => line.startsWith('filters in place')).length

test('a container in scopes together that none was in before', { skip }, async (t) => {
  const play = await runPod('play3', 'playground', 'web')
  await startAgent(t)
  const times = timesInPlace()
  // Its class is new, and its events are let through at once.
  const web = await runPod('web3', 'shop', 'web', 'late')
  await untilJudged(web.id)
  await until(() => timesInPlace() > times)
  const before = agent.eventsByKind[EventNumber.open] ?? 0
  await open(play.id)
  await untilJudged(web.id)
  assert.equal(agent.eventsByKind[EventNumber.open], before + 1)
  assert.ok(limits.newClassesMs < waitMsMax)
})

test('a pod that is known before it runs: filters are made ahead', { skip }, async (t) => {
  const web = await runPod('web4', 'shop', 'web')
  await startAgent(t)
  const times = timesInPlace()
  // No container was in the one scope that this one is in alone.
  const uid = randomUUID()
  putPod('late-0', 'playground', uid, 'web', 'late')
  await until(() => timesInPlace() > times)
  const pod = await pods.run('late-0', 'cgroupfs', {}, uid)
  const id = await pods.start(pod, 'late', forever)
  await untilJudged(web.id)
  const before = agent.eventsByKind[EventNumber.open] ?? 0
  await open(id)
  await untilJudged(web.id)
  assert.equal(agent.eventsByKind[EventNumber.open], before + 1)
  assert.equal(timesInPlace(), times + 1)
})

test('1,000 policies: a label that no pod had, and one that others have', { skip }, async (t) => {
  const web = await runPod('web5', 'shop', 'web')
  const loop = ['/bin/sh', '-c', `while :; do /bin/cat ${mark}; /bin/usleep 3000; done`]
  const play = await runPod('play5', 'playground', 'x', 'app', loop)
  await startAgent(t, policyRules(1_000))
  await untilJudged(web.id)
  const force = async (app: string): Promise<number> => {
    alerts.length = 0
    putPod('play5', 'playground', play.uid, app)
    const begun = performance.now()
    await until(() => alerts.some(({ bulwark }) => bulwark.policy === `of-${app}`))
    return Math.round(performance.now() - begun)
  }
  const took = [await force('a7'), await force('a8'), await force('a7'), await force('a9')]
  t.diagnostic(`in force after ${took.join(', ')} ms, and up to one opening of the loop`)
})

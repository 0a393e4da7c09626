/**
 * Real pods of a containerd, each with its object in the lab's API server as a cluster would have
 * it: what the first event of each container knows, while labels change, containers start again,
 * and the API server comes and goes. Nobody asks the CRI socket here.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { PodOrigin } from '@bulwark/agent'
import type { ApiServer } from '@bulwark/tools'
import type { Pod, Pods } from '../containerd/pods.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import type { Seen } from '../kernel/watcher.ts'
import { Watcher } from '../kernel/watcher.ts'
import { checkAll, eventsOf, ofWeb } from './attributed.ts'
import { accessTo } from './heard.ts'
import { startNode } from './node.ts'
import { webPod } from './objects.ts'

/** 1,000 of them take three minutes of two processors: `make test-burst`. */
const count = Number(process.env['BULWARK_CONTAINERS'] ?? 40)
const podsAtOnce = 20
const containersOfPod = 10
const microseconds = '50000'
const burstMsMax = 600_000
const awaitMsMax = 60_000
const forever = ['/bin/sleep', '2147483647']

let server: ApiServer
let pods: Pods
let watcher: Watcher

const origin = (): PodOrigin => ({ from: 'server', access: accessTo(server), node: 'node-a' })

useSetUp(async (undo) => {
  ;({ pods, server } = await startNode(undo))
  server.putNamespace('shop', { env: 'prod' })
  watcher = await Watcher.start('', [], origin())
  undo(() => watcher.close())
})

/** As in a cluster: the object is there, and then the kubelet starts the pod. */
const runPod = async (name: string, more: object = {}, meta: object = {}): Promise<Pod> => {
  const uid = randomUUID()
  server.putPod(webPod(name, uid, more, meta))
  return await pods.run(name, 'cgroupfs', {}, uid)
}

/** What is seen of a program in a container that is there. */
const execIn = async (id: string): Promise<readonly Seen[]> => {
  const mark = randomUUID()
  const seen = await watcher.observe(() => pods.exec(id, ['/bin/cat', '/etc/hosts', mark]))
  return eventsOf(seen, id).filter((each) => String(each.get('proc.args')).endsWith(mark))
}

/** Executes programs until what they are known by is as expected. */
const execUntil = async (id: string, expected: object): Promise<void> => {
  for (const deadline = Date.now() + awaitMsMax; ;) {
    const seen = await execIn(id)
    const last = seen.at(-1)
    if (last && Object.entries(expected).every(([key, value]) => last.get(key) === value)) return
    assert.ok(Date.now() < deadline, watcher.log.join('\n'))
  }
}

test('every event has its pod, from the first of each container on', { skip }, async () => {
  let pod: Pod | undefined
  const ids = new Map<string, string>()
  const seen = await watcher.observe(async () => {
    pod = await runPod('first')
    for (const name of ['setup', 'mesh', 'app']) ids.set(name, await pods.start(pod, name, forever))
    for (const id of ids.values()) await pods.exec(id, ['/bin/true'])
  })
  const roles = { setup: 'init', mesh: 'sidecar', app: 'app' } as const
  for (const [name, id] of ids) {
    const expected = { 'container.name': name, 'container.role': roles[name as 'app'] }
    const pod_ = { 'k8s.pod.name': 'first', 'k8s.pod.uid': pod?.uid }
    checkAll(eventsOf(seen, id), { ...ofWeb, ...pod_, ...expected })
  }
  const pause = eventsOf(seen, pod?.sandboxId ?? '')
  checkAll(pause, { ...ofWeb, 'k8s.pod.name': 'first', 'container.role': null })
})

test('labels of a pod and of its namespace change while it runs', { skip }, async (context) => {
  const pod = await runPod('changing')
  const id = await pods.start(pod, 'app', forever)
  const put = (app: string): void => {
    server.putPod(webPod('changing', pod.uid, {}, { labels: { app } }))
  }
  const begun = performance.now()
  put('api')
  await execUntil(id, { 'k8s.pod.label[app]': 'api', 'k8s.workload.kind': 'ReplicaSet' })
  context.diagnostic(
    `within ${Math.round(performance.now() - begun)} ms, with runc exec in between`,
  )
  server.putNamespace('shop', { env: 'test' })
  await execUntil(id, { 'k8smeta.ns.label[env]': 'test' })
  server.putNamespace('shop', { env: 'prod' })
  await execUntil(id, { 'k8smeta.ns.label[env]': 'prod' })
})

test('an ephemeral container, a container that is started again', { skip }, async () => {
  const pod = await runPod('debugged')
  const before = await pods.start(pod, 'app', forever)
  checkAll(await execIn(before), { ...ofWeb, 'container.role': 'app' })
  const ephemeralContainers = [{ name: 'debugger', image: 'busybox' }]
  server.putPod(webPod('debugged', pod.uid, { ephemeralContainers }))
  const ids: string[] = []
  const seen = await watcher.observe(async () => {
    ids.push(await pods.start(pod, 'debugger', forever))
    ids.push(await pods.start(pod, 'app', forever, { attempt: 1 }))
    for (const id of ids) await pods.exec(id, ['/bin/true'])
  })
  const roles = ['ephemeral', 'app']
  for (const [i, id] of ids.entries()) {
    checkAll(eventsOf(seen, id), { ...ofWeb, 'container.role': roles[i] })
  }
})

test(
  'a static pod, by the uid that its mirror tells; namespaces of the host',
  { skip },
  async () => {
    const uid = randomUUID().replaceAll('-', '')
    const annotations = {
      'kubernetes.io/config.hash': uid,
      'kubernetes.io/config.mirror': uid,
      'kubernetes.io/config.source': 'file',
    }
    const ownerReferences = [{ kind: 'Node', name: 'node-a', controller: true }]
    const meta = { annotations, ownerReferences, labels: { app: 'etcd' } }
    const spec = { hostNetwork: true, hostPID: true, serviceAccountName: undefined }
    server.putPod(webPod('etcd-node-a', randomUUID(), spec, meta))
    const pod = await pods.run('etcd-node-a', 'cgroupfs', {}, uid)
    const id = await pods.start(pod, 'app', forever)
    checkAll(await execIn(id), {
      'k8s.pod.name': 'etcd-node-a',
      'k8s.pod.uid': uid,
      'k8s.pod.label[app]': 'etcd',
      'k8s.workload.kind': 'Pod',
      'k8s.workload.name': 'etcd-node-a',
      'k8s.sa.name': null,
      'container.host_pid': true,
      'container.host_network': true,
    })
  },
)

test('an agent that is started late knows all with its first event', { skip }, async () => {
  const pod = await runPod('early')
  const id = await pods.start(pod, 'app', forever)
  watcher.close()
  watcher = await Watcher.start('', [], origin())
  checkAll(await execIn(id), { ...ofWeb, 'k8s.pod.name': 'early', 'container.role': 'app' })
})

test('an API server that is away: what is known stays, and goes on later', { skip }, async () => {
  const pod = await runPod('staying')
  const before = await pods.start(pod, 'app', forever)
  await execUntil(before, ofWeb)
  await server.stop()
  const after = await pods.start(pod, 'mesh', forever)
  checkAll(await execIn(after), { ...ofWeb, 'container.role': 'sidecar' })
  // One that nobody told of has what the runtime's files say.
  const unknown = await pods.run('unknown', 'cgroupfs', {})
  const other = await pods.start(unknown, 'app', forever)
  checkAll(await execIn(other), {
    'k8s.pod.name': 'unknown',
    'k8s.ns.name': 'shop',
    'k8s.workload.kind': null,
    'k8smeta.ns.label[env]': null,
  })
  server.putPod(webPod('unknown', unknown.uid))
  await server.listen()
  await execUntil(other, ofWeb)
  assert.ok(watcher.log.some((line) => /pods on node-a .* they are as [\d.]+ s ago/.test(line)))
})

test(
  `${count} short containers in pods that are made for them, ${podsAtOnce} at once`,
  { skip, timeout: burstMsMax },
  async (context) => {
    const ids = new Map<string, string>()
    const seen = await watcher.observe(async () => {
      let left = count
      const work = async (lane: number): Promise<void> => {
        while (left > 0) {
          const name = `job-${lane}-${left}`
          const pod = await runPod(name)
          for (let i = 0; i < containersOfPod && left > 0; i++) {
            left--
            const words = ['/bin/usleep', microseconds]
            ids.set(await pods.start(pod, i === 0 ? 'app' : `app-${i}`, words), name)
          }
        }
      }
      await Promise.all(Array.from({ length: podsAtOnce }, (_, lane) => work(lane)))
      await pods.untilIdle(new Set(ids.keys()))
    })
    const byId = Map.groupBy(seen, (each) => each.get('container.id'))
    let [events, without] = [0, 0]
    for (const [id, name] of ids) {
      for (const each of byId.get(id.slice(0, 12)) ?? []) {
        events++
        const isKnown =
          each.get('k8s.pod.name') === name && each.get('k8s.pod.label[app]') === 'web'
        if (!isKnown) without++
      }
    }
    const isProgram = (each: Seen): boolean =>
      each.get('evt.type') === 'execve' && each.get('proc.args') === microseconds
    const programs = seen.filter(isProgram)
    const ofNone = programs.filter((each) => each.get('k8s.pod.label[app]') !== 'web').length
    context.diagnostic(`${without} of ${events} events of ${ids.size} containers without their pod`)
    assert.deepEqual([ids.size, programs.length, ofNone, without], [count, count, 0, 0])
    const { unattributed, bareContainers, disguisedPods } = watcher.counters
    assert.deepEqual(
      { unattributed, bareContainers, disguisedPods },
      { unattributed: 0, bareContainers: 0, disguisedPods: 0 },
    )
  },
)

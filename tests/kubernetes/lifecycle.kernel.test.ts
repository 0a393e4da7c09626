/**
 * What becomes of pods in their lives, on a real containerd that is asked over its CRI socket, too:
 * each event of each container has its pod whole, from the first on.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { PodOrigin } from '@bulwark/agent'
import type { ApiServer, Containerd } from '@bulwark/tools'
import { criImages } from '@bulwark/tools'
import type { ContainerOptions, Pod, Pods } from '../containerd/pods.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import type { Seen } from '../kernel/watcher.ts'
import { Watcher } from '../kernel/watcher.ts'
import { checkAll, eventsOf, isProgram, ofWeb } from './attributed.ts'
import { accessTo } from './heard.ts'
import { startNode } from './node.ts'
import { webPod } from './objects.ts'

const awaitMsMax = 60_000
const forever = ['/bin/sleep', '2147483647']
const digest = /^sha256:[0-9a-f]{64}$/
const ofApp = {
  'container.image.repository': 'registry.example/shop/pulled',
  'container.image.tag': '1.0',
}
const ofOther = { 'container.image.repository': 'registry.example/shop/app' }

let server: ApiServer
let containerd: Containerd
let pods: Pods
let watcher: Watcher

const origin = (): PodOrigin => ({ from: 'server', access: accessTo(server), node: 'node-a' })
const watch = (): Promise<Watcher> => Watcher.start('', [containerd.socket], origin())

useSetUp(async (undo) => {
  ;({ containerd, pods, server } = await startNode(undo))
  server.putNamespace('shop', { env: 'prod' })
  watcher = await watch()
  undo(() => watcher.close())
})

/** As in a cluster: the object is there, and then the kubelet starts the pod. */
const runPod = async (
  name: string,
  { spec = {}, meta = {}, hostPid = false }: { spec?: object; meta?: object; hostPid?: boolean },
): Promise<Pod> => {
  const uid = randomUUID()
  server.putPod(webPod(name, uid, spec, meta))
  return await pods.run(name, 'cgroupfs', {}, uid, { hostPid })
}

/** Starts a container, of an image that was pulled where none is said. */
const start = (
  pod: Pod,
  name: string,
  options: ContainerOptions = {},
  command: readonly string[] = forever,
): Promise<string> => pods.start(pod, name, command, { image: criImages.pulled, ...options })

/** Starts a container, and another program in it. */
const startAndExec = async (
  pod: Pod,
  name: string,
  options?: ContainerOptions,
): Promise<string> => {
  const id = await start(pod, name, options)
  await pods.exec(id, ['/bin/true'])
  return id
}

/**
 * All events have these fields. Of an image that was pulled, programs have its digest, which the
 * runtime is asked for: one that is over at once may be over before a busy machine has the answer.
 */
const checkWhole = (
  seen: readonly Seen[],
  id: string,
  expected: object,
  lasts: 'it lasts' | 'it is over at once' = 'it lasts',
): void => {
  const events = eventsOf(seen, id)
  checkAll(events, { ...ofWeb, ...ofApp, ...expected })
  const pulled = ofApp['container.image.repository']
  const digests = events
    .filter((each) => isProgram(each) && each.get('container.image.repository') === pulled)
    .map((each) => each.get('container.image.digest'))
  for (const told of digests) if (told !== null) assert.match(String(told), digest)
  if (digests.length > 0 && lasts === 'it lasts') assert.notEqual(digests.at(-1), null)
}

/** Executes programs in a container until what they are known by is as expected. */
const execUntil = async (id: string, expected: object): Promise<void> => {
  for (const deadline = Date.now() + awaitMsMax; ;) {
    const seen = await watcher.observe(() => pods.exec(id, ['/bin/true']))
    const last = eventsOf(seen, id).findLast(isProgram)
    if (Object.entries(expected).every(([key, value]) => last?.get(key) === value)) return
    assert.ok(Date.now() < deadline, watcher.log.join('\n'))
  }
}

test(
  'init containers that end, a sidecar, and two containers of two images',
  { skip },
  async () => {
    const containers = [
      { name: 'app', image: criImages.app },
      { name: 'proxy', image: criImages.pause },
    ]
    const ids = new Map<string, string>()
    let pod: Pod | undefined
    const seen = await watcher.observe(async () => {
      pod = await runPod('several', { spec: { containers } })
      // The second is what an init container is that failed the first time.
      for (const attempt of [0, 1]) {
        const setup = await start(pod, 'setup', { attempt }, ['/bin/true'])
        ids.set(`setup ${attempt}`, setup)
        await pods.untilIdle(new Set([setup]))
      }
      ids.set('mesh', await startAndExec(pod, 'mesh'))
      ids.set('app', await startAndExec(pod, 'app'))
      ids.set('proxy', await startAndExec(pod, 'proxy', { image: criImages.app }))
    })
    const of = { 'k8s.pod.name': 'several', 'k8s.pod.uid': pod?.uid }
    const check = (name: string, expected: object, lasts?: 'it is over at once'): void =>
      checkWhole(seen, ids.get(name) ?? '', { ...of, ...expected }, lasts)
    const setup = { 'container.name': 'setup', 'container.role': 'init' }
    check('setup 0', setup, 'it is over at once')
    check('setup 1', setup, 'it is over at once')
    check('mesh', { 'container.name': 'mesh', 'container.role': 'sidecar' })
    check('app', { 'container.name': 'app', 'container.role': 'app' })
    check('proxy', {
      'container.name': 'proxy',
      'container.role': 'app',
      ...ofOther,
      'container.image.tag': '3.1',
    })
  },
)

test('an ephemeral container that sees the processes of another one', { skip }, async () => {
  const pod = await runPod('looked-at', {})
  const app = await start(pod, 'app')
  const debuggers = [{ name: 'debugger', image: criImages.pulled, targetContainerName: 'app' }]
  server.putPod(webPod('looked-at', pod.uid, { ephemeralContainers: debuggers }))
  let id = ''
  const seen = await watcher.observe(async () => {
    id = await startAndExec(pod, 'debugger', { target: app })
    await pods.exec(app, ['/bin/true'])
  })
  checkWhole(seen, id, { 'container.name': 'debugger', 'container.role': 'ephemeral' })
  checkWhole(seen, app, { 'container.name': 'app', 'container.role': 'app' })
})

test('a pod that is made again under its name; the old one ends meanwhile', { skip }, async () => {
  const old = await runPod('web-0', { meta: { labels: { app: 'old' } } })
  const before = await start(old, 'app')
  server.removePod('shop', 'web-0')
  let after = ''
  let made: Pod | undefined
  const seen = await watcher.observe(async () => {
    made = await runPod('web-0', {})
    after = await startAndExec(made, 'app')
    await pods.exec(before, ['/bin/true']) // It is gone from the API server, and runs still.
    await pods.end(old)
  })
  assert.notEqual(made?.uid, old.uid)
  checkWhole(seen, after, { 'k8s.pod.name': 'web-0', 'k8s.pod.uid': made?.uid })
  checkWhole(seen, before, {
    'k8s.pod.name': 'web-0',
    'k8s.pod.uid': old.uid,
    'k8s.pod.label[app]': 'old',
    'k8s.workload.kind': 'ReplicaSet',
    'k8s.workload.name': 'web-abc',
  })
})

test('a container that ends and is started again, and again', { skip }, async () => {
  const pod = await runPod('failing', {})
  const ids: string[] = []
  const seen = await watcher.observe(async () => {
    for (const attempt of [0, 1, 2]) {
      const id = await start(pod, 'app', { attempt }, ['/bin/false'])
      ids.push(id)
      await pods.untilIdle(new Set([id]))
      // As the kubelet writes it a while after.
      const [last, now] = [ids.at(-2), id].map((each) => each && `containerd://${each}`)
      const lastState = last === undefined ? {} : { terminated: { containerID: last } }
      const status = { name: 'app', containerID: now, restartCount: attempt, lastState }
      server.putPod({ ...webPod('failing', pod.uid), status: { containerStatuses: [status] } })
    }
  })
  for (const id of ids) checkWhole(seen, id, { 'k8s.pod.name': 'failing', 'container.name': 'app' })
})

test('a pod that sees the processes of the host', { skip }, async () => {
  let id = ''
  let host = 0
  const seen = await watcher.observe(async () => {
    const spec = { hostPID: true, hostNetwork: true }
    const pod = await runPod('node-shell', { spec, hostPid: true })
    id = await startAndExec(pod, 'app')
    host = process.pid
    // It does see them: this process, by its number on the host.
    assert.equal(await pods.exec(id, ['/bin/sh', '-c', `test -d /proc/${host}`]), 0)
  })
  const expected = { 'container.host_pid': true, 'container.host_network': true }
  checkWhole(seen, id, { 'k8s.pod.name': 'node-shell', ...expected })
  const own = eventsOf(seen, id).filter(isProgram)
  assert.ok(own.every((each) => each.get('proc.vpid') === each.get('proc.pid')))
})

test(
  'a label that is taken away, and a workload and an account that change',
  { skip },
  async () => {
    const pod = await runPod('losing', {})
    const id = await start(pod, 'app')
    await execUntil(id, { ...ofWeb, ...ofApp })
    // Who adopts a pod takes its labels and its owner, while it runs.
    server.putPod(webPod('losing', pod.uid, {}, { labels: {}, ownerReferences: [] }))
    await execUntil(id, {
      'k8s.pod.label[app]': null,
      'k8s.workload.kind': 'Pod',
      'k8s.workload.name': 'losing',
    })
  },
)

test('a static pod that runs before its mirror is there', { skip }, async () => {
  const uid = randomUUID().replaceAll('-', '')
  let id = ''
  const seen = await watcher.observe(async () => {
    const pod = await pods.run('etcd-node-a', 'cgroupfs', {}, uid)
    id = await startAndExec(pod, 'app')
  })
  checkAll(eventsOf(seen, id), {
    'k8s.ns.name': 'shop',
    'k8s.pod.name': 'etcd-node-a',
    'k8s.pod.uid': uid,
    'container.name': 'app',
    'k8s.workload.kind': null,
    ...ofApp,
  })
  const annotations = { 'kubernetes.io/config.hash': uid, 'kubernetes.io/config.mirror': uid }
  const ownerReferences = [{ kind: 'Node', name: 'node-a', controller: true }]
  const meta = { annotations, ownerReferences, labels: { app: 'etcd' } }
  server.putPod(webPod('etcd-node-a', randomUUID(), {}, meta))
  await execUntil(id, {
    'k8s.pod.uid': uid,
    'k8s.pod.label[app]': 'etcd',
    'k8s.workload.kind': 'Pod',
    'k8smeta.ns.label[env]': 'prod',
  })
})

test('an agent that starts while containers run and the API server is away', { skip }, async () => {
  const pod = await runPod('before-all', {})
  const id = await start(pod, 'app')
  watcher.close()
  await server.stop()
  watcher = await watch()
  assert.ok(watcher.log.some((line) => line.includes('waits no longer for pods')))
  const seen = await watcher.observe(() => pods.exec(id, ['/bin/true']))
  const ofRuntime = { 'k8s.pod.name': 'before-all', 'k8s.ns.name': 'shop', ...ofApp }
  checkAll(eventsOf(seen, id), { ...ofRuntime, 'k8s.workload.kind': null })
  await server.listen()
  await execUntil(id, { ...ofWeb, ...ofRuntime, 'container.role': 'app' })
  let next = ''
  const later = await watcher.observe(async () => {
    next = await startAndExec(await runPod('after-all', {}), 'app')
  })
  checkWhole(later, next, { 'k8s.pod.name': 'after-all' })
})

/**
 * Pods of a real containerd, over its CRI plugin: what the sensor knows of what happens in them,
 * with either cgroup driver, while it runs and when it is started again; and that nothing is left.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, readdirSync, readlinkSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Containerd } from '@bulwark/tools'
import { startContainerd } from '@bulwark/tools'
import { skip, useSetUp } from '../kernel/stage.ts'
import type { Seen } from '../kernel/watcher.ts'
import { Watcher } from '../kernel/watcher.ts'
import type { Driver, Pod } from './pods.ts'
import { Pods } from './pods.ts'

const awaitMsMax = 60_000
const forever = ['/bin/sleep', '2147483647']

let containerd: Containerd
let pods: Pods
let watcher: Watcher

useSetUp(async (undo) => {
  containerd = await startContainerd()
  undo(() => containerd.close())
  pods = new Pods(containerd)
  undo(() => pods.close())
  await pods.untilReady()
  watcher = await Watcher.start('', [containerd.socket])
  undo(() => watcher.close())
})

/** What was seen of one program in a container, run by `kubectl exec`. */
const execIn = async (id: string): Promise<readonly Seen[]> => {
  const mark = randomUUID()
  const seen = await watcher.observe(() => pods.exec(id, ['/bin/cat', '/etc/hosts', mark]))
  const own = seen.filter((each) => String(each.get('proc.args')).endsWith(mark))
  assert.ok(
    own.some((each) => each.get('fd.name') === '/etc/hosts'),
    'the program was seen',
  )
  // runc's own steps come first, in the container but by a program of the host.
  return own.filter((each) => each.get('proc.exepath') === '/bin/busybox')
}

/** Resolves when a container runs its own program: runc has let it go a moment before. */
const untilRuns = async (id: string): Promise<void> => {
  for (const deadline = Date.now() + awaitMsMax; Date.now() < deadline; await nextTurn()) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (!readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(id)) continue
        if (readlinkSync(`/proc/${pid}/exe`).endsWith('/bin/busybox')) return
      } catch {
        // Ended while we looked.
      }
    }
  }
  assert.fail(`${id} did not start within ${awaitMsMax} ms`)
}

/** Runs programs in a container until the runtime has told of it: it is asked without waiting. */
const execUntilTold = async (id: string): Promise<readonly Seen[]> => {
  for (const deadline = Date.now() + awaitMsMax; ;) {
    const seen = await execIn(id)
    if (seen.every((each) => each.get('k8s.pod.labels') !== null)) return seen
    assert.ok(Date.now() < deadline, `not told within ${awaitMsMax} ms: ${watcher.log.join('\n')}`)
  }
}

const check = (seen: readonly Seen[], pod: Pod, id: string, name: string): void => {
  const expected = {
    'container.id': id.slice(0, 12),
    'container.name': name,
    'container.image.repository': 'registry.example/shop/app',
    'container.image.tag': '3.1',
    'container.labels': 'tier:front',
    'container.mount.dest[/etc]': '/host/etc',
    'k8s.pod.name': pod.name,
    'k8s.ns.name': 'shop',
    'k8s.pod.uid': pod.uid,
    'k8s.pod.labels': 'app:web, track:',
    'k8s.pod.label[app]': 'web',
    'k8s.pod.full_sandbox_id': pod.sandboxId,
  }
  assert.ok(seen.length > 0)
  for (const each of seen) {
    const found = Object.fromEntries(Object.keys(expected).map((key) => [key, each.get(key)]))
    assert.deepEqual(found, { ...expected, 'k8s.pod.labels': 'app:web, track' })
    assert.match(String(each.get('container.image.id')), /^[0-9a-f]{12}$/)
  }
}

const labels = { app: 'web', track: '' }

for (const driver of ['cgroupfs', 'systemd'] as const satisfies readonly Driver[]) {
  test(`a pod with two containers, cgroups as of ${driver}`, { skip }, async () => {
    const pod = await pods.run(`web-${driver}`, driver, labels)
    const app = await pods.start(pod, 'app', forever)
    const side = await pods.start(pod, 'side', forever)
    check(await execUntilTold(app), pod, app, 'app')
    check(await execUntilTold(side), pod, side, 'side')
    assert.equal(watcher.counters.unattributed, 0)
    assert.equal(watcher.counters.criFaults, 0)
  })
}

test('the first event of a program has all that the files say', { skip }, async () => {
  const mark = randomUUID()
  const pod = await pods.run('first', 'cgroupfs', labels)
  let id = ''
  const seen = await watcher.observe(async () => {
    id = await pods.start(pod, 'app', ['/bin/sh', '-c', 'exec sleep 2147483647', mark])
    await untilRuns(id)
  })
  const first = seen.find((each) => String(each.get('proc.args')).endsWith(mark))
  const names = ['container.id', 'container.name', 'container.image.tag', 'k8s.pod.name']
  assert.deepEqual(
    names.map((name) => first?.get(name)),
    [id.slice(0, 12), 'app', '3.1', 'first'],
  )
})

test('the pause container is of the pod, and has no image', { skip }, async () => {
  let pod: Pod | undefined
  const seen = await watcher.observe(async () => {
    pod = await pods.run('paused', 'systemd', labels)
    await untilRuns(pod.sandboxId)
  })
  const own = seen.filter((each) => each.get('container.id') === pod?.sandboxId.slice(0, 12))
  const pause = own.find((each) => each.get('proc.exepath') === '/bin/busybox')
  assert.ok(pause)
  assert.equal(pause.get('k8s.pod.name'), 'paused')
  assert.equal(pause.get('k8s.pod.uid'), pod?.uid)
  assert.equal(pause.get('container.name'), null)
})

test('an agent that is started again finds the pods that run', { skip }, async () => {
  const pod = await pods.run('early', 'cgroupfs', labels)
  const id = await pods.start(pod, 'app', forever)
  watcher.close()
  watcher = await Watcher.start('', [containerd.socket])
  check(await execUntilTold(id), pod, id, 'app')
  assert.ok(watcher.log.some((line) => /containers in \d+ pods$/.test(line)))
})

test(
  'a runtime that is stopped is said once; started again, it tells again',
  { skip },
  async () => {
    const pod = await pods.run('upgrade', 'cgroupfs', labels)
    const before = await pods.start(pod, 'app', forever)
    await execUntilTold(before)
    pods.disconnect()
    await containerd.stop()
    await containerd.start()
    await pods.untilReady()
    const after = await pods.start(pod, 'after', forever)
    check(await execUntilTold(after), pod, after, 'after')
    check(await execIn(before), pod, before, 'app')
    const faults = watcher.log.filter((line) => line.includes('until it answers'))
    assert.equal(faults.length, 1, watcher.log.join('\n'))
  },
)

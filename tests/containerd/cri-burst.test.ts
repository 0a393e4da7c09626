/**
 * Short containers of a real containerd, started over its CRI plugin many at once, as a kubelet
 * with many jobs does: each event of each has its container and its pod. The image is read from
 * files that are gone with the container, so an agent that lags may come too late for a few.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Containerd } from '@bulwark/tools'
import { startContainerd } from '@bulwark/tools'
import { skip, useSetUp } from '../kernel/stage.ts'
import { Watcher } from '../kernel/watcher.ts'
import type { Pod } from './pods.ts'
import { Pods } from './pods.ts'

/** 1,000 of them take three minutes of two processors: `make test-burst`. */
const count = Number(process.env['BULWARK_CONTAINERS'] ?? 40)
const podCount = 20
const microseconds = 50_000
const burstMsMax = 600_000

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

test(
  `${count} containers over CRI, ${podCount} at once`,
  { skip, timeout: burstMsMax },
  async (context) => {
    const made: Pod[] = []
    for (let i = 0; i < podCount; i++) made.push(await pods.run(`job-${i}`, 'cgroupfs', {}))
    const podOf = new Map<string, Pod>()
    const seen = await watcher.observe(async () => {
      let left = count
      const work = async (pod: Pod): Promise<void> => {
        while (left > 0) {
          const name = `short-${left--}`
          podOf.set(await pods.start(pod, name, ['/bin/usleep', String(microseconds)]), pod)
        }
      }
      await Promise.all(made.map(work))
      await pods.untilIdle()
    })
    assert.equal(podOf.size, count)
    const byId = Map.groupBy(seen, (each) => each.get('container.id'))
    let bare = 0
    for (const [id, pod] of podOf) {
      const events = byId.get(id.slice(0, 12)) ?? []
      const begin = events.findIndex((each) => each.get('proc.exepath') === '/bin/busybox')
      assert.notEqual(begin, -1, `${events.length} events of ${id}, none of its program`)
      const own = events.slice(begin)
      assert.ok(own.every((each) => each.get('k8s.pod.uid') === pod.uid))
      for (const each of own) {
        assert.equal(each.get('k8s.pod.name'), pod.name)
        assert.equal(each.get('k8s.ns.name'), pod.namespace)
      }
      const tags = new Set(own.map((each) => each.get('container.image.tag')))
      if (tags.has(null)) bare++
      assert.ok([...tags].every((tag) => tag === null || tag === '3.1'))
    }
    context.diagnostic(`${bare} of ${count} ended before their files were read`)
    const programs = seen.filter(
      (each) => each.get('evt.type') === 'execve' && each.get('proc.args') === String(microseconds),
    )
    assert.equal(programs.length, count)
    assert.ok(programs.every((each) => each.get('container.id') !== 'host'))
    const { unattributed, badRecords, evictedCgroups, evictedContainers } = watcher.counters
    assert.deepEqual(
      { unattributed, badRecords, evictedCgroups, evictedContainers },
      { unattributed: 0, badRecords: 0, evictedCgroups: 0, evictedContainers: 0 },
    )
  },
)

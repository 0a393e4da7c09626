/**
 * Containers of runc's with the cgroups of either driver, and one in another, in whatever cgroups
 * the machine has: v1 and v2 alone are in guests, both at once is native.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Container, ContainerOptions, Lab } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { cgroupMode, readCgroups } from '../kernel/inner.ts'
import { runInside } from './inside.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import type { Seen } from '../kernel/watcher.ts'
import { Watcher } from '../kernel/watcher.ts'

const mode = cgroupMode(readCgroups())
/** In an emulated machine each container takes seconds. */
const timeout = 120_000
let lab: Lab
let watcher: Watcher
let early: Container

useSetUp(async (undo) => {
  lab = await openLab()
  undo(() => lab.close())
  early = await lab.createContainer({ name: 'early' })
  watcher = await Watcher.start()
  undo(() => watcher.close())
})

const checkOwn = (
  seen: readonly Seen[],
  { id, pod }: Container,
  mark: string,
  uid?: string,
): void => {
  const own = seen.filter((each) => each.get('proc.args') === `/etc/hosts ${mark}`)
  const what = own.map((each) => [each.get('evt.type'), each.get('fd.name')].join(' '))
  assert.ok(what.includes('openat /etc/hosts'), what.join('\n'))
  for (const each of own.filter((event) => event.get('proc.exepath') === '/bin/busybox')) {
    assert.equal(each.get('container.id'), id.slice(0, 12))
    assert.equal(each.get('k8s.pod.name'), pod)
    assert.equal(each.get('container.image.repository'), 'registry.example/shop/web')
    if (uid !== undefined) assert.equal(each.get('k8s.pod.uid'), uid)
  }
}

/** Starts a container; what is seen of it, and of a program that is put into it later. */
const checkMade = async (options: ContainerOptions, uid?: string): Promise<Container> => {
  const marks = [randomUUID(), randomUUID()] as const
  const script = `/bin/cat /etc/hosts ${marks[0]}; exec /bin/sleep 2147483647`
  let made: Container | undefined
  const seen = await watcher.observe(async () => {
    made = await lab.createContainer({
      network: 'host',
      command: ['/bin/sh', '-c', script],
      ...options,
    })
    await made.exec(['/bin/cat', '/etc/hosts', marks[1]])
  })
  assert.ok(made)
  for (const mark of marks) checkOwn(seen, made, mark, uid)
  assert.equal(watcher.counters.unattributed, 0)
  return made
}

test(`with the systemd driver's paths (${mode})`, { skip, timeout }, async () => {
  await (await checkMade({ name: 'slice' })).destroy()
})

test(`one that was there before the agent (${mode})`, { skip, timeout }, async () => {
  const mark = randomUUID()
  const seen = await watcher.observe(() => early.exec(['/bin/cat', '/etc/hosts', mark]))
  checkOwn(seen, early, mark)
})

test(`the cgroupfs driver's, and one in it (${mode})`, { skip, timeout }, async () => {
  const uid = randomUUID()
  const cgroupParent = `/kubepods/burstable/pod${uid}`
  const outer = await checkMade({ name: 'outer', cgroupParent }, uid)
  const inside = { name: 'inner', cgroupParent: `${cgroupParent}/${outer.id}/docker` }
  const inner = await checkMade(inside, uid)
  const mark = randomUUID()
  const seen = await watcher.observe(() => outer.exec(['/bin/cat', '/etc/hosts', mark]))
  checkOwn(seen, outer, mark, uid)
  await inner.destroy()
  await outer.destroy()
})

test(`what a runtime in a container runs (${mode})`, { skip, timeout }, async () => {
  const uid = randomUUID()
  const cgroupParent = `/kubepods/burstable/pod${uid}`
  const mark = randomUUID()
  let outer: Container | undefined
  let id = ''
  const seen = await watcher.observe(async () => {
    outer = await lab.createContainer({ cgroupParent, privileged: true, network: 'host' })
    // Without a namespace of its own for cgroups it sees all of v2, and of v1 its own part.
    const above = mode === 'v2' ? `${cgroupParent}/${outer.id}` : ''
    id = await runInside(outer, `${above}/docker`, ['/bin/busybox', 'cat', mark])
  })
  const own = seen.filter((each) => each.get('proc.args') === `cat ${mark}`)
  const types = own.map((each) => each.get('evt.type'))
  assert.deepEqual(types, ['execve', 'openat'])
  for (const each of own) {
    assert.equal(each.get('container.id'), id.slice(0, 12))
    assert.equal(each.get('k8s.pod.uid'), uid)
  }
  await outer?.destroy()
})

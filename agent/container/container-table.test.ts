/** From cgroup ids to containers, over a folder that stands for a mounted hierarchy. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Cgroups } from './cgroups.ts'
import { ContainerTable } from './container-table.ts'
import type { Counters } from '../counters.ts'
import { newCounters } from '../counters.ts'
import { limits } from '../limits.ts'
import { machine } from '../outside.ts'

const idOf = (letter: string): string => letter.repeat(64)
const pathOf = (letter: string): string => `/kubepods/pod${'0'.repeat(32)}/${idOf(letter)}`
const unknown = (): never => assert.fail('the id is known: no path is asked for')

let mount = ''
before(() => {
  mount = mkdtempSync(join(tmpdir(), 'bulwark-cgroups-'))
  mkdirSync(`${mount}${pathOf('a')}/inner`, { recursive: true })
  mkdirSync(`${mount}/system.slice`)
  writeFileSync(`${mount}/cgroup.procs`, '')
})
after(() => rmSync(mount, { recursive: true }))

const v1 = 4

/** @param points  where v2 is mounted  @param oldPoint  where a v1 hierarchy is */
const tableOf = (
  points: readonly string[],
  oldPoint?: string,
): { table: ContainerTable; counters: Counters; wanted: readonly string[] } => {
  const counters = newCounters()
  const mounted = (point: string): Cgroups['unified']['mounts'][0] => ({ point, root: '/' })
  const unified = { number: 0, mounts: points.map(mounted) }
  const mounts = oldPoint === undefined ? [] : [mounted(oldPoint)]
  const old = { number: v1, controller: 'memory', knob: 1, mounts }
  const wanted: string[] = []
  const ask = (id: string): void => void wanted.push(id)
  return { table: new ContainerTable(counters, { unified, old }, machine, ask), counters, wanted }
}

const inode = (path: string): number => statSync(`${mount}${path}`).ino

test('cgroups that were there before are found', () => {
  const { table, counters } = tableOf([mount])
  table.start()
  assert.equal(table.size, 1)
  const container = table.of(inode(pathOf('a')), 0, unknown)
  assert.equal(container?.id, idOf('a'))
  assert.equal(table.of(inode(`${pathOf('a')}/inner`), 0, unknown), container)
  for (const path of ['', '/kubepods', '/system.slice']) {
    assert.equal(table.of(inode(path), 0, unknown), undefined, path)
  }
  assert.equal(counters.unattributed, 0)
})

test('a mount that is not there is no fault', () => {
  const { table } = tableOf(['/nowhere/at/all'])
  table.start()
  assert.equal(table.size, 0)
  assert.equal(table.idOfPath('/x'), 0)
})

test('a cgroup that is made is known from then on', () => {
  const { table } = tableOf([])
  table.made(0, 5, pathOf('b'))
  table.made(0, 6, `${pathOf('b')}/init`)
  table.made(0, 7, '/user.slice')
  const container = table.of(5, 0, unknown)
  assert.deepEqual([container?.id, container?.podUid], [idOf('b'), '0'.repeat(32)])
  assert.equal(table.of(6, 0, unknown), container)
  assert.equal(table.of(7, 0, unknown), undefined)
  // The kernel gives an id again, in time.
  table.made(0, 5, '/user.slice/again')
  assert.equal(table.of(5, 0, unknown), undefined)
  table.made(0, 2n ** 60n, pathOf('c'))
  assert.equal(table.of(2n ** 60n, 0, unknown)?.id, idOf('c'))
})

test('an unknown id is asked for once, and counted while nobody knows it', () => {
  const { table, counters } = tableOf([])
  assert.equal(
    table.of(9, 0, () => undefined),
    undefined,
  )
  assert.equal(counters.unattributed, 1)
  assert.equal(table.of(9, 0, () => `0::${pathOf('d')}`)?.id, idOf('d'))
  assert.equal(table.of(9, 0, unknown)?.id, idOf('d'))
  assert.equal(
    table.of(10, 0, () => '0::/'),
    undefined,
  )
  assert.equal(table.of(10, 0, unknown), undefined)
  assert.equal(counters.unattributed, 1)
})

test('the path of a process counts only when the cgroup has that id', () => {
  const { table, counters } = tableOf([mount])
  const text = `0::${pathOf('a')}`
  assert.equal(
    table.of(999_999, 0, () => text),
    undefined,
  )
  assert.equal(counters.unattributed, 1)
  assert.equal(table.of(inode(pathOf('a')), 0, () => text)?.id, idOf('a'))
  assert.equal(counters.healedCgroups, 1)
  // Removed while its last process ends: no directory says otherwise.
  assert.equal(table.of(999_998, 0, () => `0::${pathOf('e')} (deleted)`)?.id, idOf('e'))
})

test('the id of a path is its directory under a mount', () => {
  const { table } = tableOf(['/nowhere', mount])
  assert.equal(table.idOfPath(pathOf('a')), inode(pathOf('a')))
  assert.equal(table.idOfPath('/none'), 0)
})

test('where the v2 cgroup is of the host, the v1 cgroup tells', () => {
  const { table, counters } = tableOf([], mount)
  table.start()
  const old = inode(pathOf('a'))
  assert.equal(table.of(1, old, unknown)?.id, idOf('a'))
  // As with older runtimes: its own cgroup in v1, that of the runtime's service in v2.
  table.made(0, 30, '/system.slice/docker.service')
  assert.equal(table.of(30, old, unknown)?.id, idOf('a'))
  table.made(v1, 31, pathOf('b'))
  assert.equal(table.of(1, 31, unknown)?.id, idOf('b'))
  // The same number is another cgroup in the other hierarchy.
  table.made(0, 31, pathOf('c'))
  assert.equal(table.of(31, 1, unknown)?.id, idOf('c'))
  assert.equal(table.of(1, 31, unknown)?.id, idOf('b'))
  const text = `12:cpu:/x\n${v1}:memory:${pathOf('d')}\n0::/\n`
  assert.equal(table.of(1, 32, () => text)?.id, idOf('d'))
  assert.equal(table.of(1, 0, unknown), undefined)
  table.made(9, 33, pathOf('e')) // a hierarchy that is not looked at
  assert.equal(counters.unattributed, 0)
  assert.equal(
    table.of(1, 33, () => undefined),
    undefined,
  )
  assert.equal(counters.unattributed, 1)
})

test('a container that is seen in two hierarchies is one', () => {
  const { table } = tableOf([])
  table.made(0, 5, pathOf('a'))
  table.made(v1, 5, pathOf('a'))
  assert.equal(table.size, 1)
  assert.equal(table.of(5, 1, unknown), table.of(1, 5, unknown))
  table.removed(0, 5, 0)
  table.made(0, 6, pathOf('b'))
  table.removed(0, 6, limits.cgroupKeptNs)
  assert.equal(table.size, 2, 'it is still there in the other hierarchy')
})

test('one in another that v1 alone tells is itself, and no other', () => {
  const { table, counters } = tableOf([])
  table.made(0, 5, pathOf('a'))
  table.made(v1, 6, `${pathOf('a')}/docker/${idOf('b')}`)
  table.made(v1, 7, pathOf('c'))
  assert.equal(table.of(5, 6, unknown)?.id, idOf('b'))
  assert.equal(table.of(5, 7, unknown)?.id, idOf('a'))
  assert.equal(table.of(5, 1, unknown)?.id, idOf('a'))
  assert.equal(table.of(5, 8, unknown)?.id, idOf('a'), 'of v1 nothing is known here')
  assert.equal(counters.unattributed, 0)
})

test('a removed cgroup is remembered for a while', () => {
  const { table, counters } = tableOf([])
  for (const [id, letter] of [
    [5, 'a'],
    [6, 'b'],
    [7, 'c'],
  ] as const) {
    table.made(0, id, pathOf(letter))
  }
  table.removed(0, 5, 0)
  table.removed(0, 99, 0) // never seen
  table.removed(0, 6, 1)
  assert.equal(table.of(5, 0, unknown)?.id, idOf('a'))
  assert.equal(table.size, 3)
  // Its id is given again: that is what it means from then on.
  table.made(0, 5, '/user.slice')
  assert.equal(table.of(5, 0, unknown), undefined)
  table.removed(0, 7, limits.cgroupKeptNs + 1)
  assert.equal(table.of(7, 0, unknown)?.id, idOf('c'))
  assert.equal(
    table.of(6, 0, () => undefined),
    undefined,
  )
  assert.equal(counters.unattributed, 1)
  assert.equal(table.of(5, 0, unknown), undefined, 'the new one stays')
})

test('a cgroup that is named after another container does not become it', () => {
  const { table, counters } = tableOf([])
  table.made(0, 5, pathOf('a'))
  table.made(0, 6, pathOf('b'))
  table.made(0, 7, `${pathOf('a')}/cri-containerd-${idOf('b')}.scope`)
  table.made(0, 8, `/user.slice/docker-${idOf('b')}.scope`)
  assert.equal(table.of(7, 0, unknown)?.id, idOf('a'))
  assert.equal(table.of(8, 0, unknown), undefined)
  assert.equal(counters.disguisedCgroups, 2)
  // One that runs containers of its own is believed.
  table.made(0, 9, `${pathOf('a')}/docker/${idOf('d')}`)
  assert.equal(table.of(9, 0, unknown)?.id, idOf('d'))
  // Started again elsewhere, as after a change of the cgroup driver.
  table.removed(0, 6, 0)
  table.made(0, 10, `/kubepods.slice/cri-containerd-${idOf('b')}.scope`)
  assert.equal(table.of(10, 0, unknown)?.id, idOf('b'))
  assert.equal(counters.disguisedCgroups, 2)
})

test('what a container is made with is read, and asked for, when it is made, once', () => {
  const { table, wanted } = tableOf([])
  const bundle = join(mount, 'bundle')
  mkdirSync(bundle)
  const annotations = { 'io.kubernetes.cri.image-name': 'a/b:1' }
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ annotations }))
  const asked: string[] = []
  const bundleOf = (id: string): string => {
    asked.push(id)
    return bundle
  }
  const making = { nowNs: 7, wallNs: 9n, bundleOf }
  table.made(0, 5, '/kubepods/pod', making)
  table.made(0, 6, pathOf('f'), making)
  table.made(0, 7, `${pathOf('f')}/inner`, making)
  table.made(v1, 8, pathOf('f'), making)
  assert.deepEqual([asked, wanted], [[idOf('f')], [idOf('f')]])
  const metadata = table.of(7, 0, unknown)?.metadata
  assert.deepEqual([metadata?.image, metadata?.startedNs], ['a/b:1', 9n])
})

test('of a container without files, its pod is told by another container of the pod', () => {
  const uid = '0'.repeat(32)
  const { table, counters } = tableOf([])
  const pod = { podName: 'web-1', namespace: 'shop', sandboxId: idOf('a'), podLabels: [] }
  table.made(0, 5, pathOf('a'))
  table.told(idOf('a'), { ...pod, podUid: uid, name: 'sandbox', image: 'pause' })
  table.made(0, 6, pathOf('b'), { nowNs: 1 })
  const container = table.of(6, 0, unknown)
  const { podName, namespace, podLabels, name, image } = container?.metadata ?? {}
  assert.deepEqual([podName, namespace, podLabels], ['web-1', 'shop', []])
  assert.deepEqual([name, image], [undefined, undefined], 'what is its own stays unknown')

  // What a container says of itself makes it no part of another's pod.
  const other = pathOf('c').replace(uid, '1'.repeat(32))
  table.made(0, 7, other)
  table.told(idOf('c'), { podName: 'claimed', podUid: uid })
  table.made(0, 8, pathOf('d'), { nowNs: 1 })
  assert.equal(table.of(8, 0, unknown)?.metadata?.podName, 'web-1')
  table.made(0, 9, other.replace(idOf('c'), idOf('e')), { nowNs: 1 })
  assert.equal(table.of(9, 0, unknown)?.metadata, undefined)

  // Its own files, and the runtime, know better; one that nobody told of more is counted.
  table.told(idOf('b'), { podName: 'web-2' })
  assert.equal(container?.metadata?.podName, 'web-2')
  table.removed(0, 8, 1)
  table.removed(0, 9, 2)
  table.removed(0, 5, limits.cgroupKeptNs + 3)
  assert.equal(counters.bareContainers, 2)
})

test('metadata is looked for with each exec, else with pauses, and not for ever', () => {
  const { table } = tableOf([])
  table.made(0, 5, pathOf('e'))
  const container = table.of(5, 0, unknown)
  assert.ok(container)
  const check = (nowNs: number, executes: boolean, expected: number): void => {
    table.complete(container, nowNs, executes)
    assert.equal(container.metadataTries, expected, `at ${nowNs}`)
  }
  check(limits.metadataPauseNs - 1, false, 0)
  check(limits.metadataPauseNs, false, 1)
  check(limits.metadataPauseNs + 1, false, 1)
  check(limits.metadataPauseNs + 2, true, 2)
  for (let i = 0; i < limits.metadataTriesMax; i++) table.complete(container, 0, true)
  check(limits.metadataPauseNs * 9, true, limits.metadataTriesMax)
})

test('the tables are bounded, and say what they dropped', () => {
  const { table, counters } = tableOf([])
  const more = 3
  const hex = (i: number): string => i.toString(16).padStart(64, '0')
  for (let i = 0; i < limits.containersMax + more; i++) table.made(0, i, `/docker/${hex(i)}`)
  assert.equal(table.size, limits.containersMax)
  assert.equal(counters.evictedContainers, more)
  for (let i = 0; i < limits.cgroupsMax; i++) table.made(0, -1 - i, `/x/${i}`)
  assert.equal(counters.evictedCgroups, limits.containersMax + more)
})

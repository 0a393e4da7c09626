/** From cgroup ids to containers, over a folder that stands for a mounted hierarchy. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ContainerTable, cgroup2Mounts } from './container-table.ts'
import type { Counters } from './counters.ts'
import { newCounters } from './counters.ts'
import { limits } from './limits.ts'

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

const tableOf = (mounts: readonly string[]): { table: ContainerTable; counters: Counters } => {
  const counters = newCounters()
  return { table: new ContainerTable(counters, mounts), counters }
}

const inode = (path: string): number => statSync(`${mount}${path}`).ino

test('cgroups that were there before are found', () => {
  const { table, counters } = tableOf([mount])
  table.start()
  assert.equal(table.size, 1)
  const container = table.of(inode(pathOf('a')), unknown)
  assert.equal(container?.id, idOf('a'))
  assert.equal(table.of(inode(`${pathOf('a')}/inner`), unknown), container)
  for (const path of ['', '/kubepods', '/system.slice']) {
    assert.equal(table.of(inode(path), unknown), undefined, path)
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
  table.made(5, pathOf('b'))
  table.made(6, `${pathOf('b')}/init`)
  table.made(7, '/user.slice')
  const container = table.of(5, unknown)
  assert.deepEqual([container?.id, container?.podUid], [idOf('b'), '0'.repeat(32)])
  assert.equal(table.of(6, unknown), container)
  assert.equal(table.of(7, unknown), undefined)
  // The kernel gives an id again, in time.
  table.made(5, '/user.slice/again')
  assert.equal(table.of(5, unknown), undefined)
  table.made(2n ** 60n, pathOf('c'))
  assert.equal(table.of(2n ** 60n, unknown)?.id, idOf('c'))
})

test('an unknown id is asked for once, and counted while nobody knows it', () => {
  const { table, counters } = tableOf([])
  assert.equal(
    table.of(9, () => undefined),
    undefined,
  )
  assert.equal(counters.unattributed, 1)
  assert.equal(table.of(9, () => pathOf('d'))?.id, idOf('d'))
  assert.equal(table.of(9, unknown)?.id, idOf('d'))
  assert.equal(
    table.of(10, () => '/'),
    undefined,
  )
  assert.equal(table.of(10, unknown), undefined)
  assert.equal(counters.unattributed, 1)
})

test('the id of a path is its directory under a mount', () => {
  const { table } = tableOf(['/nowhere', mount])
  assert.equal(table.idOfPath(pathOf('a')), inode(pathOf('a')))
  assert.equal(table.of(inode(pathOf('a')), unknown)?.id, idOf('a'))
  assert.equal(table.idOfPath('/none'), 0)
  table.made(77, '/none')
  assert.equal(table.idOfPath('/none'), 77)
})

test('metadata is looked for with each exec, else with pauses, and not for ever', () => {
  const { table } = tableOf([])
  table.made(5, pathOf('e'))
  const container = table.of(5, unknown)
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
  for (let i = 0; i < limits.containersMax + more; i++) table.made(i, `/docker/${hex(i)}`)
  assert.equal(table.size, limits.containersMax)
  assert.equal(counters.evictedContainers, more)
  for (let i = 0; i < limits.cgroupsMax; i++) table.made(-1 - i, `/x/${i}`)
  assert.equal(counters.evictedCgroups, limits.containersMax + more)
})

test('where v2 hierarchies are mounted', () => {
  const check = (text: string, expected: readonly string[]): void => {
    assert.deepEqual(cgroup2Mounts(text), expected, text)
  }
  check('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n', ['/sys/fs/cgroup'])
  check('cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\nnone /a cgroup2 rw 0 0\n', ['/a'])
  check('a /a cgroup2 rw 0 0\nb /b cgroup2 rw 0 0\n', ['/a', '/b'])
  check('cgroup2 /a tmpfs rw 0 0\n', [])
  check('', [])
  check('garbage', [])
  check('none /with\\040blank cgroup2 rw 0 0\n', ['/with blank'])
})

/**
 * Containers of 50 ms, many at once: every event of each is seen and is of its container, also when
 * the container is long gone by the time the event is looked at.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Lab, ManyRun } from '@bulwark/tools'
import { openLab } from '@bulwark/tools'
import { readCgroups } from '../kernel/inner.ts'
import { burstProgram, start } from '../kernel/program.ts'
import { skip, useSetUp } from '../kernel/stage.ts'
import type { Seen } from '../kernel/watcher.ts'
import { Watcher } from '../kernel/watcher.ts'

/** Of runc's own; 1,000 of them take half a minute of two processors: `make test-burst`. */
const runcCount = Number(process.env['BULWARK_CONTAINERS'] ?? 150)
const count = 1_000
const atOnce = 50
const milliseconds = 50
/** Of one container: its program opens a file once, sleeps, and opens it twice more. */
const opensEach = 3

const podUid = randomUUID()
const slice = `/bulwark${process.pid}-pod${podUid.replaceAll('-', '_')}.slice`
const cgroups = readCgroups()
const points = [...cgroups.unified.mounts, ...(cgroups.old?.mounts ?? [])]
  .filter(({ root }) => root === '/')
  .map(({ point }) => point)
const folders = (): readonly string[] => points.map((point) => join(point, slice))
let watcher: Watcher
let lab: Lab

useSetUp(async (undo) => {
  undo(() => {
    for (const folder of folders()) if (existsSync(folder)) rmdirSync(folder)
  })
  for (const folder of folders()) mkdirSync(folder)
  lab = await openLab()
  undo(() => lab.close())
  watcher = await Watcher.start()
  undo(() => watcher.close())
})

const burst = (containers: number): readonly string[] => [
  burstProgram(),
  ...[containers, atOnce, milliseconds].map(String),
  slice,
  ...points,
]

const idsIn = (stdout: string): readonly string[] => stdout.trim().split('\n')

/** Nothing lost and nobody unknown, on this machine as a whole. */
const checkBooks = (): void => {
  const { counters } = watcher
  const { unattributed, badRecords, evictedCgroups, evictedContainers } = counters
  assert.deepEqual(
    { unattributed, badRecords, evictedCgroups, evictedContainers },
    { unattributed: 0, badRecords: 0, evictedCgroups: 0, evictedContainers: 0 },
  )
}

const check = (seen: readonly Seen[], ids: readonly string[]): void => {
  const own = Map.groupBy(
    seen.filter((each) => String(each.get('proc.args')).startsWith(`in ${milliseconds} `)),
    (each) => String(each.get('proc.args')).split(' ').at(-1),
  )
  for (const id of ids) {
    const events = own.get(id) ?? []
    const what = events.map((each) => [each.get('evt.type'), each.get('fd.name')])
    const opens = what.slice(1).map((words) => words.join(' '))
    assert.deepEqual(opens, Array<string>(opensEach).fill('openat /etc/hosts'), id)
    assert.equal(what[0]?.[0], 'execve', id)
    for (const each of events) {
      assert.equal(each.get('container.id'), id.slice(0, 12))
      assert.equal(each.get('k8s.pod.uid'), podUid)
    }
  }
  assert.equal(new Set(ids).size, ids.length)
}

test(`${count} containers in bursts of ${atOnce}`, { skip, timeout: 60_000 }, async () => {
  let ids: readonly string[] = []
  const seen = await watcher.observe(async () => {
    const { code, stdout, stderr } = await start(burst(count)).ended
    assert.equal(code, 0, stderr)
    ids = idsIn(stdout)
  })
  assert.equal(ids.length, count)
  check(seen, ids)
  checkBooks()
})

test('containers that are gone before their first event is looked at', { skip }, async () => {
  let ids: readonly string[] = []
  const seen = await watcher.observe(() => {
    const [program = '', ...operands] = burst(2 * atOnce)
    // It blocks the agent, which is in this process: all waits in the ring meanwhile.
    const { status, stdout, stderr } = spawnSync(program, operands, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    ids = idsIn(stdout)
    return Promise.resolve()
  })
  assert.equal(ids.length, 2 * atOnce)
  check(seen, ids)
  checkBooks()
})

test(`${runcCount} containers of runc's`, { skip, timeout: 300_000 }, async (context) => {
  const image = 'registry.example/batch/short:7'
  let made: ManyRun = { ids: [], podUid: '' }
  const seen = await watcher.observe(async () => {
    made = await lab.runMany(runcCount, 20, {
      image,
      network: 'host',
      command: ['/bin/busybox', 'usleep', String(milliseconds * 1000)],
    })
  })
  const byId = Map.groupBy(seen, (each) => each.get('container.id'))
  assert.equal(made.ids.length, runcCount)
  // The image is read from files that are gone with the container: an agent may come too late.
  let bare = 0
  for (const id of made.ids) {
    const own = byId.get(id.slice(0, 12)) ?? []
    const program = own.findIndex((each) => each.get('proc.exepath') === '/bin/busybox')
    assert.notEqual(program, -1, `${own.length} events of ${id}, none of its program`)
    for (const each of own.slice(program)) assert.equal(each.get('k8s.pod.uid'), made.podUid)
    const images = new Set(own.slice(program).map((each) => each.get('container.image.repository')))
    if (images.delete(null)) bare++
    else assert.deepEqual([...images], ['registry.example/batch/short'])
  }
  context.diagnostic(`${bare} of ${runcCount} ended before their files were read`)
  const programs = seen.filter((each) => String(each.get('proc.args')).startsWith('usleep'))
  assert.equal(programs.filter((each) => each.get('evt.type') === 'execve').length, runcCount)
  assert.ok(programs.every((each) => each.get('container.id') !== 'host'))
  checkBooks()
})

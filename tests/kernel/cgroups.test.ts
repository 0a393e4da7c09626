/**
 * Containers by cgroup where they are in a v1 hierarchy, in v2 or in both, with either driver's
 * paths. The cgroups are made by hand here, as a runtime would; runtimes are in other files.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { cgroupMode, readCgroups } from './inner.ts'
import { start } from './program.ts'
import { skip, useSetUp } from './stage.ts'
import type { Seen } from './watcher.ts'
import { Watcher } from './watcher.ts'

const cgroups = readCgroups()
const points = {
  v2: cgroups.unified.mounts[0]?.point,
  v1: cgroups.old?.mounts[0]?.point,
}
const skipV1 = skip || (points.v1 === undefined && 'no cgroup v1 hierarchy is mounted here')
const skipHybrid = skip || (cgroupMode(cgroups) !== 'hybrid' && 'v1 and v2 are not both mounted')

const made: string[] = []
let watcher: Watcher
/** Was there before the agent was. */
let early: ReturnType<typeof container>

useSetUp(async (undo) => {
  undo(() => {
    for (const path of made.reverse()) if (existsSync(path)) rmdirSync(path)
  })
  early = container()
  if (points.v1 !== undefined) makeCgroup(points.v1, early.cgroupfs)
  watcher = await Watcher.start()
  undo(() => watcher.close())
})

/** A container that could be: its id, its pod, and its path with either driver. */
function container() {
  const id = randomBytes(32).toString('hex')
  const uid = randomUUID()
  const slice = `bulwark${process.pid}.slice/kubepods-pod${uid.replaceAll('-', '_')}.slice`
  return {
    id,
    uid,
    cgroupfs: `/bulwark${process.pid}/kubepods/burstable/pod${uid}/${id}`,
    systemd: `/${slice}/cri-containerd-${id}.scope`,
  }
}

/** Makes a cgroup and those above it, in a child: what the agent's process does is not told. */
function makeCgroup(point: string, path: string): string {
  const whole = join(point, path)
  const missing: string[] = []
  for (let at = whole; !existsSync(at); at = dirname(at)) missing.unshift(at)
  const { status, stderr } = spawnSync('mkdir', missing, { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  made.push(...missing)
  return whole
}

/** What is seen of a program that moves itself into these cgroups and then runs. */
const runIn = async (paths: readonly string[]): Promise<readonly Seen[]> => {
  const mark = randomUUID()
  const moves = paths.map((path) => `echo $$ > ${path}/cgroup.procs`).join(' && ')
  const script = `${moves} && exec /bin/cat /etc/hosts /etc/${mark}`
  const seen = await watcher.observe(() => start(['/bin/sh', '-c', script]).ended)
  const own = seen.filter((each) => String(each.get('proc.args')).endsWith(mark))
  // The shell is seen in both: before it has moved, and as cat.
  return own.filter((each) => each.get('proc.name') === 'cat')
}

const check = (seen: readonly Seen[], expected: { id: string; uid: string } | undefined): void => {
  assert.ok(seen.some((each) => each.get('evt.type') === 'execve'))
  assert.ok(seen.some((each) => each.get('fd.name') === '/etc/hosts'))
  for (const each of seen) {
    assert.equal(each.get('container.id'), expected?.id.slice(0, 12) ?? 'host')
    assert.equal(each.get('k8s.pod.uid'), expected?.uid ?? null)
  }
}

test('a container that is in a v1 hierarchy alone', { skip: skipV1 }, async () => {
  for (const driver of ['cgroupfs', 'systemd'] as const) {
    const one = container()
    check(await runIn([makeCgroup(points.v1 ?? '', one[driver])]), one)
  }
  assert.equal(watcher.counters.unattributed, 0)
})

test('one that was there before the agent', { skip: skipV1 }, async () => {
  check(await runIn([join(points.v1 ?? '', early.cgroupfs)]), early)
})

test('v2 counts first; where it is of the host, v1 does', { skip: skipHybrid }, async () => {
  const { v1 = '', v2 = '' } = points
  const one = container()
  check(await runIn([makeCgroup(v2, one.systemd)]), one)
  check(await runIn([makeCgroup(v1, one.systemd), join(v2, one.systemd)]), one)
  const service = makeCgroup(v2, `/bulwark${process.pid}/docker.service`)
  const two = container()
  check(await runIn([makeCgroup(v1, two.cgroupfs), service]), two)
  check(await runIn([service]), undefined)
})

test('a cgroup that was removed, and its id and path again', { skip }, async () => {
  const point = points.v2 ?? points.v1 ?? ''
  const one = container()
  const path = makeCgroup(point, one.cgroupfs)
  check(await runIn([path]), one)
  assert.equal(spawnSync('rmdir', [path]).status, 0)
  check(await runIn([makeCgroup(point, one.cgroupfs)]), one)
  assert.equal(watcher.counters.disguisedCgroups, 0)
})

test('a cgroup named after another container stays what it is in', { skip }, async () => {
  const point = points.v2 ?? points.v1 ?? ''
  const [victim, attacker] = [container(), container()]
  makeCgroup(point, victim.systemd)
  const disguise = `${attacker.systemd}/cri-containerd-${victim.id}.scope`
  check(await runIn([makeCgroup(point, disguise)]), attacker)
  assert.equal(watcher.counters.disguisedCgroups, 1)
})

/**
 * One cgroup that floods, and a quiet one beside it, with a ring that nobody empties: nothing of
 * the quiet one is left out, and all that is left out of the other is counted.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Calls } from './calls.ts'
import type { Shed } from './inner.ts'
import { limits, readCgroups } from './inner.ts'
import { callsProgram, start } from './program.ts'
import type { Recording } from './recorder.ts'
import { Recorder } from './recorder.ts'
import { makeFolder, skip, useSetUp } from './stage.ts'

/** Few, so that a slow run adds no room to the share. */
const eventsPerSecond = 100
const cgroups = readCgroups()
const mount = (cgroups.old ?? cgroups.unified).mounts[0]?.point
const skipAll = skip || (mount === undefined && 'no cgroups are mounted')

let recorder: Recorder
let noisy: string
let quiet: string
/** So deep that few changes to it fill the ring. */
let deepFolder: string

useSetUp((undo) => {
  const make = (name: string): string => {
    const path = join(mount ?? '', `bulwark-${name}-${randomBytes(4).toString('hex')}`)
    mkdirSync(path)
    undo(() => rmdirSync(path))
    return path
  }
  deepFolder = join(makeFolder(undo), ...Array.from({ length: 15 }, () => 'a'.repeat(250)))
  mkdirSync(deepFolder, { recursive: true })
  noisy = make('noisy')
  quiet = make('quiet')
  const options = { floodEventsPerSecond: eventsPerSecond, old: cgroups.old }
  recorder = Recorder.start(new Set(['openat', 'chdir']), options)
  undo(() => recorder.close())
})

/** Runs a program in a cgroup, to its end. */
const runIn = async (cgroup: string, argv: readonly string[]): Promise<void> => {
  const script = `echo $$ > ${cgroup}/cgroup.procs && exec "$@"`
  const { code, stderr } = await start(['/bin/sh', '-c', script, 'sh', ...argv]).ended
  assert.equal(code, 0, stderr)
}

const callsOf = (calls: Calls): readonly string[] => [callsProgram(), ...calls.words]

/** The kernel's id for a cgroup is the inode number of its directory. */
const isOf = (cgroup: string, { cgroupId, oldId }: Shed): boolean =>
  statSync(cgroup).ino === (cgroups.old ? oldId : cgroupId)

/** What has come to a count of each cgroup and hook. */
const differences = (before: readonly Shed[], after: readonly Shed[]): readonly Shed[] => {
  const keyOf = ({ cgroupId, oldId, hook }: Shed): string => `${cgroupId} ${oldId} ${hook}`
  const counts = new Map(before.map((each) => [keyOf(each), each.count]))
  return after
    .map((each) => ({ ...each, count: each.count - (counts.get(keyOf(each)) ?? 0) }))
    .filter(({ count }) => count > 0)
}

/** Everything that is seen while `act` runs; and what was shed of the noisy one. */
const observe = async (act: () => Promise<void>) => {
  const { sensor } = recorder
  const [before, beforeAll] = [sensor.shed(), sensor.shedCount]
  const events = await recorder.record(act, () => () => true)
  const shed = differences(before, sensor.shed())
  const sum = shed.reduce((total, { count }) => total + count, 0)
  assert.equal(sum, sensor.shedCount - beforeAll, 'the parts are the sum')
  assert.equal(events.lost['ring_full'], 0)
  assert.deepEqual(
    shed.filter((each) => isOf(quiet, each)),
    [],
  )
  return { events, shed: shed.filter((each) => isOf(noisy, each)) }
}

const countOf = (events: Recording, prefix: string): number =>
  events.of('open').filter(({ rawPath }) => rawPath.startsWith(prefix)).length

const longName = 'none/'.repeat(40)

test(
  'opens beyond a share are shed and counted; those of others are all there',
  {
    skip: skipAll,
  },
  async () => {
    const [count, few] = [60_000, 100]
    const begun = performance.now()
    const { events, shed } = await observe(async () => {
      await runIn(noisy, callsOf(opensOf(count, `/noisy/${longName}`)))
      await runIn(quiet, callsOf(opensOf(few, '/quiet/')))
    })
    const seconds = (performance.now() - begun) / 1000
    assert.equal(countOf(events, '/quiet/'), few)
    const seen = countOf(events, '/noisy/')
    assert.deepEqual(
      shed.map(({ hook }) => hook),
      ['openat'],
      'no state',
    )
    assert.equal(seen + (shed[0]?.count ?? 0), count, 'produced is seen and shed')
    const free = (limits.ringBytes * limits.floodFrom) / longName.length
    const share = (limits.ringBytes * limits.floodBurst) / 512 + eventsPerSecond * seconds
    assert.ok(seen < free + share + few, `${seen} seen, of ${count}`)
    const programs = events.of('exec').filter(({ exePath }) => exePath === callsProgram())
    assert.equal(programs.length, 2)
    for (const { pid } of programs) {
      assert.ok(events.of('exit').some((each) => each.pid === pid))
    }
  },
)

test('while there is room in the ring, nothing is shed', { skip: skipAll }, async () => {
  const { events, shed } = await observe(async () => {
    await runIn(noisy, callsOf(opensOf(500, '/noisy/')))
  })
  assert.equal(countOf(events, '/noisy/'), 500)
  assert.deepEqual(shed, [])
})

test('state is shed last, and of none but who floods with it', { skip: skipAll }, async () => {
  const changes = new Calls()
  const count = 3000
  changes.call('chdir', deepFolder)
  for (let i = 1; i < count; i++) changes.call('chdir', '.')
  const some = new Calls()
  const few = 20
  for (let i = 0; i < few; i++) some.call('chdir', '/usr')
  const { events, shed } = await observe(async () => {
    await runIn(noisy, callsOf(changes))
    await runIn(quiet, callsOf(some))
  })
  const begun = events.of('exec').filter(({ exePath }) => exePath === callsProgram())
  const [seen = 0, ofQuiet] = begun.map(
    ({ pid }) => events.of('chdir').filter((each) => each.pid === pid).length,
  )
  const only = shed.find(({ hook }) => hook === 'chdir')
  assert.ok(only, JSON.stringify(shed))
  assert.equal(seen + only.count, count)
  assert.equal(ofQuiet, few)
  assert.ok(seen * deepFolder.length > limits.ringBytes * limits.floodFrom, `${seen} seen`)
  const { pid } = begun.at(-1) ?? {}
  assert.ok(events.of('exit').some((each) => each.pid === pid))
})

function opensOf(count: number, prefix: string): Calls {
  const calls = new Calls()
  calls.opens(count, prefix)
  return calls
}

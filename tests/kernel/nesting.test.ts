/**
 * Threads of one CPU that interrupt each other in the middle of a call, and so programs that
 * interrupt each other in the middle of a record: no record has a part of another's, and each is
 * there or counted; on the tracepoint backend each is there. In a guest the kernel is told to
 * interrupt wherever it can.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Calls } from './calls.ts'
import type { Recorded } from './decode.ts'
import type { Recording } from './recorder.ts'
import { chosen } from './recorder.ts'
import { skip, useStage } from './stage.ts'

const stage = useStage(new Set(['openat', 'mkdirat', 'unlinkat', 'renameat2']))
const rounds = 700
const threads = 8
const debug = '/sys/kernel/debug'
const preemption = `${debug}/sched/preempt`

/** Runs `act` with a kernel that interrupts itself, where that can be chosen and is ours to. */
const preemptible = async (act: () => Promise<void>): Promise<void> => {
  const isOurs = process.env['BULWARK_GUEST'] === '1'
  const mounted = isOurs && spawnSync('mount', ['-t', 'debugfs', 'debug', debug]).status === 0
  const before = isOurs && existsSync(preemption) ? readFileSync(preemption, 'utf8') : ''
  const [, setting] = /\((\w+)\)/.exec(before) ?? []
  try {
    if (setting !== undefined) writeFileSync(preemption, 'full')
    await act()
  } finally {
    if (setting !== undefined) writeFileSync(preemption, setting)
    if (mounted) spawnSync('umount', [debug])
  }
}

/** What was told of the threads' calls: the call, and every text that must name it. */
const named = (event: Recorded): readonly (readonly [call: string, path: string])[] => {
  const { folder } = stage
  const full = (path: string): string => (path.startsWith('/') ? path : join(folder, path))
  if (event.name === 'open') return [event.path, event.rawPath].map((each) => ['open', each])
  if (event.name === 'path_call')
    return [
      ['mkdir', full(event.rawPath)],
      ['mkdir', event.path],
    ]
  if (event.name === 'unlink') return [['unlink', event.rawPath]]
  if (event.name === 'rename')
    return [
      ['from', event.oldPath],
      ['to', event.newPath],
    ]
  return []
}

/** What is wrong with an event: a name of another call, thread or round. */
const faultOf = (event: Recorded, next: Map<string, number>): string | undefined => {
  const { folder } = stage
  let round = -1
  for (const [call, path] of named(event)) {
    const start = `${folder}/${call}-${event.tid}-`
    // An LSM hook is not asked everywhere: see the backends.
    if (path === '' && call === 'mkdir') continue
    const found = Number(path.slice(start.length))
    if (!path.startsWith(start) || (round >= 0 && found !== round)) return `${event.name}: ${path}`
    round = found
  }
  const key = `${event.name} ${event.tid}`
  if (round < (next.get(key) ?? 0)) return `${key}: ${round} comes late`
  next.set(key, round + 1)
  return undefined
}

const lossOf = ({ lost }: Recording): number =>
  ['ring_full', 'scratch_busy', 'recursion'].reduce((sum, place) => sum + (lost[place] ?? 0), 0)

test('threads that interrupt each other are not mixed', { skip }, async (t) => {
  const calls = new Calls()
  calls.mix(rounds, stage.folder)
  await preemptible(async () => {
    const { events } = await stage.recorder.run(calls)
    const told = events.all.filter((event) =>
      named(event).some(([, path]) => path.startsWith(`${stage.folder}/`)),
    )
    const next = new Map<string, number>()
    const faults = told.map((event) => faultOf(event, next)).filter((fault) => fault !== undefined)
    assert.deepEqual(faults.slice(0, 20), [])
    const done = threads * rounds
    const lost = lossOf(events)
    t.diagnostic(
      `${done} calls, ${told.length} told, ${lost} counted: ${JSON.stringify(events.lost)}`,
    )
    assert.ok(told.length <= done, `${told.length} events of ${done} calls`)
    assert.ok(told.length + lost >= done, `${done} calls, ${told.length} told, ${lost} counted`)
    const { sensor } = stage.recorder
    const skipped = sensor.losses(sensor.counters()).filter(({ place }) => place === 'recursion')
    t.diagnostic(
      skipped.map(({ hook, count }) => `${hook}: ${count}`).join(', ') || 'none left out',
    )
    if (chosen.backend === 'tracepoint') assert.equal(told.length, done, 'none is left out')
    assert.ok(skipped.every(({ hook }) => hook !== 'unknown'))
    assert.ok(told.length > done / 2, `${told.length} events of ${done} are few`)
  })
})

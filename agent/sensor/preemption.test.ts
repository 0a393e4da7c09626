/** Whether programs are preempted, by what they saw and by what the kernel says of itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Probe } from '@bulwark/native'
import type { Seen } from './preemption.ts'
import { hasManyCpus, heldAtTracepoints, preemptsItself } from './preemption.ts'

const dynamic = '#1 SMP PREEMPT_DYNAMIC Debian 6.12.107-1 (2026-09-01)'
const never = '#1 SMP Debian 5.10.251-1 (2026-02-01)'

const isUnknown = (probe: Probe): boolean => typeof probe !== 'string'

test('a kernel preempts itself as it is set, else as it was built', () => {
  const check = (setting: string | undefined, build: string, expected: Probe): void =>
    assert.equal(preemptsItself(setting, build), expected, `${setting} ${build}`)
  check('(none) voluntary full\n', dynamic, 'no')
  check('none (voluntary) full\n', dynamic, 'no')
  check('none voluntary (full)\n', dynamic, 'yes')
  check('full (lazy) \n', dynamic, 'yes')
  check(undefined, never, 'no')
  check(undefined, '#1 SMP PREEMPT Thu Jan 1', 'yes')
  check(undefined, '#1 SMP PREEMPT_RT Debian 6.12.107-1', 'yes')
  assert.ok(isUnknown(preemptsItself(undefined, dynamic)))
  assert.ok(isUnknown(preemptsItself('?', dynamic)))
})

test('programs at tracepoints are preempted where perf alone switches that off', () => {
  const all: Seen = { runs: 3, held: 3 }
  const none: Seen = { runs: 3, held: 0 }
  const held = (raw: Seen, perf: Seen, build = dynamic): Probe =>
    heldAtTracepoints(raw, () => perf, build)
  assert.equal(held(all, all), 'yes')
  assert.equal(held(none, all), 'no')
  assert.equal(held({ runs: 3, held: 1 }, all), 'no')
  assert.equal(held(none, none, never), 'yes')
  assert.ok(isUnknown(held(none, none)))
  assert.ok(isUnknown(held({ runs: 0, held: 0 }, all)))
  assert.ok(isUnknown(held(none, { runs: 0, held: 0 })))
})

test('a kernel for one CPU is known by its version', () => {
  assert.ok(hasManyCpus(dynamic))
  assert.ok(hasManyCpus(never))
  assert.ok(!hasManyCpus('#1 PREEMPT Thu Jan 1'))
})

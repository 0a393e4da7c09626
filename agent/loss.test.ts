/** Losses become alerts: each count once, some together, none hidden. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Alert } from './alert.ts'
import { alertJson } from './alert.ts'
import { limits } from './limits.ts'
import type { Loss } from './loss.ts'
import { LossAlerts, LossMeter, lossRule } from './loss.ts'

const loss = (hook: string, count: number, place = 'ring_full'): Loss => ({ place, hook, count })
const second = 1_000_000_000n
/** 2026-11-23 10:11:00 UTC. */
const boot = 1_795_428_660_000_000_000n

test('a meter tells what came since the last look, with the interval', () => {
  const meter = new LossMeter(5n)
  assert.equal(meter.look([], 6n), undefined)
  assert.deepEqual(meter.look([loss('openat', 3), loss('execve', 1)], 7n), {
    startNs: 6n,
    endNs: 7n,
    losses: [loss('openat', 3), loss('execve', 1)],
  })
  assert.equal(meter.look([loss('openat', 3), loss('execve', 1)], 8n), undefined)
  const report = meter.look([loss('openat', 5), loss('openat', 2, 'scratch_busy')], 9n)
  assert.deepEqual(report, {
    startNs: 8n,
    endNs: 9n,
    losses: [loss('openat', 2), loss('openat', 2, 'scratch_busy')],
  })
})

const told: Alert[] = []
const alerts = (): LossAlerts => {
  told.length = 0
  return new LossAlerts('node1', (alert) => told.push(alert))
}

test('an alert of a loss names hook, count, interval and place', () => {
  alerts().add({ startNs: second, endNs: 2n * second, losses: [loss('openat', 212)] }, boot)
  const [alert] = told
  assert.ok(alert)
  const read = JSON.parse(alertJson(alert)) as Record<string, unknown>
  assert.equal(read['rule'], lossRule)
  assert.equal(read['source'], 'internal')
  assert.equal(read['priority'], 'Warning')
  assert.equal(read['time'], '2026-11-23T10:11:02.000000000Z')
  assert.match(
    String(read['output']),
    /: Warning Events lost: 212 of openat from .*: the ring .* full \| hook=openat count=212/,
  )
  assert.deepEqual(
    [...alert.outputFields],
    [
      ['lost.count', 212],
      ['lost.end', boot + 2n * second],
      ['lost.hook', 'openat'],
      ['lost.place', 'ring_full'],
      ['lost.start', boot + second],
    ],
  )
})

test('the more, the more urgent', () => {
  const check = (count: number, expected: string): void => {
    alerts().add({ startNs: 0n, endNs: 1n, losses: [loss('openat', count)] }, boot)
    assert.equal(told[0]?.priority, expected, String(count))
  }
  check(1, 'Warning')
  check(limits.lossErrorMin - 1, 'Warning')
  check(limits.lossErrorMin, 'Error')
  check(limits.lossCriticalMin, 'Critical')
})

test('losses that follow soon are told together, and at the end', () => {
  const all = alerts()
  const at = (seconds: number, ...losses: readonly Loss[]): void => {
    const endNs = BigInt(seconds) * second
    all.add({ startNs: endNs - second, endNs, losses }, boot)
  }
  at(1, loss('openat', 1))
  at(2, loss('openat', 2))
  at(3, loss('openat', 3), loss('execve', 4))
  assert.equal(told.length, 1)
  all.pass(second + limits.lossPauseNs - 1n, boot)
  assert.equal(told.length, 1)
  all.pass(second + limits.lossPauseNs, boot)
  const facts = told.map(({ outputFields: f }) =>
    ['lost.hook', 'lost.count', 'lost.start', 'lost.end'].map((name) => f.get(name)),
  )
  assert.deepEqual(facts, [
    ['openat', 1, boot, boot + second],
    ['openat', 5, boot + second, boot + 3n * second],
    ['execve', 4, boot + second, boot + 3n * second],
  ])
  at(12, loss('openat', 9))
  assert.equal(told.length, 3)
  all.flush(boot)
  assert.equal(told[3]?.outputFields.get('lost.count'), 9)
  all.flush(boot)
  assert.equal(told.length, 4)
})

test('law: all that was lost is told, each event once, in intervals that do not overlap', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  const steps = fc.array(
    fc.record({
      hook: fc.constantFrom('openat', 'execve', 'connect'),
      more: fc.nat(3000),
      seconds: fc.nat(8),
    }),
  )
  const law = (all: readonly { hook: string; more: number; seconds: number }[]): void => {
    const teller = alerts()
    const meter = new LossMeter(0n)
    const counts = new Map<string, number>()
    let now = 0n
    for (const { hook, more, seconds } of all) {
      now += BigInt(seconds) * second + 1n
      counts.set(hook, (counts.get(hook) ?? 0) + more)
      const report = meter.look(
        [...counts].map(([name, count]) => loss(name, count)),
        now,
      )
      if (report) teller.add(report, 0n)
      else teller.pass(now, 0n)
    }
    teller.flush(0n)
    for (const [hook, count] of counts) {
      const own = told.filter(({ outputFields }) => outputFields.get('lost.hook') === hook)
      const sum = own.reduce(
        (total, each) => total + Number(each.outputFields.get('lost.count')),
        0,
      )
      assert.equal(sum, count)
      own.forEach(({ outputFields }, i) => {
        const before = own[i - 1]?.outputFields.get('lost.end') ?? 0n
        assert.ok(BigInt(Number(outputFields.get('lost.start'))) >= BigInt(Number(before)))
      })
    }
    const pause = Number(limits.lossPauseNs / second)
    const bound = 3 * (2 + Number(now / second) / pause)
    assert.ok(told.length <= bound, `${told.length} alerts, at most ${bound}`)
  }
  fc.assert(fc.property(steps, law), { seed, numRuns: 300 })
})

/** What floods have cost becomes alerts: each count once, of its container, none hidden. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Alert } from './alert.ts'
import { alertJson } from './alert.ts'
import type { Container } from './container/container.ts'
import { newContainer, noMetadata } from './container/container.ts'
import type { Shed, ShedReport } from './flood.ts'
import { ShedAlerts, ShedMeter, shedRule } from './flood.ts'
import { limits } from './limits.ts'

const shed = (cgroupId: number, hook: string, count: number): Shed => ({
  cgroupId,
  oldId: 0,
  hook,
  count,
})
const second = 1_000_000_000n
/** 2026-11-23 10:11:00 UTC. */
const boot = 1_795_428_660_000_000_000n

test('a meter tells what came since the last look, by cgroup and hook', () => {
  const meter = new ShedMeter(5n)
  const look = (total: number, counts: readonly Shed[], now: bigint): ShedReport | undefined =>
    meter.look(total, counts, now)
  assert.equal(look(0, [], 6n), undefined)
  assert.deepEqual(look(4, [shed(7, 'openat', 3), shed(8, 'openat', 1)], 7n), {
    startNs: 6n,
    endNs: 7n,
    shed: [shed(7, 'openat', 3), shed(8, 'openat', 1)],
    others: 0,
  })
  assert.equal(look(4, [shed(7, 'openat', 3), shed(8, 'openat', 1)], 8n), undefined)
  const report = look(9, [shed(7, 'openat', 5), shed(8, 'openat', 1), shed(8, 'connect', 3)], 9n)
  assert.deepEqual(report?.shed, [shed(7, 'openat', 2), shed(8, 'connect', 3)])
})

test('an entry that was given up begins anew, and what it had is told without a name', () => {
  const meter = new ShedMeter(0n)
  assert.deepEqual(meter.look(10, [shed(7, 'openat', 10)], 1n)?.shed, [shed(7, 'openat', 10)])
  const report = meter.look(25, [shed(7, 'openat', 4)], 2n)
  assert.deepEqual([report?.shed, report?.others], [[shed(7, 'openat', 4)], 11])
})

test('what was shed between the two readings is told once', () => {
  const meter = new ShedMeter(0n)
  assert.equal(meter.look(10, [shed(7, 'openat', 12)], 1n)?.others, 0)
  assert.equal(meter.look(12, [shed(7, 'openat', 12)], 2n), undefined)
  const report = meter.look(15, [shed(7, 'openat', 15)], 3n)
  assert.deepEqual([report?.shed, report?.others], [[shed(7, 'openat', 3)], 0])
})

test('a map that is read again from its beginning tells nothing twice', () => {
  const meter = new ShedMeter(0n)
  const report = meter.look(5, [shed(7, 'openat', 5), shed(7, 'openat', 5)], 1n)
  assert.deepEqual(report?.shed, [shed(7, 'openat', 5)])
})

const web: Container = {
  ...newContainer({ id: 'a'.repeat(64), podUid: 'uid-1', runtime: 'containerd' }),
  metadata: { ...noMetadata, name: 'web', podName: 'web-1', namespace: 'shop' },
}
const containerOf = (id: number | bigint): Container | undefined =>
  id === 7 || id === 77 ? web : undefined
const told: Alert[] = []
const log: string[] = []
const alerts = (): ShedAlerts => {
  told.length = 0
  log.length = 0
  const onAlert = (alert: Alert): void => void told.push(alert)
  return new ShedAlerts('node1', onAlert, (line) => log.push(line))
}
const reportOf = (endSeconds: number, all: readonly Shed[], others = 0): ShedReport => {
  const endNs = BigInt(endSeconds) * second
  return { startNs: endNs - second, endNs, shed: all, others }
}

test('an alert names the container, the hook, the count and the interval', () => {
  alerts().add(reportOf(2, [shed(7, 'openat', 212)]), boot, containerOf)
  const [alert] = told
  assert.ok(alert)
  const read = JSON.parse(alertJson(alert)) as Record<string, unknown>
  assert.deepEqual(
    [read['rule'], read['source'], read['priority'], read['time']],
    [shedRule, 'internal', 'Warning', '2026-11-23T10:11:02.000000000Z'],
  )
  assert.match(
    String(read['output']),
    /Events shed: 212 of openat in container web \(a{12}\) of pod shop\/web-1 from .* to .*: /,
  )
  assert.match(String(read['output']), / \| container=a{12} hook=openat count=212$/)
  assert.doesNotMatch(String(read['output']), /lost/)
  assert.deepEqual(Object.fromEntries(alert.outputFields), {
    'container.id': 'a'.repeat(12),
    'container.name': 'web',
    'k8s.ns.name': 'shop',
    'k8s.pod.name': 'web-1',
    'shed.cgroup': 7,
    'shed.count': 212,
    'shed.end': boot + 2n * second,
    'shed.hook': 'openat',
    'shed.start': boot + second,
  })
  assert.deepEqual([alert.bulwark.containerId, alert.bulwark.podUid], ['a'.repeat(64), 'uid-1'])
  assert.deepEqual(log, [
    `shed 212 events, to lose none of others; most: 212 of openat in container web (${'a'.repeat(12)}) of pod shop/web-1`,
  ])
})

test('events of state are more urgent, and the host is told as a cgroup', () => {
  alerts().add(reportOf(1, [shed(9, 'execve', 1)]), boot, containerOf)
  assert.equal(told[0]?.priority, 'Error')
  assert.equal(told[0].outputFields.get('container.id'), 'host')
  assert.match(told[0].message, /1 of execve in cgroup 9, which is no container's from/)
})

test('cgroups in a container are that container, and what follows soon is told together', () => {
  const all = alerts()
  all.add(reportOf(1, [shed(7, 'openat', 1)]), boot, containerOf)
  all.add(reportOf(2, [shed(7, 'openat', 2), shed(77, 'openat', 3)]), boot, containerOf)
  all.add(reportOf(3, [shed(8, 'openat', 4)], 5), boot, containerOf)
  assert.equal(told.length, 1)
  all.pass(second + limits.lossPauseNs, boot)
  assert.deepEqual(
    told.map(({ outputFields: f }) =>
      ['container.name', 'shed.hook', 'shed.count'].map((n) => f.get(n)),
    ),
    [
      ['web', 'openat', 1],
      ['web', 'openat', 5],
      [null, null, 5],
      [null, 'openat', 4],
    ],
  )
})

test('many containers make few alerts, and no count is missing', () => {
  const all = alerts()
  const many = Array.from({ length: 500 }, (_, i) => shed(100 + i, 'openat', i + 1))
  all.add(reportOf(1, many), boot, containerOf)
  assert.equal(told.length, limits.shedAlertsMax + 1)
  const sum = told.reduce((total, { outputFields: f }) => total + Number(f.get('shed.count')), 0)
  assert.equal(sum, (500 * 501) / 2)
})

test('law: all that was shed is told, each event once', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  interface Step {
    readonly cgroup: number
    readonly hook: string
    readonly more: number
    /** Shed between the two readings. */
    readonly late: number
    readonly seconds: number
    /** The kernel side gives the entry up. */
    readonly forgets: boolean
  }
  const step: fc.Arbitrary<Step> = fc.record({
    cgroup: fc.integer({ min: 5, max: 9 }),
    hook: fc.constantFrom('openat', 'execve'),
    more: fc.nat(3000),
    late: fc.nat(20),
    seconds: fc.nat(8),
    forgets: fc.boolean(),
  })
  const law = (steps: readonly Step[]): void => {
    const teller = alerts()
    const meter = new ShedMeter(0n)
    const counts = new Map<string, Shed>()
    let [now, total] = [0n, 0]
    for (const { cgroup, hook, more, late, seconds, forgets } of steps) {
      const key = `${cgroup} ${hook}`
      if (forgets) counts.delete(key)
      now += BigInt(seconds) * second + 1n
      const count = (counts.get(key)?.count ?? 0) + more + late
      counts.set(key, shed(cgroup, hook, count))
      const report = meter.look(total + more, [...counts.values()], now)
      total += more + late
      if (report) teller.add(report, 0n, containerOf)
    }
    const last = meter.look(total, [...counts.values()], now + 1n)
    if (last) teller.add(last, 0n, containerOf)
    teller.flush(0n)
    const sum = told.reduce((all, { outputFields: f }) => all + Number(f.get('shed.count')), 0)
    assert.equal(sum, total)
  }
  fc.assert(fc.property(fc.array(step), law), { seed, numRuns: 300 })
})

/** Requests of agents: what is taken, and what is refused with which reason. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from '../limits.ts'
import { alertAt, linesOf } from '../testdata/alerts.ts'
import { isBadBatch, readBatch } from './read-batch.ts'
import type { Batch } from './read-batch.ts'

const batchOf = (text: string, form: 'lines' | 'array' = 'lines'): Batch => {
  const batch = readBatch(text, form)
  assert.ok(!isBadBatch(batch))
  return batch
}

test('lines and arrays of alerts', () => {
  const all = [alertAt(1), alertAt(2)]
  const uuids = all.map(({ uuid }) => uuid)
  const check = (text: string, form: 'lines' | 'array', expected: readonly string[]): void => {
    const { alerts, refused } = batchOf(text, form)
    assert.deepEqual([alerts.map(({ uuid }) => uuid), refused], [expected, []])
  }
  check(linesOf(all), 'lines', uuids)
  check(`\n${linesOf(all).replaceAll('\n', '\r\n\n')}`, 'lines', uuids)
  check(JSON.stringify(all), 'array', uuids)
  check(JSON.stringify(all[0]), 'array', uuids.slice(0, 1))
  check('', 'lines', [])
  check('[]', 'array', [])
})

test('an alert says what it said, to the nanosecond', () => {
  const text = linesOf([alertAt(1)]).replace('"evt.time":1', '"evt.time":1795000000000000123')
  const [alert] = batchOf(text).alerts
  assert.equal(alert?.timeNs, 1_794_997_600_123_456_789n)
  assert.equal(alert.outputFields.get('evt.time'), 1_795_000_000_000_000_123n)
  assert.equal(alert.subject?.podName, 'ci-runner-25ff08462-0eba9')
  assert.deepEqual(alert.subject.programs[0]?.programArguments, ['sh'])
})

test('an alert about Bulwark itself has no tags and no subject', () => {
  const { tags: _, subject: __, ...internal } = alertAt(1, { source: 'internal' })
  const [alert] = batchOf(linesOf([internal])).alerts
  assert.deepEqual([alert?.tags, alert?.subject], [[], undefined])
})

test('what is newer than the server is passed over', () => {
  const { alerts } = batchOf(linesOf([{ ...alertAt(1), colour: 'red' }]))
  assert.equal(alerts.length, 1)
})

const long = 'x'.repeat(limits.textCharsMax + 1)
const uuidOf = (at: number): string => alertAt(at).uuid

test('a bad alert is refused with its reason, and spoils no other', () => {
  const check = (bad: unknown, reason: RegExp, uuid: string | null = uuidOf(2)): void => {
    const { alerts, refused } = batchOf(
      linesOf([alertAt(1)]) +
        (typeof bad === 'string' ? bad : linesOf([bad])) +
        linesOf([alertAt(3)]),
    )
    assert.deepEqual(
      alerts.map((each) => each.uuid),
      [uuidOf(1), uuidOf(3)],
    )
    assert.equal(refused.length, 1)
    assert.deepEqual([refused[0]?.at, refused[0]?.uuid], [1, uuid])
    assert.match(refused[0]?.reason ?? '', reason)
  }
  const subject = alertAt(2).subject
  const of = (more: object): object => ({ ...alertAt(2), subject: { ...subject, ...more } })
  check('nonsense\n', /^is no JSON$/, null)
  check(
    `{"uuid":"${'x'.repeat(limits.alertCharsMax)}"}\n`,
    /^has more than 524288 characters$/,
    null,
  )
  check([1], /expected object, received array/, null)
  check(null, /expected object, received null/, null)
  check({ ...alertAt(2), uuid: 'A' }, /^uuid: is no UUID in lower case$/, null)
  check({ ...alertAt(2), uuid: undefined }, /^uuid: /, null)
  check({ ...alertAt(2), priority: 'loud' }, /^priority: Invalid option/)
  check({ ...alertAt(2), rule: '' }, /^rule: Too small/)
  check({ ...alertAt(2), rule: 5, output: 6 }, /^rule: .*\(and 1 more faults\)$/)
  check({ ...alertAt(2), time: 'yesterday' }, /^time: is no time in UTC/)
  check({ ...alertAt(2), time: '2026-13-18T10:26:40Z' }, /^time: is no time in UTC/)
  check({ ...alertAt(2), time: '1026-10-18T10:26:40Z' }, /^time: is no time in UTC/)
  check({ ...alertAt(2), output: long }, /^output: Too big/)
  check({ ...alertAt(2), output_fields: { a: {} } }, /^output_fields\.a: is no value of a field/)
  check({ ...alertAt(2), output_fields: { a: [[[[[1]]]]] } }, /^output_fields\.a: is no value/)
  check({ ...alertAt(2), output_fields: [] }, /^output_fields: /)
  check({ ...alertAt(2), bulwark: null }, /^bulwark: /)
  check({ ...alertAt(2), tags: Array.from({ length: 300 }, () => 't') }, /^tags: Too big/)
  check(of({ namespace: '../x' }), /^subject\.namespace: is no name of Kubernetes/)
  check(of({ pod: 'a/b' }), /^subject\.pod: is no name of Kubernetes/)
  check(of({ pod: '__proto__' }), /^subject\.pod: is no name of Kubernetes/)
  check(of({ image_digest: 'sha256:1' }), /^subject\.image_digest: is no digest/)
  check(of({ outcome: 'perhaps' }), /^subject\.outcome: /)
  check(of({ programs: 'sh' }), /^subject\.programs: /)
})

test('requests that are of no use as a whole', () => {
  const check = (text: string, form: 'lines' | 'array', message: RegExp): void => {
    const batch = readBatch(text, form)
    assert.ok(isBadBatch(batch))
    assert.match(batch.message, message)
  }
  check('[{', 'array', /^the request is no JSON$/)
  check('{}\n'.repeat(limits.batchAlertsMax + 1), 'lines', /^more than 4096 alerts/)
  check(JSON.stringify(Array.from({ length: 4097 }, () => 1)), 'array', /^more than 4096 alerts/)
})

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
const numRuns = Number(process.env['TEST_RUNS'] ?? 200)
console.log(`TEST_SEED=${seed}`)

test('law: nothing makes it throw, and each line is taken or refused', () => {
  const keys = Object.keys(alertAt(1))
  const nearly = fc
    .record({ key: fc.constantFrom(...keys), value: fc.jsonValue({ maxDepth: 3 }) })
    .map(({ key, value }) => JSON.stringify({ ...alertAt(1), [key]: value }))
  const line = fc.oneof(
    nearly,
    fc.json({ maxDepth: 4 }),
    fc.string().map((text) => `x${text.replaceAll('\n', '')}`),
    fc.constant(JSON.stringify(alertAt(1))),
  )
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), (lines) => {
      const { alerts, refused } = batchOf(lines.join('\n'))
      assert.equal(alerts.length + refused.length, lines.length)
    }),
    { seed, numRuns },
  )
})

/** The queue of alerts before their judgement: order, bounds, and alerts that come again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { alertAt, linesOf } from '../testdata/alerts.ts'
import { AlertIntake } from './intake.ts'
import type { ReceivedAlert } from './read-alert.ts'
import { isBadBatch, readBatch } from './read-batch.ts'

const received = (...at: readonly number[]): readonly ReceivedAlert[] => {
  const batch = readBatch(linesOf(at.map((each) => alertAt(each))), 'lines')
  assert.ok(!isBadBatch(batch))
  return batch.alerts
}

const intakeOf = (
  waitingMax: number = limits.waitingAlertsMax,
): { readonly intake: AlertIntake; readonly told: readonly string[] } => {
  const told: string[] = []
  const intake = new AlertIntake({
    judge: ({ rule }) => ({ context: { summary: rule }, raised: [] }),
    tell: ({ uuid }, { context }) =>
      told.push(`${Number.parseInt(uuid.slice(-12), 16)} ${context?.summary}`),
    waitingMax,
  })
  return { intake, told }
}

test('alerts are told in their order, and answered when they have been', async () => {
  const { intake, told } = intakeOf()
  const [first, second] = [intake.take(received(1, 2), 'a'), intake.take(received(3), 'a')]
  assert.deepEqual([intake.waiting, told], [3, []])
  assert.deepEqual(await second, { accepted: 1, repeated: 0 })
  assert.deepEqual(told, ['1 A shell', '2 A shell', '3 A shell'])
  assert.deepEqual(await first, { accepted: 2, repeated: 0 })
  assert.equal(intake.waiting, 0)
})

test('one that comes again is told once, also when both wait', async () => {
  const { intake, told } = intakeOf()
  const both = [intake.take(received(1, 2), 'a'), intake.take(received(2, 1, 3), 'b')]
  assert.deepEqual(await Promise.all(both.map(async (each) => await each)), [
    { accepted: 2, repeated: 0 },
    { accepted: 1, repeated: 2 },
  ])
  assert.deepEqual(await intake.take(received(3), 'a'), { accepted: 0, repeated: 1 })
  assert.equal(told.length, 3)
  assert.deepEqual([intake.counts.judged, intake.counts.repeated], [3, 3])
})

test('what finds no room is not taken in part', async () => {
  const { intake, told } = intakeOf(3)
  const taken = intake.take(received(1, 2), 'a')
  assert.equal(intake.take(received(3, 4), 'b'), 'full')
  const more = intake.take(received(5), 'b')
  await taken
  await more
  assert.equal(told.length, 3)
  assert.notEqual(intake.take(received(3, 4), 'b'), 'full')
  await intake.drained()
})

test('an agent that sends more and more leaves room for others, who take turns with it', async () => {
  const { intake, told } = intakeOf(8)
  const taken = [1, 2, 3, 4, 5, 6].map((at) => intake.take(received(at), 'noisy'))
  assert.deepEqual(taken.slice(4), ['share', 'share'], 'it has half of the room')
  assert.ok(taken.slice(0, 4).every((each) => typeof each === 'object'))
  for (const at of [11, 12, 13]) taken.push(intake.take(received(at), 'other'))
  assert.equal(taken.at(-1), 'share', 'of two each has a third')
  taken.push(intake.take(received(21), 'quiet'))
  await intake.drained()
  const order = told.map((line) => Number.parseInt(line, 10))
  assert.deepEqual(order, [1, 11, 21, 2, 12, 3, 4])
  assert.deepEqual(
    [...intake.shed],
    [
      ['noisy', 2],
      ['other', 1],
    ],
  )
  // When what waited is told, it has room again.
  assert.deepEqual(await intake.take(received(5, 6), 'noisy'), { accepted: 2, repeated: 0 })
})

test('only so many uuids are remembered, the latest', async () => {
  const { intake } = intakeOf()
  const [alert] = received(1)
  assert.ok(alert)
  const uuids = Array.from({ length: limits.rememberedAlertsMax + 1 }, (_, at) => `u${at}`)
  const step = limits.waitingAlertsMax
  for (let at = 0; at < uuids.length; at += step) {
    const batch = uuids.slice(at, at + step).map((uuid) => Object.assign({}, alert, { uuid }))
    await intake.take(batch, 'a')
  }
  const again = (uuid: string | undefined): ReturnType<AlertIntake['take']> =>
    intake.take([{ ...alert, uuid: uuid ?? '' }], 'a')
  assert.deepEqual(await again(uuids.at(-1)), { accepted: 0, repeated: 1 })
  assert.deepEqual(await again(uuids[0]), { accepted: 1, repeated: 0 })
})

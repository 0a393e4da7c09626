/** A channel over sinks that work, hang, fail and end: bounds, order, counts, its own end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { limits } from '../limits.ts'
import type { Entry } from './queue.ts'
import { Queue } from './queue.ts'
import type { Sink } from './sink.ts'
import { SinkFault } from './sink.ts'
import { channelOf, entry } from './testdata/entries.ts'

const timeout = 60_000

/** Keeps what it gets; does with each call what a test says. */
class TestSink implements Sink {
  readonly batchMax: number
  readonly got: string[] = []
  readonly #onSend: (entries: readonly Entry[], call: number) => Promise<void> | void
  calls = 0
  closed = 0
  reopened = 0

  constructor(
    batchMax: number,
    onSend: (entries: readonly Entry[], call: number) => Promise<void> | void,
  ) {
    this.batchMax = batchMax
    this.#onSend = onSend
  }

  async send(entries: readonly Entry[]): Promise<void> {
    await this.#onSend(entries, this.calls++)
    this.got.push(...entries.map(({ line }) => line))
  }

  reopen(): void {
    this.reopened++
  }

  async close(): Promise<void> {
    this.closed++
  }
}

const hangs = (): Promise<void> => new Promise(() => {})

test('alerts are delivered in order, some together', { timeout }, async () => {
  const sink = new TestSink(3, () => {})
  const { channel, said } = channelOf(sink)
  for (const line of ['a', 'b', 'c', 'd']) channel.offer(entry(line))
  assert.deepEqual(await channel.close(5_000), [])
  assert.deepEqual([sink.got, sink.calls, sink.closed], [['a', 'b', 'c', 'd'], 2, 1])
  assert.deepEqual([channel.delivered, [...channel.lost], said], [4, [], []])
})

test('the first alert of a turn goes at once where it can', { timeout }, async () => {
  const taken: string[] = []
  let isFull = false
  class QuickSink extends TestSink {
    sendNow({ line }: Entry): boolean {
      if (!isFull) taken.push(line)
      return !isFull
    }
  }
  const sink = new QuickSink(3, () => {})
  const { channel } = channelOf(sink)
  for (const line of ['a', 'b', 'c']) channel.offer(entry(line))
  assert.deepEqual([taken, sink.got, channel.delivered, channel.waiting], [['a'], [], 1, 2])
  // What waits is before what comes.
  await Promise.resolve()
  channel.offer(entry('d'))
  await turn()
  assert.deepEqual([taken, sink.got], [['a'], ['b', 'c', 'd']])
  isFull = true
  channel.offer(entry('e'))
  await turn()
  isFull = false
  channel.offer(entry('f'))
  assert.deepEqual(
    [taken, sink.got],
    [
      ['a', 'f'],
      ['b', 'c', 'd', 'e'],
    ],
  )
  assert.deepEqual(await channel.close(5_000), [])
  assert.deepEqual([channel.delivered, [...channel.lost]], [6, []])
})

test('a sink that hangs holds a bounded number, and is left at the end', { timeout }, async () => {
  const sink = new TestSink(1, hangs)
  const { channel } = channelOf(sink, { bounds: { alertsMax: 3, bytesMax: 1000 } })
  for (let i = 0; i < 10; i++) channel.offer(entry(String(i)))
  assert.deepEqual([...channel.lost], [['queue_full', 7]])
  for (let i = 0; i < limits.channelLossAlertsMax; i++) {
    assert.equal(channel.offerLoss(entry('lost')), true)
  }
  assert.equal(channel.offerLoss(entry('lost')), false)
  const rest = await channel.close(10)
  assert.deepEqual(
    rest.slice(0, 4).map(({ line }) => line),
    ['0', '1', '2', 'lost'],
  )
})

test('what fails is tried again, and what was delivered of it is not', { timeout }, async () => {
  const sink = new TestSink(10, (entries, call) => {
    if (call === 0) throw new SinkFault('down')
    if (call === 1) {
      sink.got.push(...entries.slice(0, 2).map(({ line }) => line))
      throw new SinkFault('full', { delivered: 2 })
    }
  })
  const { channel, said } = channelOf(sink)
  for (const line of ['a', 'b', 'c']) channel.offer(entry(line))
  assert.deepEqual(await channel.close(10_000), [])
  assert.deepEqual(sink.got, ['a', 'b', 'c'])
  assert.deepEqual([channel.delivered, [...channel.lost]], [3, []])
  assert.deepEqual(said[0], 'warning: channel test: down; alerts wait for it')
  assert.match(said[1] ?? '', /^channel test delivers again after [\d.]+ s; 0 alerts lost$/)
  assert.equal(said.length, 2)
})

test('what is refused is given up, and what fails too often', { timeout }, async () => {
  const sink = new TestSink(1, ([first]) => {
    if (first?.line === 'bad') throw new SinkFault('no', { next: 'give-up' })
    if (first?.line === 'worse') throw new SinkFault('error', { triesMax: 2, pauseMs: 1 })
  })
  const { channel } = channelOf(sink)
  for (const line of ['a', 'bad', 'b', 'worse', 'c']) channel.offer(entry(line))
  assert.deepEqual(await channel.close(10_000), [])
  assert.deepEqual([sink.got, sink.calls], [['a', 'b', 'c'], 6])
  assert.deepEqual(Object.fromEntries(channel.lost), { refused: 1, failed: 1 })
})

test('one that nobody reads any more ends, and says so once', { timeout }, async () => {
  const sink = new TestSink(1, () => {
    throw new SinkFault('no reader', { next: 'gone' })
  })
  const gone = Promise.withResolvers<void>()
  const { channel, said } = channelOf(sink, { onGone: () => gone.resolve() })
  channel.offer(entry('a'))
  channel.offer(entry('b'))
  await gone.promise
  channel.offer(entry('c'))
  assert.deepEqual(said, ['channel test ends: no reader'])
  assert.deepEqual([...channel.lost], [['stopped', 2]])
  assert.deepEqual(await channel.close(10), [])
})

test('reopening ends a pause', { timeout }, async () => {
  let isUp = false
  const failed = Promise.withResolvers<void>()
  const sink = new TestSink(1, () => {
    if (isUp) return
    failed.resolve()
    throw new SinkFault('down', { pauseMs: 3_600_000 })
  })
  const { channel } = channelOf(sink)
  channel.offer(entry('a'))
  await failed.promise
  // The pause begins after the fault.
  await new Promise((resolve) => setImmediate(resolve))
  isUp = true
  channel.reopen()
  assert.deepEqual(await channel.close(10_000), [])
  assert.deepEqual([sink.got, sink.reopened], [['a'], 1])
})

test('a queue keeps order, and its bounds', (t) => {
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
  t.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.nat(5)), { maxLength: 400 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 200 }),
      (steps, alertsMax, bytesMax) => {
        const queue = new Queue({ alertsMax, bytesMax })
        let model: Entry[] = []
        for (const step of steps) {
          if (typeof step === 'number') {
            const taken = model.slice(0, step)
            model = model.slice(step)
            assert.deepEqual(queue.take(step), taken)
          } else {
            const next = entry(step)
            const bytes = model.reduce((total, each) => total + each.bytes, next.bytes)
            const fits = model.length < alertsMax && (model.length === 0 || bytes <= bytesMax)
            if (fits) model.push(next)
            assert.equal(queue.push(next), fits)
          }
          assert.equal(queue.size, model.length)
        }
        assert.deepEqual(queue.peek(1000), model)
      },
    ),
    { seed },
  )
})

/** What the runner's summary says of tests, and which guests words choose. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseGuests } from './guests.ts'
import { Tally, parseTold } from './results.ts'

test('each reason, slow file, phase, fault and guest has a line, and the sum comes last', () => {
  const printed: string[] = []
  const tally = new Tally((line) => printed.push(line))
  const file = 'tests/kernel/open.test.ts'
  const lines = [
    '{"file":"F","name":"a","outcome":"passed"}',
    '{"file":"F","name":"b","outcome":"skipped","reason":"no such call"}',
    '{"file":"F","name":"c","outcome":"failed"}',
    '{"file":"F","ms":61499}',
    '{"file":"F","name":"a line that was cut',
    'null',
  ].map((line) => line.replace('"F"', JSON.stringify(file)))
  const told = parseTold(lines)
  assert.deepEqual(told.times, [{ file, ms: 61_499 }])
  tally.add(told, 'on Linux 5.10: ')
  tally.leaveOut('in guests, x.test.ts: too slow')
  tally.fail('on Linux 6.1: guest 6.1 did not come up')
  assert.deepEqual(printed, ['failed: on Linux 6.1: guest 6.1 did not come up'])
  tally.note('Linux 6.1: not run to the end, 3 s')
  tally.addPhase({ name: 'unit tests', ms: 181_400 })
  tally.tellLength(1_500_000, 1_500_000)
  tally.tellLength(1_623_000, 1_500_000)
  assert.equal(
    tally.summary,
    `left out, 1: on Linux 5.10: no such call
left out, 1: in guests, x.test.ts: too slow
slowest: 61 s, on Linux 5.10: ${file}
took: 181 s, unit tests
failed: on Linux 5.10: ${file}: c
failed: on Linux 6.1: guest 6.1 did not come up
Linux 6.1: not run to the end, 3 s
TOO SLOW: this run took 27.1 min; 25.0 are meant at most
tests: 1 passed, 2 failed, 1 skipped`,
  )
  assert.deepEqual(tally.neverRun(new Set([file])), [`${file}: b`])
})

const named = (...words: readonly string[]): readonly string[] =>
  chooseGuests(words).map(({ kernel, backend }) => `${kernel} ${backend}`)

test('guests are chosen by kernel, by backend, by both, or all', () => {
  assert.equal(named().length, 8)
  assert.deepEqual(named('5.10'), ['5.10 tracepoint', '5.10 security'])
  assert.deepEqual(named('security', '6.1', '7.2'), ['6.1 security', '7.2 security'])
  assert.equal(named('tracepoint').length, 4)
  assert.throws(() => named('4.19'), /no guest has the kernel or the backend "4\.19"/)
})

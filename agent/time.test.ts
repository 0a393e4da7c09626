/** Times as text: nanoseconds are kept, and the day is that of the machine's time zone. */
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { dateParts, isoTime } from './time.ts'

const zone = process.env['TZ']
afterEach(() => {
  if (zone === undefined) delete process.env['TZ']
  else process.env['TZ'] = zone
})

test('in UTC', () => {
  const check = (ns: bigint, expected: string): void => assert.equal(isoTime(ns), expected)
  check(0n, '1970-01-01T00:00:00.000000000Z')
  check(1n, '1970-01-01T00:00:00.000000001Z')
  check(999_999_999n, '1970-01-01T00:00:00.999999999Z')
  check(1_795_428_672_000_000_345n, '2026-11-23T10:11:12.000000345Z')
  check(4_102_444_799_999_999_999n, '2099-12-31T23:59:59.999999999Z')
})

test('in local time', () => {
  const check = (timeZone: string, ns: bigint, expected: string): void => {
    process.env['TZ'] = timeZone
    const { date, time } = dateParts(ns)
    assert.equal(`${date} ${time}`, expected, timeZone)
  }
  check('UTC', 1_795_428_672_000_000_345n, '2026-11-23 10:11:12.000000345')
  check('Europe/Berlin', 1_795_428_672_000_000_345n, '2026-11-23 11:11:12.000000345')
  check('America/New_York', 1_795_404_672_000_000_000n, '2026-11-22 22:31:12.000000000')
  check('Asia/Kolkata', 5n, '1970-01-01 05:30:00.000000005')
})

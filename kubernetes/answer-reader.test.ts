/** Answers of HTTP/1.1, however their bytes come, and what is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AnswerReader, BadAnswer } from './answer-reader.ts'
import { limits } from './limits.ts'

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 2 ** 31)
console.log(`TEST_SEED=${seed}`)

interface Read {
  readonly status: number
  readonly body: string
  readonly isWhole: boolean
}

/** Reads an answer that comes in pieces which end there. */
const read = (text: string, ends: readonly number[] = []): Read => {
  const bytes = Buffer.from(text, 'latin1')
  let status = 0
  let body = ''
  const reader = new AnswerReader(
    (head) => (status = head.status),
    (piece, from, to) => (body += piece.toString('latin1', from, to)),
  )
  let from = 0
  for (const end of [...ends.toSorted((a, b) => a - b), bytes.length]) {
    // What stands behind a piece in its buffer has not come yet.
    if (end > from) reader.feed(bytes.subarray(from), Math.min(end, bytes.length) - from)
    from = Math.max(from, end)
  }
  return { status, body, isWhole: reader.end() }
}

const ok = 'HTTP/1.1 200 OK\r\n'
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`

test('answers that are sound', () => {
  const check = (text: string, body: string, isWhole = true, status = 200): void => {
    assert.deepEqual(read(text), { status, body, isWhole }, JSON.stringify(text))
  }
  check(`${chunked}3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n`, 'abc0123456789')
  const many = limits.apiHeadCharsMax / 2
  check(`${chunked}${'1\r\nx\r\n'.repeat(many)}0\r\n\r\n`, 'x'.repeat(many))
  check(`${chunked}0\r\nx-trailer: 1\r\n\r\n`, '')
  check(`${chunked}3\r\nabc\r\n`, 'abc', false)
  check(`${chunked}3\r\nab`, 'ab', false)
  check(`${ok}content-length: 4\r\n\r\nabcd`, 'abcd')
  check(`${ok}Content-Length:4 \r\n\r\nab`, 'ab', false)
  check(`${ok}content-length: 0\r\n\r\n`, '')
  check(`${ok}\r\nall there is`, 'all there is')
  check('HTTP/1.0 200\n\nx', 'x')
  check('HTTP/1.1 204 \r\n\r\n', '', true, 204)
  check(`HTTP/1.1 100 Continue\r\nx: y\r\n\r\n${ok}content-length: 1\r\n\r\nz`, 'z')
  check(`HTTP/1.1 410 Gone\r\ncontent-length: 2\r\n\r\n{}`, '{}', true, 410)
  check('', '', false, 0)
  check(ok, '', false, 0)
})

test('answers that are none', () => {
  const cases: readonly string[] = [
    'SSH-2.0-x\r\n',
    'HTTP/2 200\r\n',
    'HTTP/1.1 999 x\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    `${ok}no header\r\n`,
    `${ok} folded: x\r\n`,
    `${ok}a b: x\r\n`,
    `${ok}transfer-encoding: gzip, chunked\r\n\r\n`,
    `${ok}content-length: -1\r\n\r\n`,
    `${ok}content-length: 1\r\ncontent-length: 2\r\n\r\n`,
    `${ok}content-length: 1\r\n\r\nab`,
    `${chunked}x\r\n`,
    `${chunked}\r\n`,
    `${chunked}123456789\r\n`,
    `${chunked}-1\r\n`,
    `${chunked}1\r\nab\r\n`,
    `${chunked}0\r\n\r\nx`,
    `${ok}x: ${'y'.repeat(limits.apiHeadCharsMax)}`,
    `${ok}${'x: y\r\n'.repeat(limits.apiHeadCharsMax / 4)}`,
    `${chunked}0\r\n${'x: y\r\n'.repeat(limits.apiHeadCharsMax / 4)}`,
    `${chunked}1;${'x'.repeat(limits.apiHeadCharsMax)}`,
  ]
  for (const text of cases) assert.throws(() => read(text), BadAnswer, text.slice(0, 80))
})

test('law: how its bytes come is of no matter', () => {
  const chunk = fc
    .string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
    .map((text) => `${text.length.toString(16)}\r\n${text}\r\n`)
  const whole = fc
    .array(chunk, { maxLength: 5 })
    .map((chunks) => `${chunked}${chunks.join('')}0\r\n\r\n`)
  fc.assert(
    fc.property(whole, fc.array(fc.nat(300), { maxLength: 40 }), (text, ends) => {
      assert.deepEqual(read(text, ends), read(text))
    }),
    { seed, numRuns: 300 },
  )
})

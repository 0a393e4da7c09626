/** Questions of DNS: real ones, cut ones, and what is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { questionOf } from './dns.ts'

const u16 = (value: number): string => String.fromCharCode((value >> 8) & 0xff, value & 0xff)
const label = (text: string): string => String.fromCharCode(text.length) + text

/** A message with one question. */
const message = (labels: readonly string[], type: number, flags = 0x0100, count = 1): string =>
  u16(0x1234) +
  u16(flags) +
  [count, 0, 0, 0].map(u16).join('') +
  labels.map(label).join('') +
  `\0${u16(type)}${u16(1)}`

test('questions', () => {
  const cases = [
    [message(['example', 'test'], 1), 'example.test', 'A'],
    [message(['WwW', 'eXample', 'TEST'], 28), 'www.example.test', 'AAAA'],
    [message([], 2), '.', 'NS'],
    [message(['a.b', 'c\\d'], 16), 'a\\.b.c\\\\d', 'TXT'],
    [message(['\xc3\xa4\0', 'x'], 65), '\xc3\xa4\0.x', 'HTTPS'],
    [message(['x'], 65_280), 'x', 'TYPE65280'],
    [message(['x'.repeat(63)], 10, 0x2800, 3), 'x'.repeat(63), 'NULL'],
    [`${message(['x'], 255)}\0\0)\x10\0`, 'x', 'ANY'],
  ] as const
  for (const [bytes, name, type] of cases) assert.deepEqual(questionOf(bytes), { name, type })
})

test('a name of 255 bytes, and one longer', () => {
  const fits = ['x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63), 'x'.repeat(61)]
  assert.equal(questionOf(message(fits, 1))?.name, fits.join('.'))
  assert.equal(questionOf(message([...fits, 'x'], 1)), undefined)
})

test('what is none', () => {
  const whole = message(['example', 'test'], 1)
  for (let bytes = 0; bytes < whole.length - 2; bytes++) {
    assert.equal(questionOf(whole.slice(0, bytes)), undefined, `${bytes} bytes`)
  }
  assert.equal(questionOf(message(['x'], 1, 0x8180)), undefined, 'an answer')
  assert.equal(questionOf(message(['x'], 1, 0, 0)), undefined, 'no question')
  const pointer = `${whole.slice(0, 12)}\xc0\x0c${u16(1)}${u16(1)}`
  assert.equal(questionOf(pointer), undefined, 'a pointer')
})

const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 0x7fff_ffff)
const numRuns = Number(process.env['TEST_RUNS'] ?? 4000)
const bytes = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((data) => String.fromCharCode(...data))

test('any bytes are a question within bounds or none', (t) => {
  t.diagnostic(`TEST_SEED=${seed}`)
  const start = message([], 0).slice(0, 12)
  const names = fc.array(bytes(70).map(label), { maxLength: 8 })
  const inputs = fc.oneof(
    bytes(320),
    bytes(320).map((rest) => start + rest),
    fc.tuple(names, bytes(8)).map(([labels, rest]) => `${start}${labels.join('')}\0${rest}`),
  )
  let questions = 0
  let nones = 0
  fc.assert(
    fc.property(inputs, (input) => {
      const question = questionOf(input)
      if (!question) {
        nones++
        return
      }
      questions++
      assert.ok(question.name.length <= 2 * 255 && question.name.length > 0)
      assert.match(question.type, /^[A-Z0-9]+$/)
    }),
    { seed, numRuns },
  )
  t.diagnostic(`${questions} questions, ${nones} none`)
  assert.ok(questions > numRuns / 10 && nones > numRuns / 10)
})

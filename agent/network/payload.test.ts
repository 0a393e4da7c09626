/** What rules want of messages: how many bytes, and of which writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { payloadBytesOf, questionsOf, typesOf, writesOf } from './payload.ts'
import { ruleText, rulesOf } from '../testdata/rules.ts'

const check = (condition: string, output: string, expected: string): void => {
  const rules = rulesOf(ruleText('R', condition, output))
  const [types] = rules.map(typesOf)
  const names = types === 'all' ? types : [...(types ?? [])].toSorted().join(' ')
  const words = [names, payloadBytesOf(rules)]
  const found = [...words, questionsOf(rules) ?? '-', writesOf(rules) ?? '-'].join(', ')
  assert.equal(found, expected, `${condition} | ${output}`)
}

test('nothing is copied where no rule reads it', () => {
  check('evt.type in (sendto, write)', 'x', 'sendto write, 0, -, -')
  check('proc.name = x', '%evt.buffer', 'all, 80, -, -')
  check('evt.type = open', '%evt.buffer', 'open, 0, -, -')
})

test('writes are messages where a rule reads those', () => {
  check('evt.type = sendto and evt.buffer contains x', 'x', 'sendto, 80, -, -')
  check('evt.type = write and evt.buffer contains x', 'x', 'write, 80, -, all')
  check('evt.type in (write, sendto)', '%evt.buffer', 'sendto write, 80, -, all')
})

test('a field that singles out messages leaves the other writes alone', () => {
  const isOpening = 'evt.is_opening = true and evt.buffer contains x'
  check(`evt.type = write and ${isOpening}`, 'x', ', 80, -, openings')
  check(`evt.type in (write, sendto) and ${isOpening}`, 'x', 'sendto, 80, -, openings')
  check(isOpening, 'x', 'sendmmsg sendmsg sendto, 80, -, openings')
  check('dns.question.name = a', 'x', 'sendmmsg sendmsg sendto, 0, writes, -')
  check('evt.type = sendto and dns.question.name = a', 'x', 'sendto, 0, messages, -')
  check(
    `(evt.type = write and (${isOpening} or dns.question.name = a)) or
      (evt.type = sendto and evt.buffer contains x)`,
    'x',
    'sendto, 80, writes, openings',
  )
  check(`evt.type = write and (${isOpening} or proc.name = x)`, 'x', 'write, 80, -, all')
})

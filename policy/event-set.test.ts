/** Which events a condition is for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameCondition } from './condition-key.ts'
import {
  Specialiser,
  eventSetOf,
  holdsOnFailure,
  isAlikeOn,
  needsOneOf,
  specialise,
} from './event-set.ts'
import { conditionOf } from './testdata/conditions.ts'

test('the type of the event restricts, and fields that few types have', () => {
  const check = (text: string, wanted: string): void => {
    const set = eventSetOf(conditionOf(text), ['open', 'close', 'execve'])
    assert.equal(set === 'all' ? set : [...set].sort().join(' '), wanted, text)
  }
  check('proc.name = a', 'all')
  check('evt.type = open', 'open')
  check('evt.type in (open, close)', 'close open')
  check('evt.type != open', 'close execve')
  check('not evt.type = open', 'close execve')
  check('evt.type = open and proc.name = a', 'open')
  check('evt.type = open or proc.name = a', 'all')
  check('not (evt.type = open and proc.name = a)', 'all')
  check('not (evt.type = open or proc.name = a)', 'close execve')
  check('evt.type = open and evt.type = close', '')
  check('evt.type startswith open', 'all')
  check('evt.type exists', 'all')
  check('evt.type = anyof (open, close)', 'close open')
  check('evt.num = 0', '')
  check('evt.num >= 1', 'all')
  check('evt.num != 0 and evt.type = open', 'open')
  check('evt.num = 0 or evt.type = open', 'open')
  check('evt.num < 1 and proc.name = a', '')
  check('evt.type = tracer', 'tracer')
  const asking = 'pwritev2 sendmmsg sendmsg sendto write writev'
  check('dns.question.name = a', asking)
  check('dns.question.name exists and evt.type = sendto', 'sendto')
  check('len(dns.question.name) > 50', asking)
  check('dns.question.name = a or evt.type = open', `open ${asking}`)
  check('not dns.question.name = a', 'all')
  check('dns.question.name = a and evt.type = open', '')
})

test('whether a condition needs a field', () => {
  const needs = (text: string): boolean =>
    needsOneOf(conditionOf(text), ({ name }) => name === 'dns.question.name')
  for (const text of ['dns.question.name exists', 'proc.name = a and dns.question.name = b']) {
    assert.ok(needs(text), text)
  }
  for (const text of ['not dns.question.name = a', 'proc.name = a or dns.question.name = b']) {
    assert.ok(!needs(text), text)
  }
})

test('whether a condition can hold on a call that failed', () => {
  const holds = (text: string): boolean => holdsOnFailure(conditionOf(text), 'execve')
  for (const text of [
    'evt.type = execve',
    'evt.failed = true',
    'not evt.failed = false',
    'evt.res != SUCCESS',
    'not evt.res = SUCCESS',
    'evt.res in (SUCCESS, ENOENT)',
    'evt.rawres < 0',
    'evt.rawres != 0',
    'evt.rawres >= -2',
    'evt.res = SUCCESS or proc.name = a',
    'evt.res exists',
  ]) {
    assert.ok(holds(text), text)
  }
  for (const text of [
    'evt.failed = false',
    'not evt.failed = true',
    'evt.res = SUCCESS and proc.name = a',
    'not evt.res != SUCCESS',
    'evt.rawres = 0',
    'evt.rawres >= 0',
    'evt.rawres in (0, 1)',
    'evt.type = open',
  ]) {
    assert.ok(!holds(text), text)
  }
})

test('types on which a condition comes down to the same', () => {
  const texts = [
    'proc.name = a',
    'evt.type in (open, openat) and proc.name = a',
    'evt.type = open or (evt.type != openat and proc.name = a)',
    'not evt.type = open and fd.name exists',
    'evt.is_open_read = true and evt.num > 0',
  ]
  const types = ['open', 'openat', 'close', 'execve']
  const alike: string[] = []
  for (const text of texts) {
    const condition = conditionOf(text)
    const specialiser = new Specialiser()
    for (const one of types) {
      assert.equal(
        sameCondition(specialiser.of(condition, one)),
        sameCondition(specialise(condition, one)),
        text,
      )
      for (const other of types.slice(types.indexOf(one) + 1)) {
        const isOne = specialiser.of(condition, one) === specialiser.of(condition, other)
        assert.equal(isAlikeOn(condition, one, other), isOne, text)
        if (isOne) alike.push(`${one} ${other}: ${text}`)
      }
    }
  }
  assert.deepEqual(
    alike.filter((each) => each.startsWith('open openat')),
    [texts[0], texts[1], texts[4]].map((text) => `open openat: ${text}`),
  )
  assert.ok(alike.includes(`close execve: ${texts[1]}`), alike.join('\n'))
})

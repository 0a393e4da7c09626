/** Which events a condition is for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldNamed, fields, isEventName } from '@bulwark/schema'
import { eventSetOf } from './event-set.ts'
import { checkCondition } from './falco/check.ts'
import { parseCondition } from './falco/parse.ts'

const catalog = { field: fieldNamed, fieldNames: fields.map((field) => field.name), isEventName }

test('only the type of the event restricts', () => {
  const check = (text: string, wanted: string): void => {
    const parsed = parseCondition(text)
    assert.ok(parsed.ok, text)
    const checked = checkCondition(parsed.node, catalog)
    assert.ok(checked.ok, text)
    const set = eventSetOf(checked.condition, ['open', 'close', 'execve'])
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
})

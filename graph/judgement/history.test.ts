/** What was alerted before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import type { AlertFacts } from './context.ts'
import { AlertHistory } from './history.ts'
import { alertOf } from './testdata/contexts.ts'

const pod = (name: string, node = 'n1') => ({
  pod: { kind: 'Pod', namespace: 'shop', name },
  node,
})
const at = (rule: string, timeMs: number, more: Partial<AlertFacts> = {}): AlertFacts => ({
  ...alertOf({ rule }),
  timeMs,
  ...more,
})
const related = (history: AlertHistory, rule: string, timeMs: number, name = 'web'): string[] =>
  history.of({ rule, timeMs }, pod(name)).related.map(({ text }) => text)

test('another rule of the same pod, minutes before', () => {
  const history = new AlertHistory()
  assert.deepEqual(related(history, 'shell', 0), [])
  history.note(at('shell', 1000), pod('web'))
  assert.deepEqual(related(history, 'token read', 41_000), ['shell, 40 s before'])
  assert.deepEqual(related(history, 'shell', 41_000), [], 'the same rule again')
  assert.deepEqual(related(history, 'token read', 41_000, 'other'), [])
  assert.deepEqual(related(history, 'token read', 1000 + limits.relatedAlertsMs), [
    'shell, 300 s before',
  ])
  assert.deepEqual(related(history, 'token read', 1001 + limits.relatedAlertsMs), [])
})

test('no more alerts and pods are kept than the bounds say', () => {
  const history = new AlertHistory()
  for (let i = 0; i < limits.relatedAlertsMax + 5; i++) history.note(at(`r${i}`, i), pod('web'))
  assert.equal(related(history, 'x', 100).length, limits.relatedAlertsMax)
  for (let i = 0; i < limits.alertedPodsMax; i++) history.note(at('r', 200), pod(`p${i}`))
  assert.deepEqual(related(history, 'x', 200), [], 'the oldest is forgotten')
  assert.equal(related(history, 'x', 200, `p${limits.alertedPodsMax - 1}`).length, 1)
})

test('a node is taken over by an escape that was done, for the other pods on it', () => {
  const escape = 'Disk of the node opened'
  const taken = (history: AlertHistory, name: string, node: string): number =>
    history.of({ rule: 'shell', timeMs: 9 }, pod(name, node)).nodeTaken.length
  const tried = new AlertHistory()
  tried.note(at(escape, 1, { outcome: 'failed' }), pod('web'))
  tried.note(at(escape, 1, { outcome: 'unknown' }), pod('web'))
  tried.note(at('shell', 1, { outcome: 'done' }), pod('web'))
  tried.note(at(escape, 1, { outcome: 'done' }), pod('web', ''))
  assert.equal(taken(tried, 'other', 'n1'), 0)
  assert.equal(taken(tried, 'other', ''), 0)
  const done = new AlertHistory()
  done.note(at(escape, 1, { outcome: 'done' }), pod('web'))
  assert.equal(taken(done, 'other', 'n1'), 1)
  assert.equal(taken(done, 'other', 'n2'), 0)
  assert.equal(taken(done, 'web', 'n1'), 0)
})

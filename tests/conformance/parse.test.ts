/** Cases are texts, conditions bytes: both are the same where they are not ASCII. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runParse } from './parse.ts'

test('texts that are not ASCII', () => {
  const left = { t: 'field', name: 'a.b', arg: 'é' }
  const found = runParse({
    id: 'text',
    expr: 'a.b[é] in (é, "日 本")',
    max_depth: 100,
    expect: 'accept',
    canonical: 'a.b[é] in (é, "日 本")',
    ast: { t: 'cmp', op: 'in', l: left, r: { t: 'list', v: ['é', '日 本'] } },
  })
  assert.equal(found, undefined)
  const refused = runParse({
    id: 'message',
    expr: 'a.b = é x',
    max_depth: 100,
    expect: 'reject',
    error: "unexpected token after 'é', expecting 'or', 'and'",
    error_pos: { idx: 9 },
  })
  assert.equal(refused, undefined)
})

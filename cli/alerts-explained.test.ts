/** An alert alone leads to its rule, and to what is to be done. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { internalAlerts, ruleOfAlert } from './alerts-explained.ts'
import { describeRuleTexts, readRuleFiles } from './load-rules.ts'
import { bulwark } from './testdata/bulwark.ts'

const ownRules = (): readonly { readonly name: string; readonly output: string }[] => {
  const texts = readRuleFiles([])
  assert.ok(!('message' in texts))
  return describeRuleTexts(texts).described.rules.map(({ info }) => info)
}

test('a line of each of the own rules leads to its rule', () => {
  const rules = ownRules()
  assert.ok(rules.length > 50)
  for (const { name, output } of rules) {
    const text = `14:08:17.582415476: Critical ${output.replaceAll(/%[a-z][\w.[\]]*/g, 'value')}`
    assert.equal(ruleOfAlert(text, rules), name)
    assert.equal(ruleOfAlert(JSON.stringify({ output: 'other', rule: name }), rules), name)
  }
})

test('what is no line of an alert stays what it is', () => {
  const rules = [{ name: 'short', output: 'odd %proc.name' }]
  for (const text of ['', 'odd', 'odd sh', '{', '{}', '{"rule":1}', 'null', 'a rule']) {
    assert.equal(ruleOfAlert(text, rules), text)
  }
})

test('lines about Bulwark itself', () => {
  const lines = [
    ['events lost', 'Events lost: 5 of openat from 1 to 2: no room | count=5'],
    ['events shed', 'Events shed: 396810 of openat in container web (3ad9c0ffee12) from 1 to 2: x'],
    ['alerts lost', 'Alerts lost: 3 for channel http: refused | channel=http count=3'],
    ['rules not changed', 'Rules not changed, those before go on: a.yaml:1:1: x'],
    ['policy not taken', 'Policy shop not taken, as it was before it goes on: x'],
    [
      'policies as they were kept',
      'The API server does not say what policies are: a (of 2026-01-01T00:00:00Z, 3 d ago)',
    ],
    ['options not changed', 'Options not changed, those before go on: a.yaml:1:1: x'],
    ['alert raised', 'Interactive shell in container: raised from low to high: the pod'],
  ] as const
  assert.equal(lines.length, internalAlerts.length)
  const rules = ownRules()
  for (const [name, line] of lines) {
    assert.equal(ruleOfAlert(`1:00: Warning ${line}`, rules), `Bulwark internal: ${name}`)
  }
})

test('the page on alerts has all of them', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/alerts.md'), 'utf8')
  for (const { rule } of internalAlerts) assert.ok(page.includes(`\`${rule}\``), rule)
})

test('they are explained', async () => {
  const { code, stdout, stderr } = await bulwark([
    'rules',
    'explain',
    '1:00: Error Events lost: 5 x',
  ])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(
    stdout,
    /^Bulwark internal: events lost\n {2}about Bulwark itself\n[\s\S]*^what to do\n/m,
  )
})

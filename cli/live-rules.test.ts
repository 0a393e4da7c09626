/** Rules that change: what is asked while others are being loaded is not forgotten. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Agent, Alert } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import { LiveRules, keptRule, refusedPolicy } from './live-rules.ts'
import type { RuleChoice } from './report.ts'
import { chooseOf } from './report.ts'
import { settledWithout } from './settle-policies.ts'

const rule = (name: string, priority: string): string =>
  `- rule: ${name}\n  desc: d\n  condition: evt.type = execve\n  output: o\n  priority: ${priority}\n`

test('another choice that comes while rules are loaded is made after them', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'rules.yaml')
  const changes: string[] = []
  const agent = {
    sensor: { hooks: [] },
    changeRules: (rules: readonly Rule[]): Promise<void> => {
      changes.push(rules.map(({ name }) => name).join(' '))
      return Promise.resolve()
    },
  }
  const choice: RuleChoice = {
    rules: [path],
    policies: [],
    priority: 'Debug',
    appendOutput: undefined,
    staticFields: new Map(),
  }
  writeFileSync(path, '')
  const live = new LiveRules({
    // Nothing else of it is asked for.
    agent: agent as unknown as Agent,
    choice,
    hostname: 'node',
    settled: settledWithout(chooseOf({ rules: [], policies: [], cluster: [] }, choice)),
    onAlert: () => {},
  })
  writeFileSync(path, rule('Grave', 'CRITICAL') + rule('Light', 'DEBUG'))
  const reloaded = live.reload()
  await live.choose({ ...choice, priority: 'Error' })
  await reloaded
  assert.deepEqual(changes, ['Grave Light', 'Grave'])
})

test('what does not hold from the start on is told, and what is as it was kept', () => {
  const alerts: Alert[] = []
  const choice: RuleChoice = {
    rules: [],
    policies: [],
    priority: 'Debug',
    appendOutput: undefined,
    staticFields: new Map(),
  }
  const policy = (name: string, spec: string): string =>
    `apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`
  const policies = [
    { name: 'typo.yaml', text: policy('typo', '{scop: {}}') },
    {
      name: 'sound.yaml',
      text: policy('sound', '{applyTo: {tags: [a]}, scope: {podSelector: {}}}'),
    },
    { name: 'cut.yaml', text: 'kind: RuntimePolicy\nmetadata: {name: ' },
  ]
  const rules = [
    {
      name: 'rules.yaml',
      text: rule('Tagged', 'DEBUG').replace('desc: d', 'desc: d\n  tags: [a]'),
    },
  ]
  const live = new LiveRules({
    // Nothing is asked of it.
    agent: {} as Agent,
    choice,
    hostname: 'node',
    settled: settledWithout(chooseOf({ rules, policies, cluster: [] }, choice)),
    kept: ['2026-01-02T00:00:00.000Z', '2026-01-01T00:00:00.000Z'].map((since, i) => ({
      name: `kept-${i}`,
      text: '',
      since,
    })),
    onAlert: (alert) => alerts.push(alert),
  })
  assert.ok(live)
  assert.deepEqual(
    alerts.map((alert) => [alert.rule, alert.outputFields.get('rules.file')]),
    [
      [refusedPolicy, 'typo.yaml'],
      [refusedPolicy, 'cut.yaml'],
      [keptRule, undefined],
    ],
  )
  const [typo, , kept] = alerts
  assert.match(typo?.message ?? '', /^Policy typo not taken, it holds nowhere: typo\.yaml:4:8: /)
  assert.match(kept?.message ?? '', /kept-0 \(of 2026-01-02\S+, \d+ d ago\), kept-1 \(of 2026-/)
  assert.equal(kept?.outputFields.get('rules.since'), '2026-01-01T00:00:00.000Z')
})

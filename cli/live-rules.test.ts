/** Rules that change: what is asked while others are being loaded is not forgotten. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Agent } from '@bulwark/agent'
import type { Rule } from '@bulwark/policy'
import { LiveRules } from './live-rules.ts'
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

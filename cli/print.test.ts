/** What strangers have named reaches a terminal as text, wherever it is printed. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { harmless, harmlessLines } from './print.ts'
import { bulwark } from './testdata/bulwark.ts'

test('what a terminal would obey is written out', () => {
  assert.equal(harmless('a\x1b[31m\n\tb\u009bc'), 'a\\u001b[31m\\u000a\\u0009b\\u009bc')
  assert.equal(harmlessLines('a\x1b[31m\n\tb\u202ec'), 'a\\u001b[31m\n\tb\\u202ec')
  const json = JSON.stringify({ name: 'a\u007f\u009b\u202e "é"\n' })
  assert.deepEqual(JSON.parse(harmlessLines(json)), JSON.parse(json))
})

test('no answer holds what a terminal would obey', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulwark-print-'))
  const red = '\\e[31m\\u009b'
  const files = {
    'rules.yaml':
      `- rule: "a ${red}"\n  desc: "b ${red}"\n  condition: evt.type = open and fd.name = "${red}"` +
      `\n  output: "c ${red}"\n  priority: WARNING\n`,
    'policy.yaml':
      `apiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: { name: a }\n` +
      `spec:\n  scope: { containers: ["${red}"] }\n  applyTo: { rules: ["a ${red}", "${red}"] }\n`,
    'config.yaml': `"${red}": 1\n`,
    'of.test.yaml': `rules: rules.yaml\ntrials: [{ name: "${red}", events: [], alerts: ["${red}"] }]\n`,
  }
  const at = (name: string): string => join(folder, name)
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text)
    const check = async (...args: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await bulwark(args)
      assert.ok(code === 0 || code === 1 || code === 2, `${code}: ${stderr}`)
      assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/, args.join(' '))
      assert.match(stdout + stderr, /\\u001b\[31m/, args.join(' '))
    }
    const policy = [at('policy.yaml'), '--rules', at('rules.yaml')]
    await Promise.all([
      check('rules', 'check', at('rules.yaml')),
      check('rules', 'list', at('rules.yaml')),
      check('rules', 'explain', 'a \x1b[31m\u009b', '--rules', at('rules.yaml')),
      check('rules', 'test', at('of.test.yaml')),
      check('policy', 'check', ...policy),
      check('policy', 'list', ...policy),
      check('config', 'check', at('config.yaml')),
      check('run', '--config', at('config.yaml')),
      check('rules', 'check', at('no\x1b[31m')),
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

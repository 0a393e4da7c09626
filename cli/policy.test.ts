/** `policy check` and `policy list`: exit codes and forms; and policies in a replay. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bulwark } from './testdata/bulwark.ts'

const examples = ['rules-of-a-file', 'shells-in-context', 'shells-in-production'].map((name) =>
  join(import.meta.dirname, `../docs/examples/${name}.yaml`),
)

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulwark-policy-'))
})
after(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const policy = (name: string, spec: string): string =>
  `---\napiVersion: bulwark.dev/v1alpha1\nkind: RuntimePolicy\nmetadata: {name: ${name}}\n` +
  `spec: ${spec}\n`

const rules = '[{name: r, condition: evt.type = execve, output: x}]'

test('the examples hold', async () => {
  const { code, stdout, stderr } = await bulwark(['policy', 'check', ...examples])
  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^shells-in-production: Ok$/m)
  assert.match(stdout, /^3 of 3 policies hold$/m)
})

test('a fault: exit code 1, its place, and what was meant; the others hold', async () => {
  const path = write(
    'faults.yaml',
    policy('sound', `{rules: ${rules}}`) + policy('unsound', `{scop: {}, rules: ${rules}}`),
  )
  const { code, stdout } = await bulwark(['policy', 'check', path])
  assert.equal(code, 1)
  assert.match(stdout, /^unsound: Invalid$/m)
  assert.match(
    stdout,
    /faults\.yaml:10:8: error: unsound: `spec` has no key `scop` \[policy-unknown-key\]/,
  )
  assert.match(stdout, /help: did you mean `scope`\?/)
  assert.match(stdout, /^1 of 2 policies hold$/m)
  const json = await bulwark(['policy', 'check', path, '-o', 'json'])
  const { policies } = JSON.parse(json.stdout) as { policies: { name: string; ok: boolean }[] }
  assert.deepEqual(
    policies.map(({ name, ok }) => [name, ok]),
    [
      ['sound', true],
      ['unsound', false],
    ],
  )
})

test('a list says where a policy holds, and as what it acts', async () => {
  const scope = '{podSelector: {}, images: [{name: nginx}]}'
  const path = write(
    'listed.yaml',
    policy('p', `{mode: enforce, scope: ${scope}, rules: ${rules}}`),
  )
  const { code, stdout } = await bulwark(['policy', 'list', path])
  assert.equal(code, 0)
  assert.match(stdout, /^p: enforce \(acts as audit\)$/m)
  assert.match(stdout, /^ {2}where: pods of any labels; images nginx$/m)
  assert.match(stdout, /^ {2}rule: r \(Warning\)$/m)
  const json = await bulwark(['policy', 'list', path, '-o', 'json'])
  const [listed] = (JSON.parse(json.stdout) as { policies: Record<string, unknown>[] }).policies
  assert.deepEqual([listed?.['mode'], listed?.['acts_as']], ['enforce', 'audit'])
})

test('macros are those of the rule files that are named', async () => {
  const own = write('macros.yaml', '- macro: started\n  condition: (evt.type = execve)\n')
  const using = policy('p', '{rules: [{name: r, condition: started, output: x}]}')
  const path = write('using.yaml', using)
  assert.equal((await bulwark(['policy', 'check', path])).code, 1)
  assert.equal((await bulwark(['policy', 'check', path, '--rules', own])).code, 0)
})

test('no path, and one that is not there: wrong usage', async () => {
  assert.equal((await bulwark(['policy', 'check'])).code, 2)
  assert.equal((await bulwark(['policy', 'list', join(folder, 'none')])).code, 2)
})

test('a replay judges rules under policies', async () => {
  const alerting = (scope: string): string =>
    policy('everything-started', `{scope: ${scope}, rules: ${rules}}`)
  const none = write('none.yaml', '- list: none\n  items: []\n')
  const replay = async (scope: string): Promise<number> => {
    const path = write('replayed.yaml', alerting(scope))
    const args = ['replay', '--demo', '--rules', none, '--policy', path, '-o', 'json']
    const { stdout, stderr } = await bulwark(args)
    assert.match(stderr, /1 of 1 policies hold/)
    const alerts = stdout.trimEnd().split('\n').filter(Boolean)
    for (const each of alerts) {
      const { bulwark: own } = JSON.parse(each) as { bulwark: { policy: string } }
      assert.equal(own.policy, 'everything-started')
    }
    return alerts.length
  }
  assert.ok((await replay('{}')) > 0)
  assert.equal(await replay('{images: [{name: no-such-image}]}'), 0)
})

const judged =
  '[{when: graph.secrets > 0, effect: raise, by: 5, reason: secrets}, ' +
  '{when: graph.has_token = false, effect: suppress, reason: no token}]'

test('`context` is listed; where nothing judges, a run says so', async () => {
  const path = write('judged.yaml', policy('p', `{context: ${judged}, rules: ${rules}}`))
  const { stdout } = await bulwark(['policy', 'list', path])
  assert.match(stdout, /^ {2}context: raise by 5 when graph\.secrets > 0: secrets$/m)
  assert.match(stdout, /^ {2}context: suppress when graph\.has_token = false: no token$/m)
  const json = await bulwark(['policy', 'list', path, '-o', 'json'])
  const [listed] = (JSON.parse(json.stdout) as { policies: { context: unknown }[] }).policies
  assert.deepEqual(listed?.context, [
    {
      path: 'spec.context[0]',
      effect: 'raise',
      by: 5,
      when: 'graph.secrets > 0',
      reason: 'secrets',
    },
    {
      path: 'spec.context[1]',
      effect: 'suppress',
      when: 'graph.has_token = false',
      reason: 'no token',
    },
  ])
  const replayed = await bulwark(['replay', '--demo', '--policy', path, '-o', 'json'])
  assert.match(replayed.stderr, /policies have `context`, and alerts are not judged here/)
})

test('a rule is explained with the policies that apply to it', async () => {
  const path = write(
    'applied.yaml',
    policy('p', `{applyTo: {rules: [Interactive shell in container]}, context: ${judged}}`),
  )
  const args = ['rules', 'explain', 'Interactive shell in container', '--policy', path]
  const { code, stdout } = await bulwark(args)
  assert.equal(code, 0)
  const lines = [
    'policies',
    '  p (audit): everywhere; Warning',
    '    raise by 5 when graph.secrets',
  ]
  assert.ok(stdout.includes(lines.join('\n')), stdout)
  const faulty = write('faulty-context.yaml', policy('p', `{context: [], ruls: ${rules}}`))
  const refused = await bulwark([...args.slice(0, -1), faulty])
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
})

test('SeverityPolicies beside them are checked, and no rules', async () => {
  const severity = (staleDays: number): string =>
    `apiVersion: bulwark.dev/v1alpha1\nkind: SeverityPolicy\nspec: {staleDays: ${staleDays}}\n`
  const sound = write('severity.yaml', severity(3))
  const beside = write('mixed.yaml', policy('p', `{rules: ${rules}}`) + `---\n${severity(0)}`)
  const { code, stdout } = await bulwark(['policy', 'check', sound])
  assert.deepEqual([code, stdout.split('\n').length], [0, 3])
  assert.match(stdout, /^SeverityPolicies of .*severity\.yaml \(--severity\): Ok$/m)
  const faulty = await bulwark(['policy', 'check', sound, beside])
  assert.equal(faulty.code, 1)
  assert.match(faulty.stdout, /^p: Ok$/m)
  assert.match(faulty.stdout, /mixed\.yaml: spec\.staleDays is no whole number from 1 to 3650$/m)
  const replayed = await bulwark(['replay', '--demo', '--policy', beside, '-o', 'json'])
  assert.match(replayed.stderr, /SeverityPolicies are read with --severity, and passed over here/)
  assert.match(replayed.stderr, /1 of 1 policies hold/)
})
